import { expect, test } from 'vitest';
import { languages } from '../faults.ts';
import { outageText, vocabulary, wordFor } from './words.ts';

const groups = Object.keys(vocabulary.en) as (keyof typeof vocabulary.en)[];

test.each(groups)('%s: every language has a word for each key, with the same blanks', (group) => {
  const blanks = (text: string) => text.match(/\{\w+\}/g) ?? [];
  for (const language of languages) {
    const words = Object.entries(vocabulary[language][group]);
    expect(words.map(([key]) => key)).toEqual(Object.keys(vocabulary.en[group]));
    for (const [key, text] of words) {
      expect([key, text.trim()]).toEqual([key, expect.stringMatching(/./)]);
      expect([key, blanks(text)]).toEqual([key, blanks(wordFor('en', group, key) ?? '')]);
    }
  }
});

test('Hindi is written in its letters, with Latin digits; PC, UPS, DNS and TLS stay what everybody calls them', () => {
  for (const group of groups)
    for (const [key, text] of Object.entries(vocabulary.hi[group])) {
      expect([group, key, text]).toEqual([group, key, expect.stringMatching(/\p{Script=Devanagari}|^(?:PC|UPS|DNS|TLS)$/u)]);
      expect(text).not.toMatch(/[०-९]/);
    }
});

test('of a PC that is away alone the Hindi said that it is switched off', () => {
  expect(outageText({ cause: 'pc-off', confidence: 0.8 }, 'hi')).toBe('सिर्फ़ इस PC से संपर्क नहीं, संभवतः');
  expect(outageText({ cause: 'pc-off', confidence: 0.8 }, 'en')).toBe('this PC alone is away, likely');
});

test('a key without a word has none, whatever objects are made of', () => {
  expect(wordFor('hi', 'component', 'toaster')).toBeUndefined();
  expect(wordFor('hi', 'component', '__proto__')).toBeUndefined();
  expect(wordFor('hi', 'component', 'camera')).toBe('कैमरा');
});

test.each([
  [0.95, 'power cut, sure', 'बिजली गई, पक्का'],
  [0.9, 'power cut, sure', 'बिजली गई, पक्का'],
  [0.8, 'power cut, likely', 'बिजली गई, संभवतः'],
  [0.61, 'power cut, likely', 'बिजली गई, संभवतः'],
  [0.6, 'not known, perhaps power cut', 'पता नहीं, शायद बिजली गई'],
])('a confidence of %d is said in words', (confidence, en, hi) => {
  expect([outageText({ cause: 'power-cut', confidence }, 'en'), outageText({ cause: 'power-cut', confidence }, 'hi')]).toEqual([en, hi]);
});

test('what is not known says so, and no more', () => {
  expect(outageText({ cause: 'undetermined', confidence: 0.5 }, 'en')).toBe('site not reachable, cause not known yet');
});
