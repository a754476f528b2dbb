/** Implements the roster routes of the API. Each order plans a change of the stored persons, and applies it before it responds. */
import {
  createMutex,
  type DayView,
  type DutyView,
  isRole,
  type ProofView,
  type RosterCheck,
  type RosterImport,
  type RosterPerson,
  roles,
  type ShiftView,
} from '@sabha/contracts';
import type { Audit, Op } from '../../engine/records/ops.ts';
import type { Member, RosterContents, SiteTable } from '../../engine/records/sites.ts';
import { liesWithin } from '../../sites/table.ts';
import { noticeRow, type TestOptions, testChannel } from '../people/direct/direct.ts';
import type { Roster } from '../people/roster.ts';
import { attendanceAt, createBook, resolveRecipients, shiftEndsAt, telOf } from '../roster/book.ts';
import { cellsOf, leaveOf, planRoster, type RosterChange, rosterCsv } from '../roster/import.ts';
import { dayOf, shiftsOf } from '../roster/shifts.ts';
import { checkRoster, type PlaceNotifications, unprovenChannels, workingChannelsOf } from './check.ts';

export type RosterOrdersOptions = TestOptions & {
  roster: Pick<Roster, 'book' | 'use' | 'central' | 'person'>;
  devices?: { keepPersons(): Promise<void> } | undefined;
  listed: Pick<RosterContents, 'members' | 'proofs'>;
  /** The persons of `sabha.json`, whom no order can change. */
  fixed: readonly Member[];
  table(): Pick<SiteTable, 'node' | 'resolve' | 'pathsOf' | 'groupsOf'>;
  onTabs(): readonly string[];
  /** Recipients that the running tabs notify for each site in a scope; undefined if no tabs run. */
  tells(scope: string): Promise<PlaceNotifications[] | undefined>;
  /** Commits the rows; returns false if the ledger cannot write now. */
  record(ops: readonly Op[]): Promise<boolean>;
  now(): number;
};

/** Why an order about one person is refused. `missing`: no person has that name. `often`: the rate limit is reached. */
export type RefusedOrder = { ok: false; missing: boolean; often?: true; line: string };
export type OrderResult<T> = { ok: true; value: T } | RefusedOrder;
export type PersonResult = { ok: true } | RefusedOrder;

/** Context of the orders: the persons in the ledger, and functions that change them. `often`: rate limits of orders that notify someone. */
type RosterState = Omit<RosterOrdersOptions, 'fixed' | 'listed'> & {
  fixed: ReadonlyMap<string, Member>;
  held: ReadonlyMap<string, Member>;
  proofs: Map<string, number>;
  often: Record<keyof typeof testsAndTakesPerHour, ReturnType<typeof createHourlyLimit>>;
};

export type RosterOrders = ReturnType<typeof createRosterOrders>;

/**
 * Creates the operations over the current roster.
 * Guarantee: orders run one after the other, each on the result of the last one. A change takes effect at once, with its audit row.
 */
