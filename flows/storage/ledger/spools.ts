/** Spools of PCs: which numbers of each are held or settled, and how far an ack may go (R4, R5, R7, R8). */
import type { DatabaseSync } from 'node:sqlite';
import { budgets, type EventMessage, markOf } from '@sabha/contracts';
import type { Op, Poison, Receipt } from '../../engine/records/ops.ts';

type BirthOp = Extract<Op, { op: 'birth' }>;
type EventOp = Extract<Op, { op: 'event' }>;

/** The spools' part of one batch: told each birth and event in order, then asked for the receipt. */
export type SpoolBatch = ReturnType<ReturnType<typeof openSpools>>;

/**
 * Opens the spools; the answer begins a batch, which must live inside one transaction.
 * The receipt has a cursor for each spool that a birth or an event named. Its `gaps` are those newly counted, never negative: one that
 * is filled or declared dropped later leaves the table, so that the count of `audit()` is the exact one.
 * Guarantee: a batch walks no more of a PC's numbers than its budget (R27); how far an ack may go, and the count of gaps, go on from there in
 * later batches.
 */
export function openSpools(db: DatabaseSync) {
  const ranges = openRanges(db);
  const table = openSpoolTable(db);
  return () => {
    const batch = openBatch(ranges, table);
    const { totals, gapsOf } = batch;
    const poison: Poison[] = [];
    return {
      birth: (op: BirthOp) => birth(batch, op),
      event: (op: EventOp) => event(batch, op),
      /** Writes what was told so far. The result forgets all that was told since, once the rows of it are rolled back. */
      mark() {
        flush(batch);
        const before = { ...totals };
        return (found: Poison) => {
          poison.push(found);
          Object.assign(totals, before);
          batch.spools.clear();
          batch.changed.clear();
        };
      },
      end(): Receipt {
        flush(batch);
        if (batch.named.size > 0) tell(batch);
        const named = [...batch.named.values()].flatMap(({ pc, spool }) => find(batch, pc, spool) ?? []);
        const cursors = named.map((it) => ({ pc: it.pc, spool: it.spool, upTo: it.upTo, mark: table.markAt(it, it.upTo) }));
        const gaps = gapsOf.values().reduce((sum, count) => sum + count, 0);
        const found = { ...(gaps > 0 && { gapsOf: Object.fromEntries(gapsOf) }), ...(poison.length > 0 && { poison }) };
        return { cursors, ...totals, gaps, ...found };
      },
    };
  };
}

type Batch = ReturnType<typeof openBatch>;

function openBatch(ranges: ReturnType<typeof openRanges>, table: ReturnType<typeof openSpoolTable>) {
  return {
    ranges,
    table,
    totals: { applied: 0, dropped: 0 },
    gapsOf: new Map<string, number>(),
    /** One object for each spool in a batch, whoever asks for it. */
    spools: new Map<string, Spool>(),
    changed: new Set<Spool>(),
    /** The spools that a birth or an event named, by their key. */
    named: new Map<string, Pick<Spool, 'pc' | 'spool'>>(),
    /** How far acks of each PC went, and how many rows may yet be read to count gaps. */
    steps: new Map<string, number>(),
    rowsLeft: budgets.spoolWalk.most,
  };
}

function birth(batch: Batch, { pc, spool: name, first, last, carries }: BirthOp): void {
  const { ranges, table, changed } = batch;
  const spool = touch(batch, pc, name);
  if (spool.first === null) begin(batch, spool, first);
  else {
    // What was given up and the PC still holds is open again: an ack above it would make the PC throw it away. What it holds no more is a gap.
    spool.upTo = ranges.reopen(spool.id, { a: first, b: last }, spool.upTo);
    ranges.fill(spool.id, { a: spool.upTo + 1, b: first - 1 }, 'gap');
  }
  spool.last = Math.max(spool.last, last);
  if (carries !== null) {
    if (spool.forked === 0) spool.forked = 1;
    const carried = find(batch, pc, carries);
    if (carried !== undefined) changed.add(Object.assign(carried, { forked: 2 }));
  }
  flush(batch);
  for (const other of table.unfinished(pc, name)) close(batch, remember(batch, other));
  tell(batch);
}

/** Below the first number of a spool that the ledger never knew lies what was before our time. */
function begin({ ranges }: Batch, spool: Spool, first: number): void {
  spool.first = first;
  ranges.fill(spool.id, { a: 1, b: first - 1 }, 'before');
}

/** Another spool took its place: nothing more is expected of it, however late a word of it comes. */
function close(batch: Batch, spool: Spool): void {
  if (spool.first === null) begin(batch, spool, batch.table.lowest(spool));
  batch.ranges.fill(spool.id, { a: spool.upTo + 1, b: spool.last }, spool.forked === 2 ? 'carried' : 'gap');
  batch.changed.add(spool);
}

