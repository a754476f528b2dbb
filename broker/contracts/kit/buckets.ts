/** Rate limits by token bucket, one bucket for each name. */

/** A full bucket holds `burst`; what is taken flows back with `perSecond`. */
export type Rate = { perSecond: number; burst: number };

/** `now` is a time that never jumps back, milliseconds. */
export type Buckets = ReturnType<typeof createBuckets>;

const sweepAtMostEveryMs = 1_000;
/** Buckets kept: more than the largest network has PCs. */
const namesAtMost = 65_536;

/**
 * All buckets have the same rate, and begin full.
 * Guarantee: invented names fill no memory. Full buckets are forgotten, and the oldest one where there are more than 65,536.
 */
export function createBuckets({ perSecond, burst }: Rate) {
  const msFor = (amount: number) => (amount / perSecond) * 1_000;
  const burstMs = msFor(burst);
  /** When each bucket is full again: the one figure that a bucket needs. */
  const fullAt = new Map<string, number>();
  let sweepAt = 0;

  const fullAfter = (name: string, amount: number, now: number) => Math.max(now, fullAt.get(name) ?? 0) + msFor(amount);
  function waitMs(name: string, amount: number, now: number): number {
    return Math.max(0, fullAfter(name, amount, now) - now - burstMs);
  }
  function take(name: string, amount: number, now: number): void {
    if (now >= sweepAt) {
      sweepAt = now + Math.max(burstMs, sweepAtMostEveryMs);
      for (const [other, at] of fullAt) if (at <= now) fullAt.delete(other);
    }
    fullAt.set(name, fullAfter(name, amount, now));
    if (fullAt.size > namesAtMost) for (const oldest of fullAt.keys().take(1)) fullAt.delete(oldest);
  }
  return {
    /** How long until the bucket holds `amount`, milliseconds; 0 if it holds enough. */
    waitMs,
    /** Takes `amount` even if the bucket holds less: the rest is a debt. */
    take,
    /** Takes `amount` and answers true; takes nothing and answers false if the bucket holds less. */
    tryTake(name: string, amount: number, now: number): boolean {
      const isEnough = waitMs(name, amount, now) === 0;
      if (isEnough) take(name, amount, now);
      return isEnough;
    },
  };
}
