/** Which numbers of a spool are done with: those that are held, and ranges that are settled, each for a reason. */
import type { DatabaseSync } from 'node:sqlite';
import { openPieces, openReach, openSettled, piecesJoined, type Range, type Settled, type Why } from './range-rows.ts';

/** Which numbers a spool has. */
export type Ranges = ReturnType<typeof openRanges>;

/**
 * Ranges over the rows of one ledger, in three layers: what is held counts as held, whatever else is there; of the rest, what tombstones name
 * piece by piece is dropped; below them lie wide ranges, each for a reason. In a layer no two overlap, and those of one reason that touch are
 * one once they are told. So a wide range is one row however many events and pieces lie in it, and what was settled once is not walked again (R27).
 */
export function openRanges(db: DatabaseSync) {
  const pieces = openPieces(db);
  const wide = openWide(db);

  /** Settles as dropped what is not dropped in a range below; answers how many numbers of it are news, but those that `tell` counts. */
  function bury(spool: number, { a, b }: Range): number {
    const near = pieces.near(spool, { a, b });
    if (near.length > piecesJoined) {
      wide.cut(spool, { a, b }, wide.within(spool, { a, b }));
      wide.put(spool, { a, b, why: 'dropped', told: a - 1 });
      return 0;
    }
    const holes = holesIn(near, { a, b });
    pieces.cover(spool, { a, b }, near);
    return holes.reduce((count, hole) => count + hole.b - hole.a + 1 - pieces.held(spool, hole), 0);
  }

  return {
    /** Settles what is not settled from `a` to `b`; what is lost of a gap is counted by `tell`. */
    fill(spool: number, range: Range, why: Why): void {
      for (const { a, b } of holesIn(wide.within(spool, range), range)) wide.put(spool, { a, b, why, told: why === 'gap' ? a - 1 : b });
    },

    /**
     * Settles ranges that do not overlap as dropped, lowest first; answers how many numbers that are not held were not dropped before, but those
     * that `tell` counts.
     */
    drop(spool: number, list: readonly Range[]): number {
      const [first, last] = [list.at(0), list.at(-1)];
      if (first === undefined || last === undefined) return 0;
      const done = wide.within(spool, { a: first.a, b: last.b }).filter(isDropped);
      return list.flatMap((range) => holesIn(done, range)).reduce((count, hole) => count + bury(spool, hole), 0);
    },

    /** Unsettles what is not dropped from `a` to `b`, where all was held or settled up to `upTo`; answers up to where it still is. */
    reopen(spool: number, { a, b }: Range, upTo: number): number {
      const found = wide.within(spool, { a, b }).filter((one) => !isDropped(one));
      const open = found[0] ? Math.max(a, found[0].a) : upTo + 1;
      const rest = { a: open, b: upTo };
      // What is held or dropped there is one range from now on: no birth opens it again, and nobody walks it again (R27).
      for (const held of open <= upTo ? holesIn(wide.within(spool, rest), rest) : [])
        wide.put(spool, { ...held, why: 'dropped', told: held.b });
      wide.cut(spool, { a, b }, found);
      return Math.min(upTo, open - 1);
    },

    /** Counts what is lost in one range that is not told to its end, reading about `most` rows; undefined where all is told. */
    tell(most: number) {
      const range = wide.untold();
      if (range === undefined) return undefined;
      const { pc, spool, ...row } = range;
      const told = wide.after(spool, { a: row.told, b: row.b }, most);
      wide.save(spool, { ...row, told });
      wide.join(spool, { ...row, told });
      return { pc, why: row.why, ...pieces.lost(spool, { a: row.told + 1, b: told }) };
    },

    ...openReach(db),
  };
}

/** The layer of wide ranges. */
function openWide(db: DatabaseSync) {
  const rows = openSettled(db);

  /** A range that is told to its end becomes one with the next of the same reason. */
  function join(spool: number, { a, b, why, told }: Settled): void {
    const next = told === b ? rows.over(spool, b + 1) : undefined;
    if (next?.why !== why) return;
    rows.remove(spool, next.a);
    rows.save(spool, { ...next, a });
  }

  /** Settles a range where nothing is settled in its layer; `told` says how far no lost number is in it that counts. */
  function put(spool: number, { a, b, why, told }: Settled): void {
    const left = rows.over(spool, a - 1);
    const isOne = left?.why === why && (left.told === left.b || told < b);
    const one = isOne ? { a: left.a, b, why, told: left.told === left.b ? told : left.told } : { a, b, why, told };
    rows.save(spool, one);
    join(spool, one);
  }

  /** Unsettles of some ranges what lies from `a` to `b`. */
  function cut(spool: number, { a, b }: Range, found: readonly Settled[]): void {
    for (const range of found) {
      rows.remove(spool, range.a);
      if (range.a < a) rows.save(spool, { ...range, b: a - 1, told: Math.min(range.told, a - 1) });
      if (range.b > b) rows.save(spool, { ...range, a: b + 1, told: Math.max(range.told, b) });
    }
  }

  return { ...rows, join, put, cut };
}

function isDropped({ why }: Settled): boolean {
  return why === 'dropped';
}

/** What of a range none of some others covers, which come lowest first. */
function holesIn(covered: readonly Range[], { a, b }: Range): Range[] {
  const holes: Range[] = [];
  let next = a;
  for (const range of covered) {
    if (range.b < next) continue;
    if (range.a > b) break;
    if (range.a > next) holes.push({ a: next, b: range.a - 1 });
    next = range.b + 1;
  }
  if (next <= b) holes.push({ a: next, b });
  return holes;
}
