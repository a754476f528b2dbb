import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { hashToken, openSnapshot, type RegistrySnapshot, sealSnapshot, tokenMatches } from './registry.ts';
import { makeSigningKeys } from './signed.ts';

const pem = makeSigningKeys();
const privateKey = createPrivateKey(pem.privateKey);
const publicKey = createPublicKey(pem.publicKey);
const snapshot: RegistrySnapshot = {
  version: 3,
  at: 1_764_000_000_000,
  pcs: [
    { pc: 'ladakh/leh/hall', tokenHash: hashToken('one'), certificates: [], revoked: false },
    { pc: 'ladakh/leh/office', tokenHash: null, certificates: ['4f00', '7a'], ends: { '4f00': 5, '7a': 6 }, revoked: true },
  ],
  roots: ['-----BEGIN CERTIFICATE-----'],
};

test('a sealed snapshot is opened unchanged with the public key', () => {
  expect(openSnapshot(sealSnapshot(snapshot, privateKey), publicKey)).toEqual({ ok: true, value: snapshot });
});

describe('an invalid registry snapshot is rejected as a whole', () => {
  const sealed = sealSnapshot(snapshot, privateKey);

  test.each(['', '{', 'null', '[]', '"x"', sealed.slice(0, -20)])('if it is %j', (text) => {
    expect(openSnapshot(text, publicKey)).toMatchObject({ ok: false, reason: expect.stringMatching(/.{5,}/) });
  });

  test.each([
    ['has version 0', JSON.stringify({ ...snapshot, version: 0 })],
    ['names a PC that is none', JSON.stringify({ ...snapshot, pcs: [{ ...snapshot.pcs[0], pc: 'ladakh/leh/all' }] })],
    ['holds a token where its hash belongs', JSON.stringify({ ...snapshot, pcs: [{ ...snapshot.pcs[0], tokenHash: 'one' }] })],
    ['writes a serial number in another way', JSON.stringify({ ...snapshot, pcs: [{ ...snapshot.pcs[0], certificates: ['0a'] }] })],
  ])('if it is correctly signed but %s', (_what, signed) => {
    const signature = sign(null, Buffer.from(signed), privateKey).toString('base64');
    expect(openSnapshot(JSON.stringify({ signed, signature }), publicKey)).toMatchObject({ ok: false, reason: expect.any(String) });
  });
});

test('a token matches only its own hash', () => {
  expect(hashToken('one')).toMatch(/^[0-9a-f]{64}$/);
  expect(tokenMatches('one', hashToken('one'))).toBe(true);
  for (const other of ['', 'One', 'one ', 'two']) expect(tokenMatches(other, hashToken('one'))).toBe(false);
  expect(tokenMatches('', null)).toBe(false);
});
