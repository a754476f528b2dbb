/** Work in a thread beside the server, which runs once and ends. */
import { Worker } from 'node:worker_threads';

/**
 * Runs in a thread a function that `once-worker.ts` knows, and returns its result. Undefined where the signal ended it before.
 * Rejects with an error of the name and message that the function threw.
 */
export function runOnce<A extends unknown[], R>(work: (...args: A) => R, { args, signal }: { args: A; signal: AbortSignal }) {
  const { promise, resolve, reject } = Promise.withResolvers<Awaited<R> | undefined>();
  const worker = new Worker(new URL('./once-worker.ts', import.meta.url), { workerData: { name: work.name, args } });
  const end = () => void worker.terminate();
  worker.once('message', (answer: Awaited<R>) => {
    resolve(answer);
    // A file that was not read to its end is still open in it.
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
