/** A thread that proves one copy of the ledger and ends. It takes the processor time that the centre leaves over. */
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '@sabha/contracts';
import { stepBack } from '../archive/run-once.ts';
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
