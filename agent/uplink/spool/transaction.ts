/** What every act on the spool shares: its memory, its one kind of transaction, and how it meets a fault of the disk. */
import type { Clock, EventMessage } from '@sabha/contracts';
import { DiskError, type SpoolDisk } from './database.ts';
import { makeRoom } from './eviction.ts';
import { type Counters, freshCounters, type Grade, loadCounters, saveCounters, writeRow } from './rows.ts';

/** The spool in memory: what it stands on, and its counters. */
export type Core = {
  disk: SpoolDisk;
  clock: Clock;
  random: () => number;
  boot: string;
  limitBytes: number;
  counters: Counters;
  /** The counters as they stand on the disk; undefined where the spool has not been written yet, for the reason in `birth`. */
  saved: Counters | undefined;
  birth: string;
  refusals: Map<number, number>;
  /** Lost without ever having had a number: the disk took nothing. */
  unnumbered: Record<Grade, number>;
};

/** Why a spool was begun in the place of another. */
export const damaged = 'damaged';

/** What became of an act on the disk; `full` = there was no space. */
export type Attempt<T> = { ok: true; value: T } | { ok: false; full: boolean; reason: string };

/** Reads the spool of the disk, or begins a new one. */
export function load(core: Core): void {
  const stored = loadCounters(core.disk);
  if (stored) {
    core.counters = stored;
    core.saved = stored;
  } else begin(core, core.disk.damage() === null ? 'new' : damaged);
}

/** A new spool, whose first event says why it exists (R1). Sessions count on. */
function begin(core: Core, reason: string): void {
  core.counters = { ...freshCounters(newId(core)), session: core.counters.session };
  core.saved = undefined;
  core.birth = reason;
  core.refusals.clear();
  commit(core, () => undefined);
}

/**
 * One transaction over rows and counters.
 * Guarantee: the counters in memory change only when all of it is on disk.
 */
export function commit<T>(core: Core, work: (draft: Counters) => T): T {
  const draft = { ...core.counters };
  const result = core.disk.transact(() => {
    if (!core.saved) write(core, draft, { kind: 'spool-new', body: { from: null, reason: core.birth } });
    const done = work(draft);
    saveCounters(core.disk, draft, core.saved);
    return done;
  });
  core.counters = draft;
  core.saved = draft;
  return result;
}

/** Does `work`; a store found damaged is set aside and the work is done on an empty one. Only bugs are thrown. */
export function attempt<T>(core: Core, work: () => T): Attempt<T> {
  try {
    try {
      return { ok: true, value: work() };
    } catch (error) {
      if (!(error instanceof DiskError) || error.trouble !== 'damaged') throw error;
      core.disk.rebuild(error.message);
      begin(core, damaged);
      return { ok: true, value: work() };
    }
  } catch (error) {
    if (!(error instanceof DiskError)) throw error;
    return { ok: false, full: error.trouble === 'full', reason: error.message };
  }
}

/** Gives the next number and writes the event, within a transaction. */
export function write(
  core: Core,
  draft: Counters,
  { kind, body, grade = 'event' }: { kind: string; body: Record<string, unknown>; grade?: Grade },
): EventMessage {
  draft.seq += 1;
  const event: EventMessage = { spool: draft.id, seq: draft.seq, boot: core.boot, at: core.clock.now(), grade, kind, body };
  draft.bytes += writeRow(core.disk, event);
  return event;
}

/** Drops what may go until `goal` bytes are held, within a transaction (R8). */
export function dropTo(core: Core, draft: Counters, goal: number): void {
  makeRoom({ disk: core.disk, draft, goal, tombstone: (lost) => write(core, draft, { kind: 'dropped', body: lost }) });
}

/** An id for a spool, random enough that no two are alike. */
export function newId({ random }: Pick<Core, 'random'>): string {
  return Array.from({ length: 16 }, () => Math.floor(random() * 16).toString(16)).join('');
}
