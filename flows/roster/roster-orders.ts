/** What the routes of the roster ask: each plans a change on the persons that are held, and applies it before it answers. */
import {
  type DutyView,
  isRole,
  mutex,
  type Person,
  type ProofView,
  type RosterCheck,
  type RosterImport,
  type RosterPerson,
  roles,
  type ShiftView,
} from '#contracts';
import type { Outcome } from '../records/notices.ts';
import type { Op } from '../records/ops.ts';
import type { Member, Proof } from '../records/roster.ts';
import type { SiteTable } from '../records/sites.ts';
import { liesWithin } from '../sites/groups.ts';
import { type Book, createBook } from './book.ts';
import { checkRoster, type ToldPlace } from './check.ts';
import { cellsOf, leaveOf } from './columns.ts';
import { rosterCsv } from './csv.ts';
import { momentAt, shiftEndsAt } from './duty.ts';
import { planRoster, type RosterChange } from './import.ts';
import { type OpenChannels, reachedBy, weakPoints } from './reach.ts';
import { toldFor } from './told.ts';

/** The present roster, and how a change of it is applied. */
export type RosterOrdersOptions = {
  /** All persons who may be told, as they are looked up, and how others come into use. */
  roster: { book(): Book; use(members: readonly Member[]): void; central(now: number): Pick<Person, 'id' | 'name'>[] };
  /** Those of the ledger. */
  held: readonly Member[];
  proofs: readonly Proof[];
  /** Those of the settings, as they are looked up. */
  fixed: readonly Member[];
  table(): Pick<SiteTable, 'node' | 'resolve' | 'pathsOf' | 'groupsOf'>;
  channels: OpenChannels;
  /** The words by which the tabs tell somebody. */
  onTabs(): readonly string[];
  /** Sends one message to one person, and says what became of it. */
  prove(person: string, channel: string): Promise<Outcome>;
  /** A word of the centre's own to one person, as it goes into the outbox. */
  word(person: string, lines: string[]): Op;
  /** What the tabs that run tell of each site of a part of the tree, by their words; undefined where no tabs run. */
  tells(scope: string): Promise<ToldPlace[] | undefined>;
  /** Lets others go on. */
  pause(): Promise<void>;
  /** Writes the rows; false where the ledger takes nothing now. */
  record(ops: readonly Op[]): Promise<boolean>;
  now(): number;
};

/** Why an order on one person is not carried out; `missing` = there is none of that name. */
type RefusedOrder = { ok: false; missing: boolean; line: string };
/** What became of an order on one person. */
export type PersonOrder = { ok: true } | RefusedOrder;

/** What may be ordered of the roster. */
export type RosterOrders = ReturnType<typeof createRosterOrders>;

type Audit = { who: string; what: string; about: string };
/** The persons of the ledger as they are now, and the way to change them. */
type Kept = {
  options: RosterOrdersOptions;
  fixed: ReadonlyMap<string, Member>;
  held: ReadonlyMap<string, Member>;
  proofs: Map<string, number>;
};

/**
 * The orders over the present roster.
 * Guarantee: one after the other, each on the roster that the last one left; a change goes into use at once, with its row in the audit.
 */
