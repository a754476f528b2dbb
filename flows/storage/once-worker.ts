/** Worker thread that runs one of these functions at low priority and ends. */
import { constants, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { eventsJson } from './archive/events.ts';
import { proofOf } from './backup/proof.ts';

const works: Record<string, (...args: never[]) => unknown> = { eventsJson, proofOf };

if (parentPort) {
  lowerPriority();
  const { name, args } = workerData as { name: string; args: never[] };
  parentPort.postMessage(await works[name]?.(...args));
}

/** Lowers the priority of this thread. Only Linux supports that; if it fails, the work runs at normal priority. */
function lowerPriority(): void {
  if (process.platform !== 'linux') return;
  try {
    setPriority(constants.priority.PRIORITY_LOW);
  } catch {
    return;
  }
}
