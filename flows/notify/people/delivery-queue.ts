/**
 * Queues of the outbox: one send at a time per channel, more if the channel is slow. Many messages about one room, or to one person, do
 * not delay messages about other rooms or to other people.
 */
import { type Cancel, type Clock, keepLatest, messageOf, withTimeout } from '@sabha/contracts';
import type { Channel, DeliveryReport, OutboxRow, SendOutcome } from '../../engine/records/notices.ts';
import { lastChannel } from './channels/channels.ts';

// Constants: how long a message is current, how many sends run in parallel, and when a row moves to the next channel.

/**
 * Rows for one person on one channel may become stale within this time of each other, ms. They may then move to the next channel as one
 * message.
 */
const batchWindowMs = 2_000;
/** Up to this many stale rows move to the next channel one by one, so that each keeps its own buttons. */
const singleMoveLimit = 3;

/** Longest wait for a delivery report, ms. Then an accepted message counts as not delivered: operators keep a message for at most 24 h. */
export const reportLimitMs = 24 * 60 * 60_000;

/** After a start, a row waits at least this time, in ms, before it moves to the next channel. */
export const startGraceMs = 10_000;

/**
 * If a timer fires later than this, in ms, the process was paused. The responses that arrived meanwhile are then read first, R18a (canary).
 */
const pausedProcessMs = 5_000;
/** Time for reading the responses that arrived during a pause, ms. */
const readMs = 1_000;

/** If a send runs longer than this, in ms, the next send of the channel starts in parallel. */
export const slowMs = 250;
/** Parallel sends on one channel up to which a second send to the same recipient starts. */
const parallelPerPersonLimit = 8;
/** Most parallel sends on one channel for all recipients: each is a connection to the provider. */
const parallelPerChannelLimit = 40;

/**
 * A row in the queue. `dueUp`: earliest time of the next send. `lateUp`: time from which the row is stale. Both are monotonic (`Clock.up`),
 * so a step of the wall clock delays nothing.
 */
export type QueuedRow = { row: OutboxRow; dueUp: number; lateUp: number };

/** Rows being sent, with the start of the send. `isInBatch`: the row is part of the message of another row. */
type InFlight = Map<QueuedRow, { sinceUp: number; isInBatch: boolean }>;

/**
 * Properties of the channels. `gathers`: stale rows may share one message. `limits`: the most parallel sends, and the rate limit per person
 * (`within`), whose last message lists all that waits.
 */
type ChannelRules = { gathers(row: OutboxRow): boolean; limits(channel: string): Pick<Channel, 'atOnce' | 'within'> };
const anyKind: ChannelRules = { gathers: () => true, limits: () => ({}) };

/**
 * Creates the queues of all channels.
 * Guarantee: rows of one channel, person and room are sent in the order of their transitions. Each is sent only after the row before it has
 * ended.
 */
