/**
 * Tracks which sequence numbers of each spool are held or settled, and up to which number they are acknowledged.
 * - Held: the event of the number is in the ledger, in an archive, or in another spool as a copy.
 * - Settled: the number needs no event any longer, because the PC dropped it, it is lost, or it was before the first birth.
 * Rules: R4 (cumulative acknowledgement), R5 (the ack always advances), R7 (idempotent apply, and forks), R8 (bounded spool).
 */
import type { DatabaseSync } from 'node:sqlite';
import { budgets, type EventMessage, eventHash } from '@sabha/contracts';
import type { Op, Poison, Receipt } from '../../engine/records/ops.ts';

type BirthOp = Extract<Op, { op: 'birth' }>;
type EventOp = Extract<Op, { op: 'event' }>;

/** Applies the births and events of one batch in order, then returns the receipt. */
export type SpoolBatch = ReturnType<ReturnType<typeof openSpools>>;

/**
 * Opens the spools. The returned function begins a batch, which must run inside one transaction.
 * The receipt has a cursor for each spool of a birth or event. Its `gaps` counts the new missing numbers and is never negative. If such a
 * number arrives or is declared dropped later, it is no longer missing. So the exact count is that of `audit()`.
 * Guarantee: a batch reads at most the budgeted numbers of a PC (R27, budgets). Later batches continue the cursor and the count of gaps.
 */
