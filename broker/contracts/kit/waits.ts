import type { Clock } from './clock.ts';

/** How long to wait: before a retry, so that a thousand PCs never come back in one second, and for a token where a rate is limited. */

const shortestMs = 1_000;

/** Both in milliseconds: the first value, and the one that none exceeds. */
export type Doubling = { firstMs: number; maxMs: number };

/** A time that is `firstMs` at 0 and doubles with each count, milliseconds. Guarantee: at most `maxMs`, however far it counts. */
export function doubledMs(count: number, { firstMs, maxMs }: Doubling): number {
  return Math.min(maxMs, firstMs * 2 ** count);
}

/**
 * Full jitter: after `failures` failures in a row (0 = none yet), a wait anywhere between 1 s and a limit that doubles. `random` is uniform in
 * [0, 1).
 * Guarantee: at least 1 s, at most `maxMs`.
 */
export function backoffMs(failures: number, { random, ...limits }: Doubling & { random: () => number }): number {
  return shortestMs + random() * Math.max(0, doubledMs(failures, limits) - shortestMs);
}

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

/** Runs tasks one after the other; one that failed does not hold up the next. */
export function mutex(): <T>(task: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const result = last.then(task);
    last = result.catch(() => undefined);
    return result;
  };
}

/** `late` is the answer where none came within `limitMs`, or before `cut` ended it. */
export type TimeLimit<T> = { clock: Pick<Clock, 'after'>; limitMs: number; late: T; cut?: AbortSignal | undefined };

/**
 * The answer of a task, which hears by its signal when its time is over.
 * Guarantee: it settles within `limitMs` and at the cut, and leaves no timer and no listener behind; what the task answers or throws later is dropped.
 */
export async function withinTime<T>({ clock, limitMs, late, cut }: TimeLimit<T>, task: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  const over = Promise.withResolvers<T>();
  const end = () => {
    over.resolve(late);
    abort.abort();
  };
  const cancel = clock.after(limitMs, end);
  // By hand: what `AbortSignal.any` makes is held as long as the cut, which may be as long as the process.
  cut?.addEventListener('abort', end);
  if (cut?.aborted) end();
  try {
    return await Promise.race([Promise.try(task, abort.signal), over.promise]);
  } finally {
    cancel();
    cut?.removeEventListener('abort', end);
  }
}

/**
 * Puts a key at the end of a map that remembers the latest.
 * Guarantee: a map that is filled here alone holds at most `most` keys; the one that was put longest ago makes room.
 */
export function keepLatest<K, V>(held: Map<K, V>, [key, value]: readonly [K, V], most: number): void {
  held.delete(key);
  held.set(key, value);
  for (const oldest of held.size > most ? held.keys().take(1) : []) held.delete(oldest);
}
