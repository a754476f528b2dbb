/** Tests how much memory of a broker process unauthenticated clients can use at its default limits, while an admitted PC works. */
import type { Socket } from 'node:net';
import { flowsFilters, pcTopic } from '@sabha/contracts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Bare, connect, connectBare, type Peer } from '../contract/peers.ts';
import { type BrokerAlone, startBrokerAlone } from './broker-alone.ts';

const pc = 'ladakh/leh/pc-1';
const beat = pcTopic(pc, 'beat');
const mebibyte = 1_024 * 1_024;

let broker: BrokerAlone;
let flows: Peer;
let agent: Peer;

beforeEach(async () => {
  broker = await startBrokerAlone({ pcs: [pc] });
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
])('S7 %s: memory of the broker grows by 50 MiB at most', async (_what, count, megabytes, header) => {
  const before = broker.rssMiB();
  const strangers = await Promise.all(Array.from({ length: count }, () => connectBare(broker.port)));
  await Promise.all(strangers.map((one) => stream(one, Buffer.from(header), megabytes)));
  await agent.publish(beat, 'still here');
  await flows.hears(beat, 'still here');
  expect(broker.peakRssMiB() - before).toBeLessThan(50);
});

/** Sends as fast as possible until all is sent or the connection is closed. */
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
