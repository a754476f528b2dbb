import { randomBytes } from 'node:crypto';
import { pcMark, sealReflectorToken } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { createRights } from './rights.ts';

const startMs = 1_764_000_000_000;
const key = randomBytes(32);
const reflectorKey = key.toString('base64url');

function setUp() {
  const time = { up: 0 };
  const rights = createRights({ now: () => startMs + time.up, up: () => time.up });
  const tokenFor = (pc: string, validMs = 60_000) => sealReflectorToken(pc, startMs + time.up + validMs, key);
  const pcs = (revoked: boolean) => [{ pc: 'up/lucknow/hall', tokenHash: null, certificates: [], revoked }];
  return { time, rights, tokenFor, pcs };
}

test('a new key or the revocation of its PC invalidates a token at once, also a cached one', () => {
  const { rights, tokenFor, pcs } = setUp();
  const token = tokenFor('up/lucknow/hall');
  rights.use({ reflectorKey, pcs: pcs(false) });
  expect(rights.prove(token)).toMatchObject({ pc: pcMark('up/lucknow/hall') });
  rights.use({ reflectorKey, pcs: pcs(true) });
  expect(rights.prove(token)).toBe('stranger');
  rights.use({ reflectorKey: randomBytes(32).toString('base64url'), pcs: pcs(false) });
  expect(rights.prove(token)).toBe('stranger');
});

test('at most 2,000 unknown tokens a second are verified, and tokens verified before are not affected', () => {
  const { time, rights, tokenFor } = setUp();
  rights.use({ reflectorKey, pcs: [] });
  const proven = tokenFor('up/lucknow/hall');
  rights.prove(proven);
  const answers = Array.from({ length: 10_000 }, () => rights.prove(randomBytes(16)));
  expect(answers.filter((one) => one === 'stranger')).toHaveLength(1_999);
  expect(new Set(answers)).toEqual(new Set(['stranger', 'unproven']));
  expect(rights.prove(proven)).toMatchObject({ pc: pcMark('up/lucknow/hall') });
  expect(rights.prove(tokenFor('up/lucknow/vc-2'))).toBe('unproven');
  time.up += 1;
  expect(rights.prove(tokenFor('up/lucknow/vc-2'))).toMatchObject({ pc: pcMark('up/lucknow/vc-2') });
});
