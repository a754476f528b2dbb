/** A person in the ledger: all rows in which they stand, and how they are taken out of them. Events are what PCs said, and know no person. */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { devicePrefix } from '../../engine/records/ops.ts';
import type { Forgetting, Forgotten, PersonRow, PersonWords } from '../../engine/records/sites.ts';
import { type AuditRow, folded, forgottenText, headSigned, markOf, openChain, personForgotten, type Scrub, scrubOf } from './chain.ts';

/** Those below are changed by their own orders, since others hold them in memory: a person who stands there is not forgotten. */
const ownTables: readonly string[] = ['nodes', 'accounts', 'logins'];
const tables = [
  ...['incidents', 'transitions', 'timers', 'outbox', 'registry', 'rollcalls', 'commands', 'answers', 'meetings', 'maintenance'],
  ...['roster', 'proofs', 'announcements', 'announcement_reads', 'meta', 'steps'],
];
/** In which a person may stand, beside the audit. */
export const personTables: readonly string[] = [...ownTables, ...tables];

/** All that stands of a person, as it is. */
export function personRows(db: DatabaseSync, words: PersonWords): PersonRow[] {
  const scrub = scrubOf(words);
  const devices = devicesOf(db, words).map((row) => ({ table: 'meta', row }));
  const isDevice = (key: unknown) => devices.some(({ row }) => row.key === key);
  const others = personTables
    .flatMap((table) => changes(db, table, scrub).map(({ row }) => ({ table, row })))
    .filter(({ table, row }) => table !== 'meta' || !isDevice(row['key']));
  const acts = auditChanges(db, scrub).map(({ row: { id, at, who, what, about } }) => ({
    table: 'audit',
    row: { id, at, who, what, about },
  }));
  const shownIn = (row: object) => Object.fromEntries(Object.entries(row).map(([name, one]) => [name, shown(one)]));
  return [...[...others, ...devices].map(({ table, row }) => ({ table, row: shownIn(row) })), ...acts];
}

/** Their key names them, and nothing in them does. */
function devicesOf(db: DatabaseSync, { ids }: PersonWords): { key: string; value: string }[] {
  const read = db.prepare('SELECT key, value FROM meta WHERE key = ?');
  return ids.flatMap((id) => (read.get(`${devicePrefix}${id}`) as { key: string; value: string } | undefined) ?? []);
}

/**
 * Takes a person out of the rows of the ledger, and writes that it was done. To be called in a transaction.
 * Guarantee: the chain of the audit proves as before; the row of it names the rows, and not the person.
 */
export function takeOut(db: DatabaseSync, { words, by, at }: Forgetting): Forgotten {
  const scrub = scrubOf(words);
  const updates = new Map<string, StatementSync>();
  const devices = devicesOf(db, words);
  for (const { key } of devices) db.prepare('DELETE FROM meta WHERE key = ?').run(key);
  let elsewhere = devices.length;
  for (const table of tables)
    for (const { keys, row, to } of changes(db, table, scrub)) {
      const sets = Object.keys(to).map((name) => `${name} = ?`);
      const sql = `UPDATE ${table} SET ${sets.join()} WHERE ${keys.map((key) => `${key} = ?`).join(' AND ')}`;
      const update = updates.getOrInsertComputed(sql, () => db.prepare(sql));
      update.run(...Object.values(to), ...keys.map((key) => row[key] ?? null));
      elsewhere += 1;
    }
  const rows = auditChanges(db, scrub);
  for (const { row, who, about } of rows) empty(db, row, { who, about });
  const ids = rows.map(({ row }) => row.id);
  openChain(db)({ at, who: scrub.text('who', by), what: personForgotten, about: forgottenText(ids, elsewhere) });
  return { audit: rows.length, elsewhere };
}

type Change = { keys: string[]; row: Record<string, SQLInputValue>; to: Record<string, string> };

function changes(db: DatabaseSync, table: string, scrub: Scrub): Change[] {
  const info = db.prepare(`SELECT name, type, pk FROM pragma_table_info(?) ORDER BY cid`).all(table);
  const texts = info.filter(({ type }) => type === 'TEXT').map(({ name }) => String(name));
  const keys = info.filter(({ pk }) => Number(pk) > 0).map(({ name }) => String(name));
  const found = db.prepare(`SELECT * FROM ${table} WHERE ${hinted(db, texts, scrub)}`).all(...scrub.hints);
  return found.flatMap((row) => {
    const to = texts.flatMap((name) => {
      // The keys of meta are of places.
      const as = table === 'meta' && name === 'key' ? 'path' : name;
      const [was, is] = [String(row[name]), scrubbed(scrub, as, String(row[name]))];
      return was === is ? [] : [[name, is] as const];
    });
    return to.length === 0 ? [] : [{ keys, row: row as Record<string, SQLInputValue>, to: Object.fromEntries(to) }];
  });
}

function auditChanges(db: DatabaseSync, scrub: Scrub): { row: AuditRow; who: string; about: string }[] {
  const sql = `SELECT * FROM audit WHERE what <> '${headSigned}' AND (${hinted(db, ['who', 'about'], scrub)}) ORDER BY id`;
  return db
    .prepare(sql)
    .all(...scrub.hints)
    .flatMap((found) => {
      const row = found as unknown as AuditRow;
      // Of a row that says out of which rows somebody was taken, only who did it is a person.
      const about = row.what === personForgotten ? row.about : scrub.text('about', row.about);
      const who = scrub.text('who', row.who);
      return who === row.who && about === row.about ? [] : [{ row, who, about }];
    });
}

/** The mark of what stood there stays, and its salt goes: nobody can try words against it. */
function empty(db: DatabaseSync, row: AuditRow, to: { who: string; about: string }): void {
  for (const part of ['who', 'about'] as const) {
    if (to[part] === row[part]) continue;
    const salt = row[`${part}_salt`];
    const mark = row[`${part}_mark`] ?? (salt === null ? null : markOf(salt, row[part]));
    db.prepare(`UPDATE audit SET ${part} = ?, ${part}_mark = ?, ${part}_salt = NULL WHERE id = ?`).run(to[part], mark, row.id);
  }
}

/** SQLite's own `lower` knows the letters of ASCII alone. */
function hinted(db: DatabaseSync, texts: readonly string[], { hints }: Scrub): string {
  db.function('folded', { deterministic: true }, (text) => folded(String(text)));
  const all = `folded(${texts.join(" || ' ' || ")})`;
  return hints.map((_, at) => `instr(${all}, ?${at + 1}) > 0`).join(' OR ') || '0';
}

function scrubbed(scrub: Scrub, name: string, value: string): string {
  const held = parsed(value);
  if (held === undefined) return scrub.text(name, value);
  const text = JSON.stringify(scrub.json(held, name));
  return text === JSON.stringify(held) ? value : text;
}

function shown(value: SQLInputValue): unknown {
  return typeof value === 'string' ? (parsed(value) ?? value) : value;
}

function parsed(value: string): unknown {
  if (!/^[[{]/.test(value)) return undefined;
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}
