import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { enrolSecretOf, pinOf, readEnrolCode, writeEnrolCode } from './enrol-code.ts';

const root = Buffer.from('the DER of a root');
const secret = Buffer.from('00443214c74254b635cf84653a', 'hex');

test('an enrolment code is the secret and the pin in groups of five Crockford digits', () => {
  const code = writeEnrolCode(secret, root);
  expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{5}-){7}[0-9A-HJKMNP-TV-Z]{5}$/);
  expect(code.startsWith('01234-56789-ABCDE-FGHJK-')).toBe(true);
  expect(readEnrolCode(code)).toEqual({ ok: true, value: { secret: '0123456789ABCDEFGHJK', pin: pinOf(root) } });
});

test('the pin is the beginning of the SHA-256 hash of the root', () => {
  const bits = BigInt(`0x${createHash('sha256').update(root).digest('hex')}`) >> 156n;
  const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  const value = [...pinOf(root)].reduce((sum, digit) => sum * 32n + BigInt(digits.indexOf(digit)), 0n);
  expect(value).toBe(bits);
  expect(pinOf(Buffer.from('another root'))).not.toBe(pinOf(root));
});

test('common typing mistakes in an enrolment code are corrected', () => {
  const code = writeEnrolCode(secret, root);
  const typed = code.toLowerCase().replaceAll('0', 'o').replaceAll('1', 'l').replaceAll('-', ' ');
  expect(readEnrolCode(` ${typed}\n`)).toEqual(readEnrolCode(code));
  expect(readEnrolCode(code.replaceAll('1', 'I').replaceAll('-', ''))).toEqual(readEnrolCode(code));
  expect(enrolSecretOf(typed)).toBe('0123456789ABCDEFGHJK');
  // A phone may insert a longer or non-breaking dash.
  expect(readEnrolCode(code.replace('-', '–').replace('-', '\u2011'))).toEqual(readEnrolCode(code));
  expect(enrolSecretOf('01234-56789-abcde-fghjk')).toBe('0123456789ABCDEFGHJK');
});

test('with a known pin the first half of an enrolment code is enough, and a whole code is read unchanged', () => {
  const pin = pinOf(root);
  const other = writeEnrolCode(secret, Buffer.from('another root'));
  expect(readEnrolCode('01234-56789 abcde-fghjk', pin)).toEqual({ ok: true, value: { secret: '0123456789ABCDEFGHJK', pin } });
  expect(readEnrolCode(other, pin)).toEqual(readEnrolCode(other));
  expect(readEnrolCode('01234', pin)).toEqual({ ok: false, line: 'the enrolment code has 5 characters, it should have 20 or 40' });
  expect(readEnrolCode('0'.repeat(30), pin).ok).toBe(false);
});

test.each(['', '01234', 'U'.repeat(40), '!'.repeat(20), '0'.repeat(39), '0'.repeat(41)])('%j is not an enrolment code', (text) => {
  expect(readEnrolCode(text)).toEqual({ ok: false, line: expect.stringMatching(/^the enrolment code has /) });
  expect(enrolSecretOf(text)).toBeUndefined();
});
