/** Database file of the spool: node:sqlite in WAL mode. Every commit is on disk when it returns. */
import { existsSync, renameSync, rmSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { makeFilePrivate } from '@sabha/contracts';

/** `full`: no space. `damaged`: the stored data is not reliable. `failed`: the disk refused for another reason. */
export class DiskError extends Error {
  readonly trouble: 'full' | 'damaged' | 'failed';
  constructor(trouble: 'full' | 'damaged' | 'failed', message: string) {
    super(message);
    this.name = 'DiskError';
    this.trouble = trouble;
  }
}

/** Access to the database of the spool. Disk faults are thrown as DiskError. */
export type SpoolDisk = ReturnType<typeof openSpoolDisk>;

const version = 1;
const schema = `
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events (seq INTEGER PRIMARY KEY, grade TEXT NOT NULL, kind TEXT NOT NULL, at REAL NOT NULL,
  boot TEXT NOT NULL, body TEXT NOT NULL, mark TEXT NOT NULL, bytes INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS acks (at INTEGER PRIMARY KEY, upTo INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS quarantine (id INTEGER PRIMARY KEY, spool TEXT NOT NULL, seq INTEGER, kind TEXT NOT NULL,
  body TEXT NOT NULL, reason TEXT NOT NULL, at REAL NOT NULL);
PRAGMA cache_size = -256;
PRAGMA user_version = ${version};`;

/**
 * Opens the database of the spool: a path, ':memory:', or an open database, which stays open at the end.
 * Guarantee: a damaged file does not prevent the start. It is renamed to `*.1.bad` (two are kept), and an empty file replaces it. Throws
 * DiskError `failed` if no file can be opened (no permission, locked by another agent).
 */
export function openSpoolDisk(where: string | DatabaseSync) {
  const path = typeof where === 'string' && where !== ':memory:' ? where : undefined;
  const own = typeof where === 'string';
  let damage: string | null = null;
  let handle: DatabaseSync | undefined;
  let statements = new Map<string, StatementSync>();

  function open(): void {
    if (path !== undefined) makeFilePrivate(path);
    handle = typeof where === 'string' ? new DatabaseSync(where) : where;
    statements = new Map();
    prepare(handle);
  }

  /** Returns the open database. Guarantee: called only after `open`. */
  function db(): DatabaseSync {
    return handle as DatabaseSync;
  }

  function release(): void {
    if (own && handle?.isOpen) handle.close();
  }

  function rebuild(reason: string): void {
    damage = reason;
    release();
    if (path !== undefined) setAside(path);
    else if (!own)
      db().exec('DROP TABLE IF EXISTS meta; DROP TABLE IF EXISTS events; DROP TABLE IF EXISTS acks; DROP TABLE IF EXISTS quarantine;');
    open();
  }

  function statement(sql: string): StatementSync {
    const known = statements.get(sql);
    if (known) return known;
    const made = db().prepare(sql);
    statements.set(sql, made);
    return made;
  }

  withDiskErrors(() => {
    try {
      open();
    } catch (cause) {
      const error = asDiskError(cause);
      if (error instanceof DiskError && error.trouble === 'damaged') return rebuild(error.message);
      release();
      throw isHeld(cause) ? new DiskError('failed', `${path}: ${heldByAnother}`) : error;
    }
  });

  return {
    /** Guarantee: all of `work` is on disk when it returns, and none of it when it throws. */
    transact: <T>(work: () => T): T => withDiskErrors(() => inTransaction(db(), work)),
    run: (sql: string, ...values: SQLInputValue[]): void => {
      withDiskErrors(() => statement(sql).run(...values));
    },
    all: <T>(sql: string, ...values: SQLInputValue[]): T[] => withDiskErrors(() => statement(sql).all(...values) as T[]),
    rebuild: (reason: string): void => withDiskErrors(() => rebuild(reason)),
    /** Returns why a damaged file was last replaced since the start; null if none was. */
    damage: (): string | null => damage,
    close: release,
  };
}

function prepare(db: DatabaseSync): void {
  if (db.isTransaction) db.exec('ROLLBACK');
  // Locks the file: a second agent on the same spool would use the same numbers twice.
  db.exec('PRAGMA locking_mode = EXCLUSIVE');
  const check = pragma(db, 'quick_check(1)');
  if (check !== 'ok') throw new DiskError('damaged', String(check));
  const found = Number(pragma(db, 'user_version'));
  if (found > version || found < 0) throw new DiskError('damaged', `made by another version (${found})`);
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 4194304');
  db.exec(schema);
}

function pragma(db: DatabaseSync, name: string): unknown {
  return Object.values(db.prepare(`PRAGMA ${name}`).get() as object)[0];
}

function inTransaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    // SQLite itself may already have rolled back, for example on a full disk.
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

function setAside(path: string): void {
  const bad = (n: number) => `${path}.${n}.bad`;
  for (const suffix of ['', '-wal']) {
    rmSync(bad(2) + suffix, { force: true });
    if (existsSync(bad(1) + suffix)) renameSync(bad(1) + suffix, bad(2) + suffix);
    if (existsSync(path + suffix)) renameSync(path + suffix, bad(1) + suffix);
  }
  rmSync(`${path}-shm`, { force: true });
}

function withDiskErrors<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw asDiskError(error);
  }
}

const heldByAnother = 'another agent runs on this folder (the database is locked)';
const busy = 5;

function isHeld(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === busy;
}

/**
 * SQLite result codes of a refusal: no permission, busy, locked, read-only, I/O error and similar. Code 13 means a full disk. Every other
 * code counts as damage.
 */
const refusals = new Set([3, 5, 6, 8, 10, 14, 15, 22, 23]);
function asDiskError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof DiskError) return error;
  if ('syscall' in error) return new DiskError('failed', error.message);
  if (!('errcode' in error)) return error;
  const code = Number(error.errcode) & 0xff;
  if (code === 13) return new DiskError('full', error.message);
  return new DiskError(refusals.has(code) ? 'failed' : 'damaged', error.message);
}
