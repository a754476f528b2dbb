/** What the routes of the roster ask: each plans a change on the persons that are held, and applies it before it answers. */
import {
  type DayView,
  type DutyView,
  mutex,
  type ProofView,
  type RosterCheck,
  type RosterImport,
  type RosterPerson,
  roles,
} from '@sabha/contracts';
import type { Member } from '../../engine/records/roster.ts';
import { liesWithin } from '../../sites/table.ts';
import { momentAt, toldFor } from './book.ts';
import { checkRoster } from './check.ts';
import { cellsOf } from './columns.ts';
import { rosterCsv } from './csv.ts';
import { planRoster, type RosterChange } from './import.ts';
import { change, edit, type Kept, lostWords, onTabsLine, type PersonOrder, type RefusedOrder, type RosterOrdersOptions } from './kept.ts';
import { anHour, createOften } from './often.ts';
import { carriedBy, type OpenChannels, reachedBy, telOf, weakPoints } from './reach.ts';
import { type LeaveOrder, setLeave, type Taken, takeShift } from './shift-orders.ts';
import { dayOf, shiftsOf } from './shifts.ts';

/** What may be ordered of the roster. */
export type RosterOrders = ReturnType<typeof createRosterOrders>;

/**
 * The orders over the present roster.
 * Guarantee: one after the other, each on the roster that the last one left; a change goes into use at once, with its row in the audit.
 */
export function createRosterOrders(options: RosterOrdersOptions) {
  const byId = (all: readonly Member[]) => new Map(all.map((one) => [one.id, one]));
  const proofs = new Map(options.proofs.map(({ person, channel, at }) => [`${person}/${channel}`, at]));
  const often = { tests: createOften(anHour.tests), takes: createOften(anHour.takes) };
  const kept: Kept = { options, fixed: byId(options.fixed), held: byId(options.held), proofs, often };
  const inTurn = mutex();
  return {
    /** The persons whose scope lies in one ('' = all), by name. */
    list: (scope: string): RosterPerson[] => listOf(kept, scope),
    csv: () => rosterCsv([...kept.held.values()]),
    /** Who is told of a place at a time, by role. */
    duty(scope: string, at = options.now()): DutyView {
      const { roster } = options;
      const dutyOf = (role: (typeof roles)[number]) => {
        const { persons, by } = toldFor(roster.book(), { to: [role], scope, moment: momentAt(at) });
        const told = persons.length > 0 ? persons : roster.central(at);
        return { role, by, persons: told.map(({ id, name }) => ({ id, name })) };
      };
      return { at, scope, roles: roles.map(dutyOf) };
    },
    /** Without `apply` it only tells what would change. */
    import: (file: RosterFile): Promise<RosterImport> => inTurn(() => importFile(kept, file)),
    /** Days off of one person, '' = none any more. */
    leave: (id: string, to: LeaveOrder): Promise<PersonOrder> => inTurn(() => setLeave(kept, id, to)),
    /** The shift of `from` that runs now goes over to a person, until it ends; who had it is told, once. */
    take: (id: string, asked: { from: string; by: string }): Promise<Taken> => inTurn(() => takeShift(kept, id, asked)),
    /** The duty of one person today; undefined where there is none of that name. */
    day(id: string): DayView | undefined {
      const book = options.roster.book();
      const member = book.byId.get(id);
      if (member === undefined) return undefined;
      const now = options.now();
      const day = dayOf(member, now);
      return { person: id, name: member.name, timeZone: member.zone, ...day, shifts: shiftsOf(book, member, { ...day, now }) };
    },
    remove: (id: string, by: string): Promise<PersonOrder> =>
      inTurn(() => edit(kept, id, { audit: { who: by, what: 'person removed', about: id }, to: () => ({ put: [], gone: [id] }) })),
    /** Takes a person out of the roster, also as who stands in for others. */
    forget: (id: string, by: string): Promise<PersonOrder> =>
      inTurn(() => edit(kept, id, { audit: { who: by, what: 'person removed', about: id }, to: () => without(kept, id) })),
    /** The person of an id or a name, and whether `sabha.json` names them too; undefined where there is none. */
    known(name: string): { member: Member; isFixed: boolean } | undefined {
      const isMeant = ({ id, name: own }: Member) => [id, own].some((one) => one.toLowerCase() === name.toLowerCase());
      const member = [...kept.held.values()].find(isMeant) ?? options.fixed.find(isMeant);
      return member && { member, isFixed: kept.fixed.has(member.id) };
    },
    /** Tries the roster out for so many days from this hour on; undefined where no tabs run. */
    check: (trial: Trial): Promise<RosterCheck | undefined> => check(kept, trial),
    /** Sends a person one message over a channel, or over each that is to reach the person; what arrived is kept with its time. */
    prove: (id: string, asked: { channel: string | undefined; by: string }): Promise<Proven> => proveChannels(kept, id, asked),
    /** The parts of the tree that somebody looks after; undefined where there is no such person. */
    scopesOf: (id: string) => options.roster.book().byId.get(id)?.scopes,
    /** True where all of a scope, or group of sites, lies in another. */
    liesWithin: (outer: string, inner: string) => liesIn(options, outer, inner),
  };
}

function without({ held }: Kept, id: string): RosterChange {
  const others = [...held.values()].filter((one) => one.id !== id && (one.deputy === id || one.relief?.by === id));
  const put = others.map(({ relief, ...one }) => {
    return { ...one, deputy: one.deputy === id ? null : one.deputy, ...(relief !== undefined && relief.by !== id && { relief }) };
  });
  return { put, gone: [id] };
}

