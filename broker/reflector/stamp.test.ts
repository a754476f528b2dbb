import { randomBytes } from 'node:crypto';
import type { RemoteInfo } from 'node:dgram';
import { readReply, type StampReply, sealReflectorToken, writeProbe } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { createTokenVerifier } from './rights.ts';
import { createStampHandler } from './stamp.ts';

const startMs = 1_764_000_000_000;
const key = randomBytes(32);

function setUp() {
  const time = { up: 0 };
  const clock = { now: () => startMs + Math.floor(time.up), up: () => time.up };
  const counts: Record<string, number> = {};
  const tokens = createTokenVerifier(clock);
  tokens.setKeyAndRevocations({ reflectorKey: key.toString('base64url'), pcs: [] });
  const stamp = createStampHandler({
    tokens,
    clock,
    count: (kind, result) => {
      const name = `${kind} ${result}`;
      counts[name] = (counts[name] ?? 0) + 1;
    },
  });
  const from = (port: number): RemoteInfo => ({ address: '192.0.2.7', family: 'IPv4', port, size: 44 });
  const ask = (given: Partial<Parameters<typeof writeProbe>[0]> & { token: Buffer }, port = 40_000): StampReply | undefined => {
    const packet = writeProbe({ seq: 0, sentAt: 1, session: 1, ...given });
    const sent: Buffer[] = [];
    if (stamp.matches(packet)) stamp.handlePacket(packet, from(port), (reply) => sent.push(reply));
    expect(sent.every(({ length }) => length <= packet.length)).toBe(true);
    return sent[0] && readReply(sent[0]);
  };
  const tokenOf = (pc: string) => sealReflectorToken(pc, startMs + 3_600_000, key);
  return { time, counts, ask, tokenOf };
}

test('replies are numbered per token and session, whatever their port, with times of receipt and sending', () => {
  const { time, ask, tokenOf } = setUp();
  const [hall, room] = [tokenOf('up/lucknow/hall'), tokenOf('up/lucknow/vc-2')];
  time.up = 10.25;
  expect(ask({ token: hall, seq: 5, sentAt: 1_500 })).toEqual({
    seq: 0,
    sentAt: startMs + 10.25,
    receivedAt: startMs + 10.25,
    session: 1,
    probe: { seq: 5, sentAt: 1_500 },
  });
  expect(ask({ token: hall, seq: 9 })).toMatchObject({ seq: 1, probe: { seq: 9 } });
  expect(ask({ token: hall, seq: 10, session: 2 })).toMatchObject({ seq: 0, session: 2 });
  expect(ask({ token: room, seq: 10 })).toMatchObject({ seq: 0 });
  expect(ask({ token: hall, seq: 11 })).toMatchObject({ seq: 2 });
  expect(ask({ token: hall, seq: 12 }, 40_001)).toMatchObject({ seq: 3 });
});

test('a duplicate probe gets no second number, so that a loss is counted in the right direction', () => {
  const { counts, ask, tokenOf } = setUp();
  const token = tokenOf('up/lucknow/hall');
  const numbers = [0, 1, 1, 2, 0, 4].map((seq) => ask({ token, seq })?.seq);
  expect(numbers).toEqual([0, 1, undefined, 2, undefined, 3]);
  expect(counts).toEqual({ 'stamp answered': 4, 'stamp doubled': 2 });
});

test('an unknown token, an expired token and a packet of another format get no response', () => {
  const { time, counts, ask, tokenOf } = setUp();
  expect(ask({ token: randomBytes(16) })).toBeUndefined();
  const token = tokenOf('up/lucknow/hall');
  expect(ask({ token })).toMatchObject({ seq: 0 });
  time.up = 3_600_000;
  expect(ask({ token })).toBeUndefined();
  expect(counts).toEqual({ 'stamp stranger': 1, 'stamp answered': 1, 'stamp ended': 1 });
});

test('a token above its rate gets no responses, but other tokens do', () => {
  const { time, counts, ask, tokenOf } = setUp();
  const token = tokenOf('up/lucknow/hall');
  const answered = Array.from({ length: 400 }, (_, seq) => ask({ token, seq })).filter((reply) => reply !== undefined);
  expect(answered).toHaveLength(300);
  expect(counts).toEqual({ 'stamp answered': 300, 'stamp limited': 100 });
  expect(ask({ token: tokenOf('up/lucknow/vc-2') })).toMatchObject({ seq: 0 });
  time.up += 1_000;
  expect(Array.from({ length: 400 }, (_, at) => ask({ token, seq: 400 + at })).filter((reply) => reply !== undefined)).toHaveLength(100);
});
