/** The order of the outbox: one message of a channel at a time, more only where it is slow; no room and no person holds up another. */
import { type Cancel, type Clock, keepLatest, messageOf, withinTime } from '@sabha/contracts';
import type { Channel, OutboxRow, Report, SendOutcome } from '../../engine/records/notices.ts';
import { lastChannel } from './channels/channels.ts';

// How long messages are tried, how many go at once, and when they go over the next channel.

/** What hangs in a channel goes on to the next as one message where it is late within so long, */
const togetherMs = 2_000;
/** and is more than this: fewer are read one by one, each with its own buttons. */
const aloneAtMost = 3;

/** A message that was accepted, and of which nothing is said in this time, did not arrive: no operator keeps one for longer. */
export const reportLimitMs = 24 * 60 * 60_000;

/** After a start, what waits has at least this long on its own channel. */
export const startGraceMs = 10_000;

/** A timer that goes off so much too late did so in a process that stood still: what waits in its sockets is read first (R18a), */
const stoodStillMs = 5_000;
/** in this time. */
const readMs = 1_000;

/** Who takes longer than this to take a message is slow: the next one goes beside it. */
export const slowMs = 250;
/** While so many are on their way on a channel, only who has none of his own there is sent another, */
const besideAtMost = 8;
/** and while so many are, nobody: each is a connection to the other side. */
const besideEver = 40;

/** `dueUp`: not before this time of `Clock.up`, so that a wall clock which jumps holds nothing back; from `lateUp` on it is no news any more. */
export type Item = { row: OutboxRow; dueUp: number; lateUp: number };

/** Since when each is on its way; one that `rides` goes in the message of another. */
type Taken = Map<Item, { sinceUp: number; rides: boolean }>;

/** What a channel is to the order. `gathers`: where it is late, it goes out there in one message with others. Of what goes `within` a time to one person the last goes with all that waits. */
type LaneKind = { gathers(row: OutboxRow): boolean; limits(channel: string): Pick<Channel, 'atOnce' | 'within'> };
const anyKind: LaneKind = { gathers: () => true, limits: () => ({}) };

/**
 * Guarantee: rows of one channel, person and room come out in the order of their transitions, each only after the one before it is done.
 */
export function createLanes(clock: Clock, { gathers, limits }: LaneKind = anyKind) {
  const lanes = new Map<string, Item[]>();
  const items = new Map<string, Item>();
  const taken: Taken = new Map();
  const movable = new Set<Item>();
  const isLate = (item: Item) => item.lateUp <= clock.up();
  const crowds = createCrowds(limits);
  const heads = () => headsOf(lanes.values(), { taken, limits, freeUp: crowds.freeUp });

  return {
    /** Puts a row at its place in the order; a key that is held already changes nothing. */
    add(row: OutboxRow, waitMs: number): void {
      if (items.has(row.key)) return;
      const lane = lanes.getOrInsertComputed(laneOf(row), () => []);
      const earlier = (item: Item) => orderOf(item.row) <= orderOf(row) || taken.has(item);
      const item = { row, dueUp: clock.up() + waitMs, lateUp: clock.up() + newsMs(row, clock.now()) };
      items.set(row.key, item);
      lane.splice(lane.findLastIndex(earlier) + 1, 0, item);
      if (row.further !== undefined) movable.add(item);
    },
    /** The next item that may go now; it is taken until `again` or `done`. `slowMs` is the longest that one person's server delays another's item. */
    next(): Item | undefined {
      const first = firstOf(heads().filter(({ goesUp }) => goesUp <= clock.up()));
      if (first === undefined) return undefined;
      taken.set(first, { sinceUp: clock.up(), rides: false });
      crowds.goes(first.row, clock.up());
      return first;
    },
    /** The items of one message, the given one first; all are taken. `isLocked`: the channel refuses our login for a while. */
    together(item: Item, isLocked = false): Item[] {
      const going = (isNow: (one: Item) => boolean) => goingWith(item, { lanes: lanes.values(), taken, gathers, isNow });
      const isDue = (one: Item) => one.dueUp <= clock.up();
      // They were sent as one message before.
      const stoodBeside = ({ row: { beside } }: Item) => beside !== undefined && beside === item.row.beside;
      const crowded = crowds.freeUp(item.row) > clock.up();
      const all = isLocked ? going(isDue) : [];
      const now = all.length > aloneAtMost ? all : going((one) => isLate(one) || stoodBeside(one) || (crowded && isDue(one)));
      const others = now.filter((one) => one !== item);
      for (const one of others) taken.set(one, { sinceUp: clock.up(), rides: true });
      return [item, ...others];
    },
    /** What is late, and may go out over another channel of its person: each by itself, or many as one. */
    toMove: (): Item[][] => lateTogether(movable, clock.up(), ({ row }) => row),
    /** The process stood still: nothing is late before what was answered meanwhile is read. */
    grace(): void {
      for (const item of movable) item.lateUp = Math.max(item.lateUp, clock.up() + startGraceMs);
    },
    /** It goes over no other channel any more. */
    stays: (item: Item): void => void movable.delete(item),
    /** Milliseconds until something is due, or late; infinite when nothing waits for time alone. */
    nextInMs: (): number => untilFirst([...[...movable].map(({ lateUp }) => lateUp), ...heads().map(({ goesUp }) => goesUp)], clock),
    again(item: Item, row: OutboxRow, waitMs: number): void {
      taken.delete(item);
      Object.assign(item, { row, dueUp: clock.up() + waitMs });
    },
    done(item: Item): void {
      taken.delete(item);
      movable.delete(item);
      items.delete(item.row.key);
      const lane = lanes.get(laneOf(item.row)) ?? [];
      lane.shift();
      if (lane.length === 0) lanes.delete(laneOf(item.row));
    },
    isLate,
    withKey: (key: string): Item | undefined => items.get(key),
    size: (): number => items.size,
  };
}

