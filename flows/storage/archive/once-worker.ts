/** A thread that runs one function of a module and ends. It takes the processor time that the server leaves over. */
import { constants, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';

if (parentPort) {
  stepBack();
  const { module, name, args } = workerData;
  parentPort.postMessage(await (await import(module))[name](...args));
}

/** Lowers the priority of this thread alone, which only Linux can do. Where the system forbids it the work is done at normal priority. */
function stepBack(): void {
  if (process.platform !== 'linux') return;
  try {
    setPriority(constants.priority.PRIORITY_LOW);
  } catch {
    return;
  }
}
