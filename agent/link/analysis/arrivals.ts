/** Arrivals of packets: their order, and the rates between them. */
import { type TrainArrival, trainIpBytes } from '#contracts';

/** `packets` numbered from 0 were sent; times of the arrivals by any one clock. */
export type Train = { packets: number; arrivals: readonly TrainArrival[] };

/** So many points say as much of a slope as all of them. */
const pointsAtMost = 160;

/** Received packets in the order of arrival, without duplicates. They are renumbered in that order, so that reordering does not change a rate. */
export function inOrder({ packets, arrivals }: Train): TrainArrival[] {
  const sorted = arrivals.filter(({ seq, us }) => seq >= 0 && seq < packets && us >= 0 && us < Number.POSITIVE_INFINITY);
  sorted.sort((a, b) => a.us - b.us);
  const seen = new Set<number>();
  const once = sorted.filter(({ seq }) => !seen.has(seq) && seen.add(seq));
  const numbers = [...seen].sort((a, b) => a - b);
  return once.map(({ us }, at) => ({ seq: numbers[at] ?? 0, us }));
}

/** Theil and Sen: the middle of the rates between all pairs that lie well apart. */
export function steadyRate(arrivals: readonly TrainArrival[]): number {
  const every = Math.ceil(arrivals.length / pointsAtMost);
  const some = every > 2 ? arrivals.filter((_, at) => at % every === 0) : arrivals;
  const gap = Math.max(1, Math.floor(some.length / 3));
  return middle(some.flatMap((from, at) => some.slice(at + gap).flatMap((to) => (to.us > from.us ? [rate(from, to)] : []))));
}

/** Bits/s, by differences of the numbers. */
export function rate(from: TrainArrival, to: TrainArrival): number {
  return ((to.seq - from.seq) * trainIpBytes * 8 * 1e6) / (to.us - from.us);
}

/** The middle one; none is not a number. */
function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[(values.length - 1) >> 1] ?? Number.NaN;
}
