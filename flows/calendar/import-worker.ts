/** A thread that plans one import of meetings and ends. */
import { parentPort, workerData } from 'node:worker_threads';
import { createSiteTable } from '../sites/table.ts';
import { planMeetings } from './import.ts';

if (parentPort) {
  const { nodes, held, ...file } = workerData;
  const at = { ...file, table: createSiteTable(JSON.parse(nodes)), held: new Map(JSON.parse(held)) };
  parentPort.postMessage(JSON.stringify(planMeetings(at)));
}
