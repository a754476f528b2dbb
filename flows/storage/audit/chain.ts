/**
 * The audit as a chain: each row is hashed with the one before. What may name a person (who did it, and about what) enters by a salted mark
 * only, so that the words can be taken out of a row and the chain still proves whole.
 */
import { createHash, hash as digest, randomBytes } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';

/** What somebody did, as it is written. */
export type AuditLine = { at: number; who: string; what: string; about: string };
/** A row as the table has it; the words of a part that has a mark were taken out. */
export type AuditRow = AuditLine & {
  id: number;
  who_salt: Uint8Array | null;
  about_salt: Uint8Array | null;
  who_mark: Uint8Array | null;
  about_mark: Uint8Array | null;
  hash: Uint8Array;
};

/** The last row and its hash in hex; row 0 = there is none yet. */
export type Head = { row: number; hash: string };

const saltBytes = 16;

/** Writes rows at the end of the chain. Guarantee: the end is read from the table each time, so that what is taken back is taken back here too. */
export function openChain(db: DatabaseSync): (line: AuditLine) => void {
  const write = db.prepare('INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, NULL, NULL, ?)');
  return ({ at, who, what, about }) => {
    const head = headOf(db);
    const [whoSalt, aboutSalt] = [randomBytes(saltBytes), randomBytes(saltBytes)];
    const marks = { who: markOf(whoSalt, who), about: markOf(aboutSalt, about) };
    const hash = rowHash(head.hash, { id: head.row + 1, at, what, marks });
    write.run(head.row + 1, at, who, what, about, whoSalt, aboutSalt, hash);
  };
}

/** The end of the chain, or its beginning, which is that of this ledger alone. */
export function headOf(db: DatabaseSync): Head {
  const last = db.prepare('SELECT id AS row, lower(hex(hash)) AS hash FROM audit ORDER BY id DESC LIMIT 1').get() as Head | undefined;
  return last === undefined ? { row: 0, hash: genesis(db) } : { ...last };
}

/** The hash of one row in hex; null where there is no such row. */
export function hashAt(db: DatabaseSync, row: number): string | null {
  return (db.prepare('SELECT lower(hex(hash)) AS hash FROM audit WHERE id = ?').get(row) as Head | undefined)?.hash ?? null;
}

/** What stands before the first row. */
export function genesis(db: DatabaseSync): string {
  return digest('sha256', `sabha audit of ${ledgerOf(db)}`);
}

/** Which ledger this is. */
export function ledgerOf(db: DatabaseSync): string {
  return String(db.prepare('SELECT ledger FROM progress').get()?.['ledger']);
}

/** By a mark a word can be proven, and without its salt not be guessed. */
export function markOf(salt: Uint8Array, word: string): Buffer {
  return createHash('sha256').update(salt).update(word).digest();
}

/** The hash that a row must have behind another; undefined where neither its words nor their marks can be read. */
export function hashBehind(before: string, row: AuditRow): string | undefined {
  const who = row.who_mark ?? (row.who_salt && markOf(row.who_salt, row.who));
  const about = row.about_mark ?? (row.about_salt && markOf(row.about_salt, row.about));
  if (who === null || about === null) return undefined;
  return rowHash(before, { id: row.id, at: row.at, what: row.what, marks: { who, about } }).toString('hex');
}

type Sealed = { id: number; at: number; what: string; marks: { who: Uint8Array; about: Uint8Array } };

function rowHash(before: string, { id, at, what, marks }: Sealed): Buffer {
  return digest('sha256', JSON.stringify([before, id, at, what, marks.who.toHex(), marks.about.toHex()]), 'buffer');
}
