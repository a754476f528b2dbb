/** Token buckets by name. Those that are full again are forgotten, so that made-up names fill no memory. */
import type { Clock } from '#contracts';
import type { Rate } from './limits.ts';

export type Buckets = {
  /** How long until the bucket would have paid, if `amount` more were taken now; 0 where there is enough. */
  waitMs(name: string, amount: number): number;
  /** Takes it also where there is not enough: the rest is a debt. */
  take(name: string, amount: number): void;
};

export function createBuckets({ perSecond, burst }: Rate, clock: Clock): Buckets {
  const msFor = (amount: number) => (amount / perSecond) * 1_000;
  const burstMs = msFor(burst);
  /** When each bucket is full again: the one figure that a bucket needs. */
  const fullAt = new Map<string, number>();
  let sweptAt = clock.up();

  const fullAfter = (name: string, amount: number) => Math.max(clock.up(), fullAt.get(name) ?? 0) + msFor(amount);
  function sweep(): void {
    if (clock.up() - sweptAt <= burstMs) return;
    sweptAt = clock.up();
    for (const [name, at] of fullAt) if (at <= sweptAt) fullAt.delete(name);
  }

  return {
    waitMs: (name, amount) => Math.max(0, fullAfter(name, amount) - clock.up() - burstMs),
    take(name, amount) {
      sweep();
      fullAt.set(name, fullAfter(name, amount));
    },
  };
}
