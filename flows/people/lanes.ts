/** The order of the outbox: one message of a channel at a time, more only where it is slow; no room and no person holds up another. */
import type { Clock } from '#contracts';
import type { OutboxRow } from '../records/notices.ts';

/** `dueUp`: not before this time of `Clock.up`, so that a wall clock which jumps holds nothing back. */
export type Item = { row: OutboxRow; dueUp: number };

/** Who takes longer than this to take a message is slow: the next one goes beside it, */
const slowMs = 250;
/** up to so many. */
const besideAtMost = 8;

/** What waits, in order for each person, channel and room. */
export type Lanes = {
  /** Puts a row at its place in the order; a key that is held already changes nothing. */
  add(row: OutboxRow, waitMs: number): void;
  /** The item that has been due longest on a channel that is free, or has only slow ones on their way; it is taken until `again` or `done`. */
  next(): Item | undefined;
  /** Milliseconds until something is due; undefined when nothing waits for time alone. */
  nextInMs(): number | undefined;
  again(item: Item, row: OutboxRow, waitMs: number): void;
  done(item: Item): void;
  size(): number;
};

/** Guarantee: rows of one channel, person and room come out in the order of their transitions, each only after the one before it is done. */
export function createLanes(clock: Clock): Lanes {
  const lanes = new Map<string, Item[]>();
  const keys = new Set<string>();
  /** What is on its way, and since when. */
  const taken = new Map<Item, number>();

  /** When the next may go on a channel; never, until one is done, where enough are on their way. */
  function freeUp(channel: string): number {
    const since = [...taken].flatMap(([item, at]) => (item.row.channel === channel ? [at] : []));
    return since.length >= besideAtMost ? Number.POSITIVE_INFINITY : Math.max(Number.NEGATIVE_INFINITY, ...since.map((at) => at + slowMs));
  }

  /** The first of each lane, and when it may go. */
  function heads(): { item: Item; goesUp: number }[] {
    const free = new Map<string, number>();
    return [...lanes.values()].flatMap(([item]) => {
      if (item === undefined || taken.has(item)) return [];
      const { channel } = item.row;
      const at = free.get(channel) ?? freeUp(channel);
      free.set(channel, at);
      return [{ item, goesUp: Math.max(item.dueUp, at) }];
    });
  }

  return {
    add(row, waitMs) {
      if (keys.has(row.key)) return;
      keys.add(row.key);
      const lane = lanes.get(laneOf(row)) ?? [];
      lanes.set(laneOf(row), lane);
      const earlier = (item: Item) => orderOf(item.row) <= orderOf(row) || taken.has(item);
      lane.splice(lane.findLastIndex(earlier) + 1, 0, { row, dueUp: clock.up() + waitMs });
    },
    next() {
      const due = heads().flatMap(({ item, goesUp }) => (goesUp <= clock.up() ? [item] : []));
      const first = due.reduce<Item | undefined>((a, b) => (a && a.dueUp <= b.dueUp ? a : b), undefined);
      if (first) taken.set(first, clock.up());
      return first;
    },
    nextInMs() {
      const dueUp = heads().reduce((least, { goesUp }) => Math.min(least, goesUp), Number.POSITIVE_INFINITY);
      return dueUp === Number.POSITIVE_INFINITY ? undefined : Math.max(0, dueUp - clock.up());
    },
    again(item, row, waitMs) {
      taken.delete(item);
      item.row = row;
      item.dueUp = clock.up() + waitMs;
    },
    done(item) {
      const { row } = item;
      taken.delete(item);
      keys.delete(row.key);
      const lane = lanes.get(laneOf(row)) ?? [];
      lane.shift();
      if (lane.length === 0) lanes.delete(laneOf(row));
    },
    size: () => keys.size,
  };
}

/** Transitions are numbered in the order in which they happened, whatever the clock; words of the centre's own have no number, and a lane of their own. */
function orderOf({ transition, createdAt }: OutboxRow): number {
  return transition ?? createdAt;
}

function laneOf({ channel, person, notice, transition }: OutboxRow): string {
  return `${channel}/${person}/${notice.scope}/${transition === null ? 'word' : 'step'}`;
}
