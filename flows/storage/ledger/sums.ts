/**
 * A sum of the rows of each table that has no other proof, kept beside them: by it whoever reads a copy finds what nobody wrote. An event has its
 * mark, and what people did has its chain.
 */
import { hash } from 'node:crypto';
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';

/** Sums are of 48 bits, which a number holds exactly, and so does the sum of two. */
const modulus = 2 ** 48;
const hexDigits = 12;
/** What has a proof of its own; the counter is compared with what stands beside the ledger. */
const apart = ['events', 'audit', 'progress', 'sums'];

/** Makes the table of the sums. */
export const sumsTable = 'CREATE TABLE sums (name TEXT PRIMARY KEY, sum INTEGER NOT NULL) STRICT, WITHOUT ROWID;';

/** Follows every row that this connection writes, whichever statement it is. In the same transaction as the rows: what is rolled back was never added. */
export function keepSums(db: DatabaseSync): void {
  addHash(db);
  // A row that replaces another is an end too.
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

/** Computes all sums anew, in tables that were just made. */
export function sumUp(db: DatabaseSync): void {
  const put = db.prepare('REPLACE INTO sums VALUES (?, ?)');
  db.exec('DELETE FROM sums');
  for (const table of tablesOf(db)) put.run(table.name, sumOf(db, table));
}

/** The tables whose rows are not those that were written, of all or of those that are named. */
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
      WHERE t.type = 'table' AND t.name NOT GLOB 'sqlite_*' AND t.name NOT IN (${apart.map((name) => `'${name}'`).join()})
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
