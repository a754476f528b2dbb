/** The interface to the ledger: the store runs in a worker thread, or in the calling thread for the simulation. */
import type { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import type { Cancel, Clock } from '@sabha/contracts';
import type { Ledger, Op, Poison, Receipt } from '../../engine/records/ops.ts';
import { asLedgerError, LedgerError, removePoison } from './poison.ts';
import type { LedgerFile } from './schema.ts';
import { openStore } from './store.ts';
import type { CopyRequest, CopyResponse, LedgerResponse, QueryName, WorkerRequest } from './worker.ts';

/**
 * Opens the ledger in a worker thread. Batches that arrive during a commit wait and are then written as one transaction.
 * Guarantee: when the ledger fails, every waiting batch fails with the same error. These batches were made from state in memory that
 * assumed the failed commit (R20, one transaction per batch). Rejects with a `LedgerError` of one line if the file is damaged, of a newer
 * version, or in use by another process.
 */
export async function openLedger(at: LedgerFile): Promise<Ledger> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: at });
  const queue = openQueue((request) => worker.postMessage(request));
  worker.on('message', queue.answered);
  // No `error` listener: an uncaught error of the thread is a bug and ends the process.
  worker.on('exit', queue.stopped);
  const names = await queue.opened();
  return { ...ledgerCalls(names, queue.ask), commit: queue.commit, copyTo: queue.copyTo };
}

/** Opens the ledger in the calling thread, for the simulation. */
export function openInThread(db: DatabaseSync): Ledger {
  const store = openStore(db);
  const calls = ledgerCalls(Object.keys(store), async (name, args) => (store[name] as (...all: readonly unknown[]) => unknown)(...args));
  return { ...calls, commit: async (ops) => store.commit([ops])[0] as Receipt };
}

/** Returns one function per name. Each function sends its name and its arguments. */
function ledgerCalls(names: readonly string[], send: (name: QueryName, args: readonly unknown[]) => Promise<unknown>): Ledger {
  return Object.fromEntries(
    names.map((name) => [name, (...args: readonly unknown[]) => send(name as QueryName, args)]),
  ) as unknown as Ledger;
}

type LedgerRequest = { call: 'commit'; ops: Op[] } | { call: QueryName; args: readonly unknown[] };
type PendingRequest = { resolve(value: unknown): void; reject(error: LedgerError): void };
type QueuedRequest = PendingRequest & { wish: LedgerRequest };

/** Creates a first-in first-out queue of requests to the worker thread. One request runs at a time; adjacent commits run together. */
function openQueue(send: (request: WorkerRequest | CopyRequest) => void) {
  let waiting: QueuedRequest[] = [];
  let inProgress: QueuedRequest[] = [];
  /** Copies bypass the queue, because commits must not wait for a copy. */
  let copying: PendingRequest[] = [];
  let stopped = false;

  function next(): void {
    if (inProgress.length > 0 || waiting.length === 0) return;
    const other = waiting.findIndex((job) => !isCommit(job));
    inProgress = waiting.splice(0, other === -1 ? waiting.length : Math.max(1, other));
    try {
      inProgress = sendWithoutPoison(inProgress, send);
    } catch (error) {
      handleResponse({ ok: false, code: 'other', message: `the batch cannot be sent to the ledger: ${asLedgerError(error).message}` });
    }
  }

  function handleResponse(answer: LedgerResponse | CopyResponse): void {
    if ('copied' in answer) return settle(copying.splice(0), answer);
    const done = inProgress.splice(0);
    if (!answer.ok) {
      done.push(...waiting.filter(isCommit));
      waiting = waiting.filter((job) => !isCommit(job));
    }
    settle(done, answer);
    next();
  }

  function enqueue(wish: LedgerRequest): Promise<unknown> {
    if (stopped) return Promise.reject(closed());
    return new Promise((resolve, reject) => {
      waiting.push({ wish, resolve, reject });
      next();
    });
  }

  return {
    /** Resolves with the first response of the thread. This response says whether the file is open and lists the names of all queries. */
    opened: () =>
      new Promise((resolve, reject) => inProgress.push({ wish: { call: 'load', args: [] }, resolve, reject })) as Promise<string[]>,
    commit: (ops: Op[]) => enqueue({ call: 'commit', ops }) as Promise<Receipt>,
    ask: (call: QueryName, args: readonly unknown[]) => enqueue({ call, args }),
    copyTo(file: string): Promise<void> {
      if (stopped) return Promise.reject(closed());
      if (copying.length > 0) return Promise.reject(new LedgerError('other', 'another copy is being written already'));
      send({ copyTo: file });
      return new Promise<unknown>((resolve, reject) => copying.push({ resolve, reject })) as Promise<void>;
    },
    answered: handleResponse,
    stopped(): void {
      stopped = true;
      for (const { reject } of [...inProgress, ...waiting, ...copying]) reject(closed());
      [inProgress, waiting, copying] = [[], [], []];
    },
  };
}

