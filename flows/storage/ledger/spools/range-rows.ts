/** The statements behind ranges.ts. */
import type { DatabaseSync } from 'node:sqlite';

/** `before`: before our time. `carried`: numbered anew in another spool. `gap`: lost. `dropped`: no birth opens it again. */
export type Why = 'dropped' | 'before' | 'carried' | 'gap';
/** First and last number, both of them in it. */
export type Range = { a: number; b: number };
/** A row of settled numbers. `told`: how far its lost numbers are counted; only those of a gap, and dropped ones, are. */
export type Settled = Range & { why: Why; told: number };

/** What is held: read by an index, since a body that is long makes each look at its event slow. */
const heldRows = ['events INDEXED BY events_place', 'copies'];

/** What is held by archives, as ranges that do not overlap. */
const archived = 'archived';

/** A tombstone's range that touches more pieces is one range below them. */
export const piecesJoined = 256;

/** So many numbers held side by side are walked in the time of one range. */
const heldAStep = 16;

/** Rows of what tombstones named piece by piece. */
export function openPieces(db: DatabaseSync) {
  const insert = db.prepare('INSERT INTO pieces (spool, a, b) VALUES (?, ?, ?)');
  const remove = db.prepare('DELETE FROM pieces WHERE spool = ? AND a = ?');
  const overlapping = overlapsIn('pieces', { spool: ':spool', a: ':a', b: ':b' });
  // A limit that is bound would make SQLite prepare it anew each time.
  const near = db.prepare(`SELECT a, b FROM pieces WHERE ${overlapping} ORDER BY a LIMIT ${piecesJoined + 1}`);
  const held = db.prepare(`SELECT ${heldIn(':spool', { a: ':a', b: ':b' })} AS held`);
  const lost = db.prepare(`SELECT lost, walked FROM ${lostIn(':spool', { a: ':a', b: ':b' })}`);
  return {
    /** Those that overlap or touch a range, or so many of them that they are not joined. */
    near: (spool: number, { a, b }: Range) => near.all({ spool, a: a - 1, b: b + 1 }) as Range[],
    /** Makes one row of a range and of those near it. */
    cover(spool: number, { a, b }: Range, found: readonly Range[]): void {
      for (const one of found) remove.run(spool, one.a);
      insert.run(spool, Math.min(a, found[0]?.a ?? a), Math.max(b, found.at(-1)?.b ?? b));
    },
    /** How many numbers of a range are held. */
    held: (spool: number, { a, b }: Range) => Number(held.get({ spool, a, b })?.['held']),
    /** How many numbers of a range are neither held nor in a piece, and how many rows were read to know it. */
    lost: (spool: number, { a, b }: Range) => lost.get({ spool, a, b }) as { lost: number; walked: number },
  };
}

/** Rows of wide ranges. */
export function openSettled(db: DatabaseSync) {
  const save = db.prepare('REPLACE INTO settled (spool, a, b, why, told) VALUES (?, ?, ?, ?, ?)');
  const remove = db.prepare('DELETE FROM settled WHERE spool = ? AND a = ?');
  const overlapping = overlapsIn('settled', { spool: ':spool', a: ':a', b: ':b' });
  const within = db.prepare(`SELECT a, b, why, told FROM settled WHERE ${overlapping} ORDER BY a`);
  const untold = db.prepare(`
    SELECT pc, t.spool, a, b, why, told FROM settled t INDEXED BY settled_untold JOIN spools s ON s.id = t.spool WHERE told < b LIMIT 1`);
  const nth = (rows: string, name: string) =>
    `coalesce((SELECT ${name} FROM ${rows} WHERE spool = :spool AND ${name} > :a ORDER BY ${name} LIMIT 1 OFFSET :most), :b)`;
  const after = db.prepare(
    `SELECT min(:b, ${nth('pieces', 'a')}, ${nth(archived, 'a')}, ${heldRows.map((rows) => nth(rows, 'seq')).join()}) AS b`,
  );
  const ranges = (spool: number, { a, b }: Range) => within.all({ spool, a, b }) as Settled[];
  return {
    save: (spool: number, { a, b, why, told }: Settled) => void save.run(spool, a, b, why, told),
    remove: (spool: number, a: number) => void remove.run(spool, a),
    within: ranges,
    /** The one in which a number lies. */
    over: (spool: number, number: number) => ranges(spool, { a: number, b: number })[0],
    /** One that is not told to its end, with its PC. */
    untold: () => untold.get() as (Settled & { pc: string; spool: number }) | undefined,
    /** How far above `a`, and not above `b`, there are about so many rows of each kind. */
    after: (spool: number, { a, b }: Range, most: number) => Number(after.get({ spool, a, b, most })?.['b']),
  };
}

