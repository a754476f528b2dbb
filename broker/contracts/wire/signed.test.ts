import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { ofTier } from '../../../test/figures.ts';
import { type Random, randomFrom } from '../../../test/random.ts';
import { command } from './commands.ts';
import { configuration, decode, encode, type Signed } from './messages.ts';
import { makeSigningKeys, openSigned, sealSigned } from './signed.ts';

const pem = makeSigningKeys();
const key = createPrivateKey(pem.privateKey);
const publicKey = createPublicKey(pem.publicKey);
const anything = v.unknown();

/** Committed samples, whose private key is deleted. Add new samples and never edit old ones. */
const golden: { publicKey: string; samples: Record<string, Signed> } = JSON.parse(
  readFileSync(new URL('./signed.golden.json', import.meta.url), 'utf8'),
);
const goldenKey = createPublicKey(golden.publicKey);

describe('golden samples', () => {
  test.each(Object.entries(golden.samples))('%s is verified, and accepted only as its own type', (name, sample) => {
    const [own, other] = name === 'configuration' ? [configuration, command] : [command, configuration];
    expect(openSigned(own, sample, goldenKey)).toEqual({ ok: true, value: JSON.parse(sample.signed) });
    expect(openSigned(other, sample, goldenKey).ok).toBe(false);
    expect(openSigned(own, sample, publicKey)).toEqual({ ok: false, reason: 'wrong signature' });
  });
});

describe('a signed text is rejected as a whole', () => {
  const sealed = sealSigned({ pc: 'ladakh/leh/hall', name: 'सभा \ufffd' }, key);

  test('if any one of its characters is changed', () => {
    for (let at = 0; at < sealed.signed.length; at++) {
      for (const other of ['0', '\ud800', '']) {
        const signed = sealed.signed.slice(0, at) + other + sealed.signed.slice(at + 1);
        if (signed !== sealed.signed)
          expect(openSigned(anything, { ...sealed, signed }, publicKey)).toEqual({ ok: false, reason: 'wrong signature' });
      }
    }
  });

  test.each(['', 'AAAA', '!!!', sealed.signed, sealed.signature.slice(2)])('if the signature is %j', (signature) => {
    expect(openSigned(anything, { ...sealed, signature }, publicKey)).toEqual({ ok: false, reason: 'wrong signature' });
  });

  test('if its signature is valid but its content is not, with one line as the reason', () => {
    for (const text of ['', '{', 'null', '{"pc":"a/b/all","version":1,"profile":{"link":"geo"}}', '{"version":0}']) {
      const signature = sign(null, Buffer.from(text), key).toString('base64');
      const line = expect.stringMatching(/^[^\n]{5,300}$/);
      expect(openSigned(configuration, { signed: text, signature }, publicKey)).toEqual({ ok: false, reason: line });
    }
  });
});

test('seeded values survive encoding and decoding, and a changed byte never gives another value', () => {
  const random = randomFrom(7);
  for (let round = 0; round < ofTier(300, 2_000); round++) {
    const value = anyValue(random, 3);
    const payload = encode('cmd', sealSigned(value, key));
    const read = decode('cmd', payload);
    if (!read.ok) throw new Error(read.detail);
    expect(openSigned(anything, read.value, publicKey)).toEqual({ ok: true, value: JSON.parse(JSON.stringify(value)) });
    const at = random.below(payload.length);
    payload[at] = (payload[at] ?? 0) ^ (1 << random.below(7));
    const changed = decode('cmd', payload);
    const opened = changed.ok ? openSigned(anything, changed.value, publicKey) : changed;
    // A changed byte may give another spelling of the same value (an escape, the unused bits of base64), but never another value.
    if (opened.ok) expect(opened.value).toEqual(JSON.parse(JSON.stringify(value)));
  }
});

function anyValue(random: Random, depth: number): unknown {
  const plain = [null, true, -1, 0.5, 1e300, '', 'x', 'सभा "माइक"', '\u0000\n\\', '\ud800', '😀'];
  if (depth === 0 || random.next() < 0.3) return random.pick(plain);
  const inner = Array.from({ length: random.below(4) }, () => anyValue(random, depth - 1));
  return random.next() < 0.5 ? inner : Object.fromEntries(inner.map((one, at) => [random.pick(['a', 'ब', `k${at}`]), one]));
}
