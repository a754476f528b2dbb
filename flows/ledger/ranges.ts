/** Which numbers of a spool are done with: those that are held, and ranges that are settled, each for a reason. */
import type { DatabaseSync } from 'node:sqlite';

/** `before`: before our time. `carried`: numbered anew in another spool. `gap`: lost. `dropped`: no birth opens it again. */
export type Why = 'dropped' | 'before' | 'carried' | 'gap';
/** First and last number, both of them in it. */
export type Range = { a: number; b: number };
/** Which numbers a spool has. */
export type Ranges = ReturnType<typeof openRanges>;

type Settled = Range & { why: Why };

/**
 * Ranges over the rows of one ledger. They never overlap each other, those of one reason that touch are one, and what is held inside of one
 * counts as held: so a range is one row however many events lie in it, and what was settled once is not walked again (R27).
 */
export function openRanges(db: DatabaseSync) {
  const { within, givenUp, over, remove, insert, heldTo, lost } = openRows(db);

  /** Unsettles of some ranges what lies from `a` to `b`. */
  function cut(spool: number, { a, b }: Range, found: readonly Settled[]): void {
    for (const range of found) {
      remove(spool, range.a);
      if (range.a < a) insert(spool, { a: range.a, b: a - 1 }, range.why);
      if (range.b > b) insert(spool, { a: b + 1, b: range.b }, range.why);
    }
  }

  /** Settles a range where nothing is settled; neighbours of the same reason become one with it. */
  function put(spool: number, { a, b }: Range, why: Why): void {
    const [left, right] = [over(spool, a - 1), over(spool, b + 1)].map((one) => (one?.why === why ? one : undefined));
    for (const neighbour of [left, right]) if (neighbour) remove(spool, neighbour.a);
    insert(spool, { a: left?.a ?? a, b: right?.b ?? b }, why);
  }

  /** Settles as dropped what is held from `a` to `b`, where all is held or settled: no birth opens it again, and nobody walks it again (R27). */
  function keep(spool: number, range: Range): void {
    for (const held of holesIn(within(spool, range), range)) put(spool, held, 'dropped');
  }

  return {
    /** Settles what is not settled from `a` to `b`; answers how many numbers of it are not held. */
    fill(spool: number, range: Range, why: Why): number {
      let filled = 0;
      for (const hole of holesIn(within(spool, range), range)) {
        filled += lost(spool, hole);
        put(spool, hole, why);
      }
      return filled;
    },

    /** Settles all from `a` to `b` as dropped, whatever it was settled for; answers how many numbers that are not held were not dropped before. */
    drop(spool: number, range: Range): number {
      const found = within(spool, range);
      const dropped = found.filter(({ why }) => why === 'dropped');
      const holes = holesIn(dropped, range);
      if (holes.length === 0) return 0;
      const count = holes.reduce((sum, hole) => sum + lost(spool, hole), 0);
      cut(spool, range, found);
      put(spool, range, 'dropped');
      return count;
    },

    /** Unsettles what is not dropped from `a` to `b`, where all was held or settled up to `upTo`; answers up to where it still is. */
    reopen(spool: number, { a, b }: Range, upTo: number): number {
      const found = givenUp(spool, { a, b });
      const open = found[0] ? Math.max(a, found[0].a) : upTo + 1;
      if (open <= upTo) keep(spool, { a: open, b: upTo });
      cut(spool, { a, b }, found);
      return Math.min(upTo, open - 1);
    },

    /** True where it is settled. */
    isSettled: (spool: number, number: number) => over(spool, number) !== undefined,

    /** The highest number up to which all above `from` are held or settled: ranges in one step, what is held beside them one by one. */
    reach(spool: number, from: number): number {
      let reached = from;
      for (let before = -1; before !== reached; ) {
        before = reached;
        reached = over(spool, reached + 1)?.b ?? heldTo(spool, reached);
      }
      return reached;
    },
  };
}

/** The statements behind it. */
function openRows(db: DatabaseSync) {
  const insert = db.prepare('INSERT INTO settled (spool, a, b, why) VALUES (?, ?, ?, ?)');
  const remove = db.prepare('DELETE FROM settled WHERE spool = ? AND a = ?');
  const within = db.prepare(`SELECT a, b, why FROM ${allRows} AND ${overlapsIn(allRows)} ORDER BY a`);
  const givenUp = db.prepare(`SELECT a, b, why FROM ${lostRows} AND ${overlapsIn(lostRows)} ORDER BY a`);
  const last = db.prepare(`SELECT a, b, why FROM ${allRows} AND a <= :number ORDER BY a DESC LIMIT 1`);
  const counted = db.prepare(`
    SELECT (SELECT count(*) FROM events WHERE spool = :spool AND seq BETWEEN :a AND :b)
         + (SELECT count(*) FROM copies WHERE spool = :spool AND seq BETWEEN :a AND :b) AS held`);
  const held = db.prepare(`
    SELECT seq FROM events WHERE spool = :spool AND seq > :from AND seq < ${nextSettled}
    UNION ALL SELECT seq FROM copies WHERE spool = :spool AND seq > :from AND seq < ${nextSettled} ORDER BY seq`);

  return {
    insert: (spool: number, { a, b }: Range, why: Why) => void insert.run(spool, a, b, why),
    remove: (spool: number, a: number) => void remove.run(spool, a),
    within: (spool: number, { a, b }: Range) => within.all({ spool, a, b }) as Settled[],
    /** Those of them that a birth may open again. */
    givenUp: (spool: number, { a, b }: Range) => givenUp.all({ spool, a, b }) as Settled[],
    /** The range in which a number is settled. */
    over(spool: number, number: number): Settled | undefined {
      const found = last.get({ spool, number }) as Settled | undefined;
      return found !== undefined && found.b >= number ? found : undefined;
    },
    /** The last of the numbers after `from` that are held without a hole between them, up to the next range: read lazily, no further. */
    heldTo(spool: number, from: number): number {
      let reached = from;
      for (const { seq } of held.iterate({ spool, from }) as Iterable<{ seq: number }>) {
        if (seq !== reached + 1) break;
        reached = seq;
      }
      return reached;
    },
    /** How many numbers of a range are not held. */
    lost: (spool: number, { a, b }: Range) => b - a + 1 - Number(counted.get({ spool, a, b })?.['held']),
  };
}

const allRows = 'settled WHERE spool = :spool';
const nextSettled = `coalesce((SELECT min(a) FROM ${allRows} AND a > :from), ${Number.MAX_SAFE_INTEGER})`;
/** By an index of their own, so that a birth does not walk what its PC declared dropped. */
const lostRows = "settled INDEXED BY settled_given_up WHERE spool = :spool AND why <> 'dropped'";

/** Ranges do not overlap, so only the last one that begins at or below `:a` can reach into it: no walk from the first. */
function overlapsIn(rows: string): string {
  return `a <= :b AND b >= :a AND a >= coalesce((SELECT max(a) FROM ${rows} AND a <= :a), :a)`;
}

/** What of a range none of some others covers. */
function holesIn(covered: readonly Range[], { a, b }: Range): Range[] {
  const holes: Range[] = [];
  let next = a;
  for (const range of covered) {
    if (range.a > next) holes.push({ a: next, b: range.a - 1 });
    next = range.b + 1;
  }
  if (next <= b) holes.push({ a: next, b });
  return holes;
}
