import { expect, test } from 'vitest';
import { editorLogin } from './node-red.ts';

const accounts = { mayEdit: (name: string) => name === 'boss', proves: async (_: string, password: string) => password === 'own' };

test.each([
  ['whoever reads the secret on this machine', 'sabha', 'secret', true],
  ['with another secret nobody', 'sabha', 'own', false],
  ['an account that may change the tabs', 'boss', 'own', true],
  ['not with another password', 'boss', 'secret', false],
  ['nor one that may not, whatever its password', 'asha', 'own', false],
])('sign-in to the editor (%s): user %s with password %s returns %s', async (_, name, password, opens) => {
  expect(await editorLogin('secret', accounts).proves(name, password)).toBe(opens);
});

test('the local user of the editor exists only with a secret, and an account is known only while it may edit', () => {
  expect([editorLogin('').knows('sabha'), editorLogin('secret').knows('sabha'), editorLogin('secret').knows('boss')]).toEqual([
    false,
    true,
    false,
  ]);
  expect(editorLogin('', accounts).knows('boss')).toBe(true);
});

test('without a secret the local user of the editor cannot sign in with an empty password', async () => {
  expect(await editorLogin('').proves('sabha', '')).toBe(false);
});
