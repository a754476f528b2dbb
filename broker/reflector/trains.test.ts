import { randomBytes } from 'node:crypto';
import type { RemoteInfo } from 'node:dgram';
import {
  noCookie,
  openReflectorToken,
  readTrainAnswer,
  readTrainDenial,
  readTrainReport,
  sealReflectorToken,
  type TrainRequest,
  trainPacketsAtMost,
  trainPayloadBytes,
  trainSessionBytes,
  trainWireBytes,
  writeTrainRequest,
} from '@sabha/contracts';
import { expect, test } from 'vitest';
import { createTrainHandler } from './trains.ts';

const key = randomBytes(32);
const nowMs = 1_790_000_000_000;
const here = at('10.1.2.3', 40_000);

function at(address: string, port: number): RemoteInfo {
  return { address, port, family: 'IPv4', size: 0 };
}

function setUp({ speed = 1 } = {}) {
  const counted = new Map<string, number>();
  const time = { up: 1_000 };
  const trains = createTrainHandler({
    checkToken: (token) => openReflectorToken(token, key, nowMs) ?? 'stranger',
    secret: randomBytes(32),
    clock: { up: () => time.up },
    quotaClock: { up: () => speed * time.up },
    count: (_, result) => counted.set(result, (counted.get(result) ?? 0) + 1),
  });
  const ask = (request: Partial<TrainRequest>, from = here): Buffer[] => {
    const packet = writeTrainRequest({ kind: 'hello', train: 1, seq: 0, token: tokenOf('ladakh/leh/hall'), cookie: noCookie, ...request });
    const replies: Buffer[] = [];
    expect(trains.matches(packet)).toBe(true);
    trains.handlePacket(packet, from, (reply) => replies.push(reply));
    return replies;
  };
  const cookieOf = (token: Buffer, from = here) => readTrainAnswer(ask({ token }, from)[0] ?? Buffer.alloc(0))?.body ?? noCookie;
  return { trains, counted, time, ask, cookieOf };
}

function tokenOf(pc: string, endsAt = nowMs + 3_600_000): Buffer {
  return sealReflectorToken(pc, endsAt, key);
}

function bytesOf(packets: readonly Buffer[]): number {
  return packets.reduce((sum, { length }) => sum + length, 0);
}

function loadsOf(packets: readonly Buffer[]): number {
  return packets.filter((packet) => readTrainAnswer(packet)?.kind === 'load').length;
}

/** Returns `count` consecutive train numbers from `first`. */
const fill = (count: number, first: number) => Array.from({ length: count }, (_, at) => first + at);

test('the packets of a train to the server are time-stamped, and its report can be requested repeatedly in parts', () => {
  const { ask, cookieOf, time } = setUp();
  const token = tokenOf('ladakh/leh/hall');
  const cookie = cookieOf(token);
  for (let seq = 0; seq < trainPacketsAtMost; seq += 1) {
    time.up += 4.8;
    expect(ask({ kind: 'up', train: 1, seq, token, cookie })).toEqual([]);
  }
  for (const _ of ['first', 'again']) {
    const report = ask({ kind: 'ask', train: 1, token, cookie }).map((part) => readTrainAnswer(part));
    expect(report.map((part) => [part?.kind, part?.seq, part?.parts])).toEqual([
      ['report', 0, 2],
      ['report', 1, 2],
    ]);
    const arrivals = report.flatMap((part) => (part ? readTrainReport(part) : []));
    expect(arrivals).toHaveLength(trainPacketsAtMost);
    expect(arrivals[0]).toEqual({ seq: 0, us: 0 });
    expect(arrivals[329]?.us).toBeCloseTo(329 * 4_800, -1);
  }
});

test('a train from the server has the requested number of packets, and is sent once', () => {
  const { ask, cookieOf, counted } = setUp();
  const token = tokenOf('ladakh/leh/hall');
  const cookie = cookieOf(token);
  const loads = ask({ kind: 'down', train: 1, seq: 24, token, cookie });
  expect(loads.map(({ length }) => length)).toEqual(Array(24).fill(trainPayloadBytes));
  expect(loads.map((load) => readTrainAnswer(load)?.seq)).toEqual(Array.from({ length: 24 }, (_, seq) => seq));
  expect(ask({ kind: 'down', train: 1, seq: 24, token, cookie })).toEqual([]);
  expect(ask({ kind: 'down', train: 2, seq: trainPacketsAtMost + 1, token, cookie })).toEqual([]);
  expect(ask({ kind: 'down', train: 2, seq: 0, token, cookie })).toEqual([]);
  expect(counted.get('refused')).toBe(3);
});

test('a spoofed address receives only a cookie, shorter than the hello (no amplification)', () => {
  const { ask, cookieOf } = setUp();
  const token = tokenOf('ladakh/leh/hall');
  const victim = at('203.0.113.9', 53);
  const stolen = cookieOf(token, here);
  for (const cookie of [noCookie, randomBytes(16), stolen])
    for (const kind of ['up', 'ask', 'down'] as const) expect(ask({ kind, train: 1, seq: 24, token, cookie }, victim)).toEqual([]);
  const hello = writeTrainRequest({ kind: 'hello', train: 1, seq: 0, token, cookie: noCookie });
  expect(bytesOf(ask({ kind: 'hello', token }, victim))).toBeLessThan(hello.length);
});

