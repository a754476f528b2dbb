import { vocabulary } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { ageText, timeText, timeTextIn } from './times.js';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

test.each([
  [-5_000, '0 s', '0 सेकंड'],
  [59_999, '59 s', '59 सेकंड'],
  [minute, '1 min', '1 मिनट'],
  [hour - 1, '59 min', '59 मिनट'],
  [hour, '1 h', '1 घंटे'],
  [2 * hour + 5 * minute, '2 h 5 min', '2 घंटे 5 मिनट'],
  [day - 1, '23 h 59 min', '23 घंटे 59 मिनट'],
  [4 * day + 2 * hour + minute, '4 d 2 h', '4 दिन 2 घंटे'],
])('an age of %d ms is "%s"', (ageMs, en, hi) => {
  expect([ageText({ lang: 'en', words: vocabulary }, ageMs), ageText({ lang: 'hi', words: vocabulary }, ageMs)]).toEqual([en, hi]);
});

test('a time of today has no date, an older one has, and Hindi keeps Latin digits', () => {
  const now = Date.UTC(2026, 2, 5, 10, 31, 7);
  const india = (lang: 'en' | 'hi') => ({ lang, timeZone: 'Asia/Kolkata' });
  expect(timeTextIn(india('en'), now, now)).toBe('16:01:07');
  expect(timeTextIn(india('en'), now - day, now)).toBe('4 Mar, 16:01:07');
  expect(timeTextIn(india('hi'), now - day, now)).toBe('4 मार्च, 16:01:07');
  expect(timeTextIn({ lang: 'en', timeZone: 'UTC' }, Date.UTC(2026, 2, 5, 0, 0, 5), now)).toBe('00:00:05');
  expect(timeText('en', now, now)).toBe(timeTextIn({ lang: 'en' }, now, now));
});
