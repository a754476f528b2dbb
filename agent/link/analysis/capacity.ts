/**
 * Estimates the capacity of one direction of a link. Short packet trains find a first pace. A stream follows, always slightly faster than
 * packets arrive. It therefore fills the link and empties any token bucket (traffic shaper). If the two halves of its end disagree, the
 * rate is unknown. Pure functions.
 */
import { type TrainArrival, trainIpBytes, trainPacketsAtMost, trainWireBytes } from '@sabha/contracts';

export type CapacityLimits = {
  /** Wire bytes that the trains and the stream may use together. */
  budgetBytes: number;
  /** Ceiling of interest: above this rate the exact value does not matter. The stream sends at most 1.3 times as fast. */
  ceilingBps: number;
  /** Rate of this PC's network card; null if unknown. */
  cardBps: number | null;
};

/** Burst of a token bucket: it passes `bytes` at the rate `bps`, and only afterwards limits to the sustained rate. */
export type Burst = { bps: number; bytes: number };

/**
 * `bps`: rate at the end of the stream, bits/s of IP packets; null with a `reason`. `atLeastBps`: lowest rate near the end of the stream,
 * if there is no `bps`. `seenBytes`: bytes received without a burst of a token bucket; null after a burst.
 */
export type CapacityEstimate =
  | { bps: number; reason: null; atLeastBps: null; burst: Burst | null; seenBytes: number | null }
  | { bps: null; reason: string; atLeastBps: number | null; burst: null; seenBytes: null };

export type StreamPlan = { packets: number; bps: number; ceilingBps: number };

/** Packets that the stream sends back to back. */
export const blockPackets = 8;
/**
 * Longest stream. A token bucket of 2 MB, filled at 0.7 Mbit/s and emptied at twice that rate, is empty after 23 s. On faster links the
 * bytes run out first.
 */
export const streamMs = 24_000;
/** Reason if a token bucket may have passed all bytes of the test in one burst. */
export const tooFewBytes = 'too few bytes to know whether the speed lasts';

const smallestTrain = 24;
const growth = 3;
/** A train at least this long shows a pace. A shorter one may have passed a token bucket in one burst. */
const trainMs = 30;
const trainsShare = 0.4;
const lossyTrainsAtMost = 2;
/** Fewer arrivals than this give no rate. */
const fewestArrivals = 6;
const fewestPackets = 64;
/** The stream sends 1.3 times as fast as its last 48 packets arrived. One report covers 48 packets. */
const streamLead = { times: 1.3, packets: 48 };
const maxHalfDifference = 0.12;
/**
 * Loss up to `random` counts as loss behind the bottleneck. With more loss, the bottleneck drops what exceeds its rate. Loss above
 * `dropped` does not depend on the rate and would slow the stream down endlessly.
 */
const lossLimits = { random: 0.04, dropped: 0.27 };
/** A test that received fewer bytes and lasted shorter than these gives no rate. */
const minimumSample = { bytes: 700_000, ms: 4_000 };
const burstLimits = { times: 1.5, bytes: 100_000 };
/** From this share of the rate of the network card, the card itself may be the bottleneck. */
const cardShareLimit = 0.85;

/**
 * From this multiple of the ceiling, the rate is too close to the fastest stream (`streamLead.times` the ceiling). The link may be faster.
 */
const ceilingShareLimit = 1.15;

/** Returns the number of packets of the next train; null if no further train is needed or affordable. */
export function nextTrain(trains: readonly Train[], { budgetBytes }: CapacityLimits): number | null {
  const last = trains.at(-1);
  if (last === undefined) return smallestTrain * trainWireBytes > budgetBytes ? null : smallestTrain;
  const lossy = trains.filter(isLossy).length;
  const packets = isLossy(last) ? last.packets : Math.min(trainPacketsAtMost, growth * last.packets);
  const isFound = msOf(inOrder(last)) >= trainMs || last.packets === trainPacketsAtMost || lossy >= lossyTrainsAtMost;
  return isFound || usedBytes(trains) + packets * trainWireBytes > trainsShare * budgetBytes ? null : packets;
}

/** Returns the plan of the stream that follows the trains; null if no packets arrive or too few bytes are left. */
export function streamAfter(trains: readonly Train[], { budgetBytes, ceilingBps }: CapacityLimits): StreamPlan | null {
  const bps = Math.min(paceOfTrains(trains), ceilingBps);
  const packets = Math.floor((budgetBytes - usedBytes(trains)) / trainWireBytes);
  return !(bps > 0) || packets < fewestPackets ? null : { packets, bps, ceilingBps };
}

/**
 * Returns the send rate for now, bits/s. It exceeds the last arrival rate, so that the stream fills the link. A falling arrival rate lowers
 * it.
 */
