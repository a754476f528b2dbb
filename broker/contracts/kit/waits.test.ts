import { expect, test } from 'vitest';
import { backoffMs, createBuckets } from './waits.ts';

const with_ = (value: number) => ({ firstMs: 4_000, maxMs: 60_000, random: () => value });

test('the first delay of a backoff is between one second and its limit', () => {
  expect(backoffMs(0, with_(0))).toBe(1_000);
  expect(backoffMs(0, with_(0.5))).toBe(2_500);
  expect(backoffMs(0, with_(1))).toBe(4_000);
});

test('the limit of a backoff doubles with each failure, up to the maximum of the link', () => {
  expect([1, 2, 3, 4, 5, 1_000].map((n) => backoffMs(n, with_(1)))).toEqual([8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
});

const rate = { perSecond: 10, burst: 5 };

test('a token bucket allows its burst at once, then its rate, and refills to no more than its burst', () => {
  const buckets = createBuckets(rate);
  const paid = (now: number) => {
    let count = 0;
    for (; buckets.waitMs('leh', 1, now) === 0; count += 1) buckets.take('leh', 1, now);
    return count;
  };
  expect(paid(0)).toBe(5);
  expect(buckets.waitMs('leh', 1, 0)).toBe(100);
  expect(paid(100)).toBe(1);
  expect(paid(3_600_000)).toBe(5);
});

test('with more than 65,536 names the oldest token bucket is dropped', () => {
  const buckets = createBuckets({ perSecond: 0.001, burst: 1 });
  for (let name = 0; name <= 65_536; name += 1) buckets.take(`${name}`, 1, 0);
  expect([buckets.waitMs('0', 1, 0), buckets.waitMs('1', 1, 0)]).toEqual([0, 1_000_000]);
});
