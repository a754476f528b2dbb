/** Numbers of a spool that are settled though the ledger does not hold them: ranges that never overlap, each with its reason. */
import type { DatabaseSync } from 'node:sqlite';

/** `before`: before our time. `carried`: numbered anew in another spool. `copy`: it came, and stands under another number. `gap`: lost. */
export type Why = 'dropped' | 'before' | 'carried' | 'copy' | 'gap';
/** First and last number, both of them in it. */
export type Range = { a: number; b: number };
/** Which numbers a spool has. */
export type Ranges = ReturnType<typeof openRanges>;

type Settled = Range & { why: Why };

/** Ranges over the rows of one ledger. */
export function openRanges(db: DatabaseSync) {
  const insert = db.prepare('INSERT INTO settled (spool, a, b, why) VALUES (?, ?, ?, ?)');
  const remove = db.prepare('DELETE FROM settled WHERE spool = ? AND a = ?');
  const overlapping = db.prepare(`SELECT a, b, why FROM settled WHERE spool = :spool AND ${overlaps} ORDER BY a`);
  const covered = db.prepare(`
    SELECT seq AS a, seq AS b FROM events WHERE spool = :spool AND seq BETWEEN :a AND :b
    UNION ALL SELECT a, b FROM settled WHERE spool = :spool AND ${overlaps} ORDER BY a`);

  /** Held and settled numbers from `a` to `b`, in order. Read lazily: whoever stops early pays only for what was read. */
  const coveredIn = (spool: number, a: number, b: number) => covered.iterate({ spool, a, b }) as Iterable<Range>;

  return {
    /** Settles what is neither held nor settled from `a` to `b`; answers how many numbers that were. */
    fill(spool: number, { a, b }: Range, why: Why): number {
      let filled = 0;
      for (const hole of holesIn(coveredIn(spool, a, b), a, b)) {
        insert.run(spool, hole.a, hole.b, why);
        filled += hole.b - hole.a + 1;
      }
      return filled;
    },

    /** Unsettles the numbers from `a` to `b` whose reason is none of `kept`; answers which those were, lowest first. */
    take(spool: number, { a, b }: Range, kept: Why[]): Range[] {
      const found = (overlapping.all({ spool, a, b }) as Settled[]).filter((range) => !kept.includes(range.why));
      return found.map((range) => {
        remove.run(spool, range.a);
        if (range.a < a) insert.run(spool, range.a, a - 1, range.why);
        if (range.b > b) insert.run(spool, b + 1, range.b, range.why);
        return { a: Math.max(a, range.a), b: Math.min(b, range.b) };
      });
    },

    /** The highest number up to which all above `from` are held or settled. */
    reach(spool: number, from: number): number {
      let reached = from;
      for (const { a, b } of coveredIn(spool, from + 1, Number.MAX_SAFE_INTEGER)) {
        if (a > reached + 1) break;
        reached = b;
      }
      return reached;
    },
  };
}

/** Ranges do not overlap, so only the last one that begins at or below `:a` can reach into it: no walk from the first. */
const overlaps = `a <= :b AND b >= :a
  AND a >= coalesce((SELECT max(a) FROM settled WHERE spool = :spool AND a <= :a), :a)`;

/** Collected before anything is written, since the table must not change under its reader. */
function holesIn(covered: Iterable<Range>, a: number, b: number): Range[] {
  const holes: Range[] = [];
  let next = a;
  for (const range of covered) {
    if (range.a > next) holes.push({ a: next, b: range.a - 1 });
    next = range.b + 1;
  }
  if (next <= b) holes.push({ a: next, b });
  return holes;
}
