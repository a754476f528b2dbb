/** The ledger that `flows` holds: the store in a thread of its own, or in this one. */
import type { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import type { Async, Ledger, LedgerRetention, Op, Poison, Queries, Receipt } from '../../engine/records/ops.ts';
import { asLedgerError, LedgerError } from './errors.ts';
import { sift } from './poison.ts';
import { retentionSteps } from './retention/retention.ts';
import type { LedgerFile } from './schema.ts';
import { openStore, queryNames } from './store.ts';
import type { Answer, CopyAnswer, CopyRequest, Query, Request } from './worker.ts';

/**
 * Opens the ledger in a worker thread. While one commit is under way, further batches wait and are written as one transaction.
 * Guarantee: when the ledger fails, every batch that waits then fails with the same error, since it was made from a memory that is no
 * longer true (R20). Rejects with a `LedgerError` of one line where the file is damaged, of a newer version, or in use by another process.
 */
export async function openLedger(at: LedgerFile): Promise<Ledger> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: at });
  const queue = openQueue((request) => worker.postMessage(request));
  const opened = queue.opened();
  const copies = openCopies((file) => worker.postMessage({ copyTo: file } satisfies CopyRequest));
  worker.on('message', (answer: Answer | CopyAnswer) => ('copied' in answer ? copies.answered(answer) : queue.answered(answer)));
  // No listener for errors: what the thread did not catch is a bug and ends the process.
  worker.on('exit', () => {
    queue.stopped();
    copies.stopped();
  });
  await opened;
  return {
    commit: (ops) => queue.commit(ops),
    ...(callsBy(queryNames, queue.ask) as Async<Queries>),
    retention: callsBy(retentionSteps, (step, args) => queue.ask('retain', [step, args])) as LedgerRetention,
    copyTo: copies.copyTo,
    close: () => queue.ask('close', []) as Promise<void>,
  };
}

/** The same ledger in this thread, for the simulation. */
export function inThread(db: DatabaseSync): Ledger {
  const store = openStore(db);
  return {
    commit: async (ops) => store.commit([ops])[0] as Receipt,
    ...(callsBy(queryNames, async (name, args) => (store[name] as (...all: readonly unknown[]) => unknown)(...args)) as Async<Queries>),
    retention: callsBy(retentionSteps, async (step, args) => store.retain(step, args)) as LedgerRetention,
    copyTo: store.copyTo,
    close: async () => store.close(),
  };
}

/** A function for each name, which sends that name and its arguments. */
function callsBy<N extends string>(names: readonly N[], send: (name: N, args: readonly unknown[]) => Promise<unknown>): object {
  return Object.fromEntries(names.map((name) => [name, (...args: readonly unknown[]) => send(name, args)]));
}

/** What is asked: a commit, or anything else, with its arguments. */
type Wish = { call: 'commit'; ops: Op[] } | { call: Query; args: readonly unknown[] };
type Job = { wish: Wish; resolve(value: unknown): void; reject(error: LedgerError): void };

/** Keeps the order of what is asked; one request is under way at a time, and commits that wait side by side travel together. */
function openQueue(send: (request: Request) => void) {
  let waiting: Job[] = [];
  let underWay: Job[] = [];
  let stopped = false;

  function next(): void {
    if (underWay.length > 0 || waiting.length === 0) return;
    const other = waiting.findIndex(({ wish }) => wish.call !== 'commit');
    underWay = waiting.splice(0, other === -1 ? waiting.length : Math.max(1, other));
    try {
      sendWithoutPoison();
    } catch (error) {
      answered({ ok: false, code: 'other', message: `the batch cannot be sent to the ledger: ${asLedgerError(error).message}` });
    }
  }

  /** What cannot be copied into the thread is found only once a whole request could not be: copying twice would cost each commit. */
  function sendWithoutPoison(): void {
    try {
      return send(requestOf(underWay));
    } catch {
      underWay = underWay.map((job) => {
        if (job.wish.call !== 'commit') return job;
        const { ops, poison } = sift(job.wish.ops);
        return { ...job, wish: { call: 'commit', ops }, resolve: (value) => job.resolve(withPoison(value as Receipt, poison)) };
      });
      send(requestOf(underWay));
    }
  }

  function answered(answer: Answer): void {
    const done = underWay;
    underWay = [];
    if (answer.ok) done.forEach(({ resolve }, index) => void resolve(answer.values[index]));
    else {
      const queued = waiting.filter(({ wish }) => wish.call === 'commit');
      waiting = waiting.filter(({ wish }) => wish.call !== 'commit');
      fail([...done, ...queued], new LedgerError(answer.code, answer.message));
    }
    next();
  }

  function fail(jobs: Job[], error: LedgerError): void {
    for (const { reject } of jobs) reject(error);
  }

  function wait(wish: Wish): Promise<unknown> {
    if (stopped) return Promise.reject(closed());
    return new Promise((resolve, reject) => {
      waiting.push({ wish, resolve, reject });
      next();
    });
  }

  return {
    /** Settles with the thread's first answer, which says whether the file is open. */
    opened: () => new Promise((resolve, reject) => underWay.push({ wish: { call: 'load', args: [] }, resolve, reject })),
    commit: (ops: Op[]) => wait({ call: 'commit', ops }) as Promise<Receipt>,
    ask: (call: Query, args: readonly unknown[]) => wait({ call, args }),
    answered,
    stopped(): void {
      stopped = true;
      fail([...underWay, ...waiting], closed());
      underWay = [];
      waiting = [];
    },
  };
}

/** Copies stand beside the queue, or every commit would wait for one. */
function openCopies(send: (file: string) => void) {
  const asked = new Map<string, PromiseWithResolvers<void>>();
  let stopped = false;
  return {
    copyTo(file: string): Promise<void> {
      if (stopped) return Promise.reject(closed());
      if (asked.has(file)) return Promise.reject(new LedgerError('other', `${file} is being written already`));
      const waiting = Promise.withResolvers<void>();
      asked.set(file, waiting);
      send(file);
      return waiting.promise;
    },
    answered({ copied, answer }: CopyAnswer): void {
      const waiting = asked.get(copied);
      asked.delete(copied);
      if (answer.ok) waiting?.resolve();
      else waiting?.reject(new LedgerError(answer.code, answer.message));
    },
    stopped(): void {
      stopped = true;
      for (const { reject } of asked.values()) reject(closed());
      asked.clear();
    },
  };
}

function withPoison(receipt: Receipt, found: readonly Poison[]): Receipt {
  const poison = [...found, ...(receipt.poison ?? [])];
  return poison.length === 0 ? receipt : { ...receipt, poison };
}

function closed(): LedgerError {
  return new LedgerError('other', 'the ledger is closed');
}

function requestOf(jobs: Job[]): Request {
  const [first] = jobs;
  if (first !== undefined && first.wish.call !== 'commit') return first.wish;
  return { call: 'commit', batches: jobs.map(({ wish }) => (wish.call === 'commit' ? wish.ops : [])) };
}
