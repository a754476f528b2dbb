/** The proof of the chain of a copy: every row follows from the one before, and what is missing, changed, moved or put in is named by its row. */
import type { KeyObject } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { type AuditRow, genesis, type Head, hashAt, hashBehind, ledgerOf } from './chain.ts';
import { headSigned, isSignedBy, readHead } from './heads.ts';
import { personForgotten, readForgotten } from './rows.ts';

/** What the proof found. `forgotten`: rows out of which words were taken; `signed`: the last row that the centre signed for, and when; `wrong`: a line each. */
export type ChainProof = { rows: number; head: Head; forgotten: number; signed: (Head & { at: number }) | null; wrong: string[] };

const namedMost = 20;

type Walk = {
  db: DatabaseSync;
  ledger: string;
  key: KeyObject | undefined;
  wrong: string[];
  /** Rows out of which words were taken, and the runs of those of which a row says so. */
  blank: number[];
  told: [number, number][];
  signed: ChainProof['signed'];
};

/** Reads the whole audit of a copy. `key`: the public key of the centre; without it no signature is looked at. */
export function proveChain(db: DatabaseSync, key?: KeyObject): ChainProof {
  const walk: Walk = { db, ledger: ledgerOf(db), key, wrong: [], blank: [], told: [], signed: null };
  let [rows, before, next] = [0, genesis(db), 1];
  for (const found of db.prepare('SELECT * FROM audit ORDER BY id').iterate()) {
    const row = found as unknown as AuditRow;
    if (row.id > next) walk.wrong.push(missing(next, row.id - 1));
    // What stands behind a gap follows from nothing that is left.
    else if (hashBehind(before, row) !== hexOf(row)) walk.wrong.push(notBehind(row));
    look(walk, row);
    rows += 1;
    [before, next] = [hexOf(row), row.id + 1];
  }
  const untold = walk.blank.filter((id) => !walk.told.some(([from, to]) => id >= from && id <= to));
  const wrong = [...walk.wrong, ...untold.map((id) => `row ${id} was emptied, and no row says that somebody is forgotten there`)];
  return { rows, head: { row: next - 1, hash: before }, forgotten: walk.blank.length, signed: walk.signed, wrong: shortened(wrong) };
}

function look(walk: Walk, row: AuditRow): void {
  if (row.who_mark !== null || row.about_mark !== null) walk.blank.push(row.id);
  if (row.what === personForgotten) walk.told.push(...readForgotten(row.about));
  if (row.what === headSigned) lookAtHead(walk, row);
}

/** A head names a row, its hash, and the signature of both: whoever makes the chain anew cannot make that. */
function lookAtHead(walk: Walk, { id, at, about }: AuditRow): void {
  const { db, ledger, key, wrong } = walk;
  const head = readHead(about);
  if (head === undefined || (key !== undefined && !isSignedBy(key, { ...head, ledger, at }))) {
    wrong.push(`row ${id} has no signature of this centre`);
    return;
  }
  if (hashAt(db, head.row) !== head.hash) wrong.push(`row ${head.row} is not the one that row ${id} signs for (${timeText(at)})`);
  walk.signed = { row: head.row, hash: head.hash, at };
}

function missing(from: number, to: number): string {
  return from === to ? `row ${from} is missing` : `rows ${from} to ${to} are missing`;
}

function notBehind({ id, at }: AuditRow): string {
  const follows = id === 1 ? 'is not the first one of this ledger' : `does not follow from row ${id - 1}`;
  return `row ${id} (${timeText(at)}) ${follows}: it was changed, moved or put in`;
}

function shortened(wrong: readonly string[]): string[] {
  return wrong.length <= namedMost ? [...wrong] : [...wrong.slice(0, namedMost), `and ${wrong.length - namedMost} more`];
}

function hexOf({ hash }: AuditRow): string {
  return Buffer.from(hash).toString('hex');
}

/** A time for a line of the log, to the minute. */
export function timeText(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
