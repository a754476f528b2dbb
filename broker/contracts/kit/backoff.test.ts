import { expect, test } from 'vitest';
import { backoffMs, doubledMs } from './backoff.ts';

const with_ = (value: number) => ({ firstMs: 4_000, maxMs: 60_000, random: () => value });

test('the first wait lies between one second and its limit, anywhere', () => {
  expect(backoffMs(0, with_(0))).toBe(1_000);
  expect(backoffMs(0, with_(0.5))).toBe(2_500);
  expect(backoffMs(0, with_(1))).toBe(4_000);
});

test('the limit doubles with each failure and ends at the longest wait of the link', () => {
  expect([1, 2, 3, 4, 5, 1_000].map((n) => backoffMs(n, with_(1)))).toEqual([8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
});

test('a longest wait under a second still waits a second', () => {
  expect(backoffMs(9, { firstMs: 100, maxMs: 200, random: () => 0.9 })).toBe(1_000);
});

test('what doubles begins with the first and never exceeds the longest, however often it doubled', () => {
  const limits = { firstMs: 500, maxMs: 30_000 };
  expect([0, 1, 2, 5, 6, 50, 5_000].map((count) => doubledMs(count, limits))).toEqual([500, 1_000, 2_000, 16_000, 30_000, 30_000, 30_000]);
});
