/** How long to wait before the next attempt, so that a thousand PCs never come back in one second. */

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
