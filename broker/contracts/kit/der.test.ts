import { webcrypto } from 'node:crypto';
import { expect, test } from 'vitest';
import { asPkcs7, createAuthority } from '../../../test/security/authority.ts';
import { loadX509 } from '../../../test/x509.ts';
import { certificatesIn, der, readAllDer, readDer, tags } from './der.ts';

const authority = await createAuthority('Sabha');
const issued = await authority.issue({ cn: 'ladakh.leh.pc-1', use: 'client' });
const list = Buffer.from(asPkcs7(issued.pem, authority.root), 'base64');

test('an encoded element of any length can be decoded', () => {
  for (const length of [0, 1, 127, 128, 255, 256, 65_535]) {
    const one = der(tags.sequence, Buffer.alloc(length, 7));
    expect(readAllDer(Buffer.concat([one, one])).map(({ content }) => content.length)).toEqual([length, length]);
  }
  expect(() => der(tags.set, Buffer.alloc(65_536))).toThrow('too long');
});

test('certificatesIn returns each certificate of a list from the certificate library, byte for byte', async () => {
  const { X509Certificates, cryptoProvider } = await loadX509();
  cryptoProvider.set(webcrypto as Crypto);
  const theirs = [...new X509Certificates(list)].map(({ rawData }) => Buffer.from(rawData).toString('hex'));
  expect(theirs).toHaveLength(2);
  expect(
    certificatesIn(list)
      .map((one) => one.toString('hex'))
      .sort(),
  ).toEqual(theirs.sort());
});

test('a truncated or invalid list returns an error, and no changed byte causes a hang', () => {
  for (let length = 0; length < list.length; length += 1) expect(() => certificatesIn(list.subarray(0, length))).toThrow();
  for (let at = 0; at < list.length; at += 1) {
    const turned = Buffer.from(list);
    turned[at] = (turned[at] ?? 0) ^ 0xff;
    try {
      for (const one of certificatesIn(turned)) expect(readDer(one).whole.length).toBe(one.length);
    } catch (error) {
      expect((error as Error).message).toMatch(/DER|list of certificates/);
    }
  }
  expect(() => readDer(Buffer.from([0x30, 0x80, 0, 0]))).toThrow('not DER');
  expect(() => readDer(Buffer.from([0x30, 0x84, 0xff, 0xff, 0xff, 0xff]))).toThrow('not DER');
});