/** Counts what was lost or dropped in wide ranges, as much of it as one batch may. */
function tell(batch: Batch): void {
  const { ranges, gapsOf, totals } = batch;
  while (batch.rowsLeft > 0) {
    const found = ranges.tell(batch.rowsLeft);
    if (found === undefined) return;
    const { pc, why, lost, walked } = found;
    batch.rowsLeft -= 1 + walked;
    if (why === 'dropped') totals.dropped += lost;
    // Who claims numbers that nobody could have written is not to drown the gaps of all others (R27).
    else if (lost > 0) gapsOf.set(pc, (gapsOf.get(pc) ?? 0) + Math.min(lost, budgets.gap.most));
  }
}

function event(batch: Batch, { pc, event, at }: EventOp): void {
  const { table, ranges, totals } = batch;
  const spool = touch(batch, pc, event.spool);
  const stamp = { mark: markOf(event), at };
  spool.last = Math.max(spool.last, event.seq);
  if (spool.forked && table.hasCopy(spool, event, stamp)) {
    if (!ranges.isSettled(spool.id, event.seq)) table.addCopy(spool, event.seq);
    return;
  }
  if (!table.addEvent(spool, event, stamp)) {
    const held = table.markAt(spool, event.seq);
    // Of what left for an archive nothing is known but that it came: a restored disk that is older shows by the mark of the ack.
    if (held !== undefined && held !== stamp.mark) table.addFork(spool, event, stamp);
    return;
  }
  totals.applied += 1;
  // A tombstone speaks of numbers of its own spool, all below its own (R8).
  if (event.kind === 'dropped') totals.dropped += ranges.drop(spool.id, rangesOf(event.body['ranges'], event.seq - 1));
}

/** Ranges as a tombstone's body has them, cut at `limit`, and as few as they may be. What is not a range is left out: the event itself is kept whole. */
function rangesOf(body: unknown, limit: number): Range[] {
  if (!Array.isArray(body)) return [];
  const read = body.slice(0, budgets.tombstoneRanges.most).flatMap((pair: unknown) => {
    const [a, b] = Array.isArray(pair) ? pair : [];
    if (!Number.isSafeInteger(a) || !Number.isSafeInteger(b) || a < 1 || a > b || a > limit) return [];
    return [{ a, b: Math.min(b, limit) }];
  });
  const merged: Range[] = [];
  for (const range of read.sort((one, two) => one.a - two.a)) {
    const last = merged.at(-1);
    if (last !== undefined && range.a <= last.b + 1) last.b = Math.max(last.b, range.b);
    else merged.push(range);
  }
  return merged;
}

function touch(batch: Batch, pc: string, name: string): Spool {
  const spool = find(batch, pc, name) ?? remember(batch, batch.table.add(pc, name));
  batch.changed.add(spool);
  batch.named.set(keyOf(pc, name), { pc, spool: name });
  return spool;
}

function find(batch: Batch, pc: string, name: string): Spool | undefined {
  const known = batch.spools.get(keyOf(pc, name));
  if (known) return known;
  const stored = batch.table.get(pc, name);
  return stored && remember(batch, stored);
}

function remember({ spools }: Batch, spool: Spool): Spool {
  const key = keyOf(spool.pc, spool.spool);
  const known = spools.get(key) ?? spool;
  spools.set(key, known);
  return known;
}

function keyOf(pc: string, spool: string): string {
  return `${pc} ${spool}`;
}

function flush({ changed, ranges, table, steps }: Batch): void {
  for (const spool of changed) {
    const walked = steps.get(spool.pc) ?? 0;
    if (spool.first !== null) {
      const reached = ranges.reach(spool.id, spool.upTo, budgets.spoolWalk.most - walked);
      spool.upTo = reached.upTo;
      steps.set(spool.pc, walked + reached.steps);
    }
    table.save(spool);
  }
  changed.clear();
}

// Reads and writes the tables of spools, events and forks.

/**
 * `first`: where our time with it begins, null until its birth. `last`: highest number heard of. `upTo`: how far an ack may go (R4).
 * `forked`: 1 where it shares content with another spool of the PC, under other numbers; 2 where that one carries what this one held (R7).
 */
type Spool = { id: number; pc: string; spool: string; first: number | null; last: number; upTo: number; forked: 0 | 1 | 2 };
/** A short hash of an event, and when it came. */
type Stamp = { mark: string; at: number };

/** So many spools of a PC are looked through at once, the newest: it has two or three, and one that makes up others pays for itself (R27). */
const searched = 32;
/** So many events of one mark: the hash is short, and whoever looks for events that share one is not to be waited for. */
const ofOneMark = 8;

