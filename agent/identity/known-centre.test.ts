import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { writeEnrolCode } from '#contracts';
import { knownCentre, knownCentreFile, withKnown } from './known-centre.ts';

const folder = mkdtempSync(join(tmpdir(), 'sabha-known-'));
afterAll(() => rmSync(folder, { recursive: true }));
const node = join(folder, 'node');
const code = writeEnrolCode(Buffer.alloc(13, 7), Buffer.from('root'));
const centre = { centre: 'https://sabha.example.org:8443', pin: code.slice(24).replaceAll('-', '') };
const [half, whole] = [code.slice(0, 23), `${code.slice(0, 23)}-${centre.pin}`];

test('a package that is of no centre says nothing; one that is says its address and its pin, and a damaged file is named', () => {
  expect(knownCentre(node)).toBeUndefined();
  writeFileSync(join(folder, knownCentreFile), JSON.stringify(centre));
  expect(knownCentre(node)).toEqual(centre);
  for (const text of [
    '',
    '{}',
    JSON.stringify({ ...centre, pin: '0' }),
    JSON.stringify({ ...centre, centre: 'http://sabha.example.org' }),
  ]) {
    writeFileSync(join(folder, knownCentreFile), text);
    expect(() => knownCentre(node)).toThrow(`${join(folder, knownCentreFile)}: says no centre; install the package once more`);
  }
});

test.each([
  ['nothing', {}, { code: '', centre: centre.centre }],
  ['half a code', { code: half, pc: 'a/b/c' }, { code: whole, centre: centre.centre, pc: 'a/b/c' }],
  ['a whole code, of whichever centre', { code }, { code, centre: centre.centre }],
  ['another centre', { code: half, centre: 'other.example.org' }, { code: whole, centre: 'other.example.org' }],
  ['what is no code', { code: '?' }, { code: '?', centre: centre.centre }],
])('what is typed is made whole: %s', (_, typed, expected) => {
  expect(withKnown(typed, centre)).toEqual(expected);
  expect(withKnown(typed, undefined)).toBe(typed);
});
