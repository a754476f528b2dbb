import { expect, test } from 'vitest';
import { createPasswords, isWeakPassword, newSecret } from './password.ts';

const { hash: hashPassword, matches, dummyHash: nobodysHash } = createPasswords();

test('a password matches its own hash, also in another Unicode form, and no other hash', async () => {
  const hash = await hashPassword('पासवर्ड caf\u00e9 nahi');
  expect(await matches('पासवर्ड cafe\u0301 nahi', hash)).toBe(true);
  expect(await matches('पासवर्ड cafe nahi', hash)).toBe(false);
  expect(await matches('', hash)).toBe(false);
  expect(await matches('पासवर्ड caf\u00e9 nahi', nobodysHash())).toBe(false);
});

test('a hash stores its scrypt parameters, which match the required strength, and every hash has another salt', async () => {
  const [one, two] = [await hashPassword('the same words'), await hashPassword('the same words')];
  expect(one).toMatchObject({ n: 32_768, r: 8, p: 3 });
  expect([one.salt === two.salt, one.key === two.key]).toEqual([false, false]);
  expect(JSON.stringify(one)).not.toContain('same');
  const weaker = { ...one, n: 16_384 };
  expect(await matches('the same words', weaker)).toBe(false);
});

test('secrets have 20 characters and never repeat', () => {
  const many = Array.from({ length: 1_000 }, newSecret);
  expect(new Set(many).size).toBe(1_000);
  expect(many.every((one) => /^[\w-]{20}$/.test(one))).toBe(true);
});

test.each([
  ['aaaaaaaaaaaa', true],
  ['sabha1sabha1sa', true],
  ['abcdefghijkl', true],
  ['Meera.Joshi2026', true],
  ['ककककककककककक', true],
  ['correct horse battery', false],
  ['मेरा पासवर्ड लंबा है', false],
  ['gT7#kQ2!mZ9x', false],
  ['meera.joshi likes mangoes', false],
])('isWeakPassword("%s") returns %s', (password, is) => {
  expect(isWeakPassword(password, 'meera.joshi')).toBe(is);
});

test('a generated secret is never a weak password', () => {
  expect(Array.from({ length: 1_000 }, newSecret).filter((one) => isWeakPassword(one, 'admin'))).toEqual([]);
});
