import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { deviceOf, subjectOf } from './subject.js';
import { nameIn, say, sayWord, shown, words } from './words.js';

const en: Record<string, string> = words.en;
const hi: Record<string, string> = words.hi;

test('every text exists in both languages, with the same blanks', () => {
  expect(Object.keys(hi)).toEqual(Object.keys(en));
  const blanks = (text = '') => (text.match(/\{\w+\}/g) ?? []).sort();
  for (const key of Object.keys(en)) expect([key, blanks(hi[key])]).toEqual([key, blanks(en[key])]);
});

test('Hindi is written in Devanagari, with Latin digits', () => {
  const latinOnly = new Set(['{what}: {title}']);
  for (const [key, text] of Object.entries(hi)) {
    if (latinOnly.has(text)) continue;
    expect([key, text]).toEqual([key, expect.stringMatching(/\p{Script=Devanagari}/u)]);
    expect(text).not.toMatch(/[०-९]/);
  }
});

test('no text is left over', () => {
  const dir = new URL('.', import.meta.url);
  const code = readdirSync(dir)
    .filter((name) => name.endsWith('.js') && name !== 'words.js')
    .map((name) => readFileSync(new URL(name, dir), 'utf8'))
    .join('\n');
  const groups = [...code.matchAll(/sayWord\([\w.]+, '(\w+)'/g)].map(([, group]) => `${group}.`);
  const unused = Object.keys(en).filter((key) => !code.includes(`'${key}'`) && !groups.some((group) => key.startsWith(group)));
  expect(unused).toEqual([]);
});

test('blanks are filled, and what fills them is never a pattern', () => {
  expect(say('en', 'works', { what: '$& {what}' })).toBe('$& {what}: works');
  expect(say('hi', 'minutes', { n: 3 })).toBe('3 मिनट');
});

test('a word we have no text for shows itself; a key of the language object is not a text', () => {
  expect(sayWord('hi', 'component', 'microphone')).toBe('माइक');
  expect(sayWord('hi', 'component', 'speaker')).toBe('speaker');
  expect(sayWord('en', 'channel', '__proto__')).toBe('__proto__');
});

test('a name falls back to English where there is none in Hindi', () => {
  expect(nameIn('hi', { en: 'Leh', hi: '' })).toBe('Leh');
  expect(nameIn('hi', { en: 'Leh', hi: 'लेह' })).toBe('लेह');
});

test('foreign text is cut, kept to one line, and cannot turn the writing direction', () => {
  expect(shown('a\r\nb\u2028c\u0000')).toBe('a b c ');
  expect(shown('mic\u202egnp.exe\u2066')).toBe('micgnp.exe');
  expect(shown('x'.repeat(4096))).toBe(`${'x'.repeat(119)}…`);
  expect(shown('🎤'.repeat(500))).toBe(`${'🎤'.repeat(119)}…`);
  expect(shown('$(reboot)"</script>')).toBe('$(reboot)"</script>');
});

test('a check is named after the part of the PC that it is about, never after its place in the profile', () => {
  expect(subjectOf('en', { component: 'pc', device: 'disk' })).toBe('Disk');
  expect(deviceOf('en', { component: 'pc', device: 'disk' })).toBe('');
  expect(subjectOf('hi', { component: 'microphone', device: 'expected-1' })).toBe('माइक');
  expect(deviceOf('hi', { component: 'microphone', device: 'expected-1' })).toBe('');
  expect(deviceOf('en', { component: 'microphone', device: 'expected-1', name: 'Jabra' })).toBe('Jabra');
  expect(deviceOf('en', { component: 'pc', device: 'toaster' })).toBe('toaster');
});
