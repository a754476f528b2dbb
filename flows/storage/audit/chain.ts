/**
 * The audit as a chain: each row is hashed with the one before. What may name a person (who did it, and about what) enters by a salted mark
 * only, so that the words can be taken out of a row and the chain still proves whole.
 */
import { createHash, hash as digest, type KeyObject, randomBytes, sign, verify } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { filled, type MessageLanguage, wordsIn } from '@sabha/contracts';
import type { PersonWords } from '../../engine/records/sites.ts';

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

/** What such a row is called. */
export const headSigned = 'head signed';

/** What is signed; `ledger` and time, so that it fits no other place. */
export type HeadAt = Head & { ledger: string; at: number };

const pattern = /^row (\d+) sha256:([0-9a-f]{64}) ed25519:([\w-]{86})$/;

/** The row of a head. */
export function headLine(head: HeadAt, key: KeyObject): AuditLine {
  const signature = sign(null, textOf(head), key).toString('base64url');
  return { at: head.at, who: 'centre', what: headSigned, about: `row ${head.row} sha256:${head.hash} ed25519:${signature}` };
}

/** What such a row says; undefined where it says nothing of the kind. */
export function readHead(about: string): (Head & { signature: string }) | undefined {
  const [, row, hash = '', signature = ''] = pattern.exec(about) ?? [];
  return row === undefined ? undefined : { row: Number(row), hash, signature };
}

/** Whether the centre of this public key signed it. */
export function isSignedBy(key: KeyObject, { signature, ...head }: HeadAt & { signature: string }): boolean {
  return verify(null, textOf(head), key, Buffer.from(signature, 'base64url'));
}

function textOf({ ledger, row, hash, at }: HeadAt): Buffer {
  return Buffer.from(JSON.stringify(['sabha audit head', ledger, row, hash, at]));
}

/** The beginning of a hash, as people compare it. */
export function shortHash(hash: string): string {
  return (hash.slice(0, 16).match(/.{4}/g) ?? []).join(' ');
}

type Reader = { id: string; role: string; language: MessageLanguage };
/** What a message to somebody carries at its end. */
export type Note = ReturnType<typeof createNote>;

/** `signed`: the head that was signed for last. What is remembered goes with the process: then a line comes twice. */
export function createNote(signed: () => (Head & { at: number }) | undefined) {
  const known = new Map<string, number>();
  return {
    /** Undefined where the person is not of central, or has it already. */
    lineFor({ id, role, language }: Reader): string | undefined {
      const head = signed();
      if (head === undefined || role !== 'central' || known.get(id) === head.row) return undefined;
      const date = new Date(head.at).toISOString().slice(0, 10);
      return filled(wordsIn(language).message.auditHead, { date, row: head.row, hash: shortHash(head.hash) });
    },
    /** A message with the line of now arrived. */
    arrived(person: string): void {
      const head = signed();
      if (head !== undefined) known.set(person, head.row);
    },
  };
}

/** What the row is called that says out of which rows a person was taken. */
export const personForgotten = 'person forgotten';

/** Rows in order, each run as one. */
function rowsText(rows: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const row of rows.toSorted((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last !== undefined && row <= last[1] + 1) last[1] = row;
    else runs.push([row, row]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(', ');
}

/** What such a row says. */
export function forgottenText(rows: readonly number[], elsewhere: number): string {
  return `rows ${rowsText(rows) || 'none'} of the audit, ${elsewhere} elsewhere`;
}

/** The rows that it names, from and to. */
export function readForgotten(about: string): [number, number][] {
  const [, listed = ''] = /^rows ([\d, -]+) of the audit, \d+ elsewhere$/.exec(about) ?? [];
  return listed.split(', ').flatMap((run): [number, number][] => {
    const [from = 0, to = from] = run.split('-').map(Number);
    return from > 0 ? [[from, to]] : [];
  });
}

/** Takes a person out of what stands under a name. */
export type Scrub = {
  /** One of these a row must have in what `folded` makes of it, so that not every row is read. */
  hints: string[];
  text(name: string, value: string): string;
  json(value: unknown, name: string): unknown;
};

/** Under these stand places and words of the domain: what is called like a person there is none. */
const notPeople = new Set(
  'scope scopes path pc site state fault channel kind verb status component device groups role roles language link'.split(' '),
);
/** Under these people write freely. */
const free = new Set('about text reason lastError lines said how conclusion title closedBecause note value'.split(' '));
/** Under these a person stands behind a slash: `12/email/asha`. */
const joined = new Set(['key', 'sent']);
const digitsOfPhone = 7;

/** Guarantee: what is a part of another word stays. */
export function scrubOf({ ids, texts, alias }: PersonWords): Scrub {
  const anywhere = texts.map((text) => patternOf(text));
  const tokens = ids.map((id) => new RegExp(`(?<![\\p{L}\\p{M}\\p{N}_.@-])${escaped(id)}(?![\\p{L}\\p{M}\\p{N}_@/-])`, 'giu'));
  const isId = (value: string) => ids.some((id) => id.toLowerCase() === value.toLowerCase());
  const replaced = (value: string, patterns: readonly RegExp[]) => {
    const composed = value.normalize('NFC');
    const left = patterns.reduce((text, one) => text.replace(one, () => alias), composed);
    return left === composed ? value : left;
  };

  function text(name: string, value: string): string {
    if (isId(value)) return notPeople.has(name) ? value : alias;
    const last = value.slice(value.lastIndexOf('/') + 1);
    const own = joined.has(name) && isId(last) ? `${value.slice(0, value.length - last.length)}${alias}` : value;
    return replaced(own, free.has(name) ? [...anywhere, ...tokens] : anywhere);
  }

  function json(value: unknown, name: string): unknown {
    if (typeof value === 'string') return text(name, value);
    if (Array.isArray(value)) return value.map((one) => json(one, name));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [isId(key) && !notPeople.has(name) ? alias : key, json(one, key)]));
  }

  return { hints: [...ids, ...texts].map(hintOf), text, json };
}

/** A text as hints are looked for in it: however its letters are encoded and cased, and its digits are parted. */
export function folded(text: string): string {
  return text.normalize('NFC').toLowerCase().replace(/[\s-]/g, '');
}

/** A phone is one with any prefix of its country, and with blanks or hyphens in it. */
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
  // In a row of JSON there is a backslash before these.
  const [longest = ''] = text.split(/[\s"\\]+/).toSorted((a, b) => b.length - a.length);
  return folded(longest);
}

/** The last ten digits of a phone; undefined where it is none. */
function digitsOf(text: string): string | undefined {
  if (!/^\+?[\d\s-]+$/.test(text)) return undefined;
  const digits = text.replace(/\D/g, '');
  return digits.length < digitsOfPhone ? undefined : digits.slice(-10);
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
