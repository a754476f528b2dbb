import { readdirSync, readFileSync } from 'node:fs';
import { confidenceLevelOf, type Language, noneExpected, outageCauses, outageText, reasons, vocabulary } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { outageText as wallText } from '../parts/parts.js';
import { deviceOf, statusText, subjectOf, translateReason } from './subject.js';
import { amount, say, sayWord, shown, texts } from './words.js';

const reader = (lang: Language) => ({ lang, words: vocabulary });

test('every text has both languages, with the same blanks', () => {
  const blanks = (text = '') => (text.match(/\{\w+\}/g) ?? []).sort();
  for (const [key, pair] of Object.entries(texts)) {
    expect([key, pair.length, pair.every((text) => text !== '')]).toEqual([key, 2, true]);
    expect([key, blanks(pair[1])]).toEqual([key, blanks(pair[0])]);
  }
});

test('no text is ungrammatical with the number 1', () => {
  const wrong = /\b1 (?:seconds|minutes|hours|days|rooms|sites|PCs|alerts)\b|\b1 of .* are\b/;
  const ones = Object.values(texts).map(([text = '']) => text.replaceAll(/\{\w+\}/g, '1'));
  expect(ones.filter((text) => wrong.test(text))).toEqual([]);
});

test('Hindi is written in Devanagari, with Latin digits', () => {
  for (const [key, [, text]] of Object.entries(texts)) {
    expect([key, text]).toEqual([key, expect.stringMatching(/\p{Script=Devanagari}/u)]);
    expect(text).not.toMatch(/[०-९]/);
  }
});

test('every text is used in the code', () => {
  const dir = new URL('../', import.meta.url);
  const code = readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.js') && name !== 'words/words.js')
    .map((name) => readFileSync(new URL(name, dir), 'utf8'))
    .join('\n');
  const groups = [...code.matchAll(/say\([\w.]+, (?:\/\*\*.*?\*\/ \()?`(\w+)\.\$/g)].map(([, group]) => `${group}.`);
  const unused = Object.keys(texts).filter((key) => !code.includes(`'${key}'`) && !groups.some((group) => key.startsWith(group)));
  expect(unused).toEqual([]);
});

test('values are filled into blanks literally, not as patterns', () => {
  expect(say('en', 'you', { name: '$& {name}' })).toBe('You: $& {name}');
  expect(amount(reader('hi'), 'minutes', 3)).toBe('3 मिनट');
});

test('an unknown word shows its key, and an inherited property is no text', () => {
  expect(sayWord(reader('hi'), 'component', 'microphone')).toBe('माइक');
  expect(sayWord(reader('hi'), 'component', 'toaster')).toBe('toaster');
  expect(say('en', 'span.fault', { age: '5 min' })).toBe('fault 5 min');
  expect(sayWord(reader('en'), 'channel', '__proto__')).toBe('__proto__');
  expect(sayWord({ lang: 'hi', words: {} }, 'component', 'microphone')).toBe('microphone');
});

test('foreign text is cut, kept to one line, and cannot change the writing direction', () => {
  expect(shown('a\r\nb\u2028c\u0000')).toBe('a b c ');
  expect(shown('mic\u202egnp.exe\u2066')).toBe('micgnp.exe');
  expect(shown('x'.repeat(4096))).toBe(`${'x'.repeat(119)}…`);
  expect(shown('🎤'.repeat(500))).toBe(`${'🎤'.repeat(119)}…`);
  expect(shown('$(reboot)"</script>')).toBe('$(reboot)"</script>');
});

test('a check is named after the PC part it concerns, not after its slot in the profile', () => {
  expect(subjectOf(reader('en'), { component: 'pc', device: 'disk' })).toBe('Disk');
  expect(deviceOf(reader('en'), { component: 'pc', device: 'disk' })).toBe('');
  expect(subjectOf(reader('hi'), { component: 'microphone', device: 'expected-1' })).toBe('माइक');
  expect(deviceOf(reader('en'), { component: 'microphone', device: 'expected-1' })).toBe('');
  expect(deviceOf(reader('en'), { component: 'microphone', device: 'expected-1', name: 'Jabra' })).toBe('Jabra');
  expect(deviceOf(reader('en'), { component: 'pc', device: 'toaster' })).toBe('toaster');
});

test('fixed phrases of a reason are translated, and text of the system stays unchanged', () => {
  const hindi = { lang: 'hi' as const, reasons };
  expect(translateReason(hindi, 'in use by zoom, another program')).toBe('zoom, किसी दूसरे प्रोग्राम में चल रहा है');
  expect(translateReason(hindi, 'no answer in 2.5 s')).toBe('2.5 सेकंड में जवाब नहीं आया');
  expect(translateReason({ lang: 'en', reasons }, 'no audio server')).toBe('no audio server');
  expect(translateReason(hindi, 'the centre has no reflector')).toBe(translateReason(hindi, 'the server has no reflector'));
  expect(translateReason(hindi, 'ENOENT\nopen')).toBe('ENOENT open');
});

test('a check without an expected device is not called working', () => {
  const scene = (lang: 'en' | 'hi') => ({ ...reader(lang), reasons });
  expect(statusText(scene('en'), noneExpected, 'ok')).toEqual({ answer: 'none expected', more: null });
  expect(statusText(scene('hi'), noneExpected, 'ok')).toEqual({ answer: 'यहाँ ज़रूरी नहीं', more: null });
  expect(statusText(scene('en'), noneExpected, 'unknown')).toEqual({ answer: 'unknown', more: 'none expected' });
  expect(statusText(scene('en'), 'in use by zoom', 'ok')).toEqual({ answer: 'works', more: 'in use by zoom' });
  expect(statusText(scene('en'), null, 'ok')).toEqual({ answer: 'works', more: null });
  expect(statusText(scene('en'), 'in use by zoom', 'unproven')).toEqual({ answer: 'there, open, not proven', more: 'in use by zoom' });
  expect(statusText(scene('hi'), null, 'unproven')).toEqual({ answer: 'मौजूद, चालू, जाँच बाकी', more: null });
});

test('the wall and the notifications use the same text for the cause of an outage', () => {
  for (const lang of ['en', 'hi'] as const)
    for (const cause of outageCauses)
      for (const confidence of [0.95, 0.9, 0.8, 0.61, 0.6])
        for (const beside of [{}, { beside: true }] as const)
          expect(wallText(reader(lang), { cause, confidence, sureness: confidenceLevelOf(confidence), ...beside })).toBe(
            outageText({ cause, confidence, ...beside }, lang),
          );
});