/** Opens the table of spools of one ledger. */
function openSpoolTable(db: DatabaseSync) {
  const columns = 'SELECT id, pc, spool, first, last, up_to AS upTo, forked FROM spools';
  const get = db.prepare(`${columns} WHERE pc = ? AND spool = ?`);
  const unfinished = db.prepare(`
    ${columns} INDEXED BY spools_unfinished WHERE pc = ? AND spool <> ? AND (first IS NULL OR up_to < last) ORDER BY id DESC LIMIT ${searched}`);
  const add = db.prepare('INSERT INTO spools (pc, spool, first, last, up_to, forked) VALUES (?, ?, NULL, 0, 0, 0)');
  const save = db.prepare('UPDATE spools SET first = ?, last = ?, up_to = ?, forked = ? WHERE id = ?');
  const lowest = db.prepare('SELECT min(seq) AS seq FROM events WHERE spool = ?');
  const mark = db.prepare('SELECT mark FROM events WHERE spool = ? AND seq = ?');
  const event = db.prepare(`
    INSERT INTO events SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9
    WHERE coalesce((SELECT b FROM archived WHERE spool = ?1 AND a <= ?2 ORDER BY a DESC LIMIT 1), 0) < ?2 ON CONFLICT DO NOTHING`);
  const fork = db.prepare('INSERT INTO forks VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING');
  // Each of the PC's spools is asked by the index of marks for the few events of that mark: no walk through what the PC repeats.
  const original = db.prepare(`
    SELECT 1 FROM (SELECT id FROM spools INDEXED BY spools_newest WHERE pc = :pc AND id <> :id ORDER BY id DESC LIMIT ${searched}) s
    JOIN events e ON e.spool = s.id AND e.seq IN (SELECT seq FROM events WHERE mark = :mark AND spool = s.id LIMIT ${ofOneMark})
    WHERE e.boot = :boot AND e.at = :at AND e.kind = :kind AND e.body = :body LIMIT 1`);
  const copy = db.prepare(`
    INSERT INTO copies SELECT :id, :seq WHERE NOT EXISTS (SELECT 1 FROM events WHERE spool = :id AND seq = :seq) ON CONFLICT DO NOTHING`);
  const copyGone = db.prepare('DELETE FROM copies WHERE spool = ? AND seq = ?');

  return {
    get: (pc: string, spool: string) => get.get(pc, spool) as Spool | undefined,
    /** The PC's other spools of which something may still be open. */
    unfinished: (pc: string, spool: string) => unfinished.all(pc, spool) as Spool[],
    add: (pc: string, spool: string): Spool => {
      const id = Number(add.run(pc, spool).lastInsertRowid);
      return { id, pc, spool, first: null, last: 0, upTo: 0, forked: 0 };
    },
    save: ({ id, first, last, upTo, forked }: Spool) => void save.run(first, last, upTo, forked, id),
    lowest: ({ id }: Spool) => Number(lowest.get(id)?.['seq']),
    markAt: ({ id }: Spool, seq: number) => mark.get(id, seq)?.['mark'] as string | undefined,
    /** False where the number is held already, here or by an archive. */
    addEvent: ({ id, forked }: Spool, { seq, boot, at, grade, kind, body }: EventMessage, stamp: Stamp) => {
      const isNew = event.run(id, seq, stamp.mark, stamp.at, boot, at, grade, kind, JSON.stringify(body)).changes === 1;
      if (isNew && forked) copyGone.run(id, seq);
      return isNew;
    },
    /** The number came, and what it says stands under another one. */
    addCopy: ({ id }: Spool, seq: number) => void copy.run({ id, seq }),
    addFork: ({ id }: Spool, message: EventMessage, stamp: Stamp) =>
      void fork.run(id, message.seq, stamp.mark, stamp.at, JSON.stringify(message)),
    /** True where another spool of the PC holds this very event. */
    hasCopy: ({ id, pc }: Spool, { boot, at, kind, body }: EventMessage, { mark }: Stamp) =>
      original.get({ pc, id, mark, boot, at, kind, body: JSON.stringify(body) }) !== undefined,
  };
}

// Tracks which numbers of a spool are complete: held numbers, and ranges that are settled for a reason.

/**
 * Ranges over the rows of one ledger, in three layers: what is held counts as held, whatever else is there; of the rest, what tombstones name
 * piece by piece is dropped; below them lie wide ranges, each for a reason. In a layer no two overlap, and those of one reason that touch are
 * one once they are told. So a wide range is one row however many events and pieces lie in it, and what was settled once is not walked again (R27).
 */
