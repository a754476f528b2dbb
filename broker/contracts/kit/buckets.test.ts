import { expect, test } from 'vitest';
import { createBuckets } from './buckets.ts';

const rate = { perSecond: 10, burst: 5 };

test('a bucket pays its burst at once, then by its rate, and fills up again to no more than its burst', () => {
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

test('each name has a bucket of its own, and a debt outlives the sweeping of the others', () => {
  const buckets = createBuckets(rate);
  buckets.take('leh', 25, 0);
  expect(buckets.waitMs('kargil', 5, 0)).toBe(0);
  buckets.take('kargil', 1, 1_500);
  expect(buckets.waitMs('leh', 0, 1_500)).toBe(500);
});

test('tryTake takes what the bucket holds and nothing from a bucket that holds less', () => {
  const buckets = createBuckets(rate);
  expect([buckets.tryTake('leh', 4, 0), buckets.tryTake('leh', 2, 0), buckets.tryTake('leh', 1, 0)]).toEqual([true, false, true]);
});

test('65,536 names are kept: one more takes the place of the oldest', () => {
  const buckets = createBuckets({ perSecond: 0.001, burst: 1 });
  for (let name = 0; name <= 65_536; name += 1) buckets.take(`${name}`, 1, 0);
  expect([buckets.waitMs('0', 1, 0), buckets.waitMs('1', 1, 0)]).toEqual([0, 1_000_000]);
});
