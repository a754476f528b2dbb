/** The worker thread of the ledger: opens the file, then handles one request after the other. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { Op, Queries } from '../../engine/records/ops.ts';
import { asLedgerError, type LedgerFault } from './poison.ts';
import { openDatabase } from './schema.ts';
import { openStore, type Store } from './store.ts';

export type QueryName = keyof Queries | 'close';
export type WorkerRequest = { call: 'commit'; batches: Op[][] } | { call: QueryName; args: readonly unknown[] };
/** `values`: one value per batch of a commit, otherwise exactly one value. */
export type LedgerResponse = { ok: true; values: unknown[] } | { ok: false; code: LedgerFault; message: string };

/** A copy runs beside the other requests. Its response follows when the copy is complete. */
export type CopyRequest = { copyTo: string };
export type CopyResponse = LedgerResponse & { copied: true };

if (parentPort) serve(parentPort);

function serve(port: MessagePort): void {
  let store: Store;
  try {
    store = openStore(openDatabase(workerData));
  } catch (error) {
    return port.postMessage(failure(error));
  }
  port.postMessage({ ok: true, values: [Object.keys(store)] } satisfies LedgerResponse);
  port.on('message', async (request: WorkerRequest | CopyRequest) => {
    if ('copyTo' in request) {
      const answer = await store.copyTo(request.copyTo).then((): LedgerResponse => ({ ok: true, values: [] }), failure);
      return port.postMessage({ ...answer, copied: true } satisfies CopyResponse);
    }
    port.postMessage(handleRequest(store, request));
    if (request.call === 'close') port.close();
  });
}

/** Handles a request. Never throws: every error becomes a response. */
function handleRequest(store: Store, request: WorkerRequest): LedgerResponse {
  try {
    if (request.call === 'commit') return { ok: true, values: store.commit(request.batches) };
    const query = store[request.call] as (...args: readonly unknown[]) => unknown;
    return { ok: true, values: [query(...request.args)] };
  } catch (error) {
    return failure(error);
  }
}

function failure(thrown: unknown): LedgerResponse {
  const { code, message } = asLedgerError(thrown);
  return { ok: false, code, message };
}