/** A file as it was sent. `replace`: who does not stand in it is no more. */
export type RosterFile = { csv: string; replace: boolean; apply: boolean; by: string };

async function importFile(kept: Kept, file: RosterFile): Promise<RosterImport> {
  const { table, channels } = kept.options;
  const reaches: OpenChannels['reaches'] = (channel, member) => channels.joined?.(channel) === true || channels.reaches(channel, member);
  const sight = { table: table(), channels: channels.names, reaches };
  const planned = planRoster({ ...file, held: kept.held, fixed: kept.fixed, ...sight });
  const lost = planned.change === null ? [] : lostWords(kept, planned.change);
  const problems = [...planned.import.problems, ...lost.map((word) => ({ line: 1, column: '', what: onTabsLine(word) }))];
  if (!file.apply || problems.length > 0) return { ...planned.import, problems };
  const { added, removed, same } = planned.import.difference;
  const changes = (planned.change?.put.length ?? 0) - added.length;
  const about = `${added.length} added, ${changes} changed, ${removed.length} removed, ${same} the same`;
  if (planned.change !== null) await change(kept, planned.change, { audit: { who: file.by, what: 'roster imported', about } });
  return { ...planned.import, applied: true };
}

/** A part of the tree to check, for so many days. */
export type Trial = { scope: string; days: number };

const hourMs = 3_600_000;

async function check({ options, proofs }: Kept, { scope, days }: Trial): Promise<RosterCheck | undefined> {
  const { roster, channels, tells, now, pause } = options;
  const places = await tells(scope);
  if (places === undefined) return undefined;
  const from = Math.floor(now() / hourMs) * hourMs;
  const hours = days * 24;
  const book = roster.book();
  const within = membersIn(options, scope);
  const { unreached, unproven } = weakPoints(book.members, { channels, proofs, now: from });
  const reached = new Map(book.members.map((member) => [member.id, reachedBy(member, channels)]));
  const isReached = ({ id, zone }: Member, at: number) => carriedBy(reached.get(id) ?? [], channels, { now: at, zone });
  const found = await checkRoster({ book, places, from, hours, pause, isReached });
  const ids = new Set(within.map(({ id }) => id));
  const ofScope = { unreached: unreached.filter((id) => ids.has(id)), unproven: unproven.filter(({ person }) => ids.has(person)) };
  return { from, to: from + hours * hourMs, ...found, ...ofScope };
}

/** What became of each message, or why none was sent. */
export type Proven = { ok: true; value: ProofView } | RefusedOrder;

async function proveChannels(kept: Kept, id: string, { channel, by }: { channel: string | undefined; by: string }): Promise<Proven> {
  const { roster, channels, prove, record, now } = kept.options;
  const member = roster.book().byId.get(id);
  if (member === undefined) return { ok: false, missing: true, line: 'there is no such person' };
  const wanted = channel === undefined ? reachedBy(member, channels) : [channel];
  const unreached = wanted.find((name) => !channels.reaches(name, member));
  if (unreached !== undefined) return { ok: false, missing: false, line: `the channel "${unreached}" does not reach ${id}` };
  if (wanted.length === 0) return { ok: false, missing: false, line: `no channel reaches ${id}` };
  const next = kept.often.tests.next(id, now());
  const line = `${id} had ${anHour.tests} tests within an hour, and each is a message: the next can go at ${next}`;
  if (next !== undefined) return { ok: false, missing: false, often: true, line };
  kept.often.tests.count(id, now());
  const results = await Promise.all(
    wanted.map(async (name) => {
      const outcome = await prove(id, name);
      const reason = outcome.result === 'delivered' ? null : outcome.reason;
      return { channel: name, at: now(), result: outcome.result, reason };
    }),
  );
  const proven = results.filter(({ result }) => result === 'delivered');
  const about = `${id}: ${results.map((one) => `${one.channel} ${one.result}`).join(', ')}`;
  const rows = proven.map(({ channel: name, at }) => ({ op: 'proof', person: id, channel: name, at }) as const);
  if (!(await record([...rows, { op: 'audit', at: now(), who: by, what: 'channel tested', about }])))
    throw new Error('the ledger did not take the proof');
  for (const { channel: name, at } of proven) kept.proofs.set(`${id}/${name}`, at);
  return { ok: true, value: { person: id, results } };
}

function listOf({ options, held, proofs }: Kept, scope: string): RosterPerson[] {
  const { channels, now } = options;
  const moment = momentAt(now());
  return membersIn(options, scope).map((member) => {
    const { id, name } = member;
    const reached = reachedBy(member, channels);
    const proven = Object.fromEntries(reached.map((channel) => [channel, proofs.get(`${id}/${channel}`) ?? null]));
    const from = held.has(id) ? ('roster' as const) : ('sabha.json' as const);
    const cells = cellsOf(member);
    return { id, name, from, now: moment(member), cells, tel: telOf(cells.phone) ?? null, reached, proofs: proven };
  });
}

/** Who looks after a part of the tree, or a group of sites, and after what lies in it. */
function membersIn(options: RosterOrdersOptions, scope: string): Member[] {
  return options.roster.book().members.filter(({ scopes }) => scopes.some((own) => liesIn(options, scope, own)));
}

/** The table is asked for groups alone: while the ledger is opened anew there is none. */
function liesIn({ table }: Pick<RosterOrdersOptions, 'table'>, outer: string, inner: string): boolean {
  return liesWithin((scope) => table().pathsOf(scope), outer, inner);
}
