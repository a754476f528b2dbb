/** What an ack does to the spool: trim, or fork (R4, R5, R7). */

import { type Counters, freshCounters, type Row, renumber, single } from './rows.ts';
import { attempt, type Core, commit, newId, write } from './transaction.ts';

/** Up to which number of which spool the ledger holds the events, and the mark of the last by which both know the same history. */
export type AckWord = { spool: string; upTo: number; mark?: string | undefined };
/** `fork`: this spool is over, a new one carries what was unacknowledged; `failed`: the disk refused, the next ack tries again. */
export type AckResult = 'ignored' | 'same' | 'advanced' | 'fork' | 'failed';

const hourMs = 3_600_000;
/** A day, milliseconds. */
export const dayMs = 24 * hourMs;

/**
 * Guarantee: trims nothing that `upTo` does not cover, and nothing at all where the ledger's history is not this spool's own.
 * An ack for another spool is ignored.
 */
export function applyAck(core: Core, { spool, upTo, mark }: AckWord): AckResult {
  if (spool !== core.counters.id) return 'ignored';
  const done = attempt(core, () =>
    commit(core, (draft): AckResult => {
      // The store may have been rebuilt a moment ago.
      if (draft.id !== spool) return 'ignored';
      return settle(core, draft, { upTo, mark });
    }),
  );
  return done.ok ? done.value : 'failed';
}

/** A row that changed on the disk may have been anything, a tombstone too: only a new spool makes sure that the ack cannot stick (R5). */
export function leaveDamaged(core: Core, rows: Row[]): void {
  attempt(core, () =>
    commit(core, (draft) => {
      for (const row of rows) core.disk.run('DELETE FROM events WHERE seq = ?', row.seq);
      const count = rows.filter((row) => row.seq > draft.acked).length;
      fork(core, draft, 'damaged rows');
      if (count > 0) write(core, draft, { kind: 'dropped', body: { ranges: [], grade: 'event', count } });
    }),
  );
}

/** Leaves the spool for a new one that carries what is unacknowledged; false where the disk refused it. */
export function openAnother(core: Core, reason: string): boolean {
  return attempt(core, () => commit(core, (draft) => fork(core, draft, reason))).ok;
}

function settle(core: Core, draft: Counters, { upTo, mark }: Omit<AckWord, 'spool'>): AckResult {
  const own = core.disk.all<Row>('SELECT * FROM events WHERE seq = ?', upTo)[0];
  const alien = mark !== undefined && own !== undefined && own.mark !== mark;
  if (upTo > draft.seq || alien) {
    fork(core, draft, alien ? 'another content under one number' : 'acknowledged above the last number');
    return 'fork';
  }
  draft.carries = null;
  if (upTo <= draft.acked) return 'same';
  draft.acked = upTo;
  keepForADay(core, draft);
  return 'advanced';
}

/** Guarantee: what is unacknowledged is in the new spool, in order and after the event that tells of it (R7). */
function fork(core: Core, draft: Counters, reason: string): void {
  const { id: from, acked, session } = draft;
  const kept = renumber(core.disk, acked);
  Object.assign(draft, freshCounters(newId(core)), { session, carries: from });
  write(core, draft, { kind: 'spool-new', body: { from, reason } });
  draft.seq += kept.rows;
  draft.bytes += kept.bytes;
  core.refusals.clear();
}

/** What is acknowledged stays for 24 h, by the hour, so that a restored ledger can want it (R4). */
function keepForADay({ disk, clock }: Core, draft: Counters): void {
  const now = clock.now();
  disk.run('INSERT OR REPLACE INTO acks (at, upTo) VALUES (?, ?)', Math.ceil(now / hourMs) * hourMs, draft.acked);
  const { upTo } = single<{ upTo: number }>(disk, 'SELECT COALESCE(MAX(upTo), 0) AS upTo FROM acks WHERE at < ?', now - dayMs);
  draft.bytes -= single<{ bytes: number }>(disk, 'SELECT TOTAL(bytes) AS bytes FROM events WHERE seq <= ?', upTo).bytes;
  disk.run('DELETE FROM events WHERE seq <= ?', upTo);
  disk.run('DELETE FROM acks WHERE at < ?', now - dayMs);
}
