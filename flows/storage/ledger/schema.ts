/** Opens and locks the file of the ledger, and creates its tables. */
import { hash } from 'node:crypto';
import { existsSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import { makeFilePrivate } from '@sabha/contracts';
import { asLedgerError, LedgerError } from './poison.ts';

/** `limitMiB`: maximum size of the file; 0 or absent means no limit except the disk. */
export type LedgerFile = { file: string; limitMiB?: number };

export const rollcallsKept = 50;
export const commandsKept = 500;

/** File size up to which the start checks every page. Reading a file of this size takes about a second, also with a cold cache. */
const readAtStartBytes = 64 * 1024 * 1024;

/** Tables that the start reads. The small ones are always checked; the history is checked only in a ledger of up to 64 MiB. */
const smallTables = ['pcs', 'nodes', 'registry', 'accounts', 'logins', 'roster', 'timers'];
const historyTables = ['incidents', 'transitions', 'outbox'];

/**
 * Opens or creates the file and locks it for this process until it is closed.
 * Guarantee: refuses an empty, truncated or incomplete ledger, and a changed row in a table that the start reads. Never replaces a ledger
 * with a new one. The next backup checks the pages and the history of a ledger above 64 MiB.
 * Throws `LedgerError`.
 */
export function openDatabase({ file, limitMiB = 0 }: LedgerFile): DatabaseSync {
  const isNew = !existsSync(file);
  if (isNew && existsSync(`${file}-wal`)) throw new LedgerError('other', `the ledger ${file} is missing, but ${file}-wal is there`);
  if (!isNew && statSync(file).size === 0) throw damagedError(file, 'it is empty');
  let db: DatabaseSync | undefined;
  try {
    if (existsSync(dirname(file))) makeFilePrivate(file);
    db = new DatabaseSync(file);
    if (isNew) db.exec('PRAGMA auto_vacuum = INCREMENTAL');
    prepare(db, limitMiB);
    makeTables(db);
    if (!isNew) checkContent(db, file);
    return db;
  } catch (error) {
    db?.close();
    if (isNew && existsSync(file) && statSync(file).size === 0) rmSync(file);
    throw openErrorOf(error, file);
  }
}

/** Creates the tables in a new file. Throws `LedgerError` if the ledger has another version. */
export function makeTables(db: DatabaseSync): void {
  const version = numberFrom(db, 'PRAGMA user_version');
  if (version === ledgerVersion) return;
  const wanted = `this release reads version ${ledgerVersion} only: run the release that wrote it`;
  if (version !== 0) throw new LedgerError('other', `the ledger has version ${version}, ${wanted}`);
  db.exec(`BEGIN IMMEDIATE; ${tables} ${sumsTable}`);
  sumUp(db);
  db.exec(`PRAGMA user_version = ${ledgerVersion}; COMMIT`);
}

/** Throws if pages or rows differ from what was written. A large file is not read in full, which would delay the start by a minute. */
function checkContent(db: DatabaseSync, file: string): void {
  const isSmall = statSync(file).size <= readAtStartBytes;
  const found = isSmall ? integrityOf(db, 'quick_check') : 'ok';
  if (found !== 'ok') throw damagedError(file, found);
  const wrong = wrongSums(db, isSmall ? [...smallTables, ...historyTables] : smallTables);
  if (wrong.length > 0) throw damagedError(file, `the rows of ${wrong.join(', ')} differ from what was written`);
}

/** Returns `ok`, or the first fault of the file. */
export function integrityOf(db: DatabaseSync, check: 'quick_check' | 'integrity_check'): string {
  return String(valueFrom(db, `PRAGMA ${check}(1)`));
}

/** Returns the single number of a query; 0 for NULL. */
export function numberFrom(db: DatabaseSync, sql: string): number {
  return Number(valueFrom(db, sql));
}

function valueFrom(db: DatabaseSync, sql: string): unknown {
  return Object.values(db.prepare(sql).get() as object)[0];
}

/**
 * Sets the pragmas and takes the exclusive lock. The lock ends with the process. Without shared memory no other process can open the file.
 */
function prepare(db: DatabaseSync, limitMiB: number): void {
  db.exec(`
    PRAGMA locking_mode = EXCLUSIVE;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = 4000;
    PRAGMA journal_size_limit = 67108864;
    BEGIN IMMEDIATE; COMMIT;
  `);
  if (limitMiB === 0) return;
  const pageBytes = numberFrom(db, 'PRAGMA page_size');
  db.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor((limitMiB * 1024 * 1024) / pageBytes))}`);
}

function openErrorOf(thrown: unknown, file: string): LedgerError {
  const error = asLedgerError(thrown);
  if (error === thrown) return error;
  if (error.code === 'busy') return new LedgerError('busy', `another flows is using this ledger: ${file}`, thrown);
  if (error.code === 'other' && /malformed|not a database/.test(error.message)) return damagedError(file, error.message);
  return new LedgerError(error.code, `cannot open the ledger ${file}: ${error.message}`, thrown);
}

function damagedError(file: string, how: string): LedgerError {
  const line = how.split('\n').join(' ');
  return new LedgerError('other', `the ledger ${file} is damaged (${line}): restore a backup, or move it elsewhere to start empty`);
}

/** Version of the tables. After the first release, each change of the tables raises it. */
export const ledgerVersion = 1;

const tables = `
  CREATE TABLE progress (one INTEGER PRIMARY KEY CHECK (one = 1), ledger TEXT NOT NULL, commits INTEGER NOT NULL) STRICT;
  INSERT INTO progress VALUES (1, lower(hex(randomblob(12))), 0);

  CREATE TABLE spools (
    id INTEGER PRIMARY KEY, pc TEXT NOT NULL, spool TEXT NOT NULL,
    first INTEGER, last INTEGER NOT NULL, up_to INTEGER NOT NULL, forked INTEGER NOT NULL,
    UNIQUE (pc, spool)
  ) STRICT;
  CREATE INDEX spools_newest ON spools (pc);
  CREATE INDEX spools_unfinished ON spools (pc) WHERE first IS NULL OR up_to < last;
  CREATE TABLE events (
    spool INTEGER NOT NULL, seq INTEGER NOT NULL, mark TEXT NOT NULL, received REAL NOT NULL,
    boot TEXT NOT NULL, at REAL NOT NULL, grade TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (spool, seq)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX events_mark ON events (mark);
  -- Numbers are counted and walked without the bodies of their events.
  CREATE INDEX events_place ON events (spool, seq);
  -- Another content under a number that the ledger holds (R7).
  CREATE TABLE forks (
    spool INTEGER NOT NULL, seq INTEGER NOT NULL, mark TEXT NOT NULL, received REAL NOT NULL, message TEXT NOT NULL,
    PRIMARY KEY (spool, seq, mark)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX forks_received ON forks (received);
  -- Numbers that are lost. Ranges never overlap each other, and numbers in them that are held count as held. \`told\` is how far they are counted.
  CREATE TABLE settled (
    spool INTEGER NOT NULL, a INTEGER NOT NULL, b INTEGER NOT NULL, why TEXT NOT NULL, told INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (spool, a)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX settled_untold ON settled (spool, a) WHERE told < b;
  -- Numbers that a tombstone names one by one: a layer above the ranges of \`settled\`.
  CREATE TABLE pieces (spool INTEGER NOT NULL, a INTEGER NOT NULL, b INTEGER NOT NULL, PRIMARY KEY (spool, a)) STRICT, WITHOUT ROWID;
  -- Numbers whose content stands under another number (R7): they count as held.
  CREATE TABLE copies (spool INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (spool, seq)) STRICT, WITHOUT ROWID;

  -- Numbers of events that archives hold, and of those that an archive holds already and the ledger still does.
  CREATE TABLE archived (spool INTEGER NOT NULL, a INTEGER NOT NULL, b INTEGER NOT NULL, PRIMARY KEY (spool, a)) STRICT, WITHOUT ROWID;
  CREATE TABLE leaving (spool INTEGER NOT NULL, a INTEGER NOT NULL, b INTEGER NOT NULL, PRIMARY KEY (spool, a)) STRICT, WITHOUT ROWID;
  CREATE TABLE archives (month TEXT PRIMARY KEY, bytes INTEGER NOT NULL, expired INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE archive_segments (
    month TEXT NOT NULL, at INTEGER NOT NULL, bytes INTEGER NOT NULL, sha256 TEXT NOT NULL,
    PRIMARY KEY (month, at)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE archive_spools (
    spool INTEGER NOT NULL, month TEXT NOT NULL, a INTEGER NOT NULL, count INTEGER NOT NULL, newest REAL NOT NULL,
    PRIMARY KEY (spool, month)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE pcs (pc TEXT PRIMARY KEY, row TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE nodes (path TEXT PRIMARY KEY, row TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE registry (pc TEXT PRIMARY KEY, row TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE changes (
    pc TEXT NOT NULL, component TEXT NOT NULL, at REAL NOT NULL, status TEXT NOT NULL, faults TEXT NOT NULL,
    PRIMARY KEY (pc, component, at)
  ) STRICT, WITHOUT ROWID;
  -- The last change of a component that its PC no longer reports.
  CREATE INDEX changes_gone ON changes (pc, at) WHERE status = 'gone';
  -- Times in which the server received nothing.
  CREATE TABLE away (since REAL PRIMARY KEY, until REAL NOT NULL) STRICT, WITHOUT ROWID;

  CREATE TABLE incidents (id INTEGER PRIMARY KEY, over_at REAL, row TEXT NOT NULL) STRICT;
  CREATE INDEX incidents_over ON incidents (over_at);
  CREATE TABLE transitions (id INTEGER PRIMARY KEY, incident INTEGER NOT NULL, state TEXT NOT NULL, row TEXT NOT NULL) STRICT;
  CREATE INDEX transitions_incident ON transitions (incident);
  CREATE INDEX transitions_open ON transitions (incident) WHERE state <> 'concluded';
  -- AUTOINCREMENT remembers the highest id though timers are deleted.
  CREATE TABLE timers (id INTEGER PRIMARY KEY AUTOINCREMENT, row TEXT NOT NULL) STRICT;
  CREATE TABLE outbox (key TEXT PRIMARY KEY, state TEXT NOT NULL, row TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX outbox_waiting ON outbox (key) WHERE state = 'waiting';
  CREATE INDEX outbox_done ON outbox (row ->> '$.createdAt') WHERE state <> 'waiting';

  -- What people and the server did, as a chain; a part that has a mark has no words any more.
  CREATE TABLE audit (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL, about TEXT NOT NULL,
    who_salt BLOB, about_salt BLOB, who_mark BLOB, about_mark BLOB, hash BLOB NOT NULL
  ) STRICT;
  CREATE INDEX audit_tabs ON audit (id) WHERE what GLOB 'tabs *';
  CREATE INDEX audit_acknowledged ON audit (about) WHERE what = 'acknowledge';
  -- What machines did.
  CREATE TABLE steps (id INTEGER PRIMARY KEY, at REAL NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL, about TEXT NOT NULL) STRICT;

  -- The summary stands before the rows, so that a list of summaries does not read them.
  CREATE TABLE rollcalls (id TEXT PRIMARY KEY, at REAL NOT NULL, summary TEXT NOT NULL, row TEXT NOT NULL) STRICT;
  CREATE INDEX rollcalls_at ON rollcalls (at);
  -- \`scope\` ends with a slash, so that it begins the path of every PC that is meant, once that has one too.
  CREATE TABLE commands (id TEXT PRIMARY KEY, expires REAL NOT NULL, scope TEXT NOT NULL, row TEXT NOT NULL) STRICT;
  CREATE INDEX commands_expires ON commands (expires);
  CREATE TABLE answers (command TEXT NOT NULL, pc TEXT NOT NULL, row TEXT NOT NULL, PRIMARY KEY (command, pc)) STRICT, WITHOUT ROWID;
  CREATE TABLE accounts (name TEXT PRIMARY KEY, row TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE logins (hash TEXT PRIMARY KEY, account TEXT NOT NULL, row TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE meetings (id TEXT PRIMARY KEY, row TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE maintenance (id TEXT PRIMARY KEY, row TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE roster (id TEXT PRIMARY KEY, row TEXT NOT NULL) STRICT, WITHOUT ROWID;
  -- When each channel last was proven to reach a person.
  CREATE TABLE proofs (person TEXT NOT NULL, channel TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (person, channel)) STRICT, WITHOUT ROWID;
  CREATE TABLE announcements (id INTEGER PRIMARY KEY, at REAL NOT NULL, row TEXT NOT NULL) STRICT;
  CREATE TABLE announcement_reads (
    announcement INTEGER NOT NULL, person TEXT NOT NULL, at REAL NOT NULL,
    PRIMARY KEY (announcement, person)
  ) STRICT, WITHOUT ROWID;
`;

// Checksums per table, to detect changed rows. Events have their own hash, and the audit log has its hash chain.

/** Modulus of the checksums. They have 48 bits, so that a JavaScript number contains the sum of two of them exactly. */
const modulus = 2 ** 48;
const hexDigits = 12;
/** Tables without a checksum here. The commit counter in `progress` is compared with the file beside the ledger. */
const tablesWithoutSum = ['events', 'audit', 'progress', 'sums'];

export const sumsTable = 'CREATE TABLE sums (name TEXT PRIMARY KEY, sum INTEGER NOT NULL) STRICT, WITHOUT ROWID;';

/**
 * Updates the checksums with triggers for each row that this connection writes, in the same transaction. A rollback also restores the
 * checksum.
 */
export function keepSums(db: DatabaseSync): void {
  addHash(db);
  // With this pragma a REPLACE also fires the DELETE trigger of the replaced row.
  db.exec('PRAGMA recursive_triggers = ON');
  for (const table of tablesOf(db)) {
    const [before, after] = [hashOf(table, 'OLD.'), hashOf(table, 'NEW.')];
    const on = (what: string, change: string) =>
      `CREATE TEMP TRIGGER IF NOT EXISTS sum_${what}_${table.name} AFTER ${what} ON main.${table.name}
       BEGIN UPDATE sums SET sum = (sum + ${change}) % ${modulus} WHERE name = '${table.name}'; END;`;
    db.exec(`
      ${on('INSERT', after)}
      ${on('UPDATE', `${after} + ${modulus} - ${before}`)}
      ${on('DELETE', `${modulus} - ${before}`)}
    `);
  }
}

export function sumUp(db: DatabaseSync): void {
  const put = db.prepare('REPLACE INTO sums VALUES (?, ?)');
  db.exec('DELETE FROM sums');
  for (const table of tablesOf(db)) put.run(table.name, sumOf(db, table));
}

/** Returns the tables whose checksum does not match their rows, among all tables or the named ones. */
export function wrongSums(db: DatabaseSync, names?: readonly string[]): string[] {
  const kept = new Map(Array.from(db.prepare('SELECT name, sum FROM sums').all(), ({ name, sum }) => [String(name), sum]));
  const tables = tablesOf(db).filter(({ name }) => names === undefined || names.includes(name));
  return tables.flatMap((table) => (kept.get(table.name) === sumOf(db, table) ? [] : table.name));
}

type Table = { name: string; columns: string[] };

function tablesOf(db: DatabaseSync): Table[] {
  const rows = db
    .prepare(`
      SELECT t.name AS name, c.name AS column FROM sqlite_schema t, pragma_table_info(t.name) c
      WHERE t.type = 'table' AND t.name NOT GLOB 'sqlite_*' AND t.name NOT IN (${tablesWithoutSum.map((name) => `'${name}'`).join()})
      ORDER BY t.name, c.cid`)
    .all();
  const byName = Map.groupBy(rows, ({ name }) => String(name));
  return Array.from(byName, ([name, all]) => ({ name, columns: all.map(({ column }) => String(column)) }));
}

function hashOf({ columns }: Table, prefix = ''): string {
  return `row_hash(${columns.map((column) => `${prefix}"${column}"`).join()})`;
}

function sumOf(db: DatabaseSync, table: Table): number {
  addHash(db);
  let sum = 0;
  for (const { one } of db.prepare(`SELECT ${hashOf(table)} AS one FROM ${table.name}`).iterate()) sum = (sum + Number(one)) % modulus;
  return sum;
}

function addHash(db: DatabaseSync): void {
  const text = (value: SQLOutputValue) => (value === null ? '\u0001' : String(value));
  const rowHash = (...values: SQLOutputValue[]) => Number.parseInt(hash('sha1', values.map(text).join('\u0000')).slice(0, hexDigits), 16);
  db.function('row_hash', { deterministic: true, varargs: true }, rowHash);
}
