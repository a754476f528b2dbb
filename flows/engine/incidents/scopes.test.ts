import { expect, test } from 'vitest';
import { morningAfter } from './core.ts';

const utc = (text: string) => Date.parse(`${text}:00Z`);

test.each([
  ['at night', '2026-03-03T20:30', 'Asia/Kolkata', '2026-03-04T02:30'],
  ['by day', '2026-03-03T08:00', 'Asia/Kolkata', '2026-03-04T02:30'],
  ['an hour before eight o’clock', '2026-03-04T01:30', 'Asia/Kolkata', '2026-03-04T02:30'],
  ['less than an hour before eight o’clock', '2026-03-04T01:31', 'Asia/Kolkata', '2026-03-05T02:30'],
  ['on the evening before summer time begins', '2026-03-28T20:00', 'Europe/Berlin', '2026-03-29T06:00'],
])('morningAfter returns the first 08:00 local time that is at least an hour after a fault that begins %s', (_, since, zone, morning) => {
  expect(new Date(morningAfter(utc(since), zone)).toISOString().slice(0, 16)).toBe(morning);
});

test('morningAfter accepts a start with a fraction of a millisecond, and does not throw for a start beyond the range of dates', () => {
  expect(morningAfter(utc('2026-03-03T20:30') + 0.7573, 'Asia/Kolkata')).toBe(utc('2026-03-04T02:30'));
  expect(() => morningAfter(1e300, 'Asia/Kolkata')).not.toThrow();
});
