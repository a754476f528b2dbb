/** A thread that proves one copy of the ledger and ends. It takes the processor time that the centre leaves over. */
import { constants, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '#contracts';
import { DamageError } from './format/backup-error.ts';
import { proofOf } from './proof.ts';

if (parentPort) {
  // Of this thread alone, which is so on Linux only.
  if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_LOW);
  try {
    parentPort.postMessage(proofOf(workerData));
  } catch (error) {
    parentPort.postMessage({ failed: messageOf(error), isDamage: error instanceof DamageError });
  }
}
