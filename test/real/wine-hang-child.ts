/**
 * Simulates a hanging sound service in a worker thread beside a device manager that responds: `hang-child.mjs FILE`. Writes the results,
 * and how often the event loop ran meanwhile.
 */
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as passed } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { openCallQueue } from '../../agent/platform/windows/native/call-queue.ts';

const koffi = createRequire(process.execPath).resolve('./koffi');
const hangs = `const { parentPort: port } = require('node:worker_threads');
const sleep = require(${JSON.stringify(koffi)}).load('kernel32.dll').func('__stdcall', 'Sleep', 'void', ['uint32']);
port.on('message', ({ what }) => (what === 'sound' ? sleep(0xffffffff) : port.postMessage({ known: true, value: [] })));
port.postMessage('ready');`;
let threads = 0;
const ask = openCallQueue(() => {
  threads += 1;
  const thread = new Worker(hangs, { eval: true });
  thread.unref();
  return thread;
});
let beats = 0;
const heart = setInterval(() => {
  beats += 1;
}, 20);
// The first query may come before the thread exists.
const looks: unknown[] = [];
for (let n = 0; n < 20 && looks.at(-1) !== true; n += 1) {
  const seen = await ask('sound');
  looks.push(!seen.known && seen.isHung === true);
}
const before = beats;
for (let n = 0; n < 1_000; n += 1) await ask('sound');
let devices = await ask('devices');
for (let n = 0; n < 20 && !devices.known; n += 1) devices = await ask('devices');
await passed(500);
clearInterval(heart);
writeFileSync(process.argv[2] ?? '', JSON.stringify({ isHung: looks.at(-1), devices: devices.known, threads, beats: beats - before }));
process.exit(0);