test('a forged, expired or foreign token gets no response', () => {
  const { ask, counted } = setUp();
  const forged = [randomBytes(16), tokenOf('ladakh/leh/hall', nowMs - 1), sealReflectorToken('a/b/c', nowMs + 9_000, randomBytes(32))];
  for (const token of forged) for (const kind of ['hello', 'up', 'ask', 'down'] as const) expect(ask({ kind, token, seq: 24 })).toEqual([]);
  expect(counted).toEqual(new Map([['stranger', 12]]));
});

test('a session never exceeds its byte limit, reports included', () => {
  const { ask, cookieOf, counted } = setUp();
  const token = tokenOf('ladakh/leh/hall');
  const cookie = cookieOf(token);
  for (let seq = 0; seq < 200; seq += 1) ask({ kind: 'up', train: 1, seq, token, cookie });
  const sent: Buffer[] = [];
  for (let train = 1; train <= 60; train += 1) sent.push(...ask({ kind: 'down', train, seq: 100, token, cookie }));
  for (let one = 0; one < 2_000; one += 1) sent.push(...ask({ kind: 'ask', train: 1, token, cookie }));
  const wireBytes = sent.reduce((sum, { length }) => sum + length + trainWireBytes - trainPayloadBytes, 0);
  expect(wireBytes).toBeLessThanOrEqual(trainSessionBytes);
  expect(wireBytes).toBeGreaterThan(trainSessionBytes - 5_000);
  expect(counted.get('spent')).toBeGreaterThan(0);
});

test('an exhausted quota and a full reflector are reported in fewer bytes than the request, and only to a proven address', () => {
  const { ask, cookieOf } = setUp();
  const token = tokenOf('ladakh/leh/hall');
  const cookie = cookieOf(token);
  for (const train of fill(18, 1)) ask({ kind: 'down', train, seq: 270, token, cookie });
  const denied = (kind: 'ask' | 'down', given: Partial<TrainRequest> = {}, from = here) =>
    ask({ kind, train: 99, seq: 270, token, cookie, ...given }, from).map((packet) => {
      const answer = readTrainAnswer(packet);
      return [answer?.kind, answer?.train, packet.length, answer && readTrainDenial(answer)];
    });
  expect(denied('down')).toEqual([['denied', 99, 16, 'spent']]);
  expect(denied('down', {}, at('203.0.113.9', 53))).toEqual([]);
  for (let pc = 0; pc < 63; pc += 1) {
    const other = tokenOf(`ladakh/leh/vc-${pc}`);
    ask({ kind: 'ask', train: 1, token: other, cookie: cookieOf(other) });
  }
  const late = tokenOf('ladakh/leh/late');
  for (const kind of ['ask', 'down'] as const)
    expect(denied(kind, { token: late, cookie: cookieOf(late) })).toEqual([['denied', 99, 16, 'crowded']]);
  expect(ask({ kind: 'up', train: 9, token: late, cookie: cookieOf(late) })).toEqual([]);
});

test('at most 64 sessions exist, and each session ends after 10 s without packets or 3 min in total', () => {
  const { ask, cookieOf, counted, time } = setUp();
  const pcs = Array.from({ length: 65 }, (_, pc) => ({ token: tokenOf(`ladakh/leh/vc-${pc}`), from: at('10.1.2.3', 1_000 + pc) }));
  const cookies = pcs.map(({ token, from }) => cookieOf(token, from));
  const down = (pc: number, train: number) => {
    const { token, from } = pcs[pc] ?? { token: noCookie, from: here };
    return loadsOf(ask({ kind: 'down', train, seq: 1, token, cookie: cookies[pc] ?? noCookie }, from));
  };
  expect(pcs.map((_, pc) => down(pc, 1))).toEqual([...Array(64).fill(1), 0]);
  expect(counted.get('crowded')).toBe(1);
  time.up += 9_000;
  expect([down(0, 2), down(64, 2)]).toEqual([1, 0]);
  time.up += 2_000;
  // All sessions but the first have expired, so the last request is accepted. Each session numbers its trains separately.
  expect([down(64, 3), down(1, 1), down(0, 2)]).toEqual([1, 1, 0]);
  const later = Array.from({ length: 22 }, () => {
    time.up += 8_000;
    return down(0, 3);
  });
  // Train 3 is sent again in a new session.
  expect(later).toEqual([1, ...Array(20).fill(0), 1]);
});

test('all sessions together stay within the rate for which the line of a server has capacity', () => {
  const { ask, cookieOf, time } = setUp();
  let sent = 0;
  for (let pc = 0; pc < 40; pc += 1) {
    const token = tokenOf(`ladakh/leh/vc-${pc}`);
    const from = at('10.1.2.3', 1_000 + pc);
    const cookie = cookieOf(token, from);
    for (const train of [1, 2, 3]) sent += loadsOf(ask({ kind: 'down', train, seq: 330, token, cookie }, from)) * trainWireBytes;
    time.up += 1;
  }
  expect(sent).toBeGreaterThan(29_000_000);
  expect(sent).toBeLessThan(30_200_000);
});