export function createRosterOrders({ fixed, listed, ...parts }: RosterOrdersOptions) {
  const byId = (all: readonly Member[]) => new Map(all.map((one) => [one.id, one]));
  const proofs = new Map(listed.proofs.map(({ person, channel, at }) => [`${person}/${channel}`, at]));
  const often = { tests: createHourlyLimit(testsAndTakesPerHour.tests), takes: createHourlyLimit(testsAndTakesPerHour.takes) };
  const kept: RosterState = { ...parts, fixed: byId(fixed), held: byId(listed.members), proofs, often };
  const { roster, now } = parts;
  const inTurn = createMutex();
  return {
    list: (scope: string): RosterPerson[] => rosterOf(kept, scope),
    csv: () => rosterCsv([...kept.held.values()]),
    duty(scope: string): DutyView {
      const at = now();
      const dutyOf = (role: (typeof roles)[number]) => {
        const { persons, by } = resolveRecipients(roster.book(), { to: [role], scope, moment: attendanceAt(at) });
        const told = persons.length > 0 ? persons : roster.central(at);
        return { role, by, persons: told.map(({ id, name }) => ({ id, name })) };
      };
      return { at, scope, roles: roles.map(dutyOf) };
    },
    /** Imports a roster file. Without `apply` only returns the changes. */
    import: (file: ImportInput): Promise<RosterImport> => inTurn(() => importFile(kept, file)),
    leave: (id: string, to: LeaveOrder): Promise<PersonResult> => inTurn(() => setLeave(kept, id, to)),
    /** A person takes over the current shift of `from` until it ends; `from` is notified once. */
    take: (id: string, asked: { from: string; by: string }): Promise<OrderResult<ShiftView>> => inTurn(() => takeShift(kept, id, asked)),
    day(id: string): DayView | undefined {
      const book = roster.book();
      const member = book.byId.get(id);
      if (member === undefined) return undefined;
      const day = dayOf(member, now());
      return { person: id, name: member.name, timeZone: member.zone, ...day, shifts: shiftsOf(book, member, { ...day, now: now() }) };
    },
    remove: (id: string, by: string): Promise<PersonResult> =>
      inTurn(() => edit(kept, id, { audit: { who: by, what: 'person removed', about: id }, to: () => ({ put: [], gone: [id] }) })),
    /** Removes a person from the roster, also as deputy or substitute of others. */
    forget: (id: string, by: string): Promise<PersonResult> =>
      inTurn(() => edit(kept, id, { audit: { who: by, what: 'person removed', about: id }, to: () => withoutPerson(kept, id) })),
    /** Finds the person of an id or a name, and whether `sabha.json` contains that person too; undefined if there is none. */
    known(name: string): { member: Member; isFixed: boolean } | undefined {
      const isMeant = ({ id, name: own }: Member) => [id, own].some((one) => one.toLowerCase() === name.toLowerCase());
      const member = [...kept.held.values()].find(isMeant) ?? fixed.find(isMeant);
      return member && { member, isFixed: kept.fixed.has(member.id) };
    },
    /** Dry run for some days from this hour; undefined if no tabs run. */
    check: (trial: DryRun): Promise<RosterCheck | undefined> => check(kept, trial),
    /** Sends a test to a person over one channel, or over each that reaches the person. A delivered test is stored with its time. */
    prove: (id: string, asked: TestOrder): Promise<OrderResult<ProofView>> => testChannels(kept, id, asked),
    /** Scopes for which a person is responsible; undefined if there is no such person. */
    scopesOf: (id: string) => roster.book().byId.get(id)?.scopes,
    liesWithin: (outer: string, inner: string) => liesIn(kept, outer, inner),
    /** True for the nation, a place of the tree, and a group that has a site. */
    has: (scope: string) => scope === '' || kept.table().pathsOf(scope).some(kept.table().node),
  };
}

function withoutPerson({ held }: RosterState, id: string): RosterChange {
  const others = [...held.values()].filter((one) => one.id !== id && (one.deputy === id || one.relief?.by === id));
  const put = others.map(({ relief, ...one }) => {
    return { ...one, deputy: one.deputy === id ? null : one.deputy, ...(relief !== undefined && relief.by !== id && { relief }) };
  });
  return { put, gone: [id] };
}

/** `replace`: removes persons who are not in the file. */
type ImportInput = { csv: string; replace: boolean; apply: boolean; by: string };

async function importFile(kept: RosterState, file: ImportInput): Promise<RosterImport> {
  const planned = planRoster({ ...kept, ...file, table: kept.table() });
  const lost = planned.change === null ? [] : unmatchedRecipients(kept, planned.change);
  const problems = [...planned.import.problems, ...lost.map((what) => ({ line: 1, column: '', what }))];
  if (!file.apply || problems.length > 0) return { ...planned.import, problems };
  const { added, removed, same } = planned.import.difference;
  const changes = (planned.change?.put.length ?? 0) - added.length;
  const about = `${added.length} added, ${changes} changed, ${removed.length} removed, ${same} the same`;
  if (planned.change !== null) await change(kept, planned.change, { audit: { who: file.by, what: 'roster imported', about } });
  return { ...planned.import, applied: true };
}

type DryRun = { scope: string; days: number };

async function check(kept: RosterState, { scope, days }: DryRun): Promise<RosterCheck | undefined> {
  const { roster, channels, proofs, tells, now } = kept;
  const places = await tells(scope);
  if (places === undefined) return undefined;
  const from = Math.floor(now() / hourMs) * hourMs;
  const hours = days * 24;
  const found = await checkRoster({ book: roster.book(), channels, places, from, hours });
  return { from, to: from + hours * hourMs, ...found, ...unprovenChannels(membersIn(kept, scope), { channels, proofs, now: from }) };
}

/** Without `channel`: every channel that reaches the person. */
type TestOrder = { channel: string | undefined; by: string };

