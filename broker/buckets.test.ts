import { expect, test } from 'vitest';
import { realClock } from '#contracts';
import { createBuckets } from './buckets.ts';

test('a bucket pays its burst at once, then by its rate, and fills up again to no more than its burst', () => {
  const { buckets, pass, paid } = setUp({ perSecond: 10, burst: 5 });
  expect(paid('leh')).toBe(5);
  expect(buckets.waitMs('leh', 1)).toBe(100);
  pass(100);
  expect(paid('leh')).toBe(1);
  pass(3_600_000);
  expect(paid('leh')).toBe(5);
});

test('each name has a bucket of its own, and a debt outlives the sweeping of the others', () => {
  const { buckets, pass } = setUp({ perSecond: 10, burst: 5 });
  buckets.take('leh', 25);
  expect(buckets.waitMs('kargil', 5)).toBe(0);
  pass(1_000);
  buckets.take('kargil', 1);
  expect(buckets.waitMs('leh', 0)).toBe(1_000);
});

function setUp(rate: { perSecond: number; burst: number }) {
  let up = 0;
  const buckets = createBuckets(rate, { ...realClock(), up: () => up });
  return {
    buckets,
    pass(ms: number) {
      up += ms;
    },
    /** Takes one by one what is paid at once. */
    paid(name: string) {
      let count = 0;
      for (; buckets.waitMs(name, 1) === 0; count += 1) buckets.take(name, 1);
      return count;
    },
  };
}
