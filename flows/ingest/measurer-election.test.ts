import { randomBytes } from 'node:crypto';
import { openReflectorToken, type Presence, pcHash } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { newRecord } from '../engine/outages/pc.ts';
import { createElection } from './acks.ts';

const now = 1_764_000_000_000;
const key = randomBytes(32);
const [a, b, c] = ['up/lucknow/a', 'up/lucknow/b', 'up/lucknow/c'] as const;

function setUp(reflector: { port: number; key: Buffer } | undefined = { port: 8_620, key }) {
  const presence: Record<string, Presence> = { [c]: 'online', [a]: 'never', [b]: 'online' };
  const measuring = createElection({
    reflector,
    pcsOf: (site) => Object.keys(presence).filter((pc) => pc.startsWith(`${site}/`)),
    recordOf: (pc) => ({ ...newRecord(pc, 'fibre'), presence: presence[pc] ?? 'never' }),
    now: () => now,
  });
  return { presence, measuring };
}

test('the online PC with the lowest id measures the link, with a token of three hours that the reflector accepts', () => {
  const { measuring } = setUp();
  expect(measuring.measureFields(c)).toEqual({ measure: false });
  const words = measuring.measureFields(b);
  expect(words).toMatchObject({ measure: true, reflector: { port: 8_620, endsAt: now + 10_800_000 } });
  const token = Buffer.from(words.reflector?.token ?? '', 'base64url');
  expect(openReflectorToken(token, key, now)).toEqual({ endsAt: now + 10_800_000, pc: pcHash(b) });
});

test('without a reflector the elected PC measures but gets no token', () => {
  expect(setUp(undefined).measuring.measureFields(b)).toMatchObject({ measure: true });
  const { presence } = setUp();
  const none = createElection({
    pcsOf: () => Object.keys(presence),
    recordOf: (pc) => ({ ...newRecord(pc, 'fibre'), presence: 'online' }),
    now: () => now,
  });
  expect(none.measureFields(a)).toEqual({ measure: true });
});

test('the measurement moves at once to a PC with a lower id that comes online, and away from a PC that is stopped or silent', () => {
  const { presence, measuring } = setUp();
  expect(measuring.changedHolders([c])).toEqual([b]);
  expect(measuring.changedHolders([b, c])).toEqual([]);
  presence[a] = 'online';
  expect(measuring.changedHolders([a])).toEqual([b, a]);
  expect([a, b, c].map((pc) => measuring.measureFields(pc).measure)).toEqual([true, false, false]);
  presence[a] = 'stopped';
  expect(measuring.changedHolders([a])).toEqual([b]);
  presence[b] = 'silent';
  expect(measuring.changedHolders([b])).toEqual([c]);
  presence[c] = 'silent';
  expect(measuring.changedHolders([c])).toEqual([]);
  expect(measuring.measureFields(c)).toEqual({ measure: false });
});

test('a PC with a broken connection stays elected until it is silent, and another PC with a broken connection is not elected', () => {
  const { presence, measuring } = setUp();
  measuring.changedHolders([b]);
  presence[b] = 'lost';
  expect(measuring.changedHolders([b])).toEqual([]);
  expect(measuring.measureFields(c)).toEqual({ measure: false });
  presence[a] = 'lost';
  expect(measuring.changedHolders([a])).toEqual([]);
  presence[b] = 'silent';
  expect(measuring.changedHolders([b])).toEqual([c]);
});