async function testChannels(kept: RosterState, id: string, { channel, by }: TestOrder): Promise<OrderResult<ProofView>> {
  const { roster, channels, record, now } = kept;
  const member = roster.book().byId.get(id);
  if (member === undefined) return { ok: false, missing: true, line: 'there is no such person' };
  const wanted = channel === undefined ? workingChannelsOf(member, channels) : [channel];
  const unreached = wanted.find((name) => channels.get(name)?.reaches(member) !== true);
  if (unreached !== undefined) return refusedOrder(`the channel "${unreached}" does not reach ${id}`);
  if (wanted.length === 0) return refusedOrder(`no channel reaches ${id}`);
  const next = kept.often.tests(id, now());
  const line = `${id} had ${testsAndTakesPerHour.tests} tests within an hour, and each is a message: the next can go at ${next}`;
  if (next !== undefined) return { ...refusedOrder(line), often: true };
  const results = await Promise.all(
    wanted.map(async (name) => {
      const outcome = await testChannel(kept, id, name);
      const reason = outcome.result === 'delivered' ? null : outcome.reason;
      return { channel: name, at: now(), result: outcome.result, reason };
    }),
  );
  const proven = results.filter(({ result }) => result === 'delivered');
  const about = `${id}: ${results.map((one) => `${one.channel} ${one.result}`).join(', ')}`;
  const rows = proven.map(({ channel: name, at }) => ({ op: 'proof', person: id, channel: name, at }) as const);
  if (!(await record([...rows, { op: 'audit', at: now(), who: by, what: 'channel tested', about }])))
    throw new Error('the ledger did not store the proof');
  for (const { channel: name, at } of proven) kept.proofs.set(`${id}/${name}`, at);
  return { ok: true, value: { person: id, results } };
}

function rosterOf(kept: RosterState, scope: string): RosterPerson[] {
  const { channels, held, proofs } = kept;
  const moment = attendanceAt(kept.now());
  return membersIn(kept, scope).map((member) => {
    const { id, name } = member;
    const reached = workingChannelsOf(member, channels);
    const proven = Object.fromEntries(reached.map((channel) => [channel, proofs.get(`${id}/${channel}`) ?? null]));
    const from = held.has(id) ? ('roster' as const) : ('sabha.json' as const);
    const cells = cellsOf(member);
    return { id, name, from, now: moment(member), cells, tel: telOf(cells.phone) ?? null, reached, proofs: proven };
  });
}

/** Persons responsible for a scope, a group of sites, or a place within it. */
function membersIn(kept: RosterState, scope: string): Member[] {
  return kept.roster.book().members.filter(({ scopes }) => scopes.some((own) => liesIn(kept, scope, own)));
}

/** Returns whether `inner` is within `outer` in the current site table. While the ledger is being reopened there is no site table. */
function liesIn({ table }: RosterState, outer: string, inner: string): boolean {
  return liesWithin((scope) => table().pathsOf(scope), outer, inner);
}

/** Days off as text, '' = none. Without `deputy` the deputy stays. */
type LeaveOrder = { days: string; deputy: string | undefined; by: string };

async function setLeave(kept: RosterState, id: string, { days, deputy, by }: LeaveOrder): Promise<PersonResult> {
  const leave = days === '' ? [] : leaveOf(days);
  if (leave === undefined) return refusedOrder('days off are written 2027-01-10..2027-01-20, more with ";" between');
  if (deputy === id || (deputy !== undefined && !kept.roster.book().byId.has(deputy)))
    return refusedOrder(`"${deputy}" cannot stand in for ${id}: name another person of the roster`);
  const about = `${id}: ${days || 'none'}${deputy === undefined ? '' : `, ${deputy} stands in`}`;
  const to = (member: Member): RosterChange => ({ put: [{ ...member, leave, deputy: deputy ?? member.deputy }], gone: [] });
  return edit(kept, id, { audit: { who: by, what: 'leave set', about }, to });
}

