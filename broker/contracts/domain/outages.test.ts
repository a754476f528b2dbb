import { expect, test } from 'vitest';
import { outageCauses, outageText, outageWords } from './outages.ts';

test.each(outageCauses)('%s has words in both languages, Hindi in its letters', (cause) => {
  const { en, hi } = outageWords[cause];
  expect(en).not.toBe('');
  expect(hi).toMatch(/\p{Script=Devanagari}/u);
});

test.each([
  [0.95, 'power cut, sure', 'बिजली गई, पक्का'],
  [0.9, 'power cut, sure', 'बिजली गई, पक्का'],
  [0.8, 'power cut, likely', 'बिजली गई, संभवतः'],
  [0.7, 'power cut, likely', 'बिजली गई, संभवतः'],
  [0.6, 'power cut, not sure', 'बिजली गई, पक्का पता नहीं'],
])('a confidence of %d is said in words', (confidence, en, hi) => {
  expect([outageText({ cause: 'power-cut', confidence }, 'en'), outageText({ cause: 'power-cut', confidence }, 'hi')]).toEqual([en, hi]);
});

test('what is not known says so, and no more', () => {
  expect(outageText({ cause: 'undetermined', confidence: 0.5 }, 'en')).toBe('site not reachable, cause not known yet');
});