export function openSpools(db: DatabaseSync) {
  const ranges = openRanges(db);
  const table = openSpoolTable(db);
  return () => {
    const batch = openBatch(ranges, table);
    const { totals, gapsOf } = batch;
    const poison: Poison[] = [];
    return {
      applyBirth: (op: BirthOp) => addBirth(batch, op),
      storeEvent: (op: EventOp) => addEventMessage(batch, op),
      /**
       * Writes the births and events of the batch so far. Returns an undo function, to be called after a rollback of the rows written
       * since.
       */
      mark() {
        saveChanged(batch);
        const before = { ...totals };
        return (found: Poison) => {
          poison.push(found);
          Object.assign(totals, before);
          batch.spools.clear();
          batch.changed.clear();
        };
      },
      end(): Receipt {
        saveChanged(batch);
        if (batch.named.size > 0) countLost(batch);
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
    /** One shared object per spool within a batch. */
    spools: new Map<string, Spool>(),
    changed: new Set<Spool>(),
    /** The spools that a birth or an event named, by key. */
    named: new Map<string, Pick<Spool, 'pc' | 'spool'>>(),
    /** Steps per PC of the search for its cursors. `rowsLeft`: rows that may still be read to count gaps. */
    steps: new Map<string, number>(),
    rowsLeft: budgets.spoolWalk.most,
  };
}

function addBirth(batch: Batch, { pc, spool: name, first, last, carries }: BirthOp): void {
  const { ranges, table, changed } = batch;
  const spool = openSpool(batch, pc, name);
  if (spool.first === null) settleBefore(batch, spool, first);
  else {
    // The PC still has the events from `first` to `last`. So missing numbers among them are open again: an ack above them would make the PC
    // delete these events. Missing numbers below `first` become gaps.
    spool.upTo = ranges.reopen(spool.id, { a: first, b: last }, spool.upTo);
    ranges.fill(spool.id, { a: spool.upTo + 1, b: first - 1 }, 'gap');
  }
  spool.last = Math.max(spool.last, last);
  if (carries !== null) {
    if (spool.forked === 0) spool.forked = 1;
    const carried = find(batch, pc, carries);
    if (carried !== undefined) changed.add(Object.assign(carried, { forked: 2 }));
  }
  saveChanged(batch);
  for (const other of table.unfinished(pc, name)) closeSpool(batch, cacheSpool(batch, other));
  countLost(batch);
}

/** Settles the numbers below the first number of a new spool with the reason `before`. */
function settleBefore({ ranges }: Batch, spool: Spool, first: number): void {
  spool.first = first;
  ranges.fill(spool.id, { a: 1, b: first - 1 }, 'before');
}

/**
 * Closes a spool after the PC opened another spool. All missing numbers of the closed spool are settled; late events are still accepted.
 */
function closeSpool(batch: Batch, spool: Spool): void {
  if (spool.first === null) settleBefore(batch, spool, batch.table.lowest(spool));
  batch.ranges.fill(spool.id, { a: spool.upTo + 1, b: spool.last }, spool.forked === 2 ? 'carried' : 'gap');
  batch.changed.add(spool);
}

/** Counts the lost and dropped numbers of settled ranges that are not counted yet, within the budget of the batch. */
function countLost(batch: Batch): void {
  const { ranges, gapsOf, totals } = batch;
  while (batch.rowsLeft > 0) {
    const found = ranges.countLostIn(batch.rowsLeft);
    if (found === undefined) return;
    const { pc, why, lost, walked } = found;
    batch.rowsLeft -= 1 + walked;
    if (why === 'dropped') totals.dropped += lost;
    // Limits the count per PC: a PC that claims impossible numbers must not hide the gaps of others (R27).
    else if (lost > 0) gapsOf.set(pc, (gapsOf.get(pc) ?? 0) + Math.min(lost, budgets.gap.most));
  }
}

function addEventMessage(batch: Batch, { pc, event, at }: EventOp): void {
  const { table, ranges, totals } = batch;
  const spool = openSpool(batch, pc, event.spool);
  const stamp = { mark: eventHash(event), at };
  spool.last = Math.max(spool.last, event.seq);
  if (spool.forked && table.hasCopy(spool, event, stamp)) {
    if (!ranges.isSettled(spool.id, event.seq)) table.addCopy(spool, event.seq);
    return;
  }
  if (!table.addEvent(spool, event, stamp)) {
    const held = table.markAt(spool, event.seq);
    // An archived number has no stored hash to compare. The `mark` of the ack still reveals an older restored disk.
    if (held !== undefined && held !== stamp.mark) table.addFork(spool, event, stamp);
    return;
  }
  totals.applied += 1;
  // A tombstone may name only numbers below its number in the same spool (R8).
  if (event.kind === 'dropped') totals.dropped += ranges.drop(spool.id, rangesOf(event.body['ranges'], event.seq - 1));
}

/** Reads the ranges of a tombstone, cuts them at `limit` and merges them. Skips invalid entries; the event itself is stored in full. */
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

function openSpool(batch: Batch, pc: string, name: string): Spool {
  const spool = find(batch, pc, name) ?? cacheSpool(batch, batch.table.add(pc, name));
  batch.changed.add(spool);
  batch.named.set(keyOf(pc, name), { pc, spool: name });
  return spool;
}

function find(batch: Batch, pc: string, name: string): Spool | undefined {
  const known = batch.spools.get(keyOf(pc, name));
  if (known) return known;
  const stored = batch.table.get(pc, name);
  return stored && cacheSpool(batch, stored);
}

function cacheSpool({ spools }: Batch, spool: Spool): Spool {
  const key = keyOf(spool.pc, spool.spool);
  const known = spools.get(key) ?? spool;
  spools.set(key, known);
  return known;
}

function keyOf(pc: string, spool: string): string {
  return `${pc} ${spool}`;
}

function saveChanged({ changed, ranges, table, steps }: Batch): void {
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

/**
 * `first`: first number that the first birth named, null until that birth. `last`: highest known number. `upTo`: acknowledgement cursor
 * (R4).
 * `forked`: 1 = shares content with another spool of the PC under other numbers; 2 = the other spool carries its events (R7).
 */
type Spool = { id: number; pc: string; spool: string; first: number | null; last: number; upTo: number; forked: 0 | 1 | 2 };
/** `mark`: short hash of an event. `at`: time of its receipt. */
type EventStamp = { mark: string; at: number };

/** Most spools of a PC that are searched, the newest first. An honest PC has two or three; a PC with more delays only itself (R27). */
const spoolsSearchedLimit = 32;
/** Limit of stored events that are compared for one hash. The hash is short, so a hostile PC can make many events with the same hash. */
const eventsPerHashLimit = 8;

function openSpoolTable(db: DatabaseSync) {
  const columns = 'SELECT id, pc, spool, first, last, up_to AS upTo, forked FROM spools';
  const get = db.prepare(`${columns} WHERE pc = ? AND spool = ?`);
  const unfinished = db.prepare(`
    ${columns} INDEXED BY spools_unfinished WHERE pc = ? AND spool <> ? AND (first IS NULL OR up_to < last) ORDER BY id DESC LIMIT ${spoolsSearchedLimit}`);
  const add = db.prepare('INSERT INTO spools (pc, spool, first, last, up_to, forked) VALUES (?, ?, NULL, 0, 0, 0)');
  const save = db.prepare('UPDATE spools SET first = ?, last = ?, up_to = ?, forked = ? WHERE id = ?');
  const lowest = db.prepare('SELECT min(seq) AS seq FROM events WHERE spool = ?');
  const mark = db.prepare('SELECT mark FROM events WHERE spool = ? AND seq = ?');
  const event = db.prepare(`
    INSERT INTO events SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9
    WHERE coalesce((SELECT b FROM archived WHERE spool = ?1 AND a <= ?2 ORDER BY a DESC LIMIT 1), 0) < ?2 ON CONFLICT DO NOTHING`);
  const fork = db.prepare('INSERT INTO forks VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING');
  // Looks up each spool of the PC through the index of hashes, so that repeated content causes no scan.
  const original = db.prepare(`
    SELECT 1 FROM (SELECT id FROM spools INDEXED BY spools_newest WHERE pc = :pc AND id <> :id ORDER BY id DESC LIMIT ${spoolsSearchedLimit}) s
    JOIN events e ON e.spool = s.id AND e.seq IN (SELECT seq FROM events WHERE mark = :mark AND spool = s.id LIMIT ${eventsPerHashLimit})
    WHERE e.boot = :boot AND e.at = :at AND e.kind = :kind AND e.body = :body LIMIT 1`);
  const copy = db.prepare(`
    INSERT INTO copies SELECT :id, :seq WHERE NOT EXISTS (SELECT 1 FROM events WHERE spool = :id AND seq = :seq) ON CONFLICT DO NOTHING`);
  const copyGone = db.prepare('DELETE FROM copies WHERE spool = ? AND seq = ?');

  return {
    get: (pc: string, spool: string) => get.get(pc, spool) as Spool | undefined,
    /** Returns the other spools of the PC that may still have open numbers. */
    unfinished: (pc: string, spool: string) => unfinished.all(pc, spool) as Spool[],
    add: (pc: string, spool: string): Spool => {
      const id = Number(add.run(pc, spool).lastInsertRowid);
      return { id, pc, spool, first: null, last: 0, upTo: 0, forked: 0 };
    },
    save: ({ id, first, last, upTo, forked }: Spool) => void save.run(first, last, upTo, forked, id),
    lowest: ({ id }: Spool) => Number(lowest.get(id)?.['seq']),
    markAt: ({ id }: Spool, seq: number) => mark.get(id, seq)?.['mark'] as string | undefined,
    /** Stores an event. False if the number is already in the ledger or in an archive. */
    addEvent: ({ id, forked }: Spool, { seq, boot, at, grade, kind, body }: EventMessage, stamp: EventStamp) => {
      const isNew = event.run(id, seq, stamp.mark, stamp.at, boot, at, grade, kind, JSON.stringify(body)).changes === 1;
      if (isNew && forked) copyGone.run(id, seq);
      return isNew;
    },
    /** Records that a number arrived whose content is stored under another number. */
    addCopy: ({ id }: Spool, seq: number) => void copy.run({ id, seq }),
    addFork: ({ id }: Spool, message: EventMessage, stamp: EventStamp) =>
      void fork.run(id, message.seq, stamp.mark, stamp.at, JSON.stringify(message)),
    /** True if the same event is stored in another spool of the PC. */
    hasCopy: ({ id, pc }: Spool, { boot, at, kind, body }: EventMessage, { mark }: EventStamp) =>
      original.get({ pc, id, mark, boot, at, kind, body: JSON.stringify(body) }) !== undefined,
  };
}

/**
 * Ranges of settled numbers, in three layers. A number whose event is stored counts as held in each case. Second come the pieces that
 * tombstones name, which are dropped. Third come wide ranges, each with a reason.
 * Ranges of one layer never overlap. Adjacent ranges of one reason are merged once they are counted. A wide range is therefore one row,
 * however many events it contains, and later batches skip it in one step (R27).
 */
function openRanges(db: DatabaseSync) {
  const pieces = openDroppedPieces(db);
  const wide = openSettledRanges(db);

  /**
   * Marks a range as dropped. Returns how many numbers became dropped by this. If the range touches too many pieces, returns 0, and
   * `countLostIn` counts them later.
   */
  function markDropped(spool: number, { a, b }: Range): number {
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
    /** Settles the open numbers from `a` to `b`. For a gap `countLostIn` counts the lost numbers later. */
    fill(spool: number, range: Range, why: SettledReason): void {
      for (const { a, b } of holesIn(wide.within(spool, range), range)) wide.put(spool, { a, b, why, told: why === 'gap' ? a - 1 : b });
    },

    /**
     * Marks sorted, disjoint ranges as dropped. Returns how many of their numbers were neither held nor dropped before.
     * The numbers of ranges with too many pieces are counted later by `countLostIn`.
     */
    drop(spool: number, list: readonly Range[]): number {
      const [first, last] = [list.at(0), list.at(-1)];
      if (first === undefined || last === undefined) return 0;
      const done = wide.within(spool, { a: first.a, b: last.b }).filter(isDropped);
      return list.flatMap((range) => holesIn(done, range)).reduce((count, hole) => count + markDropped(spool, hole), 0);
    },

    /**
     * Reopens the numbers from `a` to `b` that are not dropped. Returns the new cursor; all numbers up to `upTo` were held or settled
     * before.
     */
    reopen(spool: number, { a, b }: Range, upTo: number): number {
      const found = wide.within(spool, { a, b }).filter((one) => !isDropped(one));
      const open = found[0] ? Math.max(a, found[0].a) : upTo + 1;
      const rest = { a: open, b: upTo };
      // The held and dropped numbers between are merged into one range. So no birth reopens them, and later batches skip them in one step
      // (R27).
      for (const held of open <= upTo ? holesIn(wide.within(spool, rest), rest) : [])
        wide.put(spool, { ...held, why: 'dropped', told: held.b });
      wide.cut(spool, { a, b }, found);
      return Math.min(upTo, open - 1);
    },

    /** Counts the lost numbers of one range that is not fully counted, and reads about `most` rows. Undefined if no such range is left. */
    countLostIn(most: number) {
      const range = wide.untold();
      if (range === undefined) return undefined;
      const { pc, spool, ...row } = range;
      const told = wide.after(spool, { a: row.told, b: row.b }, most);
      wide.save(spool, { ...row, told });
      wide.join(spool, { ...row, told });
      return { pc, why: row.why, ...pieces.lost(spool, { a: row.told + 1, b: told }) };
    },

    ...openCursorSearch(db),
  };
}

function openSettledRanges(db: DatabaseSync) {
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
  const over = (spool: number, number: number) => within(spool, { a: number, b: number })[0];

  /** Merges a fully counted range with the next one of the same reason. */
  function join(spool: number, { a, b, why, told }: Settled): void {
    const next = told === b ? over(spool, b + 1) : undefined;
    if (next?.why !== why) return;
    removed.run(spool, next.a);
    save(spool, { ...next, a });
  }

  /** Stores a settled range that overlaps no other range of this layer. `told`: the number up to which lost numbers are already counted. */
  function put(spool: number, { a, b, why, told }: Settled): void {
    const left = over(spool, a - 1);
    const isOne = left?.why === why && (left.told === left.b || told < b);
    const one = isOne ? { a: left.a, b, why, told: left.told === left.b ? told : left.told } : { a, b, why, told };
    save(spool, one);
    join(spool, one);
  }

  /** Removes the numbers from `a` to `b` from the given ranges. */
  function cut(spool: number, { a, b }: Range, found: readonly Settled[]): void {
    for (const range of found) {
      removed.run(spool, range.a);
      if (range.a < a) save(spool, { ...range, b: a - 1, told: Math.min(range.told, a - 1) });
      if (range.b > b) save(spool, { ...range, a: b + 1, told: Math.max(range.told, b) });
    }
  }

  return {
    ...{ save, within, join, put, cut },
    /** Returns a range that is not fully counted, with its PC. */
    untold: () => untold.get() as (Settled & { pc: string; spool: number }) | undefined,
    /** Returns a number above `a`, at most `b`. Between `a` and that number are about `most` rows of each table. */
    after: (spool: number, { a, b }: Range, most: number) => Number(after.get({ spool, a, b, most })?.['b']),
  };
}

function isDropped({ why }: Settled): boolean {
  return why === 'dropped';
}

/** Returns the parts of a range that `covered` does not cover. `covered`: sorted ranges. */
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

/**
 * Why a number is settled. `before`: below the first number of the first birth. `carried`: renumbered in another spool. `gap`: lost.
 * `dropped`: dropped for good; no birth reopens it.
 */
type SettledReason = 'dropped' | 'before' | 'carried' | 'gap';
type Range = { a: number; b: number };
/**
 * A range of settled numbers. `told`: the number up to which lost numbers are counted. Lost numbers exist only in gaps and dropped ranges.
 */
type Settled = Range & { why: SettledReason; told: number };

/** Tables of held numbers. Events are read through an index, because reading a long event body is slow. */
const heldRows = ['events INDEXED BY events_place', 'copies'];

/** Table of the numbers that archives hold, as disjoint ranges. */
const archived = 'archived';

/** Most pieces that one range of a tombstone may touch. Above this limit the range is stored as one wide range. */
const piecesJoined = 256;

/** Consecutive held numbers that cost as much time in the cursor search as one range. */
const heldNumbersPerStep = 16;

function openDroppedPieces(db: DatabaseSync) {
  const insert = db.prepare('INSERT INTO pieces (spool, a, b) VALUES (?, ?, ?)');
  const remove = db.prepare('DELETE FROM pieces WHERE spool = ? AND a = ?');
  const overlapping = overlapsIn('pieces', { spool: ':spool', a: ':a', b: ':b' });
  // The limit is part of the SQL, because SQLite prepares a statement again for each bound limit.
  const near = db.prepare(`SELECT a, b FROM pieces WHERE ${overlapping} ORDER BY a LIMIT ${piecesJoined + 1}`);
  const held = db.prepare(`SELECT ${heldIn(':spool', { a: ':a', b: ':b' })} AS held`);
  const lost = db.prepare(`SELECT lost, walked FROM ${lostIn(':spool', { a: ':a', b: ':b' })}`);
  return {
    /** Returns the pieces that overlap or touch a range, at most one above the limit for merging. */
    near: (spool: number, { a, b }: Range) => near.all({ spool, a: a - 1, b: b + 1 }) as Range[],
    cover(spool: number, { a, b }: Range, found: readonly Range[]): void {
      for (const one of found) remove.run(spool, one.a);
      insert.run(spool, Math.min(a, found[0]?.a ?? a), Math.max(b, found.at(-1)?.b ?? b));
    },
    held: (spool: number, { a, b }: Range) => Number(held.get({ spool, a, b })?.['held']),
    /** Counts the numbers of a range that are neither held nor in a piece, and the rows read for it. */
    lost: (spool: number, { a, b }: Range) => lost.get({ spool, a, b }) as { lost: number; walked: number },
  };
}

function openCursorSearch(db: DatabaseSync) {
  const endOf = (rows: string) => `SELECT b FROM (SELECT b FROM ${rows} WHERE spool = :spool AND a <= :number ORDER BY a DESC LIMIT 1)`;
  const settled = db.prepare(`SELECT max(b) AS b FROM (${['pieces', 'settled', archived].map(endOf).join(' UNION ALL ')})`);
  const next = (rows: string) => `coalesce((SELECT min(a) FROM ${rows} WHERE spool = :spool AND a > :from), ${Number.MAX_SAFE_INTEGER})`;
  const upToNext = `spool = :spool AND seq > :from AND seq < min(${['pieces', 'settled', archived].map(next).join()})`;
  const held = db.prepare(`${heldRows.map((rows) => `SELECT seq FROM ${rows} WHERE ${upToNext}`).join(' UNION ALL ')} ORDER BY seq`);
  /** Returns the end of the settled or archived range that contains a number, or of the nearest range below it. */
  const settledTo = (spool: number, number: number) => Number(settled.get({ spool, number })?.['b']);

  /** Returns the last of at most `most` consecutive held numbers after `from`, up to the next range. Rows are read lazily. */
  function heldTo(spool: number, from: number, most: number): number {
    let reached = from;
    for (const { seq } of held.iterate({ spool, from }) as Iterable<{ seq: number }>) {
      if (seq !== reached + 1 || reached - from === most) break;
      reached = seq;
    }
    return reached;
  }

  return {
    isSettled: (spool: number, number: number) => settledTo(spool, number) >= number,

    /**
     * Returns the highest number up to which all numbers above `from` are held or settled, and the steps of the search. A range costs one
     * step, a held number a part of a step. After `most` steps the search stops, and the next call continues from there.
     */
    reach(spool: number, from: number, most: number): { upTo: number; steps: number } {
      let upTo = from;
      let steps = 0;
      while (steps < most) {
        const end = settledTo(spool, upTo + 1);
        const next = end > upTo ? end : heldTo(spool, upTo, Math.ceil((most - steps) * heldNumbersPerStep));
        if (next === upTo) break;
        steps += end > upTo ? 1 : 1 + (next - upTo) / heldNumbersPerStep;
        upTo = next;
      }
      return { upTo, steps };
    },
  };
}

/** Returns an SQL expression for the count of held numbers from `a` to `b`. The arguments are names or columns. */
export function heldIn(spool: string, { a, b }: { a: string; b: string }): string {
  const one = heldRows.map((rows) => `(SELECT count(*) FROM ${rows} WHERE spool = ${spool} AND seq BETWEEN ${a} AND ${b})`);
  const many = `(SELECT total(min(h.b, ${b}) - max(h.a, ${a}) + 1) FROM ${archived} h WHERE ${overlapsIn(archived, { spool, a, b })})`;
  return `(${[...one, many].join(' + ')})`;
}

/**
 * Returns an SQL table of one row. `lost`: numbers from `a` to `b` that are neither held nor in a piece. `walked`: rows read for it.
 * The arguments are names or columns.
 */
export function lostIn(spool: string, { a, b }: { a: string; b: string }): string {
  const covered = `SELECT max(a, ${a}) AS a, b FROM pieces WHERE ${overlapsIn('pieces', { spool, a, b })}`;
  return `(
    SELECT total(z - y + 1) - total(held) AS lost, count(*) + total(held) AS walked FROM (
      SELECT y, z, ${heldIn(spool, { a: 'y', b: 'z' })} AS held FROM (
        SELECT b + 1 AS y, lead(a, 1, ${b} + 1) OVER (ORDER BY a) - 1 AS z FROM (SELECT ${a} - 1 AS a, ${a} - 1 AS b UNION ALL ${covered})
      ) WHERE y <= z))`;
}

/**
 * Returns an SQL condition without a scan. Ranges of a layer are disjoint, so only the last range that begins at or below `a` can reach
 * into it.
 */
function overlapsIn(rows: string, { spool, a, b }: { spool: string; a: string; b: string }): string {
  const last = `(SELECT max(l.a) FROM ${rows} l WHERE l.spool = ${spool} AND l.a <= ${a})`;
  return `spool = ${spool} AND a <= ${b} AND b >= ${a} AND a >= coalesce(${last}, ${a})`;
}
