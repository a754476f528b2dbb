/** Work in a thread beside the server, which runs once and ends. */
import { constants, setPriority } from 'node:os';
import { Worker } from 'node:worker_threads';

/** Runs a module with its data, and answers the one message that it posts. Undefined where the signal or the module ended it before. */
export function runOnce<T>(module: URL, workerData: unknown, signal: AbortSignal): Promise<T | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<T | undefined>();
  const worker = new Worker(module, { workerData });
  const end = () => void worker.terminate();
  worker.once('message', (answer: T) => {
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

/** Leaves the processor to all others. Of this thread alone, which is so on Linux only; where the system forbids even that, the work is worth more than its manners. */
export function stepBack(): void {
  if (process.platform !== 'linux') return;
  try {
    setPriority(constants.priority.PRIORITY_LOW);
  } catch {
    return;
  }
}
