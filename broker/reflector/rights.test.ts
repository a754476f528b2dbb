import { randomBytes } from 'node:crypto';
import { pcHash, sealReflectorToken } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { createTokenVerifier } from './rights.ts';

const startMs = 1_764_000_000_000;
const key = randomBytes(32);
const reflectorKey = key.toString('base64url');

function setUp() {
  const time = { up: 0 };
  const rights = createTokenVerifier({ now: () => startMs + time.up, up: () => time.up });
  const tokenFor = (pc: string, validMs = 60_000) => sealReflectorToken(pc, startMs + time.up + validMs, key);
  const pcs = (revoked: boolean) => [{ pc: 'up/lucknow/hall', tokenHash: null, certificates: [], revoked }];
  return { time, rights, tokenFor, pcs };
}

test('a new key or the revocation of its PC invalidates a token at once, even a cached token', () => {
  const { rights, tokenFor, pcs } = setUp();
  const token = tokenFor('up/lucknow/hall');
  rights.setKeyAndRevocations({ reflectorKey, pcs: pcs(false) });
  expect(rights.verify(token)).toMatchObject({ pc: pcHash('up/lucknow/hall') });
  rights.setKeyAndRevocations({ reflectorKey, pcs: pcs(true) });
  expect(rights.verify(token)).toBe('stranger');
  rights.setKeyAndRevocations({ reflectorKey: randomBytes(32).toString('base64url'), pcs: pcs(false) });
  expect(rights.verify(token)).toBe('stranger');
});

test('at most 2,000 unknown tokens a second are verified, and tokens that were verified before are not affected', () => {
  const { time, rights, tokenFor } = setUp();
  rights.setKeyAndRevocations({ reflectorKey, pcs: [] });
  const proven = tokenFor('up/lucknow/hall');
  rights.verify(proven);
  const answers = Array.from({ length: 10_000 }, () => rights.verify(randomBytes(16)));
  expect(answers.filter((one) => one === 'stranger')).toHaveLength(1_999);
  expect(new Set(answers)).toEqual(new Set(['stranger', 'unproven']));
  expect(rights.verify(proven)).toMatchObject({ pc: pcHash('up/lucknow/hall') });
  expect(rights.verify(tokenFor('up/lucknow/vc-2'))).toBe('unproven');
  time.up += 1;
  expect(rights.verify(tokenFor('up/lucknow/vc-2'))).toMatchObject({ pc: pcHash('up/lucknow/vc-2') });
});
