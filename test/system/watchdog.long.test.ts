// @module-tag long
/** The heartbeat goes the whole way through real processes to an address outside, and ends with each of them. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'vitest';
import { createParts, type PartName } from './parts-under-test.ts';
import type { Program } from './processes.ts';

/** Of the clock of flows and agent: a beat comes every six seconds. */
const speed = 10;
const limitMs = (5 * 60_000) / speed;

/** A push monitor: when it was asked. */
async function openMonitor(onTestFinished: TestContext['onTestFinished']) {
  const beats: number[] = [];
  const server = createServer((_request, response) => {
    beats.push(performance.now());
    response.end('OK');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const heardFor = () => performance.now() - (beats.at(-1) ?? 0);
  return { url: `http://127.0.0.1:${port}/push/abc`, beats, heardFor };
}

const order: readonly PartName[] = ['broker', 'flows', 'agent'];
const ways = [
  ...order.map((part) => [part, 'killed'] as const),
  ...(['broker', 'agent'] as const).map((part) => [part, 'frozen'] as const),
];

// Beside each other: nearly all of it is waiting for a beat that does not come.
test.concurrent.for(ways)(
  'F29 %s is %s: the outside hears nothing within five minutes, and hears again once it runs',
  { timeout: 300_000 },
  async ([part, how], { expect, onTestFinished }) => {
    const { url, beats, heardFor } = await openMonitor(onTestFinished);
    const people = [{ id: 'meera', name: 'Meera', role: 'central' }];
    const parts = await createParts({ pcs: ['pc-1'], speed, settings: { people, channels: { watchdog: { url, pc: 'ladakh/leh/pc-1' } } } });
    onTestFinished(() => parts.site.remove());
    const running = new Map<PartName, Program>();
    for (const one of order) running.set(one, await parts.start(one));
    await expect.poll(() => beats.length, { timeout: 60_000 }).toBeGreaterThan(1);
    const program = running.get(part) as Program;
    if (how === 'killed') await program.end('SIGKILL');
    else process.kill(program.pid, 'SIGSTOP');
    // No beat for half as long again as two of them take.
    await expect.poll(heardFor, { timeout: limitMs + 18_000, interval: 500 }).toBeGreaterThan(18_000);
    const before = beats.length;
    if (how === 'killed') await parts.start(part);
    else process.kill(program.pid, 'SIGCONT');
    await expect.poll(() => beats.length, { timeout: 120_000 }).toBeGreaterThan(before);
  },
);
