/**
 * The audit log as a hash chain: each row is hashed with the row before. Fields that may name a person (`who`, `about`) enter as a salted
 * hash only. A person can therefore be erased from a row, and the chain still verifies.
 */
import { createHash, hash as digest, type KeyObject, randomBytes, sign, verify } from 'node:crypto';
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { fillIn, type MessageLanguage, vocabularyIn } from '@sabha/contracts';
import { devicePrefix } from '../../engine/records/ops.ts';
import type { ErasedRows, PersonErasure, PersonIdentifiers, PersonRow } from '../../engine/records/sites.ts';

export type AuditLine = { at: number; who: string; what: string; about: string };
/** A row of the table. A field with a mark (salted hash) was erased. */
export type AuditRow = AuditLine & {
  id: number;
  who_salt: Uint8Array | null;
  about_salt: Uint8Array | null;
  who_mark: Uint8Array | null;
  about_mark: Uint8Array | null;
  hash: Uint8Array;
};

/** The last row and its hash in hex; row 0 means an empty chain. */
export type ChainHead = { row: number; hash: string };

const saltBytes = 16;

/** Appends rows to the chain. Guarantee: reads the end from the table each time, so that a rollback also resets the end. */
export function openChain(db: DatabaseSync): (line: AuditLine) => void {
  const write = db.prepare('INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, NULL, NULL, ?)');
  return ({ at, who, what, about }) => {
    const head = headOf(db);
    const [whoSalt, aboutSalt] = [randomBytes(saltBytes), randomBytes(saltBytes)];
    const marks = { who: saltedHash(whoSalt, who), about: saltedHash(aboutSalt, about) };
    const hash = rowHash(head.hash, { id: head.row + 1, at, what, marks });
    write.run(head.row + 1, at, who, what, about, whoSalt, aboutSalt, hash);
  };
}

/** Returns the end of the chain; for an empty chain its start value, which is unique to this ledger. */
export function headOf(db: DatabaseSync): ChainHead {
  const last = db.prepare('SELECT id AS row, lower(hex(hash)) AS hash FROM audit ORDER BY id DESC LIMIT 1').get() as ChainHead | undefined;
  return last === undefined ? { row: 0, hash: genesis(db) } : { ...last };
}

/** Returns the hash of one row in hex; null if the row does not exist. */
export function hashAt(db: DatabaseSync, row: number): string | null {
  return (db.prepare('SELECT lower(hex(hash)) AS hash FROM audit WHERE id = ?').get(row) as ChainHead | undefined)?.hash ?? null;
}

/** Returns the start value of the chain. */
function genesis(db: DatabaseSync): string {
  return digest('sha256', `sabha audit of ${ledgerOf(db)}`);
}

export function ledgerOf(db: DatabaseSync): string {
  return String(db.prepare('SELECT ledger FROM progress').get()?.['ledger']);
}

/** Returns a salted hash. It proves a known text; without the salt the text cannot be guessed. */
function saltedHash(salt: Uint8Array, word: string): Buffer {
  return createHash('sha256').update(salt).update(word).digest();
}

/** Returns the expected hash of a row after another one; undefined if its fields have neither salt nor mark. */
function expectedHash(before: string, row: AuditRow): string | undefined {
  const who = row.who_mark ?? (row.who_salt && saltedHash(row.who_salt, row.who));
  const about = row.about_mark ?? (row.about_salt && saltedHash(row.about_salt, row.about));
  if (who === null || about === null) return undefined;
  return rowHash(before, { id: row.id, at: row.at, what: row.what, marks: { who, about } }).toString('hex');
}

type HashedRow = { id: number; at: number; what: string; marks: { who: Uint8Array; about: Uint8Array } };

function rowHash(before: string, { id, at, what, marks }: HashedRow): Buffer {
  return digest('sha256', JSON.stringify([before, id, at, what, marks.who.toHex(), marks.about.toHex()]), 'buffer');
}

/** Name of the act in an audit row that contains a signed head of the chain. */
export const headSignedAction = 'head signed';

/** The data that the server signs. With the id of the ledger and the time, a signature fits no other ledger and no other row. */
export type SignedHeadData = ChainHead & { ledger: string; at: number };

const pattern = /^row (\d+) sha256:([0-9a-f]{64}) ed25519:([\w-]{86})$/;

