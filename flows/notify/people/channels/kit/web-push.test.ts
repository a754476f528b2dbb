import { createPublicKey, verify } from 'node:crypto';
import { expect, test } from 'vitest';
import { opened } from '../push-service.test-helper.ts';
import { areDeviceKeys, authorizationFor, encrypt, newEncryptionInput, payloadLimitBytes, pushKeyOf } from './web-push.ts';

/** Example of an encrypted message from RFC 8291, appendix A. */
const vector = {
  plain: 'When I grow up, I want to be a watermelon',
  device: {
    p256dh: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
    auth: 'BTBZMqHH6r4Tts7J_aSIgg',
  },
  deviceSecret: 'q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94',
  seal: {
    secret: Buffer.from('yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw', 'base64url'),
    salt: Buffer.from('DGv6ra1nlYgDCS1FRnbzlw', 'base64url'),
  },
  body:
    'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4M' +
    'qgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN',
};

test('encrypt returns the same bytes as the example of RFC 8291', () => {
  expect(encrypt(vector.plain, vector.device, vector.seal).toString('base64url')).toBe(vector.body);
});

test('a browser decrypts its push message up to the longest text, and two encryptions of one text differ', () => {
  const secret = Buffer.from(vector.deviceSecret, 'base64url');
  const open = (body: Buffer) => opened(body, { secret, auth: vector.device.auth });
  expect(open(Buffer.from(vector.body, 'base64url'))).toBe(vector.plain);
  const longest = 'अ'.repeat(payloadLimitBytes / 3);
  const [one, other] = [encrypt(longest, vector.device), encrypt(longest, vector.device)];
  expect(one.length).toBeLessThanOrEqual(4_096);
  expect(one.equals(other)).toBe(false);
  expect(open(one)).toBe(longest);
  expect(() => encrypt(`${longest}aaa`, vector.device)).toThrow(RangeError);
});

test('a message with one changed bit cannot be decrypted', () => {
  const body = encrypt('x', vector.device);
  body[body.length - 1] = (body.at(-1) ?? 0) ^ 1;
  expect(() => opened(body, { secret: Buffer.from(vector.deviceSecret, 'base64url'), auth: vector.device.auth })).toThrow();
});

test('the authorization for a push service is signed by our key, limited to that service, and expires within a day', () => {
  const key = pushKeyOf(newEncryptionInput().secret);
  const now = Date.UTC(2026, 2, 3);
  const said = authorizationFor('https://push.test:8443/send/abc', key, { contact: 'mailto:it@office.test', now });
  const [, head = '', claims = '', mark = '', k = ''] = /^vapid t=([\w-]+)\.([\w-]+)\.([\w-]+), k=([\w-]+)$/.exec(said) ?? [];
  const point = Buffer.from(k, 'base64url');
  const part = (from: number) => point.subarray(from, from + 32).toString('base64url');
  const theirs = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x: part(1), y: part(33) }, format: 'jwk' });
  const isOurs = verify(
    'sha256',
    Buffer.from(`${head}.${claims}`),
    { key: theirs, dsaEncoding: 'ieee-p1363' },
    Buffer.from(mark, 'base64url'),
  );
  expect(isOurs).toBe(true);
  expect(k).toBe(key.public);
  expect(JSON.parse(Buffer.from(head, 'base64url').toString())).toEqual({ typ: 'JWT', alg: 'ES256' });
  const { aud, exp, sub } = JSON.parse(Buffer.from(claims, 'base64url').toString());
  expect([aud, sub]).toEqual(['https://push.test:8443', 'mailto:it@office.test']);
  expect(exp * 1_000 - now).toBeLessThanOrEqual(24 * 60 * 60_000);
});

test.each([
  ['those of a browser', vector.device, true],
  ['no point of the curve', { ...vector.device, p256dh: Buffer.alloc(65, 4).toString('base64url') }, false],
  ['nothing', { p256dh: '', auth: '' }, false],
  ['a secret of another length', { ...vector.device, auth: 'AAAA' }, false],
])('areDeviceKeys returns whether the Web Push keys of a device are valid: %s', (_, keys, are) => {
  expect(areDeviceKeys(keys)).toBe(are);
});