/** When something is due, or late. Whoever looks long after that stood still: what was answered meanwhile is read before anything is late (R18a). */
export function createLooks(clock: Clock, of: readonly { grace(): void; nextInMs(): number }[]) {
  let cancel: Cancel = () => {};
  let dueUp = Number.POSITIVE_INFINITY;
  return {
    cancel: () => cancel(),
    begin(): void {
      if (clock.up() - dueUp > stoodStillMs) for (const one of of) one.grace();
    },
    again(look: () => void): void {
      const waitMs = Math.min(...of.map((one) => one.nextInMs()));
      dueUp = clock.up() + waitMs;
      if (waitMs < Number.POSITIVE_INFINITY) cancel = clock.after(waitMs, look);
    },
  };
}

function untilFirst(ups: readonly number[], clock: Clock): number {
  return Math.max(0, ups.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY) - clock.up());
}

/** Whoever has none on the way there comes before the others. */
function firstOf(due: readonly Head[]): Item | undefined {
  const before = due.some(({ isFirst }) => isFirst) ? due.filter(({ isFirst }) => isFirst) : due;
  const rankOf = ({ row }: Item) => (row.notice.severity === 'critical' ? 0 : 1);
  // What is critical goes before what is not, else what has been due longer.
  const between = (a: Item, b: Item) => rankOf(a) - rankOf(b) || a.dueUp - b.dueUp;
  return before.reduce<Item | undefined>((a, { item }) => (a && between(item, a) >= 0 ? a : item), undefined);
}

type Head = { item: Item; goesUp: number; isFirst: boolean };
type At = Pick<LaneKind, 'limits'> & { taken: Taken; freeUp(row: OutboxRow): number };

/** The first of each lane, when it may go, and whether its person has none on the way there. */
function headsOf(lanes: Iterable<Item[]>, { taken, limits, freeUp }: At): Head[] {
  // Messages being sent on each channel: count, recipients, and the start of the latest.
  const onTheWay = new Map<string, { count: number; persons: Set<string>; lastUp: number }>();
  for (const [{ row }, { sinceUp: up, rides }] of taken) {
    if (rides) continue;
    const way = onTheWay.get(row.channel) ?? { count: 0, persons: new Set(), lastUp: up };
    onTheWay.set(row.channel, { count: way.count + 1, persons: way.persons.add(row.person), lastUp: Math.max(way.lastUp, up) });
  }
  return [...lanes].flatMap(([item]) => {
    if (item === undefined || taken.has(item)) return [];
    const { channel, person } = item.row;
    const way = onTheWay.get(channel);
    const isFirst = !way?.persons.has(person);
    const isFull = (way?.count ?? 0) >= Math.min(isFirst ? besideEver : besideAtMost, limits(channel).atOnce ?? besideEver);
    const besideUp = isFull ? Number.POSITIVE_INFINITY : (way?.lastUp ?? Number.NEGATIVE_INFINITY) + slowMs;
    return [{ item, goesUp: Math.max(item.dueUp, besideUp, freeUp(item.row)), isFirst }];
  });
}

/** When what was sent to whom lately, on a channel that shows one person only so much. */
function createCrowds(limits: LaneKind['limits']) {
  const lately = new Map<string, number[]>();
  const nameOf = ({ channel, person }: OutboxRow) => `${channel}/${person}`;
  return {
    goes(row: OutboxRow, up: number): void {
      const most = limits(row.channel).within?.most;
      if (most !== undefined) lately.set(nameOf(row), [...(lately.get(nameOf(row)) ?? []), up].slice(-most));
    },
    /** When the next may go. */
    freeUp(row: OutboxRow): number {
      const { within } = limits(row.channel);
      const ups = within === undefined ? [] : (lately.get(nameOf(row)) ?? []);
      return within === undefined || ups.length < within.most ? Number.NEGATIVE_INFINITY : (ups[0] ?? 0) + within.ms;
    },
  };
}

