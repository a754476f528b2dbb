import type { Clock } from './clock.ts';

/** Backoff with jitter, so that a thousand PCs do not reconnect in the same second, and token buckets for rate limits. */

const shortestMs = 1_000;

export type BackoffLimits = { firstMs: number; maxMs: number };

/** Returns `firstMs` doubled `count` times, milliseconds. Guarantee: at most `maxMs` for any count. */
export function doubledMs(count: number, { firstMs, maxMs }: BackoffLimits): number {
  return Math.min(maxMs, firstMs * 2 ** count);
}

/**
 * Full jitter: returns a random delay between 1 s and a limit that doubles with each failure (0 = no failure yet). `random` is uniform in
 * [0, 1).
 * Guarantee: at least 1 s, at most `maxMs`.
 */
export function backoffMs(failures: number, { random, ...limits }: BackoffLimits & { random: () => number }): number {
  return shortestMs + random() * Math.max(0, doubledMs(failures, limits) - shortestMs);
}

/** Token bucket: capacity `burst`, refill rate `perSecond`. */
export type Rate = { perSecond: number; burst: number };

/** Token buckets by name. `now` is a monotonic time in milliseconds. */
export type Buckets = ReturnType<typeof createBuckets>;

const sweepAtMostEveryMs = 1_000;
/** Maximum number of buckets, more than the PCs of the largest network. */
const namesAtMost = 65_536;

/**
 * Creates token buckets of the same rate, initially full.
 * Guarantee: invented names cannot fill the memory. Full buckets are deleted, and the oldest one if there are more than 65,536.
 */
export function createBuckets({ perSecond, burst }: Rate) {
  const msFor = (amount: number) => (amount / perSecond) * 1_000;
  const burstMs = msFor(burst);
  /** Time at which each bucket is full again. A bucket has no other state. */
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
    /** Returns the time until the bucket holds `amount`, milliseconds; 0 if it does now. */
    waitMs,
    /** Takes `amount` even if the bucket holds less. The missing amount becomes a debt. */
    take,
    /** Takes `amount` and returns true. If the bucket holds less, takes nothing and returns false. */
    tryTake(name: string, amount: number, now: number): boolean {
      const isEnough = waitMs(name, amount, now) === 0;
      if (isEnough) take(name, amount, now);
      return isEnough;
    },
  };
}

/** Runs tasks one after the other. A failed task does not block the next. */
export function createMutex(): <T>(task: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const result = last.then(task);
    last = result.catch(() => undefined);
    return result;
  };
}

/** `timeoutValue`: the result if the task does not finish within `limitMs` or before `cut` is aborted. */
export type TimeoutOptions<T> = { clock: Pick<Clock, 'after'>; limitMs: number; timeoutValue: T; cut?: AbortSignal | undefined };

/**
 * Returns the result of a task, whose signal is aborted when its time is over.
 * Guarantee: settles within `limitMs` and on `cut`, and leaves no timer and no listener. A later result or error of the task is dropped.
 */
export async function withTimeout<T>(
  { clock, limitMs, timeoutValue, cut }: TimeoutOptions<T>,
  task: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const abort = new AbortController();
  const over = Promise.withResolvers<T>();
  const end = () => {
    over.resolve(timeoutValue);
    abort.abort();
  };
  const cancel = clock.after(limitMs, end);
  // Does not use `AbortSignal.any`, because its result lives as long as `cut`, possibly as long as the process.
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
 * Puts a key at the end of an insertion-ordered map.
 * Guarantee: a map filled only by this function holds at most `most` keys. The least recently put key is removed.
 */
export function keepLatest<K, V>(held: Map<K, V>, [key, value]: readonly [K, V], most: number): void {
  held.delete(key);
  held.set(key, value);
  for (const oldest of held.size > most ? held.keys().take(1) : []) held.delete(oldest);
}
