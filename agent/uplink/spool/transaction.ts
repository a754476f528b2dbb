/** Core of the spool that its modules share: state in memory, transactions, and handling of disk faults. */
import type { Clock, EventMessage } from '@sabha/contracts';
import { DiskError, type SpoolDisk } from './database.ts';
import { evict } from './eviction.ts';
import { type Counters, freshCounters, type Grade, loadCounters, saveCounters, writeRow } from './rows.ts';

export type SpoolContext = {
  disk: SpoolDisk;
  clock: Clock;
  random: () => number;
  boot: string;
  limitBytes: number;
  counters: Counters;
  /** Counters as they are on disk. Undefined if the spool is not written yet; `birth` is then the reason why it is created. */
  saved: Counters | undefined;
  birth: string;
  refusals: Map<number, number>;
  /** Number of events that were lost without a number, because the disk refused every write. */
  unnumbered: Record<Grade, number>;
};

/** Reason for a new spool: it replaces a damaged one. */
export const damaged = 'damaged';

/** Result of a disk operation; `full` = no space. */
export type DiskResult<T> = { ok: true; value: T } | { ok: false; full: boolean; reason: string };

/** Reads the stored spool; if there is none, starts a new one. */
export function load(context: SpoolContext): void {
  const stored = loadCounters(context.disk);
  if (stored) {
    context.counters = stored;
    context.saved = stored;
  } else begin(context, context.disk.damage() === null ? 'new' : damaged);
}

/** Starts a new spool, whose first event states the reason: R1 (event identity). Session numbers continue. */
function begin(context: SpoolContext, reason: string): void {
  context.counters = { ...freshCounters(newId(context)), session: context.counters.session };
  context.saved = undefined;
  context.birth = reason;
  context.refusals.clear();
  commit(context, () => undefined);
}

/**
 * Runs one transaction on rows and counters.
 * Guarantee: the counters in memory change only after the commit is on disk.
 */
export function commit<T>(context: SpoolContext, work: (draft: Counters) => T): T {
  const draft = { ...context.counters };
  const result = context.disk.transact(() => {
    if (!context.saved) write(context, draft, { kind: 'spool-new', body: { from: null, reason: context.birth } });
    const done = work(draft);
    saveCounters(context.disk, draft, context.saved);
    return done;
  });
  context.counters = draft;
  context.saved = draft;
  return result;
}

/**
 * Runs `work` and returns disk faults as a result. After damage, it replaces the database and repeats `work` on an empty one. Other
 * exceptions are thrown.
 */
export function attempt<T>(context: SpoolContext, work: () => T): DiskResult<T> {
  try {
    try {
      return { ok: true, value: work() };
    } catch (error) {
      if (!(error instanceof DiskError) || error.trouble !== 'damaged') throw error;
      context.disk.rebuild(error.message);
      begin(context, damaged);
      return { ok: true, value: work() };
    }
  } catch (error) {
    if (!(error instanceof DiskError)) throw error;
    return { ok: false, full: error.trouble === 'full', reason: error.message };
  }
}

/** Gives an event the next number and writes it, within a transaction. */
export function write(
  context: SpoolContext,
  draft: Counters,
  { kind, body, grade = 'event' }: { kind: string; body: Record<string, unknown>; grade?: Grade },
): EventMessage {
  draft.seq += 1;
  const event: EventMessage = { spool: draft.id, seq: draft.seq, boot: context.boot, at: context.clock.now(), grade, kind, body };
  draft.bytes += writeRow(context.disk, event);
  return event;
}

/** Drops rows until `goal` bytes remain, within a transaction: R8 (bounded spool and refused messages). */
export function dropTo(context: SpoolContext, draft: Counters, goal: number): void {
  evict({ disk: context.disk, draft, goal, tombstone: (lost) => write(context, draft, { kind: 'dropped', body: lost }) });
}

export function newId({ random }: Pick<SpoolContext, 'random'>): string {
  return Array.from({ length: 16 }, () => Math.floor(random() * 16).toString(16)).join('');
}