type Along = Pick<LaneKind, 'gathers'> & { lanes: Iterable<Item[]>; taken: Taken; isNow(one: Item): boolean };

/**
 * The items that go out in one message with an item, in the order of each room; none where it goes alone. For the morning digest it is all of
 * the person's digest, due or not. Else it is what is late or stood in one message before; before a pause of the channel, all that is due.
 */
function goingWith(item: Item, { lanes, taken, gathers, isNow }: Along): Item[] {
  const { notice, person, channel } = item.row;
  const { digest } = notice;
  if (!gathers(item.row) || !(digest || isNow(item))) return [];
  const goes = ({ row }: Item) => row.notice.digest === digest && row.person === person && row.channel === channel && gathers(row);
  const mine = [...lanes].filter(([head]) => head !== undefined && goes(head) && (head === item || !taken.has(head)));
  return mine.flatMap((lane) => {
    const end = lane.findIndex((one) => !goes(one) || !(digest || isNow(one)));
    return end < 0 ? lane : lane.slice(0, end);
  });
}

/** What is late: each by itself; where many will be late for a person on a channel in the same moment, all of them as one. */
function lateTogether<T extends { lateUp: number }>(all: Iterable<T>, up: number, rowOf: (one: T) => OutboxRow | undefined): T[][] {
  const soon = [...all].filter(({ lateUp }) => lateUp <= up + togetherMs);
  const ways = Map.groupBy(soon, (one) => `${rowOf(one)?.channel}/${rowOf(one)?.person}`);
  return [...ways.values()].flatMap((some) => {
    const late = some.filter(({ lateUp }) => lateUp <= up);
    return late.length > 0 && some.length > aloneAtMost ? [some] : late.map((one) => [one]);
  });
}

/** How long it is news yet. Without `delivered` in this time a message goes over the next channel too: what was told over another channel is none. A wall clock that was set makes it neither longer nor shorter than it may be. */
function newsMs({ createdAt, notice, moved }: OutboxRow, now: number): number {
  if (moved) return 0;
  const limitMs = notice.severity === 'critical' ? 60_000 : 5 * 60_000;
  return Math.min(Math.max(createdAt + limitMs - now, Math.min(startGraceMs, limitMs)), limitMs);
}

/** Transitions are numbered in the order in which they happened, whatever the clock; words of the centre's own have no number, and a lane of their own. */
function orderOf({ transition, createdAt }: OutboxRow): number {
  return transition ?? createdAt;
}

function laneOf({ channel, person, notice, transition }: OutboxRow): string {
  return `${channel}/${person}/${notice.scope}/${transition === null ? 'word' : 'step'}`;
}

/**
 * Guarantee: ends at the limit or at the `cut`, and never rejects: whatever goes wrong in a channel is a reason to try again. Of a process that
 * stood still the limit is over once the answers that waited are read: what was told meanwhile is not told twice.
 */
export async function limited(
  limit: { clock: Clock; limitMs: number; cut?: AbortSignal },
  send: (signal: AbortSignal) => Promise<SendOutcome>,
): Promise<SendOutcome> {
  const late: SendOutcome = { result: 'retry', reason: `no answer in ${limit.limitMs / 1_000} s` };
  try {
    return await withinTime({ ...limit, clock: patient(limit.clock), late }, send);
  } catch (error) {
    return { result: 'retry', reason: `the channel broke: ${messageOf(error)}` };
  }
}

function patient(clock: Clock): Pick<Clock, 'after'> {
  return {
    after(delayMs, task) {
      let cancel: Cancel = () => {};
      const arm = (ms: number) => {
        const dueUp = clock.up() + ms;
        cancel = clock.after(ms, () => (clock.up() - dueUp > stoodStillMs ? arm(readMs) : task()));
      };
      arm(delayMs);
      return () => cancel();
    },
  };
}

/** This many failures of one message in a row are a failing channel. */
const failingTries = 3;

/** A fault of a channel, and whether it stands. */
type Finding = { fault: 'centre.channel_failing' | 'centre.channel_login'; device: string; standing: boolean; reason?: string };

/** What refuses our login where a message was locked out: the channel, or what one person joined it with. */
export function loginOf({ channel, person }: Pick<OutboxRow, 'channel' | 'person'>, joined = false): string {
  return joined ? `${channel} to ${person}` : channel;
}

