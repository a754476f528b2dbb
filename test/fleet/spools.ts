/**
 * Spools of thousands of PCs in a few in-memory databases, because a connection for each PC would cost 220 KiB. Each PC has its own tables
 * with the agent's schema.
 */
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { openSpoolDisk, type SpoolDisk } from '../../agent/uplink/spool/database.ts';

export type SpoolStore = {
  /** Returns the disk of a PC, with its earlier content. */
  disk(key: number): SpoolDisk;
};

const tables = /\b(meta|events|acks|quarantine)\b/g;

/** Number of PCs in one database: SQLite scans all tables whenever it creates one. */
const pcsInOne = 50;

export function createSpoolStore(): SpoolStore {
  const databases = new Map<number, DatabaseSync>();
  const schema = productSchema();
  return {
    disk(key) {
      const shelf = Math.floor(key / pcsInOne);
      const db = databases.get(shelf) ?? smallDatabase();
      databases.set(shelf, db);
      const named = (sql: string) => sql.replace(tables, `${'$1'}_${key}`);
      for (const sql of schema) db.exec(named(sql).replace('CREATE TABLE', 'CREATE TABLE IF NOT EXISTS'));
      return diskOf(db, named);
    },
  };
}

/** Opens a database with small pages, so that an almost empty table needs little memory. */
function smallDatabase(): DatabaseSync {
  const db = new DatabaseSync(':memory:');
  db.exec('PRAGMA page_size = 1024');
  return db;
}

/** Number of prepared statements kept for each PC, the most frequent ones. All of them would take more memory than the spools. */
const keptStatements = 2;
const usesBeforeKept = 20;

function statements(db: DatabaseSync, named: (sql: string) => string): (sql: string) => StatementSync {
  const kept = new Map<string, StatementSync>();
  const uses = new Map<string, number>();
  return (sql) => {
    const ready = kept.get(sql);
    if (ready !== undefined) return ready;
    const made = db.prepare(named(sql));
    const used = (uses.get(sql) ?? 0) + 1;
    if (kept.size < keptStatements) uses.set(sql, used);
    if (used === usesBeforeKept) kept.set(sql, made);
    if (kept.size === keptStatements) uses.clear();
    return made;
  };
}

/** Returns a disk in memory. Memory never fails and is never damaged, so an error here is a bug and is thrown. */
function diskOf(db: DatabaseSync, named: (sql: string) => string): SpoolDisk {
  const statement = statements(db, named);
  return {
    transact(work) {
      db.exec('BEGIN');
      try {
        const result = work();
        db.exec('COMMIT');
        return result;
      } catch (error) {
        db.exec('ROLLBACK');
        throw error;
      }
    },
    run: (sql, ...values) => void statement(sql).run(...values),
    all: <T>(sql: string, ...values: Parameters<SpoolDisk['all']>[1][]) => statement(sql).all(...values) as T[],
    rebuild: (reason) => {
      throw new Error(`a spool in memory is damaged: ${reason}`);
    },
    damage: () => null,
    close: () => undefined,
  };
}

/** Returns the statements by which the agent's own disk creates its tables. */
function productSchema(): string[] {
  const db = new DatabaseSync(':memory:');
  openSpoolDisk(db);
  const rows = db.prepare("SELECT sql FROM sqlite_master WHERE type = 'table'").all() as { sql: string }[];
  db.close();
  return rows.map(({ sql }) => sql);
}
