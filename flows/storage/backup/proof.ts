/** Verifies a copy of the ledger by reading it in full, while the ledger stays in use. */
import type { KeyObject } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { type EventMessage, eventHash, type LedgerAudit, messageOf } from '@sabha/contracts';
import { faultyArchives } from '../archive/retention.ts';
import { proveChain } from '../audit/chain.ts';
import { asLedgerError } from '../ledger/poison.ts';
import { reads } from '../ledger/reads.ts';
import { numberFrom, wrongSums } from '../ledger/schema.ts';
import { runOnce } from '../run-once.ts';
import { DamageError } from './format/backup-file.ts';

/** Result of a verification; `damage` is one line about the fault, or null. */
export type CopyProof = { audit: LedgerAudit; damage: string | null };

/** Folder of the archives, and the months to read in full. The other archives are checked for existence and length only. */
export type ArchivesToRead = { folder: string; read: 'all' | number };

/**
 * Verifies a copy: pages, the hash of every event, checksums, archives and the audit chain. `key` is the public key that verifies the
 * signed heads.
 * Throws `DamageError` if its pages cannot be read, and `LedgerError` if it cannot be opened.
 */
export function proofOf(
  file: string,
  { key, archives }: { key?: KeyObject | undefined; archives?: ArchivesToRead | undefined } = {},
): CopyProof {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file);
    db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA query_only = ON');
    const found = {
      ...reads.audit(db),
      altered: altered(db),
      commits: numberFrom(db, 'SELECT commits FROM progress'),
      chain: proveChain(db, key),
    };
    const wrong = archives === undefined ? [] : faultyArchives(db, archives.folder, isRead(db, archives));
    return { audit: { ...found, ...(wrong.length > 0 && { archives: wrong }) }, damage: damageLine(found, wrongSums(db)) };
  } catch (error) {
    const isDamage = error instanceof Error && 'errcode' in error && damageCodes.includes(Number(error.errcode) & 0xff);
    throw isDamage ? new DamageError(messageOf(error)) : asLedgerError(error);
  } finally {
    db?.close();
  }
}

/** Verifies in a worker thread, with the public key of the server. Returns undefined if the signal aborts. */
export function verifyInWorker(key: KeyObject) {
  return (file: string, archives: ArchivesToRead, signal: AbortSignal) => runOnce(proofOf, { args: [file, { key, archives }], signal });
}

/** Selects the newest archive, and one of the older ones in turn. */
function isRead(db: DatabaseSync, { read }: ArchivesToRead): (month: string) => boolean {
  if (read === 'all') return () => true;
  const months = Array.from(db.prepare('SELECT month FROM archives WHERE expired = 0 ORDER BY month').all(), ({ month }) => String(month));
  const turn = [months.at(-1), months[read % Math.max(1, months.length)]];
  return (month) => turn.includes(month);
}

/**
 * Returns the damage in one line, or null. Gaps are counted, so they are no damage. A broken chain is reported separately and must not stop
 * backups.
 */
function damageLine({ integrity, altered: changed = 0 }: LedgerAudit, tables: readonly string[]): string | null {
  if (integrity !== 'ok') return integrity.split('\n').join(' ');
  if (changed > 0) return `${changed} events differ from what was written`;
  return tables.length === 0 ? null : `the rows of ${tables.join(', ')} differ from what was written`;
}

/** Result codes of SQLite for a damaged file: malformed page, and not a database. */
const damageCodes = [11, 26];

function altered(db: DatabaseSync): number {
  const events = db.prepare('SELECT mark, seq, boot, at, grade, kind, body FROM events');
  let count = 0;
  for (const row of events.iterate()) if (markOfRow(row) !== row['mark']) count += 1;
  return count;
}

function markOfRow(row: Record<string, unknown>): string | undefined {
  const { seq, boot, at, grade, kind, body } = row;
  try {
    // The hash does not cover the spool, because an event may be renumbered into another spool.
    return eventHash({ spool: '', seq, boot, at, grade, kind, body: JSON.parse(String(body)) } as EventMessage);
  } catch {
    return undefined;
  }
}