/**
 * What is to be said of which device: the channel, or the channel to a person. On one that persons join by themselves (`joined`) a refusal is no
 * fault, since a phone that is off, or left, is nothing that central could mend, and a lock is that of the person's own devices.
 */
export function failing(row: OutboxRow, outcome: SendOutcome, joined = false): Finding[] {
  const { channel, person, tries, lost = false } = row;
  const { result } = outcome;
  const fails = (device: string, standing: boolean): Finding => ({ fault: 'centre.channel_failing', device, standing });
  const forPerson = `${channel} to ${person}`;
  const locked = loginOf(row, joined);
  if (result === 'locked') return [{ fault: 'centre.channel_login', device: locked, standing: true, reason: outcome.reason }];
  if (result === 'refused') return joined ? [] : [fails(forPerson, true)];
  if (result === 'retry') return tries >= failingTries ? [fails(channel, true)] : [];
  const works: Finding[] = [fails(channel, false), { fault: 'centre.channel_login', device: locked, standing: false }];
  // Taken is not arrived: what did not reach the person last time may not now.
  if (result === 'accepted') return works;
  // The console takes everything, and reaches nobody who is elsewhere.
  const isReached = channel !== lastChannel;
  const found = isReached || lost ? [fails(`nothing reaches ${person}`, !isReached)] : [];
  return [...works, fails(forPerson, false), ...found];
}

// What other sides took and have yet to say what became of: it is not sent again, and goes out over the next channel where they say nothing in time, or no.

/** Rows that went out as one message; from `lateUp` of `Clock.up` on they are news no more, and from `endUp` on nobody says anything of them any more. */
export type Held = { rows: OutboxRow[]; lateUp: number; endUp: number };

/** So many reports of messages that are not here (yet), and so many messages that were, are remembered. */
const rememberedAtMost = 2_000;

/** Guarantee: a report counts once. */
export function createAccepted(clock: Clock) {
  const held = new Map<string, Held>();
  const early = new Map<string, Report['outcome']>();
  const seen = new Map<string, OutboxRow>();
  const nameOf = (channel: string, id: string) => `${channel} ${id}`;
  return {
    /** Holds rows with the same `accepted`. Returns the delivery report instead if it came before the response of the gateway. */
    hold(rows: OutboxRow[]): Report['outcome'] | undefined {
      const [first] = rows;
      if (first?.accepted === undefined) return undefined;
      const { id, at } = first.accepted;
      const name = nameOf(first.channel, id);
      keepLatest(seen, [name, first], rememberedAtMost);
      const said = early.get(name);
      early.delete(name);
      if (said !== undefined) return said;
      const agoMs = Math.max(0, clock.now() - at);
      const lateUp = clock.up() + Math.min(...rows.map((row) => newsMs(row, clock.now())));
      held.set(name, { rows, lateUp, endUp: clock.up() + Math.max(0, reportLimitMs - agoMs) });
      return undefined;
    },
    /** Returns the rows that a delivery report concerns and stops holding them. An unknown report returns undefined and is kept for a while. */
    take({ channel, id, outcome }: Report): OutboxRow[] | undefined {
      const name = nameOf(channel, id);
      const found = held.get(name);
      if (found === undefined) keepLatest(early, [name, outcome], rememberedAtMost);
      held.delete(name);
      return found?.rows;
    },
    /** Returns the last row with that name, held or not. */
    last: (channel: string, id: string): OutboxRow | undefined => held.get(nameOf(channel, id))?.rows[0] ?? seen.get(nameOf(channel, id)),
    /** Extends all deadlines after a pause of the process, so that waiting reports are read first. */
    grace(): void {
      for (const one of held.values()) one.lateUp = Math.max(one.lateUp, clock.up() + startGraceMs);
    },
    /** What is news no more and may go out over another channel: each by itself, or many as one. */
    toMove: (): Held[][] => lateTogether([...held.values()].filter(mayMove), clock.up(), ({ rows }) => rows[0]),
    /** Returns rows whose report did not come in time, and stops holding them. */
    toEnd(): Held[] {
      const ended = [...held].filter(([, { endUp }]) => endUp <= clock.up());
      for (const [name] of ended) held.delete(name);
      return ended.map(([, one]) => one);
    },
    /** Milliseconds until the next row is late or ends; infinite if no row is held. */
    nextInMs(): number {
      const ups = [...held.values()].map((one) => (mayMove(one) ? Math.min(one.lateUp, one.endUp) : one.endUp));
      return untilFirst(ups, clock);
    },
    size: (): number => [...held.values()].reduce((sum, { rows }) => sum + rows.length, 0),
  };
}

function mayMove({ rows }: Held): boolean {
  return rows.some(({ further }) => further !== undefined);
}
