/** A thread that plans one import of meetings and ends. */
import { parentPort, workerData } from 'node:worker_threads';
import { createSiteTable } from '../table.ts';
import { planMeetings } from './import.ts';

if (parentPort) {
  const { nodes, held, ...file } = workerData;
  const table = createSiteTable(JSON.parse(nodes));
  parentPort.postMessage(JSON.stringify(planMeetings({ ...file, table, held: new Map(JSON.parse(held)) })));
}
