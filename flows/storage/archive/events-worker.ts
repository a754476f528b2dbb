/** A thread that reads archives once and ends, with the processor time that the centre leaves over. Its answer is JSON, so that nobody else makes it. */
import { parentPort, workerData } from 'node:worker_threads';
import { realClock } from '@sabha/contracts';
import { eventsIn } from './events.ts';
import { stepBack } from './run-once.ts';

if (parentPort) {
  stepBack();
  parentPort.postMessage(JSON.stringify(await eventsIn(workerData, realClock())));
}