export function headLine(head: SignedHeadData, key: KeyObject): AuditLine {
  const signature = sign(null, textOf(head), key).toString('base64url');
  return { at: head.at, who: 'centre', what: headSignedAction, about: `row ${head.row} sha256:${head.hash} ed25519:${signature}` };
}

/** Parses the text of a row with a signed head; undefined if the text has another form. */
function readHead(about: string): (ChainHead & { signature: string }) | undefined {
  const [, row, hash = '', signature = ''] = pattern.exec(about) ?? [];
  return row === undefined ? undefined : { row: Number(row), hash, signature };
}

/** Verifies the signature with the public key of the server. */
function isSignedBy(key: KeyObject, { signature, ...head }: SignedHeadData & { signature: string }): boolean {
  return verify(null, textOf(head), key, Buffer.from(signature, 'base64url'));
}

function textOf({ ledger, row, hash, at }: SignedHeadData): Buffer {
  return Buffer.from(JSON.stringify(['sabha audit head', ledger, row, hash, at]));
}

/** Returns the first 16 digits of a hash in groups of four, for comparison by people. */
export function shortHash(hash: string): string {
  return (hash.slice(0, 16).match(/.{4}/g) ?? []).join(' ');
}

export type AuditNote = ReturnType<typeof createAuditNote>;

/** `signed` returns the last signed head. The list of recipients is in memory only, so a restart may repeat the line. */
export function createAuditNote(signed: () => (ChainHead & { at: number }) | undefined) {
  const known = new Map<string, number>();
  return {
    /** Returns the line for a person; undefined if the person is not of central or already has it. */
    lineFor({ id, role, language }: { id: string; role: string; language: MessageLanguage }): string | undefined {
      const head = signed();
      if (head === undefined || role !== 'central' || known.get(id) === head.row) return undefined;
      const date = new Date(head.at).toISOString().slice(0, 10);
      return fillIn(vocabularyIn(language).message.auditHead, { date, row: head.row, hash: shortHash(head.hash) });
    },
    /** Records that a message with the current line was delivered. */
    arrived(person: string): void {
      const head = signed();
      if (head !== undefined) known.set(person, head.row);
    },
  };
}

/** Name of the act in the audit row that records an erasure and lists the erased rows. */
const personErasedAction = 'person forgotten';

/** Returns the text of the row that records an erasure: the erased rows as sorted ranges. */
function erasedRowsText(rows: readonly number[], elsewhere: number): string {
  const runs: [number, number][] = [];
  for (const row of rows.toSorted((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last !== undefined && row <= last[1] + 1) last[1] = row;
    else runs.push([row, row]);
  }
  const text = runs.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(', ');
  return `rows ${text || 'none'} of the audit, ${elsewhere} elsewhere`;
}

/** Parses the ranges from the text of a row that records an erasure. */
function readErasedRows(about: string): [number, number][] {
  const [, listed = ''] = /^rows ([\d, -]+) of the audit, \d+ elsewhere$/.exec(about) ?? [];
  return listed.split(', ').flatMap((run): [number, number][] => {
    const [from = 0, to = from] = run.split('-').map(Number);
    return from > 0 ? [[from, to]] : [];
  });
}

/** Functions that replace a person in a value. The name of the field decides how the value is searched. */
type PersonScrub = ReturnType<typeof scrubOf>;

/** Fields with paths and terms of the domain. A value that equals the id of a person does not name that person there. */
const domainFields = new Set(
  'scope scopes path pc site state fault channel kind verb status component device groups role roles language link'.split(' '),
);
/** Fields with free text, in which a person may be named anywhere. */
const freeTextFields = new Set('about text reason lastError lines said how conclusion title closedBecause note value'.split(' '));
/** Fields in which the id of a person follows a slash: `12/email/asha`. */
const slashFields = new Set(['key', 'sent']);
const digitsOfPhone = 7;

/** Returns the functions that replace a person. Guarantee: never replaces a part of another word. */
export function scrubOf({ ids, texts, alias }: PersonIdentifiers) {
  const anywhere = texts.map((text) => patternOf(text));
  const tokens = ids.map((id) => new RegExp(`(?<![\\p{L}\\p{M}\\p{N}_.@-])${escaped(id)}(?![\\p{L}\\p{M}\\p{N}_@/-])`, 'giu'));
  const isId = (value: string) => ids.some((id) => id.toLowerCase() === value.toLowerCase());
  const replaced = (value: string, patterns: readonly RegExp[]) => {
    const composed = value.normalize('NFC');
    const left = patterns.reduce((text, one) => text.replace(one, () => alias), composed);
    return left === composed ? value : left;
  };

  function text(name: string, value: string): string {
    if (isId(value)) return domainFields.has(name) ? value : alias;
    const last = value.slice(value.lastIndexOf('/') + 1);
    const own = slashFields.has(name) && isId(last) ? `${value.slice(0, value.length - last.length)}${alias}` : value;
    return replaced(own, freeTextFields.has(name) ? [...anywhere, ...tokens] : anywhere);
  }

  function json(value: unknown, name: string): unknown {
    if (typeof value === 'string') return text(name, value);
    if (Array.isArray(value)) return value.map((one) => json(one, name));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, one]) => [isId(key) && !domainFields.has(name) ? alias : key, json(one, key)]),
    );
  }

  return {
    /** Every row that names the person contains one of these texts in `folded` form. SQL skips the other rows by them. */
    hints: [...ids, ...texts].map(hintOf),
    ...{ text, json },
  };
}

