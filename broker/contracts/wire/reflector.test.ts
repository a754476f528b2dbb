import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { openReflectorToken, reflectorTokenBytes, sealReflectorToken } from './reflector.ts';

const key = randomBytes(32);
const now = 1_764_000_000_000;

test('a reflector token is valid until its end, to the second, and names its PC', () => {
  const token = sealReflectorToken('ladakh/leh/hall', now + 60_500, key);
  const open = openReflectorToken(token, key, now);
  expect(token).toHaveLength(reflectorTokenBytes);
  expect(open?.endsAt).toBe(now + 60_000);
  expect(openReflectorToken(token, key, now + 59_999)).toEqual(open);
  expect(openReflectorToken(token, key, now + 60_000)).toBeUndefined();
  const other = openReflectorToken(sealReflectorToken('ladakh/leh/vc-2', now + 60_500, key), key, now);
  expect(other?.pc).not.toBe(open?.pc);
});

test('a reflector token with another key, a changed bit or a wrong length is invalid', () => {
  const token = sealReflectorToken('ladakh/leh/hall', now + 60_000, key);
  expect(openReflectorToken(token, randomBytes(32), now)).toBeUndefined();
  for (let bit = 0; bit < reflectorTokenBytes * 8; bit += 1) {
    const turned = Buffer.from(token);
    turned[bit >> 3] = (turned[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(openReflectorToken(turned, key, now), `bit ${bit}`).toBeUndefined();
  }
  expect(openReflectorToken(token.subarray(1), key, now)).toBeUndefined();
  expect(openReflectorToken(Buffer.concat([token, token]), key, now)).toBeUndefined();
});
