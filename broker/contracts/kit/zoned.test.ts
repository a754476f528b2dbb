import { expect, test } from 'vitest';
import { zonedAt } from './zoned.ts';

test.each([
  ['a moment with a fraction', Date.UTC(2026, 10, 29, 12, 30) + 0.7573, '2026-11-29T18:00:00+05:30[Asia/Kolkata]'],
  ['one before 1970 with a fraction', -0.25, '1970-01-01T05:29:59.999+05:30[Asia/Kolkata]'],
  ['one beyond all calendars', 1e300, '+275759-09-13T'],
  ['one before all calendars', Number.NEGATIVE_INFINITY, '-271820-04-20T'],
  ['none', Number.NaN, '1970-01-01T05:30:00+05:30[Asia/Kolkata]'],
])('%s has a time of day', (_, at, expected) => {
  expect(`${zonedAt(at, 'Asia/Kolkata')}`).toContain(expected);
});