const isCommit = ({ wish }: QueuedRequest) => wish.call === 'commit';

function settle(jobs: readonly PendingRequest[], answer: LedgerResponse): void {
  if (answer.ok) return jobs.forEach(({ resolve }, index) => void resolve(answer.values[index]));
  const error = new LedgerError(answer.code, answer.message);
  for (const { reject } of jobs) reject(error);
}

/**
 * Sends the jobs. Looks for operations that cannot be cloned only after the send failed, because a second clone would slow down each
 * commit.
 */
function sendWithoutPoison(jobs: QueuedRequest[], send: (request: WorkerRequest) => void): QueuedRequest[] {
  try {
    send(requestOf(jobs));
    return jobs;
  } catch {
    const sifted = jobs.map((job): QueuedRequest => {
      if (job.wish.call !== 'commit') return job;
      const { ops, poison } = removePoison(job.wish.ops);
      return { ...job, wish: { call: 'commit', ops }, resolve: (value) => job.resolve(withPoison(value as Receipt, poison)) };
    });
    send(requestOf(sifted));
    return sifted;
  }
}

function withPoison(receipt: Receipt, found: readonly Poison[]): Receipt {
  const poison = [...found, ...(receipt.poison ?? [])];
  return poison.length === 0 ? receipt : { ...receipt, poison };
}

function closed(): LedgerError {
  return new LedgerError('other', 'the ledger is closed');
}

function requestOf(jobs: QueuedRequest[]): WorkerRequest {
  const [first] = jobs;
  if (first !== undefined && first.wish.call !== 'commit') return first.wish;
  return { call: 'commit', batches: jobs.map(({ wish }) => (wish.call === 'commit' ? wish.ops : [])) };
}

/** Limit for one commit in ms. A longer commit is reported. */
export const slowCommitMs = 5_000;

/** `commitMs` returns the age of the oldest commit in progress in real milliseconds, or 0 without a commit. */
export type WatchedLedger = { ledger: Ledger; commitMs(): number };

/**
 * Calls `slow` once when a commit exceeds the limit, and `took` after each successful commit. Neither callback needs the ledger.
 * A commit that hangs neither succeeds nor fails, so nothing else would report it.
 * Guarantee: a pause of this process is not reported as a slow disk.
 */
export function watchCommits(ledger: Ledger, { clock, slow, took }: { clock: Clock; slow(): void; took(): void }): WatchedLedger {
  // The disk runs in real time, not at the speed of the demo's clock.
  const limitMs = slowCommitMs * (clock.speed ?? 1);
  const startedUp = new Set<{ up: number }>();
  let isSlow = false;

  function watch(): Cancel {
    let cancel: Cancel = () => undefined;
    const arm = () => {
      const dueUp = clock.up() + limitMs;
      cancel = clock.after(limitMs, () => {
        if (clock.up() - dueUp > limitMs / 2) return arm();
        if (!isSlow) slow();
        isSlow = true;
      });
    };
    arm();
    return () => cancel();
  }

  return {
    commitMs: () => startedUp.values().reduce((most, { up }) => Math.max(most, clock.up() - up), 0) / (clock.speed ?? 1),
    ledger: {
      ...ledger,
      async commit(ops) {
        const started = { up: clock.up() };
        const end = watch();
        startedUp.add(started);
        try {
          const receipt = await ledger.commit(ops);
          isSlow = false;
          took();
          return receipt;
        } finally {
          startedUp.delete(started);
          end();
        }
      },
    },
  };
}
