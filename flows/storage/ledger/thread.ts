/** What the ledger and its thread say to each other. */

import type { Op, Queries } from '../../engine/records/ops.ts';
import { asLedgerError, type LedgerFault } from './errors.ts';
import { type LedgerFile, openDatabase } from './schema.ts';
import { openStore, type Store } from './store.ts';

/** All that is asked of the store besides commits and copies. */
export type Query = keyof Queries | 'retain' | 'close';
/** What the ledger's thread is asked. */
export type Request = { call: 'commit'; batches: Op[][] } | { call: Query; args: readonly unknown[] };
/** `values`: one for each batch of a commit, else exactly one. */
export type Answer = { ok: true; values: unknown[] } | { ok: false; code: LedgerFault; message: string };

/** A copy is asked for beside all else, and answered when it is ready. */
export type CopyRequest = { copyTo: string };
/** What became of it. */
export type CopyAnswer = { copied: string; answer: Answer };

/** Opens the store of a file; `store` is absent where the answer says why. */
export function openForThread(at: LedgerFile): { store?: Store; answer: Answer } {
  try {
    return { store: openStore(openDatabase(at)), answer: { ok: true, values: [] } };
  } catch (error) {
    return { answer: failure(error) };
  }
}

/** Does what is asked. Never throws: every error becomes an answer. */
export function answerTo(store: Store, request: Request): Answer {
  try {
    if (request.call === 'commit') return { ok: true, values: store.commit(request.batches) };
    const query = store[request.call] as (...args: readonly unknown[]) => unknown;
    return { ok: true, values: [query(...request.args)] };
  } catch (error) {
    return failure(error);
  }
}

/** Makes a copy. Never rejects: every error becomes an answer. */
export async function copyFrom(store: Store, { copyTo }: CopyRequest): Promise<CopyAnswer> {
  try {
    await store.copyTo(copyTo);
    return { copied: copyTo, answer: { ok: true, values: [] } };
  } catch (error) {
    return { copied: copyTo, answer: failure(error) };
  }
}

function failure(thrown: unknown): Answer {
  const { code, message } = asLedgerError(thrown);
  return { ok: false, code, message };
}
