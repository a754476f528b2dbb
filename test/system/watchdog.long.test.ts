// @module-tag long
/** Tests the watchdog heartbeat that real processes send to an external address. The heartbeat stops when any of the processes stops. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'vitest';
import { createParts, type PartName } from './parts-under-test.ts';
import type { Program } from './processes.ts';

/** Factor of the clock of flows and agent: one heartbeat every six seconds. */
const speed = 10;
const limitMs = (5 * 60_000) / speed;

/** Starts a push monitor that records the time of each request. */
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

// The cases run concurrently, because nearly all of their time is a wait for a missing heartbeat.
test.concurrent.for(ways)(
  'F29 when %s is %s the heartbeat stops within five minutes, and resumes when it runs again',
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
    // Expects no heartbeat for three intervals.
    await expect.poll(heardFor, { timeout: limitMs + 18_000, interval: 500 }).toBeGreaterThan(18_000);
    const before = beats.length;
    if (how === 'killed') await parts.start(part);
    else process.kill(program.pid, 'SIGCONT');
    await expect.poll(() => beats.length, { timeout: 120_000 }).toBeGreaterThan(before);
  },
);
