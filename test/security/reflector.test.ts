/** What strangers can do to the reflector of a real broker process: they get no packet. */
import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sealReflectorToken, stampBytes, writeProbe } from '#contracts';
import { type ReflectorProcess, startReflectorProcess } from '../reflector-process.ts';

let reflector: ReflectorProcess;

beforeAll(async () => {
  reflector = await startReflectorProcess();
});
afterAll(() => reflector.stop());

const probe = (token: Buffer) => writeProbe({ seq: 1, sentAt: Date.now(), session: 1, token });
const kinds: Record<string, () => Buffer> = {
  'a made-up token': () => probe(randomBytes(16)),
  'a token by another key': () => probe(sealReflectorToken('up/lucknow/hall', Date.now() + 3_600_000, randomBytes(32))),
  'a token that has ended': () => probe(reflector.tokenOf('up/lucknow/hall', -1_000)),
  'random bytes of the right size': () => randomBytes(stampBytes),
  'nothing at all': () => Buffer.alloc(0),
  'a packet of 1,400 bytes': () => randomBytes(1_400),
};

test.each(Object.entries(kinds))('S7 %s is answered with nothing', async (_what, make) => {
  const { socket, answers } = await stranger('127.0.0.1');
  const seen = async () => Object.values(await reflector.counts()).reduce((sum, count) => sum + count, 0);
  const before = await seen();
  for (let count = 0; count < 50; count += 1) socket.send(make());
  await expect.poll(seen).toBe(before + 50);
  expect(answers).toEqual([]);
  socket.close();
});

async function stranger(address: string): Promise<{ socket: Socket; answers: Buffer[] }> {
  const socket = createSocket('udp4');
  const answers: Buffer[] = [];
  socket.on('message', (packet) => answers.push(packet));
  socket.bind(0, address);
  await once(socket, 'listening');
  socket.connect(reflector.port, '127.0.0.1');
  await once(socket, 'connect');
  return { socket, answers };
}
