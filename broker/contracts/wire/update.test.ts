import { createPrivateKey, createPublicKey } from 'node:crypto';
import { expect, test } from 'vitest';
import { makeSigningKeys, sealSigned } from './signed.ts';
import { checkManifest, type Manifest } from './update.ts';

const keys = makeSigningKeys();
const [key, publicKey] = [createPrivateKey(keys.privateKey), createPublicKey(keys.publicKey)];
const now = 1_000;
const offer: Manifest = { version: '1.2.0', minimum: '1.0.0', expires: 2_000, size: 10, sha256: 'a'.repeat(64) };
const held = { version: '1.1.0', minimum: '0.0.0' };
const judged = (edit: object = {}, at = held, signer = key) =>
  checkManifest(JSON.stringify(sealSigned({ ...offer, ...edit }, signer)), publicKey, { ...at, now });

test('a newer version is accepted, and the version that already runs returns null', () => {
  expect(judged()).toEqual({ ok: true, value: offer });
  expect(judged({ version: '1.1.0' })).toEqual({ ok: true, value: null });
});

test.each([
  ['S10 an older one', { version: '1.0.9' }, held, '1.0.9 is older than 1.1.0'],
  ['S10 one below what once had to be left', { version: '1.2.0' }, { version: '1.1.0', minimum: '1.3.0' }, '1.2.0 is older than 1.3.0'],
  ['S10 one that is below its own minimum', { version: '1.2.0', minimum: '1.4.0' }, held, '1.2.0 is below its own minimum 1.4.0'],
  ['S10 one that was held back until it expired', { expires: now }, held, 'the offer of 1.2.0 has expired'],
  ['S10 endless data', { size: 1e12 }, held, 'size: expected <=8388608, found 1000000000000'],
  ['S10 a version that is none', { version: '1.2' }, held, 'version: '],
] as const)('the version is refused: %s', (_what, edit, at, reason) => {
  expect(judged(edit, at)).toEqual({ ok: false, reason: expect.stringContaining(reason) });
});

test('S10 a manifest with a wrong key, changed text or wrong format is refused without using its content', () => {
  const other = createPrivateKey(makeSigningKeys().privateKey);
  expect(judged({}, held, other)).toEqual({ ok: false, reason: 'wrong signature' });
  const changed = { ...sealSigned(offer, key), signed: JSON.stringify({ ...offer, size: 11 }) };
  expect(checkManifest(JSON.stringify(changed), publicKey, { ...held, now })).toEqual({ ok: false, reason: 'wrong signature' });
  for (const text of ['', '{}', '[]', 'null', '<html>']) {
    expect(checkManifest(text, publicKey, { ...held, now })).toEqual({ ok: false, reason: 'not a signed manifest' });
  }
});
