/** A thread that proves one copy of the ledger and ends. It takes the processor time that the centre leaves over. */
import { constants, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '#contracts';
import { DamageError } from './format/backup-error.ts';
import { proofOf } from './proof.ts';

if (parentPort) {
  stepBack();
  try {
    const { file, ...options } = workerData;
    parentPort.postMessage(proofOf(file, options));
  } catch (error) {
    parentPort.postMessage({ failed: messageOf(error), isDamage: error instanceof DamageError });
  }
}

/** Of this thread alone, which is so on Linux only. Where the system forbids even that, the proof is worth more than its manners. */
function stepBack(): void {
  if (process.platform !== 'linux') return;
  try {
    setPriority(constants.priority.PRIORITY_LOW);
  } catch {
    return;
  }
}
