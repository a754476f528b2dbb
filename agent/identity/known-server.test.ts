import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeEnrolCode } from '@sabha/contracts';
import { afterAll, expect, test } from 'vitest';
import { knownCentre, knownCentreFile } from './known-server.ts';
import { readInput } from './prompt.ts';

const folder = mkdtempSync(join(tmpdir(), 'sabha-known-'));
afterAll(() => rmSync(folder, { recursive: true }));
const node = join(folder, 'node');
const code = writeEnrolCode(Buffer.alloc(13, 7), Buffer.from('root'));
const centre = { centre: 'https://sabha.example.org:8443', pin: code.slice(24).replaceAll('-', '') };
const place = { host: 'sabha.example.org', port: 8_443 };
const [half, whole] = [code.slice(0, 23), `${code.slice(0, 23)}-${centre.pin}`];

test('`knownCentre` returns the server that a package names, or undefined without one, and reports a damaged file by its name', () => {
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
    expect(() => knownCentre(node)).toThrow(`${join(folder, knownCentreFile)}: names no server; install the package again`);
  }
});

test.each([
  ['half a code', { code: half, pc: 'a/b/c' }, { code: whole, centre: place, pc: 'a/b/c' }],
  [
    'another centre',
    { code: half, centre: 'other.example.org', pc: 'a/b/c' },
    { code: whole, centre: { ...place, host: 'other.example.org' }, pc: 'a/b/c' },
  ],
  ['what is no code', { code: '?', pc: 'a/b/c' }, { code: '?', centre: place, pc: 'a/b/c' }],
])('with a package that names its server, the typed input is completed: %s', (_, typed, value) => {
  expect(readInput(typed, centre)).toEqual({ ok: true, value });
  expect(readInput({ ...typed, centre: 'sabha.example.org' }, undefined)).toEqual({ ok: true, value: { ...typed, centre: place } });
});
