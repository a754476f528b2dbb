/** Token buckets by name. Those that are full again are forgotten, so that made-up names fill no memory. Pure: `now` is a time that never jumps back. */
import type { Rate } from './limits.ts';

/** One bucket for each name. */
export type Buckets = {
  /** How long until the bucket would have paid, if `amount` more were taken now; 0 where there is enough. */
  waitMs(name: string, amount: number, now: number): number;
  /** Takes it also where there is not enough: the rest is a debt. */
  take(name: string, amount: number, now: number): void;
};

const sweepAtMostEveryMs = 1_000;

/** All buckets have the same rate, and begin full. */
export function createBuckets({ perSecond, burst }: Rate): Buckets {
  const msFor = (amount: number) => (amount / perSecond) * 1_000;
  const burstMs = msFor(burst);
  /** When each bucket is full again: the one figure that a bucket needs. */
  const fullAt = new Map<string, number>();
  let sweepAt = 0;

  const fullAfter = (name: string, amount: number, now: number) => Math.max(now, fullAt.get(name) ?? 0) + msFor(amount);
  function sweep(now: number): void {
    if (now < sweepAt) return;
    sweepAt = now + Math.max(burstMs, sweepAtMostEveryMs);
    for (const [name, at] of fullAt) if (at <= now) fullAt.delete(name);
  }

  return {
    waitMs: (name, amount, now) => Math.max(0, fullAfter(name, amount, now) - now - burstMs),
    take(name, amount, now) {
      sweep(now);
      fullAt.set(name, fullAfter(name, amount, now));
    },
  };
}