async function takeShift(kept: RosterState, id: string, { from, by }: { from: string; by: string }): Promise<OrderResult<ShiftView>> {
  const { roster, now } = kept;
  const [taker, member] = [roster.book().byId.get(id), kept.held.get(from)];
  if (taker === undefined) return { ok: false, missing: true, line: 'there is no such person' };
  if (member === undefined) return notFoundOrFixed(from, kept.fixed.has(from));
  if (id === from) return refusedOrder('a person cannot take over their own shift');
  const until = shiftEndsAt(member, now());
  if (until === null) return refusedOrder(`${from} is not on duty now: there is no shift to take over`);
  if (member.relief?.by === id && member.relief.until > now()) return refusedOrder(`${id} has this shift already`);
  const next = kept.often.takes(from, now());
  const often = `the shift of ${from} was taken over ${testsAndTakesPerHour.takes} times within an hour, and each time ${from} is notified`;
  if (next !== undefined) return { ...refusedOrder(`${often}: the next can be at ${next}`), often: true };
  const audit = { who: by, what: 'shift taken over', about: `${id} for ${from}, until ${new Date(until).toISOString()}` };
  const words = [{ op: 'outbox', row: noticeRow(kept, from, ['shift_taken', taker.name]) } as const];
  await change(kept, { put: [{ ...member, relief: { by: id, until } }], gone: [] }, { audit, words });
  return { ok: true, value: { person: from, by: id, until } };
}

async function edit(
  kept: RosterState,
  id: string,
  { audit, to }: { audit: Audit; to(member: Member): RosterChange },
): Promise<PersonResult> {
  const member = kept.held.get(id);
  if (member === undefined) return notFoundOrFixed(id, kept.fixed.has(id));
  const plan = to(member);
  const [line] = unmatchedRecipients(kept, plan);
  if (line !== undefined) return refusedOrder(line);
  await change(kept, plan, { audit });
  return { ok: true };
}

/** Writes to the ledger first, then to memory. */
async function change(
  kept: RosterState,
  plan: RosterChange,
  { audit, words = [] }: { audit: Audit; words?: readonly Op[] },
): Promise<void> {
  const { record, now, roster } = kept;
  const rows: Op[] = [
    ...plan.gone.map((id) => ({ op: 'member-gone', id }) as const),
    ...plan.put.map((member) => ({ op: 'member', member }) as const),
  ];
  if (!(await record([...rows, ...words, { op: 'audit', at: now(), ...audit }]))) throw new Error('the ledger did not store the roster');
  kept.held = membersAfter(kept.held, plan);
  const gone = new Set(plan.gone);
  for (const key of kept.proofs.keys()) if (gone.has(key.slice(0, key.indexOf('/')))) kept.proofs.delete(key);
  roster.use([...kept.held.values()]);
  void kept.devices?.keepPersons();
}

function membersAfter(held: ReadonlyMap<string, Member>, { put, gone }: RosterChange): Map<string, Member> {
  const next = new Map(held);
  for (const id of gone) next.delete(id);
  for (const member of put) next.set(member.id, member);
  return next;
}

/**
 * Returns one line for each recipient in the tabs that would match no person after the change. The tabs would then be refused at the next
 * start.
 */
function unmatchedRecipients({ roster, onTabs, table, fixed, held }: RosterState, plan: RosterChange): string[] {
  const before = roster.book();
  const after = createBook([...new Map([...fixed, ...membersAfter(held, plan)]).values()], (path) => table().groupsOf(path));
  const isLost = (word: string) => !isRole(word) && before.meant(word, '') !== undefined && after.meant(word, '') === undefined;
  const words = [...new Set(onTabs().filter(isLost))];
  return words.map((word) => `a tab notifies "${word}", and the roster would no longer have that name: remove it from that tab first`);
}

export function refusedOrder(line: string): RefusedOrder {
  return { ok: false, missing: false, line };
}

/** Result of an order about a person who is not stored in the ledger. */
function notFoundOrFixed(id: string, isFixed: boolean): RefusedOrder {
  const line = isFixed ? `${id} is in sabha.json: change it there` : 'there is no such person in the roster';
  return { ok: false, missing: !isFixed, line };
}

const hourMs = 3_600_000;

/** Limits an hour for each person. The setup of a channel needs several tests; a shift is taken over once or twice. */
export const testsAndTakesPerHour = { tests: 6, takes: 3 } as const;

/**
 * Rate limiter for one kind of order, by person. Guarantee: keeps at most `most` times for each person of the roster. A restart of `flows`
 * resets it.
 */
function createHourlyLimit(most: number) {
  const times = new Map<string, number[]>();
  /** Counts one order of the person. If the limit is reached, returns when the next one is allowed, such as `12:40 UTC`. */
  return (id: string, now: number): string | undefined => {
    const lately = (times.get(id) ?? []).filter((at) => at <= now && now - at < hourMs);
    const [oldest] = lately;
    if (oldest !== undefined && lately.length >= most) return `${new Date(oldest + hourMs).toISOString().slice(11, 16)} UTC`;
    times.set(id, [...lately, now]);
    return undefined;
  };
}
