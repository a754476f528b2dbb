/** What is usual for a link: its own round trips of late, against which a slow one shows whatever the class of the link is. */
import { quantile } from './quality.ts';

/** Medians of the windows of a day on fibre, of three days on GEO; a detour that stays is usual after half of them. */
const kept = 288;
/** Fewer say nothing of what is usual. */
const needed = 12;
const leastMs = 50;
const deviations = 4;

/** Round trips in milliseconds, the latest last. */
export type Baseline = readonly number[];

/** The baseline with the median of one more window, milliseconds; the oldest falls out. */
export function withWindow(baseline: Baseline, medianMs: number): Baseline {
  return [...baseline, Math.round(medianMs * 10) / 10].slice(-kept);
}

/** Above it a round trip is not usual; undefined while that is not known. */
export function usualLimitMs(baseline: Baseline): number | undefined {
  if (baseline.length < needed) return undefined;
  const median = quantile(baseline, 0.5);
  const spread = quantile(
    baseline.map((one) => Math.abs(one - median)),
    0.5,
  );
  return median + Math.max(leastMs, deviations * spread);
}
