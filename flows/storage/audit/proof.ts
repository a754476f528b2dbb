/** The proof of the chain of a copy: every row follows from the one before, and what is missing, changed, moved or put in is named by its row. */
import type { KeyObject } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import {
  type AuditRow,
  genesis,
  type Head,
  hashAt,
  hashBehind,
  headSigned,
  isSignedBy,
  ledgerOf,
  personForgotten,
  readForgotten,
  readHead,
} from './chain.ts';

/** What the proof found. `forgotten`: rows out of which words were taken; `signed`: the last row that the centre signed for, and when; `wrong`: a line each. */
export type ChainProof = { rows: number; head: Head; forgotten: number; signed: (Head & { at: number }) | null; wrong: string[] };

const namedMost = 20;

/** Reads the whole audit of a copy. `key`: the public key of the centre; without it no signature is looked at. */
export function proveChain(db: DatabaseSync, key?: KeyObject): ChainProof {
  const ledger = ledgerOf(db);
  const wrong: string[] = [];
  /** Rows out of which words were taken, and the runs of those of which a row says so. */
  const blank: number[] = [];
  const told: [number, number][] = [];
  let signed: ChainProof['signed'] = null;
  /** A head names a row, its hash, and the signature of both: whoever makes the chain anew cannot make that. */
  const lookAtHead = ({ id, at, about }: AuditRow) => {
    const head = readHead(about);
    if (head === undefined || (key !== undefined && !isSignedBy(key, { ...head, ledger, at }))) {
      wrong.push(`row ${id} has no signature of this centre`);
      return;
    }
    if (hashAt(db, head.row) !== head.hash) wrong.push(`row ${head.row} is not the one that row ${id} signs for (${timeText(at)})`);
    signed = { row: head.row, hash: head.hash, at };
  };
  let [rows, before, next] = [0, genesis(db), 1];
  for (const found of db.prepare('SELECT * FROM audit ORDER BY id').iterate()) {
    const row = found as unknown as AuditRow;
    if (row.id > next) wrong.push(missing(next, row.id - 1));
    // What stands behind a gap follows from nothing that is left.
    else if (hashBehind(before, row) !== row.hash.toHex()) wrong.push(notBehind(row));
    if (row.who_mark !== null || row.about_mark !== null) blank.push(row.id);
    if (row.what === personForgotten) told.push(...readForgotten(row.about));
    if (row.what === headSigned) lookAtHead(row);
    rows += 1;
    [before, next] = [row.hash.toHex(), row.id + 1];
  }
  const untold = blank.filter((id) => !told.some(([from, to]) => id >= from && id <= to));
  wrong.push(...untold.map((id) => `row ${id} was emptied, and no row says that somebody is forgotten there`));
  const named = wrong.length <= namedMost ? wrong : [...wrong.slice(0, namedMost), `and ${wrong.length - namedMost} more`];
  return { rows, head: { row: next - 1, hash: before }, forgotten: blank.length, signed, wrong: named };
}

function missing(from: number, to: number): string {
  return from === to ? `row ${from} is missing` : `rows ${from} to ${to} are missing`;
}

function notBehind({ id, at }: AuditRow): string {
  const follows = id === 1 ? 'is not the first one of this ledger' : `does not follow from row ${id - 1}`;
  return `row ${id} (${timeText(at)}) ${follows}: it was changed, moved or put in`;
}

/** A time for a line of the log, to the minute. */
export function timeText(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
