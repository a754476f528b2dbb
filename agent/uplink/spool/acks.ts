/**
 * Effect of an ack on the spool: it removes acknowledged events or forks the spool. Implements R4 (cumulative acknowledgement), R5 (the ack
 * always advances) and R7 (idempotent apply, and forks).
 */

import { type Counters, freshCounters, renumber, type SpoolRow, single } from './rows.ts';
import { attempt, commit, newId, type SpoolContext, write } from './transaction.ts';

/**
 * Ack: the ledger holds all events of `spool` up to `upTo`. `mark` is the short hash of event `upTo`; it proves that both sides have the
 * same events.
 */
export type SpoolAck = { spool: string; upTo: number; mark?: string | undefined };
/** `fork`: a new spool replaced this one and carries the unacknowledged events. `failed`: the disk refused; the next ack repeats it. */
export type AckResult = 'ignored' | 'same' | 'advanced' | 'fork' | 'failed';

const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;

/**
 * Applies an ack to the spool; ignores an ack for another spool.
 * Guarantee: removes only events that `upTo` covers, and none if the ledger has other events under these numbers.
 */
export function applyAck(context: SpoolContext, { spool, upTo, mark }: SpoolAck): AckResult {
  if (spool !== context.counters.id) return 'ignored';
  const done = attempt(context, () =>
    commit(context, (draft): AckResult => {
      // The transaction may have replaced a damaged spool.
      if (draft.id !== spool) return 'ignored';
      return trimOrFork(context, draft, { upTo, mark });
    }),
  );
  return done.ok ? done.value : 'failed';
}

/** Replaces a spool that has damaged rows. A damaged row may have been a tombstone, so only a new spool lets the ack advance (R5). */
export function replaceDamagedSpool(context: SpoolContext, rows: SpoolRow[]): void {
  attempt(context, () =>
    commit(context, (draft) => {
      for (const row of rows) context.disk.run('DELETE FROM events WHERE seq = ?', row.seq);
      const count = rows.filter((row) => row.seq > draft.acked).length;
      fork(context, draft, 'damaged rows');
      if (count > 0) write(context, draft, { kind: 'dropped', body: { ranges: [], grade: 'event', count } });
    }),
  );
}

/** Opens a new spool with all unacknowledged events. Returns false if the disk refused. */
export function replaceSpool(context: SpoolContext, reason: string): boolean {
  return attempt(context, () => commit(context, (draft) => fork(context, draft, reason))).ok;
}

function trimOrFork(context: SpoolContext, draft: Counters, { upTo, mark }: Omit<SpoolAck, 'spool'>): AckResult {
  const own = context.disk.all<SpoolRow>('SELECT * FROM events WHERE seq = ?', upTo)[0];
  const isDifferent = mark !== undefined && own !== undefined && own.mark !== mark;
  if (upTo > draft.seq || isDifferent) {
    fork(context, draft, isDifferent ? 'another content has the same number' : 'an ack is above the last number');
    return 'fork';
  }
  draft.carries = null;
  if (upTo <= draft.acked) return 'same';
  draft.acked = upTo;
  keepForADay(context, draft);
  return 'advanced';
}

/** Guarantee: all unacknowledged events are in the new spool in their order, after the event that reports the new spool (R7). */
function fork(context: SpoolContext, draft: Counters, reason: string): void {
  const { id: from, acked, session } = draft;
  const kept = renumber(context.disk, acked);
  Object.assign(draft, freshCounters(newId(context)), { session, carries: from });
  write(context, draft, { kind: 'spool-new', body: { from, reason } });
  draft.seq += kept.rows;
  draft.bytes += kept.bytes;
  context.refusals.clear();
}

/** Keeps acknowledged events for 24 h, because a restored ledger can request them again (R4). Deletes older ones once an hour. */
function keepForADay({ disk, clock }: SpoolContext, draft: Counters): void {
  const now = clock.now();
  disk.run('INSERT OR REPLACE INTO acks (at, upTo) VALUES (?, ?)', Math.ceil(now / hourMs) * hourMs, draft.acked);
  const { upTo } = single<{ upTo: number }>(disk, 'SELECT COALESCE(MAX(upTo), 0) AS upTo FROM acks WHERE at < ?', now - dayMs);
  draft.bytes -= single<{ bytes: number }>(disk, 'SELECT TOTAL(bytes) AS bytes FROM events WHERE seq <= ?', upTo).bytes;
  disk.run('DELETE FROM events WHERE seq <= ?', upTo);
  disk.run('DELETE FROM acks WHERE at < ?', now - dayMs);
}