export function paceOf(arrivals: readonly TrainArrival[], { bps, ceilingBps }: StreamPlan): number {
  const last = numberedByArrival(arrivals.slice(-streamLead.packets));
  const seen = last.length < streamLead.packets ? bps : steadyRate(last) || bps;
  return streamLead.times * Math.min(seen, ceilingBps);
}

/** Guarantee: it reports a rate only if the two halves of the end of the stream agree on the rate. */
export function capacityOf(trains: readonly Train[], { ceilingBps, cardBps }: CapacityLimits, stream?: Train): CapacityEstimate {
  const all = stream === undefined ? trains : [...trains, stream];
  if (trains.length === 0) return unknown('the data budget for tests is used up');
  if (all.every((train) => inOrder(train).length < fewestArrivals)) return unknown('too many packets were lost');
  const came = stream === undefined ? [] : inOrder(stream);
  if (bytesOf(all) < minimumSample.bytes && msOf(came) < minimumSample.ms) return unknown(tooFewBytes);
  const bps = isLossyAtEnd(came) ? null : sustainedRate(came);
  if (bps === null) return unsteadyResult(trains, came);
  if (cardBps !== null && bps >= cardShareLimit * cardBps) return unknown('as fast as the network card of this PC', bps);
  if (bps >= ceilingShareLimit * ceilingBps) return unknown('too fast to measure with so few bytes', bps);
  const burst = burstOf(all, bps);
  if (burst !== null && isLossyAtFirst(trains)) return unknown('too many packets were lost');
  return { bps, reason: null, atLeastBps: null, burst, seenBytes: burst === null ? bytesOf(all) : null };
}

/**
 * Returns the reason for a stream without a steady rate. Loss from the first packet on leads to a TCP test. Without early loss, a token
 * bucket ran empty late; a TCP test would only measure its burst.
 */
function unsteadyResult(trains: readonly Train[], came: readonly TrainArrival[]): CapacityEstimate {
  const isLost = isLossyAtEnd(came) && isLossyAtFirst(trains);
  return isLost ? unknown('too many packets were lost') : unknown('the rate is not steady', lowestLateRate(came));
}

function isLossyAtEnd(came: readonly TrainArrival[]): boolean {
  return lossOf(came.slice(came.length >> 1)) > lossLimits.dropped;
}

function unknown(reason: string, atLeastBps: number | null = null): CapacityEstimate {
  return { bps: null, reason, atLeastBps, burst: null, seenBytes: null };
}

/**
 * Returns the rate over the longest part of the stream's end whose halves agree; null if no halves agree. A slower, longer part limits the
 * rate: the token bucket refilled and burst again at the end.
 */
function sustainedRate(came: readonly TrainArrival[]): number | null {
  let least = Number.POSITIVE_INFINITY;
  for (const share of [2, 4, 8]) {
    const end = withoutDropNumbers(came.slice(-Math.floor(came.length / share)));
    if (end.length < fewestPackets / 2) return null;
    const half = end.length >> 1;
    least = Math.min(least, meanOf(end));
    const bps = steadyRate(end);
    if (bps > (1 + maxHalfDifference) * least) return null;
    if (Math.abs(meanOf(end.slice(0, half)) / meanOf(end.slice(half)) - 1) <= maxHalfDifference) return Math.min(bps, least);
  }
  return null;
}

/** Returns the lowest rate over short pieces in the second half of the stream, so that a fall near the end counts. */
function lowestLateRate(came: readonly TrainArrival[]): number | null {
  const size = Math.max(fewestPackets / 4, came.length >> 5);
  const starts = Array.from({ length: Math.floor(came.length / 2 / size) }, (_, at) => came.length - (at + 1) * size);
  const least = Math.min(...starts.map((at) => meanOf(numberedByArrival(came.slice(at, at + size)))));
  return Number.isFinite(least) ? least : null;
}

/**
 * Removes gaps in the sequence numbers unless the loss is random. A packet lost behind the bottleneck used its capacity, so its number
 * stays. A packet dropped by the bottleneck did not, so the others are renumbered.
 */
function withoutDropNumbers(arrivals: readonly TrainArrival[]): readonly TrainArrival[] {
  return lossOf(arrivals) <= lossLimits.random ? arrivals : numberedByArrival(arrivals);
}

function lossOf(arrivals: readonly TrainArrival[]): number {
  const seqs = arrivals.map(({ seq }) => seq);
  return 1 - arrivals.length / (Math.max(...seqs) - Math.min(...seqs) + 1);
}

