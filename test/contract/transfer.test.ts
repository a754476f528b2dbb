/** Tests the short TCP transfer end to end: the agent, the routes of flows, TLS, and a wire with a limited rate. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { openReflectorToken, realClock, sealReflectorToken, serverSubjects, transferBytes, transferWireBytes } from '@sabha/contracts';
import fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { measureByTransfer } from '../../agent/link/measure/transfer.ts';
import { addTransfers } from '../../flows/api/bytes/transfer-routes.ts';
import { selfSigned } from '../certificate.ts';

const key = randomBytes(32);
const clock = realClock();
const mbit = 4;
let app: FastifyInstance;
let wire: Server;
let certificate: { key: string; cert: string };
let pcs = 0;
/** Bits of full pieces that passed the wire, and the time in ms. */
let wireBits = 0;
let wireMs = 0;

beforeAll(async () => {
  certificate = selfSigned(['localhost'], serverSubjects.centre);
  app = fastify({ https: certificate }) as unknown as FastifyInstance;
  addTransfers(app, { prove: (token) => openReflectorToken(token, key, 0), clock });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  wire = createServer((from) => {
    const to = connect(port, '127.0.0.1');
    // When one connection breaks, the connection to the other side breaks too.
    paced(from, to).catch(() => to.destroy());
    paced(to, from).catch(() => from.destroy());
  });
  await once(wire.listen(0, '127.0.0.1'), 'listening');
});
afterAll(async () => {
  wire.close();
  await app.close();
});

/** Forwards small pieces, each in the time that the rate allows. A late timer makes the wire slower, never faster. */
async function paced(from: Socket, to: Socket): Promise<void> {
  let dueAt = performance.now();
  from.on('error', () => to.destroy());
  for await (const chunk of from.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>)
    for (let at = 0; at < chunk.length; at += 5_000) {
      const piece = chunk.subarray(at, at + 5_000);
      const beganAt = performance.now();
      dueAt = Math.max(dueAt, performance.now()) + (piece.length * 8) / (mbit * 1_000);
      await delay(dueAt - performance.now());
      to.write(piece);
      if (piece.length < 5_000) continue;
      wireBits += piece.length * 8;
      wireMs += performance.now() - beganAt;
    }
  to.end();
}

function measure(token: Buffer, roots = [certificate.cert], used: (bytes: number) => void = () => undefined) {
  return measureByTransfer({ at: `https://localhost:${(wire.address() as AddressInfo).port}`, roots: () => roots, token, clock, used });
}

test('the rate of each direction is measured within a second', { tags: ['long'] }, async () => {
  const { upBps, downBps } = await measure(sealReflectorToken(`a/b/vc-${pcs++}`, 3_600_000, key));
  const wireBps = (1_000 * wireBits) / wireMs;
  for (const bps of [upBps, downBps]) {
    expect((bps ?? 0) / wireBps).toBeGreaterThan(0.4);
    expect((bps ?? 0) / (mbit * 1e6)).toBeLessThan(1.25);
  }
});

test('each byte is counted at the socket, and the total is close to the expected cost', { tags: ['long'] }, async () => {
  let wireBytes = 0;
  await measure(sealReflectorToken(`a/b/vc-${pcs++}`, 3_600_000, key), [certificate.cert], (bytes) => (wireBytes += bytes));
  // A socket counts its last bytes when it closes, shortly after the response.
  await expect.poll(() => wireBytes).toBeGreaterThan(2 * transferBytes);
  expect(Math.abs(wireBytes / transferWireBytes - 1)).toBeLessThan(0.15);
});

test('a refused token, an untrusted certificate or an unreachable server gives an unknown result and throws nothing', async () => {
  const nothing = { upBps: null, downBps: null };
  expect(await measure(randomBytes(16))).toEqual(nothing);
  expect(await measure(sealReflectorToken(`a/b/vc-${pcs++}`, 3_600_000, key), [])).toEqual(nothing);
  expect(
    await measureByTransfer({ at: 'https://localhost:9', roots: () => [], token: randomBytes(16), clock, used: () => undefined }),
  ).toEqual(nothing);
});