function openRanges(db: DatabaseSync) {
  const pieces = openPieces(db);
  const wide = openWide(db);

  /** Marks the numbers of a range as dropped. Returns how many were not dropped before; 0 for a wide range, which `tell` counts later. */
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
    /** Settles all numbers from `a` to `b` that are not settled yet. `tell` counts the lost numbers of a gap later. */
    fill(spool: number, range: Range, why: Why): void {
      for (const { a, b } of holesIn(wide.within(spool, range), range)) wide.put(spool, { a, b, why, told: why === 'gap' ? a - 1 : b });
    },

    /**
     * Marks ranges as dropped; they do not overlap, the lowest comes first. Returns how many numbers are neither held nor were dropped before.
     * Numbers of wide ranges are not in this count: `tell` counts them later.
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
  const saved = db.prepare('REPLACE INTO settled (spool, a, b, why, told) VALUES (?, ?, ?, ?, ?)');
  const removed = db.prepare('DELETE FROM settled WHERE spool = ? AND a = ?');
  const overlapping = overlapsIn('settled', { spool: ':spool', a: ':a', b: ':b' });
  const overlaps = db.prepare(`SELECT a, b, why, told FROM settled WHERE ${overlapping} ORDER BY a`);
  const untold = db.prepare(`
    SELECT pc, t.spool, a, b, why, told FROM settled t INDEXED BY settled_untold JOIN spools s ON s.id = t.spool WHERE told < b LIMIT 1`);
  const nth = (rows: string, name: string) =>
    `coalesce((SELECT ${name} FROM ${rows} WHERE spool = :spool AND ${name} > :a ORDER BY ${name} LIMIT 1 OFFSET :most), :b)`;
  const after = db.prepare(
    `SELECT min(:b, ${nth('pieces', 'a')}, ${nth(archived, 'a')}, ${heldRows.map((rows) => nth(rows, 'seq')).join()}) AS b`,
  );
  const within = (spool: number, { a, b }: Range) => overlaps.all({ spool, a, b }) as Settled[];
  const save = (spool: number, { a, b, why, told }: Settled) => void saved.run(spool, a, b, why, told);
  /** The one in which a number lies. */
  const over = (spool: number, number: number) => within(spool, { a: number, b: number })[0];

  /** A range that is told to its end becomes one with the next of the same reason. */
  function join(spool: number, { a, b, why, told }: Settled): void {
    const next = told === b ? over(spool, b + 1) : undefined;
    if (next?.why !== why) return;
    removed.run(spool, next.a);
    save(spool, { ...next, a });
  }

  /** Settles a range where nothing is settled in its layer; `told` says how far no lost number is in it that counts. */
  function put(spool: number, { a, b, why, told }: Settled): void {
    const left = over(spool, a - 1);
    const isOne = left?.why === why && (left.told === left.b || told < b);
    const one = isOne ? { a: left.a, b, why, told: left.told === left.b ? told : left.told } : { a, b, why, told };
    save(spool, one);
    join(spool, one);
  }

  /** Unsettles of some ranges what lies from `a` to `b`. */
  function cut(spool: number, { a, b }: Range, found: readonly Settled[]): void {
    for (const range of found) {
      removed.run(spool, range.a);
      if (range.a < a) save(spool, { ...range, b: a - 1, told: Math.min(range.told, a - 1) });
      if (range.b > b) save(spool, { ...range, a: b + 1, told: Math.max(range.told, b) });
    }
  }

  return {
    ...{ save, within, join, put, cut },
    /** One that is not told to its end, with its PC. */
    untold: () => untold.get() as (Settled & { pc: string; spool: number }) | undefined,
    /** How far above `a`, and not above `b`, there are about so many rows of each kind. */
    after: (spool: number, { a, b }: Range, most: number) => Number(after.get({ spool, a, b, most })?.['b']),
  };
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

// Reads and writes the tables `pieces` and `settled`.

/** `before`: before our time. `carried`: numbered anew in another spool. `gap`: lost. `dropped`: no birth opens it again. */
type Why = 'dropped' | 'before' | 'carried' | 'gap';
/** First and last number, both of them in it. */
type Range = { a: number; b: number };
/** A row of settled numbers. `told`: how far its lost numbers are counted; only those of a gap, and dropped ones, are. */
type Settled = Range & { why: Why; told: number };

/** What is held: read by an index, since a body that is long makes each look at its event slow. */
const heldRows = ['events INDEXED BY events_place', 'copies'];

/** What is held by archives, as ranges that do not overlap. */
const archived = 'archived';

/** A tombstone's range that touches more pieces is one range below them. */
const piecesJoined = 256;

/** So many numbers held side by side are walked in the time of one range. */
const heldAStep = 16;

/** Rows of what tombstones named piece by piece. */
function openPieces(db: DatabaseSync) {
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

/** How far one may go without a hole. */
function openReach(db: DatabaseSync) {
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