export function createDeliveryQueue(clock: Clock, { gathers, limits }: ChannelRules = anyKind) {
  const lanes = new Map<string, QueuedRow[]>();
  const items = new Map<string, QueuedRow>();
  const taken: InFlight = new Map();
  const movable = new Set<QueuedRow>();
  const isLate = (item: QueuedRow) => item.lateUp <= clock.up();
  const crowds = createRateLimits(limits);
  const heads = () => headsOf(lanes.values(), { taken, limits, freeUp: crowds.freeUp });

  return {
    /** Inserts a row at its place in the order. Ignores a key that is already in a queue. */
    add(row: OutboxRow, waitMs: number): void {
      if (items.has(row.key)) return;
      const lane = lanes.getOrInsertComputed(laneOf(row), () => []);
      const earlier = (item: QueuedRow) => orderOf(item.row) <= orderOf(row) || taken.has(item);
      const item = { row, dueUp: clock.up() + waitMs, lateUp: clock.up() + freshForMs(row, clock.now()) };
      items.set(row.key, item);
      lane.splice(lane.findLastIndex(earlier) + 1, 0, item);
      if (row.further !== undefined) movable.add(item);
    },
    /**
     * Returns the next row that may be sent now. The row counts as being sent until `again` or `done`. A slow send to one person delays a
     * row to another person by at most `slowMs`.
     */
    next(): QueuedRow | undefined {
      const first = firstOf(heads().filter(({ goesUp }) => goesUp <= clock.up()));
      if (first === undefined) return undefined;
      taken.set(first, { sinceUp: clock.up(), isInBatch: false });
      crowds.goes(first.row, clock.up());
      return first;
    },
    /**
     * Returns the rows that are sent as one message with the given row, which comes first. All count as being sent. `isLocked`: the channel
     * refuses the credentials of the server for a while.
     */
    takeBatch(item: QueuedRow, isLocked = false): QueuedRow[] {
      const going = (isNow: (one: QueuedRow) => boolean) => batchOf(item, { lanes: lanes.values(), taken, gathers, isNow });
      const isDue = (one: QueuedRow) => one.dueUp <= clock.up();
      // Rows that were sent as one message on an earlier channel are sent as one message here too.
      const stoodBeside = ({ row: { beside } }: QueuedRow) => beside !== undefined && beside === item.row.beside;
      const crowded = crowds.freeUp(item.row) > clock.up();
      const all = isLocked ? going(isDue) : [];
      const now = all.length > singleMoveLimit ? all : going((one) => isLate(one) || stoodBeside(one) || (crowded && isDue(one)));
      const others = now.filter((one) => one !== item);
      for (const one of others) taken.set(one, { sinceUp: clock.up(), isInBatch: true });
      return [item, ...others];
    },
    /** Returns the stale rows that may move to another channel, in groups that become one message each. */
    toMove: (): QueuedRow[][] => groupStale(movable, clock.up(), ({ row }) => row),
    /** Extends all deadlines after a pause of the process, so that waiting responses are read before a row counts as stale. */
    grace(): void {
      for (const item of movable) item.lateUp = Math.max(item.lateUp, clock.up() + startGraceMs);
    },
    /** Keeps the row on its channel, so that it never moves to another channel. */
    keepOnChannel: (item: QueuedRow): void => void movable.delete(item),
    /** Milliseconds until a row may be sent or becomes stale. Infinite if no row waits only for time. */
    nextInMs: (): number => untilFirst([...[...movable].map(({ lateUp }) => lateUp), ...heads().map(({ goesUp }) => goesUp)], clock),
    again(item: QueuedRow, row: OutboxRow, waitMs: number): void {
      taken.delete(item);
      Object.assign(item, { row, dueUp: clock.up() + waitMs });
    },
    done(item: QueuedRow): void {
      taken.delete(item);
      movable.delete(item);
      items.delete(item.row.key);
      const lane = lanes.get(laneOf(item.row)) ?? [];
      lane.shift();
      if (lane.length === 0) lanes.delete(laneOf(item.row));
    },
    isLate,
    withKey: (key: string): QueuedRow | undefined => items.get(key),
    size: (): number => items.size,
  };
}

/**
 * Creates the timer for the next row that may be sent or becomes stale. If the timer fires much too late, the process was paused, and all
 * deadlines are extended first (R18a).
 */