/** How far one may go without a hole. */
export function openReach(db: DatabaseSync) {
  const endOf = (rows: string) => `SELECT b FROM (SELECT b FROM ${rows} WHERE spool = :spool AND a <= :number ORDER BY a DESC LIMIT 1)`;
  const settled = db.prepare(`SELECT max(b) AS b FROM (${['pieces', 'settled', archived].map(endOf).join(' UNION ALL ')})`);
  const next = (rows: string) => `coalesce((SELECT min(a) FROM ${rows} WHERE spool = :spool AND a > :from), ${Number.MAX_SAFE_INTEGER})`;
  const upToNext = `spool = :spool AND seq > :from AND seq < min(${['pieces', 'settled', archived].map(next).join()})`;
  const held = db.prepare(`${heldRows.map((rows) => `SELECT seq FROM ${rows} WHERE ${upToNext}`).join(' UNION ALL ')} ORDER BY seq`);
  /** The end of the range in which a number is settled or archived, or that of one below it. */
  const settledTo = (spool: number, number: number) => Number(settled.get({ spool, number })?.['b']);

  /** The last of at most so many numbers after `from` that are held without a hole between them, up to the next range: read lazily, no further. */
  function heldTo(spool: number, from: number, most: number): number {
    let reached = from;
    for (const { seq } of held.iterate({ spool, from }) as Iterable<{ seq: number }>) {
      if (seq !== reached + 1 || reached - from === most) break;
      reached = seq;
    }
    return reached;
  }

  return {
    /** True where it is settled, or held by an archive. */
    isSettled: (spool: number, number: number) => settledTo(spool, number) >= number,

    /**
     * The highest number up to which all above `from` are held or settled, and how many steps it took: one for each range, and for each number
     * held side by side a part of one. After `most` steps it stands: all below it is held or settled, and the next call goes on from there.
     */
    reach(spool: number, from: number, most: number): { upTo: number; steps: number } {
      let upTo = from;
      let steps = 0;
      while (steps < most) {
        const end = settledTo(spool, upTo + 1);
        const next = end > upTo ? end : heldTo(spool, upTo, Math.ceil((most - steps) * heldAStep));
        if (next === upTo) break;
        steps += end > upTo ? 1 : 1 + (next - upTo) / heldAStep;
        upTo = next;
      }
      return { upTo, steps };
    },
  };
}

/** An expression of how many numbers from `a` to `b` are held; its values are names or columns. */
export function heldIn(spool: string, { a, b }: { a: string; b: string }): string {
  const one = heldRows.map((rows) => `(SELECT count(*) FROM ${rows} WHERE spool = ${spool} AND seq BETWEEN ${a} AND ${b})`);
  const many = `(SELECT total(min(h.b, ${b}) - max(h.a, ${a}) + 1) FROM ${archived} h WHERE ${overlapsIn(archived, { spool, a, b })})`;
  return `(${[...one, many].join(' + ')})`;
}

/**
 * A table of one row: how many numbers from `a` to `b` are neither held nor in a piece, `lost`, and how many rows are read to know it, `walked`.
 * Its values are names or columns.
 */
export function lostIn(spool: string, { a, b }: { a: string; b: string }): string {
  const covered = `SELECT max(a, ${a}) AS a, b FROM pieces WHERE ${overlapsIn('pieces', { spool, a, b })}`;
  return `(
    SELECT total(z - y + 1) - total(held) AS lost, count(*) + total(held) AS walked FROM (
      SELECT y, z, ${heldIn(spool, { a: 'y', b: 'z' })} AS held FROM (
        SELECT b + 1 AS y, lead(a, 1, ${b} + 1) OVER (ORDER BY a) - 1 AS z FROM (SELECT ${a} - 1 AS a, ${a} - 1 AS b UNION ALL ${covered})
      ) WHERE y <= z))`;
}

/** Ranges of one layer do not overlap, so only the last one that begins at or below `a` can reach into it: no walk from the first. */
function overlapsIn(rows: string, { spool, a, b }: { spool: string; a: string; b: string }): string {
  const last = `(SELECT max(l.a) FROM ${rows} l WHERE l.spool = ${spool} AND l.a <= ${a})`;
  return `spool = ${spool} AND a <= ${b} AND b >= ${a} AND a >= coalesce(${last}, ${a})`;
}
