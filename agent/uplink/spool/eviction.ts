/** Drops events from the spool when space is short, and counts them in tombstones: R8 (bounded spool and refused messages). */
import type { SpoolDisk } from './database.ts';
import { type Counters, type Grade, readRow, type SpoolRow } from './rows.ts';

type Range = [from: number, to: number];
/** Content of a tombstone. `count`: dropped events or readings. The ranges may also cover merged tombstones and numbers declared before. */
export type LostEvents = { ranges: Range[]; grade: Grade; count: number };

export type EvictionOptions = {
  disk: SpoolDisk;
  draft: Counters;
  /** Bytes of rows that may remain. */
  goal: number;
  tombstone: (lost: LostEvents) => void;
};

type EvictableRow = { seq: number; bytes: number };

/** Maximum ranges per tombstone, so that a tombstone stays far below the size limit of a message. */
const rangesAtMost = 1_000;
const victimsAtOnce = 500;
const tombstonesBeforeMerge = 8;

/**
 * Drops rows until `goal` is reached or only tombstones are left: first acknowledged rows, then the oldest readings, then the oldest
 * events.
 * Guarantee: each dropped unacknowledged number is in a tombstone of the same transaction. A tombstone is only replaced by a merged
 * tombstone.
 */
export function evict(options: EvictionOptions): void {
  const { draft } = options;
  drop(options, 'seq <= ?1');
  let { goal } = options;
  for (const grade of ['reading', 'event'] as const) {
    const gone = drop({ ...options, goal }, `seq > ?1 AND kind <> 'dropped' AND grade = '${grade}'`);
    if (gone.length === 0) continue;
    const old = mergeable(options, grade);
    const parts = [...gone.map((seq): Range => [seq, seq]), ...old.flatMap((one) => [...one.ranges, one.self])];
    const count = old.reduce((sum, one) => sum + one.count, gone.length);
    for (const one of old) {
      options.disk.run('DELETE FROM events WHERE seq = ?', one.self[0]);
      draft.bytes -= one.bytes;
    }
    const isGone = (above: number, below: number) =>
      options.disk.all('SELECT 1 FROM events WHERE seq > ? AND seq < ? LIMIT 1', above, below).length === 0;
    const ranges = rangesOf(parts, old.length > 0 ? isGone : () => false);
    const before = draft.bytes;
    writeTombstones(options, { ranges, grade, count });
    // Raises the goal by the bytes of the tombstone, so that the tombstone of readings causes no drop of events.
    goal += draft.bytes - before;
  }
}

/** Deletes the oldest rows that match, until the goal is reached. Returns their numbers. */
function drop({ disk, draft, goal }: EvictionOptions, where: string): number[] {
  const gone: number[] = [];
  while (draft.bytes > goal) {
    const rows = disk.all<EvictableRow>(`SELECT seq, bytes FROM events WHERE ${where} ORDER BY seq LIMIT ${victimsAtOnce}`, draft.acked);
    if (rows.length === 0) break;
    for (const row of rows) {
      if (draft.bytes <= goal) break;
      disk.run('DELETE FROM events WHERE seq = ?', row.seq);
      draft.bytes -= row.bytes;
      gone.push(row.seq);
    }
  }
  return gone;
}

/** Returns the unacknowledged tombstones of a grade if there are many; otherwise none. One new tombstone replaces the returned ones. */
function mergeable({ disk, draft }: EvictionOptions, grade: Grade): (LostEvents & { self: Range; bytes: number })[] {
  const rows = disk.all<SpoolRow>("SELECT * FROM events WHERE kind = 'dropped' AND seq > ? ORDER BY seq", draft.acked);
  if (rows.length <= tombstonesBeforeMerge) return [];
  return rows.flatMap((row) => {
    const lost = readRow(row, '')?.body as LostEvents | undefined;
    if (lost?.grade !== grade) return [];
    return [{ ...lost, self: [row.seq, row.seq] as Range, bytes: row.bytes }];
  });
}

/** Writes a tombstone, or several if it has too many ranges. Only the first one has the count. */
function writeTombstones({ tombstone }: EvictionOptions, { ranges, grade, count }: LostEvents): void {
  for (let at = 0; at < ranges.length; at += rangesAtMost) {
    tombstone({ ranges: ranges.slice(at, at + rangesAtMost), grade, count: at === 0 ? count : 0 });
  }
}

/**
 * Sorts and merges ranges. `spans` allows a merge over numbers that no longer exist. Without it, each reading between two events would need
 * its own range.
 */
function rangesOf(parts: Range[], spans: (from: number, to: number) => boolean): Range[] {
  const merged: Range[] = [];
  for (const [from, to] of parts.toSorted((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last && (from <= last[1] + 1 || spans(last[1], from))) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}
