import { expect, test } from 'vitest';
import { morningAfter } from './morning.ts';

const utc = (text: string) => Date.parse(`${text}:00Z`);

test.each([
  ['in the night', '2026-03-03T20:30', 'Asia/Kolkata', '2026-03-04T02:30'],
  ['by day, of the next', '2026-03-03T08:00', 'Asia/Kolkata', '2026-03-04T02:30'],
  ['an hour before, of the same', '2026-03-04T01:30', 'Asia/Kolkata', '2026-03-04T02:30'],
  ['a little later, of the next', '2026-03-04T01:31', 'Asia/Kolkata', '2026-03-05T02:30'],
  ['in a zone of a quarter', '2026-03-03T20:00', 'Asia/Kathmandu', '2026-03-04T02:15'],
  ['in a night without an hour', '2026-03-28T20:00', 'Europe/Berlin', '2026-03-29T06:00'],
])('the morning of a fault that begins %s', (_, since, zone, morning) => {
  const found = morningAfter(utc(since), zone);
  expect(new Date(found).toISOString().slice(0, 16)).toBe(morning);
});

test('a fault since half a millisecond ended the centre: of a clock that runs faster, and of a PC that says so', () => {
  expect(morningAfter(utc('2026-03-03T20:30') + 0.7573, 'Asia/Kolkata')).toBe(utc('2026-03-04T02:30'));
  expect(() => morningAfter(1e300, 'Asia/Kolkata')).not.toThrow();
});
