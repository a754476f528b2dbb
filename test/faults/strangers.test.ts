/** What strangers can take from the broker as a process, at its usual limits: memory, descriptors, time. An admitted PC works on meanwhile. */
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { flowsFilters, pcTopic } from '@sabha/contracts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { usualLimits } from '../../broker/protection/limits.ts';
import { type Bare, connect, connectBare, type Peer } from '../contract/peers.ts';
import { type BrokerAlone, startBrokerAlone } from './broker-alone.ts';

const pc = 'ladakh/leh/pc-1';
const newcomer = 'ladakh/leh/pc-2';
const beat = pcTopic(pc, 'beat');
const mebibyte = 1_024 * 1_024;
const halfOpen = 8_000;

let broker: BrokerAlone;
let flows: Peer;
let agent: Peer;

beforeEach(async () => {
  broker = await startBrokerAlone({ pcs: [pc, newcomer] });
  flows = await connect(broker.port, 'flows');
  await flows.subscribe([...flowsFilters]);
  agent = await connect(broker.port, pc);
});
afterEach(() => broker.stop());

test.each([
  ['one that announces 100 MB', 1, 100, [0x10, 0x80, 0x80, 0x80, 0x32]],
  ['four that announce 256 MB and send 200', 4, 200, [0x10, 0xff, 0xff, 0xff, 0x7f]],
  ['four that announce 4 KB and send 200 MB', 4, 200, [0x10, 0x80, 0x20]],
  ['four that announce nothing and send 200 MB', 4, 200, []],
])('S7 %s: memory grows by 50 MiB at most', async (_what, count, megabytes, header) => {
  const before = broker.rssMiB();
  const strangers = await Promise.all(Array.from({ length: count }, () => connectBare(broker.port)));
  await Promise.all(strangers.map((one) => stream(one, Buffer.from(header), megabytes)));
  await agent.publish(beat, 'still here');
  await flows.hears(beat, 'still here');
  expect(broker.peakRssMiB() - before).toBeLessThan(50);
});

const descriptors = Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? 0);

test.skipIf(descriptors < halfOpen + 1_000)(
  `S7 ${halfOpen} half-open connections, some of them a byte a second: all are closed at the connect timeout, nobody else notices`,
  async () => {
    const before = broker.rssMiB();
    const strangers: Bare[] = [];
    let beats = 0;
    const speak = async () => agent.publish(beat, `${beats++}`);
    while (strangers.length < halfOpen) {
      strangers.push(...(await Promise.all(Array.from({ length: 200 }, () => connectBare(broker.port)))));
      await speak();
    }
    const openedAt = performance.now();
    const late = await connect(broker.port, newcomer);
    const open = () => strangers.filter(({ socket }) => !socket.destroyed);
    const slow = strangers.slice(-2_000);
    const openDescriptors = Number(await broker.sample('process_open_fds'));
    while (open().length > 0) {
      if (performance.now() - openedAt > usualLimits.connectTimeoutMs + 10_000) break;
      for (const { socket } of slow) if (!socket.destroyed) socket.write(Buffer.from([0x10]));
      await speak();
      await delay(1_000);
    }
    const seconds = ((performance.now() - openedAt) / 1_000).toFixed(1);
    console.info(
      `all closed after ${seconds} s, ${openDescriptors} descriptors, ${(broker.peakRssMiB() - before).toFixed(0)} MiB more at most`,
    );
    expect(open()).toEqual([]);
    await agent.publish(beat, 'end');
    await flows.hears(beat, 'end');
    expect(flows.heard.map(({ text }) => text)).toEqual([...Array.from({ length: beats }, (_, n) => `${n}`), 'end']);
    expect([flows, agent, late].map(({ client }) => client.connected)).toEqual([true, true, true]);
    expect(openDescriptors).toBeLessThan(usualLimits.strangers + 100);
    expect((await refused('crowd')) + (await refused('timeout'))).toBe(halfOpen);
    expect(broker.peakRssMiB() - before).toBeLessThan(150);
  },
);

function refused(reason: string): Promise<number> {
  return broker.sample(`sabha_broker_refused_total{action="connect",reason="${reason}"}`);
}

/** Sends as fast as it is taken, until the end or until it is cut off. */
async function stream({ socket, closed }: Bare, header: Buffer, megabytes: number): Promise<void> {
  socket.write(header);
  const chunk = Buffer.alloc(mebibyte, 'a');
  for (let sent = 0; sent < megabytes && !socket.destroyed; sent += 1) {
    if (!socket.write(chunk)) await Promise.race([drained(socket), closed]);
  }
  socket.destroy();
}

function drained(socket: Socket): Promise<void> {
  return new Promise((done) => socket.once('drain', done));
}
