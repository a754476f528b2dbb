/** Tests the capacity test end to end, agent and reflector, over a simulated path with known properties. */
import { randomBytes } from 'node:crypto';
import { openReflectorToken, readTrainRequest, sealReflectorToken, trainSessionBytes } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { measureCapacity } from '../../agent/link/measure/capacity-test.ts';
import { createTrainHandler } from '../../broker/reflector/trains.ts';
import { randomFrom } from '../random.ts';
import { createWay, type Narrow } from './narrow-way.ts';

const key = randomBytes(32);
const mbit = 1e6;
const never = () => false;

type Given = {
  up?: Partial<Narrow>;
  down?: Partial<Narrow>;
  left?: number;
  directionBytes?: number;
  token?: Buffer;
  objection?: () => Promise<string | null>;
  localAddress?: string;
};

async function measure({ up, down, left = 12_000_000, directionBytes = 1_500_000, token, objection, localAddress }: Given) {
  const usual: Narrow = { bps: 8 * mbit, bucketBytes: 3_000, delayMs: 20, lost: never };
  const way = createWay(
    (clock) =>
      createTrainHandler({
        checkToken: (one) => openReflectorToken(one, key, clock.now()) ?? 'stranger',
        secret: randomBytes(32),
        clock,
        count: () => undefined,
      }),
    {
      up: { ...usual, ...up },
      down: { ...usual, ...down },
    },
  );
  let used = 0;
  const atSocket = { packets: 0, bytes: 0 };
  const note = ({ length }: Buffer) => {
    atSocket.packets += 1;
    atSocket.bytes += length;
  };
  const answer = measureCapacity({
    async open(onPacket) {
      const { send, close } = await way.open((packet) => {
        note(packet);
        onPacket(packet);
      });
      const noted = (packet: Buffer) => {
        note(packet);
        send(packet);
      };
      return { send: noted, close, ...(localAddress && { localAddress }) };
    },
    token: token ?? sealReflectorToken('ladakh/leh/hall', way.clock.now() + 3_600_000, key),
    clock: way.clock,
    budget: { left: () => left - used, used: (bytes) => (used += bytes) },
    ceilingBps: 50 * mbit,
    directionBytes,
    cardBps: null,
    ...(objection && { objection }),
  });
  const measured = await way.run(answer);
  return { measured, used, atSocket, passed: way.passed, tookMs: way.clock.up() };
}

test.each(['up', 'down'] as const)('packets that the path %s duplicates do not count as lost', async (direction) => {
  const { measured } = await measure({ [direction]: { bps: 5 * mbit, copyMs: 3 } });
  if (!measured.ok) throw new Error(measured.reason);
  expect(measured[direction]).toMatchObject({ reason: null, burst: null });
  expect((measured[direction].bps ?? 0) / (5 * mbit)).toBeCloseTo(1, 2);
});

test.each([
  ['10.1.2.3', 42],
  ['::ffff:10.1.2.3', 42],
  ['2001:db8::5', 62],
])('from %s each packet counts with %i header bytes, in bytes and in rates', async (localAddress, headerBytes) => {
  const { measured, used, atSocket } = await measure({ localAddress, up: { bps: 900 * mbit }, directionBytes: 1_000_000 });
  // The simulated path carries 8 Mbit/s including IPv4 headers. Longer headers therefore give a different rate.
  expect(measured.ok && measured.down.bps).toBeCloseTo((8 * mbit * (1_172 + headerBytes - 14)) / 1_200, -5);
  expect(used).toBe(atSocket.bytes + atSocket.packets * headerBytes);
  expect(measured.ok && measured.up.wireBytes).toBeLessThan(1_000_000);
});

test('a direction uses at most its own bytes and leaves the other direction its bytes', async () => {
  const { measured, used } = await measure({ up: { bps: 900 * mbit }, down: { bps: 2 * mbit }, directionBytes: 1_000_000 });
  expect(measured).toMatchObject({ ok: true, up: { bps: null, reason: 'too fast to measure with so few bytes' } });
  expect(measured.ok && measured.down.bps).toBeCloseTo(2 * mbit, -5);
  expect(used).toBeLessThan(2_000_000);
});

test.each([
  ['a bucket of 160 kB at 20 Mbit/s', 20, 160_000, 0, 10],
  ['a bucket of 40 kB at 0.5 Mbit/s', 0.5, 40_000, 0, 10],
  ['a satellite with 2 % lost each way', 2, 3_000, 0.02, 300],
  ['a satellite with a bucket, and 1 % lost', 8, 32_000, 0.01, 300],
])('%s: the rate is right within 2 %%, with at most 1 MB in each direction', async (_, rate, bucketBytes, loss, delayMs) => {
  const { next } = randomFrom(5);
  const narrow = { bps: rate * mbit, bucketBytes, delayMs, lost: () => next() < loss };
  const { measured, passed } = await measure({ up: narrow, down: narrow });
  if (!measured.ok) throw new Error(measured.reason);
  for (const { bps } of [measured.up, measured.down]) expect(Math.abs((bps ?? 0) / narrow.bps - 1)).toBeLessThan(0.02);
  expect(Math.max(passed.up, passed.down)).toBeLessThanOrEqual(trainSessionBytes);
});

test('lost hellos, train requests and report requests are repeated', async () => {
  const seen = new Set<string>();
  let hellos = 0;
  const lost = (packet: Buffer) => {
    const { kind = 'hello', train = 0 } = readTrainRequest(packet) ?? {};
    if (kind === 'hello') return hellos++ < 2;
    const isFirst = !seen.has(`${kind} ${train}`);
    seen.add(`${kind} ${train}`);
    return kind !== 'up' && isFirst && train < 6;
  };
  const { measured } = await measure({ up: { lost } });
  expect(measured).toMatchObject({ ok: true, blocked: null, up: { reason: null }, down: { reason: null } });
});

test('an invalid token gets no response', async () => {
  const { measured } = await measure({ token: randomBytes(16) });
  expect(measured).toMatchObject({ ok: true, blocked: 'all' });
});

test('the test stays within the remaining budget and reports that', async () => {
  for (const left of [0, 60_000, 120_000, 300_000, 700_000]) {
    const { measured, used } = await measure({ left, up: { bucketBytes: 128_000 }, down: { bucketBytes: 128_000 } });
    expect(used).toBeLessThanOrEqual(Math.max(left, 1_000));
    expect(measured).toMatchObject({ ok: true, down: { bps: null } });
  }
});

test('a meeting that begins between two trains ends the test', async () => {
  let asked = 0;
  const { measured, used } = await measure({ objection: async () => (++asked > 2 ? 'a meeting' : null) });
  expect(measured).toEqual({ ok: false, reason: 'a meeting' });
  expect(used).toBeLessThan(150_000);
});