/** Normalises a text for the search: Unicode form, case, blanks and hyphens. */
function folded(text: string): string {
  return text.normalize('NFC').toLowerCase().replace(/[\s-]/g, '');
}

/** Returns the pattern of a text. A phone number matches with any country prefix and with blanks or hyphens. */
function patternOf(text: string): RegExp {
  const digits = digitsOf(text);
  if (digits === undefined) {
    const words = text.normalize('NFC').trim().split(/\s+/).map(escaped);
    return new RegExp(`(?<![\\p{L}\\p{M}\\p{N}_])${words.join('\\s+')}(?![\\p{L}\\p{M}\\p{N}_])`, 'giu');
  }
  return new RegExp(`(?<!\\d)(\\+?\\d{1,3}[\\s-]?|0)?${[...digits].join('[\\s-]*')}(?!\\d)`, 'gu');
}

function hintOf(text: string): string {
  const digits = digitsOf(text);
  if (digits !== undefined) return digits.slice(-4);
  // JSON escapes quotation marks and backslashes, so the search uses the longest part between them.
  const [longest = ''] = text.split(/[\s"\\]+/).toSorted((a, b) => b.length - a.length);
  return folded(longest);
}

/** Returns the last ten digits of a phone number; undefined if the text is none. */
function digitsOf(text: string): string | undefined {
  if (!/^\+?[\d\s-]+$/.test(text)) return undefined;
  const digits = text.replace(/\D/g, '');
  return digits.length < digitsOfPhone ? undefined : digits.slice(-10);
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}

// Verifies the chain in a copy: each row must follow from the row before. Missing, changed, moved or inserted rows are named.

/**
 * Result of the verification. `forgotten`: number of rows with erased fields. `signed`: last row signed by the server, and when. `wrong`:
 * one line per fault.
 */
export type ChainProof = { rows: number; head: ChainHead; forgotten: number; signed: (ChainHead & { at: number }) | null; wrong: string[] };

const namedMost = 20;

/** Reads the whole audit log of a copy. `key` is the public key of the server; without it no signature is verified. */
export function proveChain(db: DatabaseSync, key?: KeyObject): ChainProof {
  const ledger = ledgerOf(db);
  const wrong: string[] = [];
  /** Rows with erased fields, and the ranges of rows whose erasure is recorded in the log. */
  const blank: number[] = [];
  const told: [number, number][] = [];
  let signed: ChainProof['signed'] = null;
  /** Checks a row with a signed head. Without the private key a rebuilt chain cannot have a valid signature. */
  const lookAtHead = ({ id, at, about }: AuditRow) => {
    const head = readHead(about);
    if (head === undefined || (key !== undefined && !isSignedBy(key, { ...head, ledger, at }))) {
      wrong.push(`row ${id} has no signature of this server`);
      return;
    }
    if (hashAt(db, head.row) !== head.hash) wrong.push(`row ${head.row} is not the one that row ${id} signs for (${timeText(at)})`);
    signed = { row: head.row, hash: head.hash, at };
  };
  let [rows, before, next] = [0, genesis(db), 1];
  for (const found of db.prepare('SELECT * FROM audit ORDER BY id').iterate()) {
    const row = found as unknown as AuditRow;
    if (row.id > next) wrong.push(missingRowsLine(next, row.id - 1));
    // A row after a gap cannot be verified, because the row before is missing.
    else if (expectedHash(before, row) !== row.hash.toHex()) wrong.push(brokenRowLine(row));
    if (row.who_mark !== null || row.about_mark !== null) blank.push(row.id);
    if (row.what === personErasedAction) told.push(...readErasedRows(row.about));
    if (row.what === headSignedAction) lookAtHead(row);
    rows += 1;
    [before, next] = [row.hash.toHex(), row.id + 1];
  }
  const untold = blank.filter((id) => !told.some(([from, to]) => id >= from && id <= to));
  wrong.push(...untold.map((id) => `row ${id} was emptied, and no row says that somebody is forgotten there`));
  const named = wrong.length <= namedMost ? wrong : [...wrong.slice(0, namedMost), `and ${wrong.length - namedMost} more`];
  return { rows, head: { row: next - 1, hash: before }, forgotten: blank.length, signed, wrong: named };
}

function missingRowsLine(from: number, to: number): string {
  return from === to ? `row ${from} is missing` : `rows ${from} to ${to} are missing`;
}

function brokenRowLine({ id, at }: AuditRow): string {
  const follows = id === 1 ? 'is not the first one of this ledger' : `does not follow from row ${id - 1}`;
  return `row ${id} (${timeText(at)}) ${follows}: it was changed, moved or inserted`;
}

/** Formats a time for a log line, to the minute. */
export function timeText(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

// Finds all rows that name a person and replaces the person. Events come from PCs and name no person.

/** Tables whose rows `flows` also keeps in memory and changes by separate operations. A person in these rows cannot be erased here. */
const ownTables: readonly string[] = ['nodes', 'accounts', 'logins'];
const tables = [
  ...['incidents', 'transitions', 'timers', 'outbox', 'registry', 'rollcalls', 'commands', 'answers', 'meetings', 'maintenance'],
  ...['roster', 'proofs', 'announcements', 'announcement_reads', 'meta', 'steps'],
];
/** Tables that may name a person, besides the audit log. */
export const personTables: readonly string[] = [...ownTables, ...tables];

export function personRows(db: DatabaseSync, words: PersonIdentifiers): PersonRow[] {
  const scrub = scrubOf(words);
  const devices = devicesOf(db, words).map((row) => ({ table: 'meta', row }));
  const isDevice = (key: unknown) => devices.some(({ row }) => row.key === key);
  const others = personTables
    .flatMap((table) => rowErasures(db, table, scrub).map(({ row }) => ({ table, row })))
    .filter(({ table, row }) => table !== 'meta' || !isDevice(row['key']));
  const acts = auditErasures(db, scrub).map(({ row: { id, at, who, what, about } }) => ({
    table: 'audit',
    row: { id, at, who, what, about },
  }));
  const shownIn = (row: object) => Object.fromEntries(Object.entries(row).map(([name, one]) => [name, parsedValue(one)]));
  return [...[...others, ...devices].map(({ table, row }) => ({ table, row: shownIn(row) })), ...acts];
}

/** Returns the push devices of a person. Only their key names the person. */
function devicesOf(db: DatabaseSync, { ids }: PersonIdentifiers): { key: string; value: string }[] {
  const read = db.prepare('SELECT key, value FROM meta WHERE key = ?');
  return ids.flatMap((id) => (read.get(`${devicePrefix}${id}`) as { key: string; value: string } | undefined) ?? []);
}

/**
 * Erases a person from the rows of the ledger and records the erasure. The caller opens the transaction.
 * Guarantee: the audit chain still verifies; its new row names the erased rows, not the person.
 */
export function erasePerson(db: DatabaseSync, { words, by, at }: PersonErasure): ErasedRows {
  const scrub = scrubOf(words);
  const updates = new Map<string, StatementSync>();
  const devices = devicesOf(db, words);
  for (const { key } of devices) db.prepare('DELETE FROM meta WHERE key = ?').run(key);
  let elsewhere = devices.length;
  for (const table of tables)
    for (const { keys, row, to } of rowErasures(db, table, scrub)) {
      const sets = Object.keys(to).map((name) => `${name} = ?`);
      const sql = `UPDATE ${table} SET ${sets.join()} WHERE ${keys.map((key) => `${key} = ?`).join(' AND ')}`;
      const update = updates.getOrInsertComputed(sql, () => db.prepare(sql));
      update.run(...Object.values(to), ...keys.map((key) => row[key] ?? null));
      elsewhere += 1;
    }
  const rows = auditErasures(db, scrub);
  for (const { row, who, about } of rows) eraseFields(db, row, { who, about });
  const ids = rows.map(({ row }) => row.id);
  openChain(db)({ at, who: scrub.text('who', by), what: personErasedAction, about: erasedRowsText(ids, elsewhere) });
  return { audit: rows.length, elsewhere };
}

type RowErasure = { keys: string[]; row: Record<string, SQLInputValue>; to: Record<string, string> };

function rowErasures(db: DatabaseSync, table: string, scrub: PersonScrub): RowErasure[] {
  const info = db.prepare(`SELECT name, type, pk FROM pragma_table_info(?) ORDER BY cid`).all(table);
  const texts = info.filter(({ type }) => type === 'TEXT').map(({ name }) => String(name));
  const keys = info.filter(({ pk }) => Number(pk) > 0).map(({ name }) => String(name));
  const found = db.prepare(`SELECT * FROM ${table} WHERE ${hintCondition(db, texts, scrub)}`).all(...scrub.hints);
  return found.flatMap((row) => {
    const to = texts.flatMap((name) => {
      // Keys of the table `meta` name places, so they are scrubbed as paths.
      const as = table === 'meta' && name === 'key' ? 'path' : name;
      const [was, is] = [String(row[name]), scrubbed(scrub, as, String(row[name]))];
      return was === is ? [] : [[name, is] as const];
    });
    return to.length === 0 ? [] : [{ keys, row: row as Record<string, SQLInputValue>, to: Object.fromEntries(to) }];
  });
}

function auditErasures(db: DatabaseSync, scrub: PersonScrub): { row: AuditRow; who: string; about: string }[] {
  const sql = `SELECT * FROM audit WHERE what <> '${headSignedAction}' AND (${hintCondition(db, ['who', 'about'], scrub)}) ORDER BY id`;
  return db
    .prepare(sql)
    .all(...scrub.hints)
    .flatMap((found) => {
      const row = found as unknown as AuditRow;
      // In a row that records an erasure only `who` names a person.
      const about = row.what === personErasedAction ? row.about : scrub.text('about', row.about);
      const who = scrub.text('who', row.who);
      return who === row.who && about === row.about ? [] : [{ row, who, about }];
    });
}

/** Erases the fields of a row. Keeps their salted hash and deletes the salt, so that nobody can guess the text. */
function eraseFields(db: DatabaseSync, row: AuditRow, to: { who: string; about: string }): void {
  for (const part of ['who', 'about'] as const) {
    if (to[part] === row[part]) continue;
    const salt = row[`${part}_salt`];
    const mark = row[`${part}_mark`] ?? (salt === null ? null : saltedHash(salt, row[part]));
    db.prepare(`UPDATE audit SET ${part} = ?, ${part}_mark = ?, ${part}_salt = NULL WHERE id = ?`).run(to[part], mark, row.id);
  }
}

/** Returns an SQL condition with the function `folded`, because SQLite's `lower` handles ASCII only. */
function hintCondition(db: DatabaseSync, texts: readonly string[], { hints }: PersonScrub): string {
  db.function('folded', { deterministic: true }, (text) => folded(String(text)));
  const all = `folded(${texts.join(" || ' ' || ")})`;
  return hints.map((_, at) => `instr(${all}, ?${at + 1}) > 0`).join(' OR ') || '0';
}

function scrubbed(scrub: PersonScrub, name: string, value: string): string {
  const held = parsed(value);
  if (held === undefined) return scrub.text(name, value);
  const text = JSON.stringify(scrub.json(held, name));
  return text === JSON.stringify(held) ? value : text;
}

function parsedValue(value: SQLInputValue): unknown {
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