export function createRosterOrders(options: RosterOrdersOptions) {
  const byId = (all: readonly Member[]) => new Map(all.map((one) => [one.id, one]));
  const proofs = new Map(options.proofs.map(({ person, channel, at }) => [`${person}/${channel}`, at]));
  const kept: Kept = { options, fixed: byId(options.fixed), held: byId(options.held), proofs };
  const inTurn = mutex();
  return {
    /** The persons whose scope lies in one ('' = all), by name. */
    list: (scope: string): RosterPerson[] => listOf(kept, scope),
    csv: () => rosterCsv([...kept.held.values()]),
    /** Who is told of a place at a time, by role. */
    duty: (scope: string, at = options.now()): DutyView => {
      return { at, scope, roles: roles.map((role) => dutyOf(options.roster, { role, scope, at })) };
    },
    /** Without `apply` it only tells what would change. */
    import: (file: RosterFile): Promise<RosterImport> => inTurn(() => importFile(kept, file)),
    /** Days off of one person, '' = none any more. */
    leave: (id: string, to: LeaveOrder): Promise<PersonOrder> => inTurn(() => setLeave(kept, id, to)),
    /** The shift of `from` that runs now goes over to a person, until it ends; who had it is told, once. */
    take: (id: string, asked: { from: string; by: string }): Promise<Taken> => inTurn(() => takeShift(kept, id, asked)),
    remove: (id: string, by: string): Promise<PersonOrder> =>
      inTurn(() => edit(kept, id, { audit: { who: by, what: 'person removed', about: id }, to: () => ({ put: [], gone: [id] }) })),
    /** Tries the roster out for so many days from this hour on; undefined where no tabs run. */
    check: (trial: Trial): Promise<RosterCheck | undefined> => check(kept, trial),
    /** Whom no channel reaches, and of each other person the channel that was proven longest ago, where that is for long. */
    weak: () => weakPoints(options.roster.book().members, { channels: options.channels, proofs, now: options.now() }),
    /** Sends a person one message over a channel, or over each that is to reach the person; what arrived is kept with its time. */
    prove: (id: string, asked: { channel: string | undefined; by: string }): Promise<Proven> => proveChannels(kept, id, asked),
    /** The parts of the tree that somebody looks after; undefined where there is no such person. */
    scopesOf: (id: string) => options.roster.book().byId.get(id)?.scopes,
    /** True where all of a scope, or group of sites, lies in another. */
    liesWithin: (outer: string, inner: string) => liesIn(options, outer, inner),
  };
}

/** A file as it was sent. `replace`: who does not stand in it is no more. */
export type RosterFile = { csv: string; replace: boolean; apply: boolean; by: string };
/** Days off as they are written, '' = none; without `deputy` it stays who it was. */
export type LeaveOrder = { days: string; deputy: string | undefined; by: string };

