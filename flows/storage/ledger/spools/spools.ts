/** Which numbers of each spool are held or settled, and how far an ack may go (R4, R5, R7, R8). */
import type { DatabaseSync } from 'node:sqlite';
import { budgets, markOf } from '@sabha/contracts';
import type { Op, Poison, Receipt } from '../../../engine/records/ops.ts';
import type { Range } from './range-rows.ts';
import { openRanges, type Ranges } from './ranges.ts';
import { openSpoolTable, type Spool, type SpoolTable } from './spool-table.ts';

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

function openBatch(ranges: Ranges, table: SpoolTable) {
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