export function createDeadlineTimer(clock: Clock, of: readonly { grace(): void; nextInMs(): number }[]) {
  let cancel: Cancel = () => {};
  let dueUp = Number.POSITIVE_INFINITY;
  return {
    cancel: () => cancel(),
    begin(): void {
      if (clock.up() - dueUp > pausedProcessMs) for (const one of of) one.grace();
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

/** Returns the row to send first. Recipients without a send in progress on the channel come before other recipients. */
function firstOf(due: readonly LaneHead[]): QueuedRow | undefined {
  const before = due.some(({ isFirst }) => isFirst) ? due.filter(({ isFirst }) => isFirst) : due;
  const rankOf = ({ row }: QueuedRow) => (row.notice.severity === 'critical' ? 0 : 1);
  // Critical rows come first. Among equal rows, the row with the earliest send time comes first.
  const between = (a: QueuedRow, b: QueuedRow) => rankOf(a) - rankOf(b) || a.dueUp - b.dueUp;
  return before.reduce<QueuedRow | undefined>((a, { item }) => (a && between(item, a) >= 0 ? a : item), undefined);
}

type LaneHead = { item: QueuedRow; goesUp: number; isFirst: boolean };
type LaneContext = Pick<ChannelRules, 'limits'> & { taken: InFlight; freeUp(row: OutboxRow): number };

/** Returns the first row of each queue, when it may be sent, and whether its recipient has no send in progress on that channel. */
function headsOf(lanes: Iterable<QueuedRow[]>, { taken, limits, freeUp }: LaneContext): LaneHead[] {
  // Messages being sent on each channel: count, recipients, and the start of the latest.
  const onTheWay = new Map<string, { count: number; persons: Set<string>; lastUp: number }>();
  for (const [{ row }, { sinceUp: up, isInBatch: rides }] of taken) {
    if (rides) continue;
    const sendsOnChannel = onTheWay.get(row.channel) ?? { count: 0, persons: new Set(), lastUp: up };
    onTheWay.set(row.channel, {
      count: sendsOnChannel.count + 1,
      persons: sendsOnChannel.persons.add(row.person),
      lastUp: Math.max(sendsOnChannel.lastUp, up),
    });
  }
  return [...lanes].flatMap(([item]) => {
    if (item === undefined || taken.has(item)) return [];
    const { channel, person } = item.row;
    const way = onTheWay.get(channel);
    const isFirst = !way?.persons.has(person);
    const isFull =
      (way?.count ?? 0) >=
      Math.min(isFirst ? parallelPerChannelLimit : parallelPerPersonLimit, limits(channel).atOnce ?? parallelPerChannelLimit);
    const besideUp = isFull ? Number.POSITIVE_INFINITY : (way?.lastUp ?? Number.NEGATIVE_INFINITY) + slowMs;
    return [{ item, goesUp: Math.max(item.dueUp, besideUp, freeUp(item.row)), isFirst }];
  });
}

/** Creates the rate limits per person. They remember the last sends on each channel that has such a limit. */
function createRateLimits(limits: ChannelRules['limits']) {
  const lately = new Map<string, number[]>();
  const nameOf = ({ channel, person }: OutboxRow) => `${channel}/${person}`;
  return {
    goes(row: OutboxRow, up: number): void {
      const most = limits(row.channel).within?.most;
      if (most !== undefined) lately.set(nameOf(row), [...(lately.get(nameOf(row)) ?? []), up].slice(-most));
    },
    /** Returns the earliest time (`Clock.up`) of the next send. */
    freeUp(row: OutboxRow): number {
      const { within } = limits(row.channel);
      const ups = within === undefined ? [] : (lately.get(nameOf(row)) ?? []);
      return within === undefined || ups.length < within.most ? Number.NEGATIVE_INFINITY : (ups[0] ?? 0) + within.ms;
    },
  };
}

type BatchContext = Pick<ChannelRules, 'gathers'> & { lanes: Iterable<QueuedRow[]>; taken: InFlight; isNow(one: QueuedRow): boolean };

/**
 * Returns the rows that share one message with `item`, in the order of each room; empty if `item` is sent alone.
 * For the morning digest these are all digest rows of the person, due or not. Otherwise they are the rows that are stale or shared an
 * earlier message. If the channel is about to pause, they are all due rows.
 */
function batchOf(item: QueuedRow, { lanes, taken, gathers, isNow }: BatchContext): QueuedRow[] {
  const { notice, person, channel } = item.row;
  const { digest } = notice;
  if (!gathers(item.row) || !(digest || isNow(item))) return [];
  const goes = ({ row }: QueuedRow) => row.notice.digest === digest && row.person === person && row.channel === channel && gathers(row);
  const mine = [...lanes].filter(([head]) => head !== undefined && goes(head) && (head === item || !taken.has(head)));
  return mine.flatMap((lane) => {
    const end = lane.findIndex((one) => !goes(one) || !(digest || isNow(one)));
    return end < 0 ? lane : lane.slice(0, end);
  });
}

/**
 * Groups stale rows. More than `singleMoveLimit` rows of one person on one channel that become stale together form one group. Otherwise
 * each row is its own group.
 */
function groupStale<T extends { lateUp: number }>(all: Iterable<T>, up: number, rowOf: (one: T) => OutboxRow | undefined): T[][] {
  const soon = [...all].filter(({ lateUp }) => lateUp <= up + batchWindowMs);
  const ways = Map.groupBy(soon, (one) => `${rowOf(one)?.channel}/${rowOf(one)?.person}`);
  return [...ways.values()].flatMap((some) => {
    const late = some.filter(({ lateUp }) => lateUp <= up);
    return late.length > 0 && some.length > singleMoveLimit ? [some] : late.map((one) => [one]);
  });
}

/**
 * Returns how long a row is current, in ms. After that time the message also goes to the next channel. For a row that has moved the result
 * is 0. The limits hold whatever the wall clock shows.
 */
function freshForMs({ createdAt, notice, moved }: OutboxRow, now: number): number {
  if (moved) return 0;
  const limitMs = notice.severity === 'critical' ? 60_000 : 5 * 60_000;
  return Math.min(Math.max(createdAt + limitMs - now, Math.min(startGraceMs, limitMs)), limitMs);
}

/**
 * Returns the order of a row: the number of its transition, which follows the order of events whatever the clock shows. Notices of the
 * server have no transition and a separate queue.
 */
function orderOf({ transition, createdAt }: OutboxRow): number {
  return transition ?? createdAt;
}

function laneOf({ channel, person, notice, transition }: OutboxRow): string {
  return `${channel}/${person}/${notice.scope}/${transition === null ? 'word' : 'step'}`;
}

/**
 * Sends with a timeout.
 * Guarantee: ends at the limit or when `cut` aborts, and never rejects: any error of a channel is a reason to retry.
 * After a pause of the process the limit applies only after the responses that arrived meanwhile are read. This prevents a duplicate
 * message.
 */
export async function sendWithinLimit(
  limit: { clock: Clock; limitMs: number; cut?: AbortSignal },
  send: (signal: AbortSignal) => Promise<SendOutcome>,
): Promise<SendOutcome> {
  const timeoutValue: SendOutcome = { result: 'retry', reason: `no answer in ${limit.limitMs / 1_000} s` };
  try {
    return await withTimeout({ ...limit, clock: patientClock(limit.clock), timeoutValue }, send);
  } catch (error) {
    return { result: 'retry', reason: `the channel failed: ${messageOf(error)}` };
  }
}

function patientClock(clock: Clock): Pick<Clock, 'after'> {
  return {
    after(delayMs, task) {
      let cancel: Cancel = () => {};
      const arm = (ms: number) => {
        const dueUp = clock.up() + ms;
        cancel = clock.after(ms, () => (clock.up() - dueUp > pausedProcessMs ? arm(readMs) : task()));
      };
      arm(delayMs);
      return () => cancel();
    },
  };
}

/** Failed attempts of one message after which its channel counts as failing. */
const failingTries = 3;

/** A fault of a channel. `standing`: true raises the fault, false clears it. */
type ChannelFault = { fault: 'centre.channel_failing' | 'centre.channel_login'; device: string; standing: boolean; reason?: string };

/** Names the owner of the refused credentials: the channel, or one person's registration on a channel that persons join themselves. */
export function credentialsOwnerOf({ channel, person }: Pick<OutboxRow, 'channel' | 'person'>, joined = false): string {
  return joined ? `${channel} to ${person}` : channel;
}

/**
 * Returns the faults to raise or clear after an attempt, for the channel and for the channel to one person.
 * On a channel that persons join themselves (`joined`) a refusal is no fault: central cannot repair a phone that is off. Refused
 * credentials there concern only the devices of that person.
 */
export function faultsAfter(row: OutboxRow, outcome: SendOutcome, joined = false): ChannelFault[] {
  const { channel, person, tries, lost = false } = row;
  const { result } = outcome;
  const fails = (device: string, standing: boolean): ChannelFault => ({ fault: 'centre.channel_failing', device, standing });
  const forPerson = `${channel} to ${person}`;
  const locked = credentialsOwnerOf(row, joined);
  if (result === 'locked') return [{ fault: 'centre.channel_login', device: locked, standing: true, reason: outcome.reason }];
  if (result === 'refused') return joined ? [] : [fails(forPerson, true)];
  if (result === 'retry') return tries >= failingTries ? [fails(channel, true)] : [];
  const works: ChannelFault[] = [fails(channel, false), { fault: 'centre.channel_login', device: locked, standing: false }];
  // An accepted message has not arrived yet, so an earlier failure of this person stays open.
  if (result === 'accepted') return works;
  // The console accepts everything, but people do not read it, so a delivery there does not count.
  const isReached = channel !== lastChannel;
  const found = isReached || lost ? [fails(`nothing reaches ${person}`, !isReached)] : [];
  return [...works, fails(forPerson, false), ...found];
}

// Accepted messages whose delivery report is awaited. They are not sent again. Without a report in time, or after a failure, they go to the
// next channel.

/** Rows of one accepted message. From `lateUp` (`Clock.up`) on the message is stale, and from `endUp` on no report is expected. */
export type AcceptedMessage = { rows: OutboxRow[]; lateUp: number; endUp: number };

/** Limit of remembered entries: reports of unknown messages, and messages whose report has come. */
const rememberedAtMost = 2_000;

/** Keeps the accepted messages. Guarantee: a delivery report counts once. */
export function createAccepted(clock: Clock) {
  const held = new Map<string, AcceptedMessage>();
  const early = new Map<string, DeliveryReport['outcome']>();
  const seen = new Map<string, OutboxRow>();
  const nameOf = (channel: string, id: string) => `${channel} ${id}`;
  return {
    /**
     * Stores the rows of an accepted message until its delivery report. Returns the delivery report if it came before the response of the
     * gateway.
     */
    hold(rows: OutboxRow[]): DeliveryReport['outcome'] | undefined {
      const [first] = rows;
      if (first?.accepted === undefined) return undefined;
      const { id, at } = first.accepted;
      const name = nameOf(first.channel, id);
      keepLatest(seen, [name, first], rememberedAtMost);
      const earlyOutcome = early.get(name);
      early.delete(name);
      if (earlyOutcome !== undefined) return earlyOutcome;
      const agoMs = Math.max(0, clock.now() - at);
      const lateUp = clock.up() + Math.min(...rows.map((row) => freshForMs(row, clock.now())));
      held.set(name, { rows, lateUp, endUp: clock.up() + Math.max(0, reportLimitMs - agoMs) });
      return undefined;
    },
    /**
     * Returns the rows that a delivery report concerns, and no longer waits for it. For an unknown message returns undefined and keeps the
     * report for a while.
     */
    take({ channel, id, outcome }: DeliveryReport): OutboxRow[] | undefined {
      const name = nameOf(channel, id);
      const found = held.get(name);
      if (found === undefined) keepLatest(early, [name, outcome], rememberedAtMost);
      held.delete(name);
      return found?.rows;
    },
    /** Returns the last row that was accepted under this id on the channel, also after its report. */
    last: (channel: string, id: string): OutboxRow | undefined => held.get(nameOf(channel, id))?.rows[0] ?? seen.get(nameOf(channel, id)),
    /** Extends all deadlines after a pause of the process, so that waiting reports are read first. */
    grace(): void {
      for (const one of held.values()) one.lateUp = Math.max(one.lateUp, clock.up() + startGraceMs);
    },
    /** Returns the stale rows that may go to another channel, in groups that become one message each. */
    toMove: (): AcceptedMessage[][] => groupStale([...held.values()].filter(mayMove), clock.up(), ({ rows }) => rows[0]),
    /** Returns the rows whose report did not come in time, and no longer waits for it. */
    toEnd(): AcceptedMessage[] {
      const ended = [...held].filter(([, { endUp }]) => endUp <= clock.up());
      for (const [name] of ended) held.delete(name);
      return ended.map(([, one]) => one);
    },
    /** Milliseconds until a message becomes stale or its report is no longer expected; infinite if no message waits. */
    nextInMs(): number {
      const ups = [...held.values()].map((one) => (mayMove(one) ? Math.min(one.lateUp, one.endUp) : one.endUp));
      return untilFirst(ups, clock);
    },
    size: (): number => [...held.values()].reduce((sum, { rows }) => sum + rows.length, 0),
  };
}

function mayMove({ rows }: AcceptedMessage): boolean {
  return rows.some(({ further }) => further !== undefined);
}
