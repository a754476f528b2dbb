import { expect, test } from 'vitest';
import { packagesOf } from './packages.ts';

const lock = (packages: object) => JSON.stringify({ lockfileVersion: 3, packages });

test('what runs is taken, with scope and without, and what only develops is not', () => {
  const text = lock({
    '': { name: 'sabha' },
    'node_modules/mqtt': { version: '5.16.0' },
    'node_modules/@peculiar/x509': {},
    'node_modules/mqtt/node_modules/ws': {},
    'node_modules/vitest': { dev: true },
    'node_modules/typescript': { devOptional: true },
  });
  expect(packagesOf(text)).toEqual(['mqtt', '@peculiar/x509', 'typescript']);
});

test.each([
  ['nothing', ''],
  ['half a file', '{"packages": {'],
  ['another JSON', '{}'],
])('%s is one line', (_what, text) => {
  expect(() => packagesOf(text)).toThrow('package-lock.json: is no lock file of npm');
});
