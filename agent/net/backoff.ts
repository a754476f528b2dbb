/** How long to wait before the next attempt, so that a thousand PCs never come back in one second. */

const shortestMs = 1_000;

/** The first and the longest wait, milliseconds. */
export type BackoffOptions = {
  /** Upper end of the first wait; each further failure doubles it. */
  firstMs: number;
  /** Upper end of every wait. */
  maxMs: number;
  /** Uniform in [0, 1). */
  random: () => number;
};

/**
 * Full jitter: after `failures` failures in a row (0 = none yet), a wait anywhere between 1 s and a limit that doubles.
 * Guarantee: at least 1 s, at most `maxMs`.
 */
export function backoffMs(failures: number, { firstMs, maxMs, random }: BackoffOptions): number {
  const limitMs = Math.min(maxMs, firstMs * 2 ** Math.min(failures, 30));
  return shortestMs + random() * Math.max(0, limitMs - shortestMs);
}