/** Returns the pace at the end of the last usable train, bits/s; infinity if its packets arrived at the same moment. */
function paceOfTrains(trains: readonly Train[]): number {
  const last = trains.map(inOrder).findLast(({ length }) => length >= fewestArrivals) ?? [];
  const pace = steadyRate(withoutDropNumbers(last.length < smallestTrain ? last : last.slice(last.length >> 1)));
  return last.length > 0 && Number.isNaN(pace) ? Number.POSITIVE_INFINITY : pace;
}

/** Returns a token-bucket burst if a train was much faster than the sustained rate and its bytes exceed `burstLimits.bytes`. */
function burstOf(all: readonly Train[], bps: number): Burst | null {
  const bytes = bucketBytesNeeded(all, bps);
  const firsts = all.map((train) => inOrder(train).slice(0, smallestTrain)).filter(({ length }) => length >= smallestTrain / 2);
  const peak = Math.max(...firsts.map((first) => steadyRate(withoutDropNumbers(first)) || 0));
  return bytes >= burstLimits.bytes && peak >= burstLimits.times * bps ? { bps: peak, bytes } : null;
}

/**
 * Returns true if the link itself loses packets. A token bucket passes its first packets without loss, so early loss comes from the link.
 */
function isLossyAtFirst(trains: readonly Train[]): boolean {
  let left = Math.ceil(burstLimits.bytes / trainIpBytes);
  let [sent, received] = [0, 0];
  for (const train of trains) {
    const packets = Math.min(left, train.packets);
    sent += packets;
    received += inOrder(train).filter(({ seq }) => seq < packets).length;
    left -= packets;
  }
  return 1 - received / sent > lossLimits.dropped / 2;
}

/**
 * Returns the size of the smallest token bucket, filled at `bps`, that could pass all arrivals at their times. All trains use one clock.
 */
function bucketBytesNeeded(trains: readonly Train[], bps: number): number {
  let [level, most, lastUs] = [0, 0, 0];
  for (const { us } of trains.flatMap(inOrder)) {
    level = Math.max(0, level - (Math.max(0, us - lastUs) * bps) / 8e6) + trainIpBytes;
    most = Math.max(most, level);
    lastUs = us;
  }
  return most;
}

function numberedByArrival(arrivals: readonly TrainArrival[]): TrainArrival[] {
  return arrivals.map(({ us }, seq) => ({ seq, us }));
}

function isLossy(train: Train): boolean {
  return 2 * inOrder(train).length < train.packets;
}

function meanOf(arrivals: readonly TrainArrival[]): number {
  const [first, last] = [arrivals[0], arrivals.at(-1)];
  return first === undefined || last === undefined ? Number.NaN : rate(first, last);
}

function msOf(came: readonly TrainArrival[]): number {
  return ((came.at(-1)?.us ?? 0) - (came[0]?.us ?? 0)) / 1_000;
}

function bytesOf(trains: readonly Train[]): number {
  return trains.reduce((sum, train) => sum + inOrder(train).length * trainIpBytes, 0);
}

function usedBytes(trains: readonly Train[]): number {
  return trains.reduce((sum, train) => sum + train.packets * trainWireBytes, 0);
}

/** One packet train: `packets` sent, numbered from 0, and their arrivals. One clock stamps all arrivals. */
export type Train = { packets: number; arrivals: readonly TrainArrival[] };

/** Limit on the points of a slope estimate; more points do not improve the result. */
const pointsAtMost = 160;

/** Returns the arrivals in order of time without duplicates, renumbered. Thus reordering does not change a rate. */
function inOrder({ packets, arrivals }: Train): TrainArrival[] {
  const sorted = arrivals.filter(({ seq, us }) => seq >= 0 && seq < packets && us >= 0 && us < Number.POSITIVE_INFINITY);
  sorted.sort((a, b) => a.us - b.us);
  const seen = new Set<number>();
  const once = sorted.filter(({ seq }) => !seen.has(seq) && seen.add(seq));
  const numbers = [...seen].sort((a, b) => a - b);
  return once.map(({ us }, at) => ({ seq: numbers[at] ?? 0, us }));
}

/** Theil–Sen estimator: median of the rates between all pairs of arrivals that lie far apart. */
function steadyRate(arrivals: readonly TrainArrival[]): number {
  const every = Math.ceil(arrivals.length / pointsAtMost);
  const some = every > 2 ? arrivals.filter((_, at) => at % every === 0) : arrivals;
  const gap = Math.max(1, Math.floor(some.length / 3));
  return medianOf(some.flatMap((from, at) => some.slice(at + gap).flatMap((to) => (to.us > from.us ? [rate(from, to)] : []))));
}

function rate(from: TrainArrival, to: TrainArrival): number {
  return ((to.seq - from.seq) * trainIpBytes * 8 * 1e6) / (to.us - from.us);
}

/** Returns the median; NaN for an empty list. */
function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[(values.length - 1) >> 1] ?? Number.NaN;
}
