/** The order of the outbox: one message of a channel at a time, more only where it is slow; no room and no person holds up another. */
import type { Clock } from '#contracts';
import type { OutboxRow } from '../records/notices.ts';

/** `dueUp`: not before this time of `Clock.up`, so that a wall clock which jumps holds nothing back. */
export type Item = { row: OutboxRow; dueUp: number };

/** Who takes longer than this to take a message is slow: the next one goes beside it. */
const slowMs = 250;
/** While so many are on their way on a channel, only who has none of his own there is sent another, */
const besideAtMost = 8;
/** and while so many are, nobody: each is a connection to the other side. */
const besideEver = 40;

/** What waits, in order for each person, channel and room. */
export type Lanes = {
  /** Puts a row at its place in the order; a key that is held already changes nothing. */
  add(row: OutboxRow, waitMs: number): void;
  /**
   * The next item on a channel that is free, or has only slow ones on their way; it is taken until `again` or `done`. Of those that are due, who has none on the way
   * goes first, then who has been due longest: a server that hangs for one person holds up another's message by `slowMs` at most.
   */
  next(): Item | undefined;
  /** What goes out in one message with an item of the morning's digest, that item first: the heads of its person's other rooms, due or not. They are taken with it. */
  together(item: Item): Item[];
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

  /** The first of each lane, when it may go, and whether its person has none on the way there. */
  function heads(): { item: Item; goesUp: number; isFirst: boolean }[] {
    const onTheWay = waysOf(taken);
    return [...lanes.values()].flatMap(([item]) => {
      if (item === undefined || taken.has(item)) return [];
      const { channel, person } = item.row;
      const way = onTheWay.get(channel);
      const isFirst = !way?.persons.has(person);
      const isFull = (way?.count ?? 0) >= (isFirst ? besideEver : besideAtMost);
      const freeUp = isFull ? Number.POSITIVE_INFINITY : (way?.lastUp ?? Number.NEGATIVE_INFINITY) + slowMs;
      return [{ item, goesUp: Math.max(item.dueUp, freeUp), isFirst }];
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
      const due = heads().filter(({ goesUp }) => goesUp <= clock.up());
      const before = due.some(({ isFirst }) => isFirst) ? due.filter(({ isFirst }) => isFirst) : due;
      const first = before.reduce<Item | undefined>((a, { item }) => (a && a.dueUp <= item.dueUp ? a : item), undefined);
      if (first) taken.set(first, clock.up());
      return first;
    },
    together(item) {
      if (!item.row.notice.digest) return [item];
      const isOf = ({ row }: Item) => row.notice.digest && row.person === item.row.person && row.channel === item.row.channel;
      const others = heads().flatMap((one) => (isOf(one.item) ? [one.item] : []));
      for (const one of others) taken.set(one, clock.up());
      return [item, ...others];
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

/** What is on its way on each channel: how many, to whom, and since when the latest. */
function waysOf(taken: ReadonlyMap<Item, number>): Map<string, { count: number; persons: Set<string>; lastUp: number }> {
  const ways = new Map<string, { count: number; persons: Set<string>; lastUp: number }>();
  for (const [{ row }, up] of taken) {
    const way = ways.get(row.channel) ?? { count: 0, persons: new Set(), lastUp: up };
    ways.set(row.channel, { count: way.count + 1, persons: way.persons.add(row.person), lastUp: Math.max(way.lastUp, up) });
  }
  return ways;
}

function laneOf({ channel, person, notice, transition }: OutboxRow): string {
  return `${channel}/${person}/${notice.scope}/${transition === null ? 'word' : 'step'}`;
}
