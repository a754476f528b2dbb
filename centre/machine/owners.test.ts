import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { giveFolders } from './owners.ts';
import { placesOf } from './places.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sabha-owners-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const ownIds = () => ({ user: process.getuid?.() ?? 0, group: process.getgid?.() ?? 0 });

/** Makes and removes a folder with a file in it, for as long as nobody ends it; says once that it has begun. */
const restless = `
  const { mkdirSync, rmSync, writeFileSync } = require('node:fs');
  const { parentPort, workerData } = require('node:worker_threads');
  for (let n = 0; ; n += 1) {
    const at = workerData + '/' + (n % 50);
    mkdirSync(at, { recursive: true });
    writeFileSync(at + '/x', '');
    if (n === 100) parentPort.postMessage('begun');
    if (n >= 25) rmSync(workerData + '/' + ((n + 25) % 50), { recursive: true, force: true });
  }`;

test('an upgrade that gave the folders away while the old centre ran ended where a file of its went meanwhile', async () => {
  const places = placesOf(folder);
  giveFolders(places, ownIds);
  const worker = new Worker(restless, { eval: true, workerData: join(places.data, 'flows') });
  try {
    await new Promise((begun) => worker.once('message', begun));
    for (let at = 0; at < 300; at += 1) expect(() => giveFolders(places, ownIds)).not.toThrow();
  } finally {
    await worker.terminate();
  }
});
