/** Runs a function once in a worker thread. */
import { Worker } from 'node:worker_threads';

/**
 * Runs a function that `once-worker.ts` lists and returns its result; undefined if the signal aborted it.
 * Rejects with an error that has the name and message of the thrown one.
 */
export function runOnce<A extends unknown[], R>(work: (...args: A) => R, { args, signal }: { args: A; signal: AbortSignal }) {
  const { promise, resolve, reject } = Promise.withResolvers<Awaited<R> | undefined>();
  const worker = new Worker(new URL('./once-worker.ts', import.meta.url), { workerData: { name: work.name, args } });
  const end = () => void worker.terminate();
  worker.once('message', (answer: Awaited<R>) => {
    resolve(answer);
    // Ends the thread, because a partly read file is still open in it.
    end();
  });
  worker.once('error', reject);
  worker.once('exit', () => {
    signal.removeEventListener('abort', end);
    resolve(undefined);
  });
  if (signal.aborted) end();
  signal.addEventListener('abort', end);
  return promise;
}
