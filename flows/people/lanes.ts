/** The order of the outbox: one message of a channel at a time; a person who cannot be reached holds up nobody else. */
import type { Clock } from '#contracts';
import type { OutboxRow } from '../records/notices.ts';

/** `dueUp`: not before this time of `Clock.up`, so that a wall clock which jumps holds nothing back. */
export type Item = { row: OutboxRow; dueUp: number };

/** What waits, in order for each person and channel. */
export type Lanes = {
  /** Puts a row at its place in the order of creation; a key that is held already changes nothing. */
  add(row: OutboxRow, waitMs: number): void;
  /** The item that has been due longest on a channel that is free, which is taken until `again` or `done`. */
  next(): Item | undefined;
  /** Milliseconds until something is due; undefined when nothing waits for time alone. */
  nextInMs(): number | undefined;
  again(item: Item, row: OutboxRow, waitMs: number): void;
  done(item: Item): void;
  size(): number;
};

/** Guarantee: rows of one channel and person come out in order of creation, each only after the one before it is done. */
export function createLanes(clock: Clock): Lanes {
  const lanes = new Map<string, Item[]>();
  const keys = new Set<string>();
  const taken = new Map<string, Item>();

  function heads(): Item[] {
    return [...lanes.values()].flatMap(([head]) => (head && !taken.has(head.row.channel) ? [head] : []));
  }

  return {
    add(row, waitMs) {
      if (keys.has(row.key)) return;
      keys.add(row.key);
      const lane = lanes.get(laneOf(row)) ?? [];
      lanes.set(laneOf(row), lane);
      const earlier = (item: Item) => item.row.createdAt <= row.createdAt || taken.get(row.channel) === item;
      lane.splice(lane.findLastIndex(earlier) + 1, 0, { row, dueUp: clock.up() + waitMs });
    },
    next() {
      const due = heads().filter((item) => item.dueUp <= clock.up());
      const first = due.reduce<Item | undefined>((a, b) => (a && a.dueUp <= b.dueUp ? a : b), undefined);
      if (first) taken.set(first.row.channel, first);
      return first;
    },
    nextInMs() {
      const dueUp = heads().reduce((least, item) => Math.min(least, item.dueUp), Number.POSITIVE_INFINITY);
      return dueUp === Number.POSITIVE_INFINITY ? undefined : Math.max(0, dueUp - clock.up());
    },
    again(item, row, waitMs) {
      taken.delete(row.channel);
      item.row = row;
      item.dueUp = clock.up() + waitMs;
    },
    done({ row }) {
      taken.delete(row.channel);
      keys.delete(row.key);
      const lane = lanes.get(laneOf(row)) ?? [];
      lane.shift();
      if (lane.length === 0) lanes.delete(laneOf(row));
    },
    size: () => keys.size,
  };
}

function laneOf({ channel, person }: OutboxRow): string {
  return `${channel}/${person}`;
}
