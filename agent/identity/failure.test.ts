import { pinOf, writeEnrolCode } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { lineOfFailure } from './asking.ts';
import type { Cause } from './identity.ts';
import { wholeCode } from './known-centre.ts';

const known = { centre: 'https://sabha.example.org:8443', pin: pinOf(Buffer.from('root')) };
const code = wholeCode(writeEnrolCode(Buffer.alloc(13, 7), Buffer.from('root')).slice(0, 23), known);
const own = { host: 'sabha.example.org', port: 8_443 };
const now = new Date(2025, 10, 30, 14, 5).getTime();
const told = (cause: Cause, more: Partial<Parameters<typeof lineOfFailure>[1]> = {}) =>
  lineOfFailure({ ok: false, line: 'as the program says it', cause }, { code, centre: own, known, language: 'en', now, ...more });

test('somebody who typed no name was told to check how it is written', () => {
  expect(told('name')).toBe('The name of the centre, sabha.example.org, is not known in this network: call the administrator.');
  const typed = { centre: { host: 'sabha.exmple.org', port: 8_443 } };
  for (const cause of ['name', 'silence', 'pin'] as const) expect(told(cause, typed)).toBe('as the program says it');
  expect(told('name', { known: undefined })).toBe('as the program says it');
  expect(told('pin')).toMatch(/^What answers at sabha\.example\.org:8443 is not the centre of this package/);
  expect(told('pin', { code: writeEnrolCode(Buffer.alloc(13, 7), Buffer.from('another root')) })).toBe('as the program says it');
});

test('"check the clock" did not say what it shows, with a package and without', () => {
  expect(told('clock', { known: undefined })).toMatch(/^The clock of this PC shows 30 Nov 2025, 14:05\. .+ timedatectl/);
});

test.each(['name', 'silence', 'pin', 'clock'] as const)('no English stands within the Hindi of: %s', (cause) => {
  const line = told(cause, { language: 'hi' });
  expect(line).toMatch(/\p{Script=Devanagari}/u);
  expect(line.replaceAll(/sabha\.example\.org|timedatectl|PC/g, '')).not.toMatch(/[a-z]{3}/i);
});