async function importFile(kept: Kept, file: RosterFile): Promise<RosterImport> {
  const { table, channels } = kept.options;
  const sight = { table: table(), channels: channels.names, reaches: channels.reaches };
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

async function setLeave(kept: Kept, id: string, { days, deputy, by }: LeaveOrder): Promise<PersonOrder> {
  const leave = days === '' ? [] : leaveOf(days);
  if (leave === undefined) return { ok: false, missing: false, line: 'days off are written 2027-01-10..2027-01-20, more with ";" between' };
  if (deputy === id || (deputy !== undefined && !kept.options.roster.book().byId.has(deputy)))
    return { ok: false, missing: false, line: `"${deputy}" cannot stand in for ${id}: name another person of the roster` };
  const about = `${id}: ${days || 'none'}${deputy === undefined ? '' : `, ${deputy} stands in`}`;
  const to = (member: Member): RosterChange => ({ put: [{ ...member, leave, deputy: deputy ?? member.deputy }], gone: [] });
  return edit(kept, id, { audit: { who: by, what: 'leave set', about }, to });
}

/** What is tried out: a part of the tree for so many days. `pause`: another way to let others go on. */
export type Trial = { scope: string; days: number; pause?: () => Promise<void> };

const hourMs = 3_600_000;

async function check({ options, proofs }: Kept, { scope, days, pause = options.pause }: Trial): Promise<RosterCheck | undefined> {
  const { roster, channels, tells, now } = options;
  const places = await tells(scope);
  if (places === undefined) return undefined;
  const from = Math.floor(now() / hourMs) * hourMs;
  const hours = days * 24;
  const book = roster.book();
  const within = membersIn(options, scope);
  const { unreached, unproven } = weakPoints(book.members, { channels, proofs, now: from });
  const gone = new Set(unreached);
  const found = await checkRoster({ book, places, from, hours, pause, isReached: ({ id }) => !gone.has(id) });
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

/** Until when, or why not. */
export type Taken = { ok: true; value: ShiftView } | RefusedOrder;

async function takeShift(kept: Kept, id: string, { from, by }: { from: string; by: string }): Promise<Taken> {
  const { roster, now, word } = kept.options;
  const refused = (line: string): RefusedOrder => ({ ok: false, missing: false, line });
  const [taker, member] = [roster.book().byId.get(id), kept.held.get(from)];
  if (taker === undefined) return { ok: false, missing: true, line: 'there is no such person' };
  if (member === undefined) return notHeld(from, kept.fixed.has(from));
  if (id === from) return refused('nobody takes over their own shift');
  const until = shiftEndsAt(member, now());
  if (until === null) return refused(`${from} is not on duty now: there is no shift to take over`);
  if (member.relief?.by === id && member.relief.until > now()) return refused(`${id} has this shift already`);
  const audit = { who: by, what: 'shift taken over', about: `${id} for ${from}, until ${new Date(until).toISOString()}` };
  const words = [word(from, ['shift_taken', taker.name])];
  await change(kept, { put: [{ ...member, relief: { by: id, until } }], gone: [] }, { audit, words });
  return { ok: true, value: { person: from, by: id, until } };
}

type Edit = { audit: Audit; to(member: Member): RosterChange };

async function edit(kept: Kept, id: string, { audit, to }: Edit): Promise<PersonOrder> {
  const member = kept.held.get(id);
  if (member === undefined) return notHeld(id, kept.fixed.has(id));
  const plan = to(member);
  const [word] = lostWords(kept, plan);
  if (word !== undefined) return { ok: false, missing: false, line: onTabsLine(word) };
  await change(kept, plan, { audit });
  return { ok: true };
}

/** Written first, in use then. */
async function change(kept: Kept, plan: RosterChange, { audit, words = [] }: { audit: Audit; words?: readonly Op[] }): Promise<void> {
  const { record, now, roster } = kept.options;
  const rows: Op[] = [
    ...plan.gone.map((id) => ({ op: 'member-gone', id }) as const),
    ...plan.put.map((member) => ({ op: 'member', member }) as const),
  ];
  if (!(await record([...rows, ...words, { op: 'audit', at: now(), ...audit }]))) throw new Error('the ledger did not take the roster');
  kept.held = changed(kept.held, plan);
  for (const key of kept.proofs.keys()) if (plan.gone.includes(key.slice(0, key.indexOf('/')))) kept.proofs.delete(key);
  roster.use([...kept.held.values()]);
}

function listOf({ options, held, proofs }: Kept, scope: string): RosterPerson[] {
  const { channels, now } = options;
  const moment = momentAt(now());
  return membersIn(options, scope).map((member) => {
    const { id, name } = member;
    const reached = reachedBy(member, channels);
    const proven = Object.fromEntries(reached.map((channel) => [channel, proofs.get(`${id}/${channel}`) ?? null]));
    const from = held.has(id) ? ('roster' as const) : ('sabha.json' as const);
    return { id, name, from, now: moment(member), cells: cellsOf(member), reached, proofs: proven };
  });
}

function changed(held: ReadonlyMap<string, Member>, { put, gone }: RosterChange): Map<string, Member> {
  const next = new Map(held);
  for (const id of gone) next.delete(id);
  for (const member of put) next.set(member.id, member);
  return next;
}

/** Words of the tabs that meant somebody, and would mean nobody: then the tabs themselves would be refused. */
function lostWords({ options: { roster, onTabs, table }, fixed, held }: Kept, plan: RosterChange): string[] {
  const before = roster.book();
  const after = createBook([...new Map([...fixed, ...changed(held, plan)]).values()], (path) => table().groupsOf(path));
  const isLost = (word: string) => !isRole(word) && before.meant(word, '') !== undefined && after.meant(word, '') === undefined;
  return [...new Set(onTabs().filter(isLost))];
}

function onTabsLine(word: string): string {
  return `"${word}" would be nobody any more, and a tab tells "${word}": take the name off that tab first`;
}

function notHeld(id: string, isFixed: boolean): RefusedOrder {
  return {
    ok: false,
    missing: !isFixed,
    line: isFixed ? `${id} stands in sabha.json: change it there` : 'there is no such person in the roster',
  };
}

type DutyAt = { role: (typeof roles)[number]; scope: string; at: number };

function dutyOf(roster: RosterOrdersOptions['roster'], { role, scope, at }: DutyAt): DutyView['roles'][number] {
  const { persons, by } = toldFor(roster.book(), { to: [role], scope, moment: momentAt(at) });
  const told = persons.length > 0 ? persons : roster.central(at);
  return { role, by, persons: told.map(({ id, name }) => ({ id, name })) };
}

/** Who looks after a part of the tree, or a group of sites, and after what lies in it. */
function membersIn(options: RosterOrdersOptions, scope: string): Member[] {
  return options.roster.book().members.filter(({ scopes }) => scopes.some((own) => liesIn(options, scope, own)));
}

/** The table is asked for groups alone: while the ledger is opened anew there is none. */
function liesIn({ table }: Pick<RosterOrdersOptions, 'table'>, outer: string, inner: string): boolean {
  return liesWithin((scope) => table().pathsOf(scope), outer, inner);
}
