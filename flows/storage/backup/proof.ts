/** The proof of a copy of the ledger: read whole, by whoever has the time, while the ledger goes on. */
import type { KeyObject } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { type EventMessage, type LedgerAudit, markOf, messageOf } from '@sabha/contracts';
import { wrongArchives } from '../archive/retention.ts';
import { proveChain } from '../audit/chain.ts';
import { asLedgerError } from '../ledger/poison.ts';
import { reads } from '../ledger/reads.ts';
import { numberFrom, wrongSums } from '../ledger/schema.ts';
import { runOnce } from '../run-once.ts';
import { DamageError } from './format/backup-file.ts';

/** What was found in a copy; `damage` = what is wrong with it, in one line, null where nothing is. */
export type Proof = { audit: LedgerAudit; damage: string | null };

/** Where the archives of a ledger lie, and of which months every byte is read; of the others it is seen that they are there and as long as they were. */
export type ArchivesAt = { folder: string; read: 'all' | number };

/**
 * Reads a copy: its pages, the mark of every event computed anew, the sums, what has left for archives, and the chain of the audit. `key` is
 * the public key of the centre, by which the heads of the audit are signed. Throws `DamageError` where its pages cannot be walked, `LedgerError` where it cannot be opened.
 */
export function proofOf(file: string, { key, archives }: { key?: KeyObject | undefined; archives?: ArchivesAt | undefined } = {}): Proof {
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
    const wrong = archives === undefined ? [] : wrongArchives(db, archives.folder, isRead(db, archives));
    return { audit: { ...found, ...(wrong.length > 0 && { archives: wrong }) }, damage: damageIn(found, wrongSums(db)) };
  } catch (error) {
    const isDamage = error instanceof Error && 'errcode' in error && damageCodes.includes(Number(error.errcode) & 0xff);
    throw isDamage ? new DamageError(messageOf(error)) : asLedgerError(error);
  } finally {
    db?.close();
  }
}

/** The same in a thread of its own, for a server with this public key; undefined where the signal ended it. */
export function provingBy(key: KeyObject) {
  return (file: string, archives: ArchivesAt, signal: AbortSignal) => runOnce(proofOf, { args: [file, { key, archives }], signal });
}

/** The newest, and of the older ones the one whose turn it is. */
function isRead(db: DatabaseSync, { read }: ArchivesAt): (month: string) => boolean {
  if (read === 'all') return () => true;
  const months = Array.from(db.prepare('SELECT month FROM archives WHERE expired = 0 ORDER BY month').all(), ({ month }) => String(month));
  const turn = [months.at(-1), months[read % Math.max(1, months.length)]];
  return (month) => turn.includes(month);
}

/** What an audit says against a ledger, in one line; null where nothing. A gap is no damage: it is counted. Nor is a broken chain: its words are there, and no backup may fail for them. */
function damageIn({ integrity, altered: changed = 0 }: LedgerAudit, tables: readonly string[]): string | null {
  if (integrity !== 'ok') return integrity.split('\n').join(' ');
  if (changed > 0) return `${changed} events are not what was written`;
  return tables.length === 0 ? null : `the rows of ${tables.join(', ')} are not what was written`;
}

/** SQLite's codes for a page that is malformed and for a file that is no database. */
const damageCodes = [11, 26];

/** Events whose content is not that of their mark. */
function altered(db: DatabaseSync): number {
  const events = db.prepare('SELECT mark, seq, boot, at, grade, kind, body FROM events');
  let count = 0;
  for (const row of events.iterate()) if (markOfRow(row) !== row['mark']) count += 1;
  return count;
}

function markOfRow(row: Record<string, unknown>): string | undefined {
  const { seq, boot, at, grade, kind, body } = row;
  try {
    // No spool: an event has the same mark in each that carries it.
    return markOf({ spool: '', seq, boot, at, grade, kind, body: JSON.parse(String(body)) } as EventMessage);
  } catch {
    return undefined;
  }
}
