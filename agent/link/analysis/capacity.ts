/**
 * What one direction of a line carries. Trains of packets find a pace. A stream follows that is always sent a little faster than packets arrive,
 * so that it fills the line and empties what the line lends at first. Two halves of its end must agree; else the rate is not known. Pure.
 */
import { type TrainArrival, trainIpBytes, trainPacketsAtMost, trainWireBytes } from '@sabha/contracts';

/** What bounds a measurement; rates in bits/s. */
export type CapacityLimits = {
  /** Wire bytes that the trains and the stream together may take. */
  budgetBytes: number;
  /** Nobody needs to know a rate above this one exactly: no stream is sent much faster. */
  ceilingBps: number;
  /** Rate of this PC's own network card; null where it is not known. */
  cardBps: number | null;
};

/** What a line lends at first: so many bytes, at this rate. */
export type Burst = { bps: number; bytes: number };

/**
 * `bps`: the rate at the end of the stream, bits/s of IP packets; null for the `reason`. `atLeastBps`: where the rate is null, the least at which
 * the stream ended. `seenBytes`: how many bytes were sent where the line was not seen to lend any.
 */
export type Capacity =
  | { bps: number; reason: null; atLeastBps: null; burst: Burst | null; seenBytes: number | null }
  | { bps: null; reason: string; atLeastBps: number | null; burst: null; seenBytes: null };

/** So many packets, at this pace at first, bits/s. */
export type Stream = { packets: number; bps: number; ceilingBps: number };

/** Packets of a stream that are sent at once. */
export const blockPackets = 8;
/** A bucket of 2 MB that lends twice a rate of 0.7 Mbit/s is empty after 23 s; on faster lines the bytes end a stream before. */
export const streamMs = 24_000;
/** The reason if all bytes of a test may have passed in a burst of the line. */
export const tooFewBytes = 'too few bytes to tell whether it lasts';

const smallestTrain = 24;
const growth = 3;
/** A train that takes longer has found a pace; a shorter one may have passed a bucket in one go. */
const trainMs = 30;
const trainsShare = 0.4;
const lossyTrainsAtMost = 2;
/** Fewer arrivals tell no rate. */
const fewestArrivals = 6;
const fewestPackets = 64;
/** By so much the stream is faster than its last arrivals: as many as one report tells, since another report may be lost. */
const ahead = { times: 1.3, packets: 48 };
const bentAtMost = 0.12;
/**
 * Up to `random` packets were lost behind the narrow part. More were dropped by it and did not pass: as many as the stream was too fast. Above
 * `dropped` the loss is no matter of the pace, and slows the stream down without end.
 */
const lostAtMost = { random: 0.04, dropped: 0.27 };
/** The bytes, or the time, after which a rate that did not fall is told at all. */
const proof = { bytes: 700_000, ms: 4_000 };
const lent = { times: 1.5, bytes: 100_000 };
/** The share of a network card's rate from which on it may be the card that was measured. */
const nearCard = 0.85;

/** The stream is at most `ahead.times` as fast as the ceiling: a line this near to that was not full. */
const nearCeiling = 1.15;

/** How many packets the next train is to have; null where the pace is known or cannot be. */
export function nextTrain(trains: readonly Train[], { budgetBytes }: CapacityLimits): number | null {
  const last = trains.at(-1);
  if (last === undefined) return smallestTrain * trainWireBytes > budgetBytes ? null : smallestTrain;
  const lossy = trains.filter(isLossy).length;
  const packets = isLossy(last) ? last.packets : Math.min(trainPacketsAtMost, growth * last.packets);
  const isFound = msOf(inOrder(last)) >= trainMs || last.packets === trainPacketsAtMost || lossy >= lossyTrainsAtMost;
  return isFound || usedBytes(trains) + packets * trainWireBytes > trainsShare * budgetBytes ? null : packets;
}

/** The stream that follows the trains; null where nothing comes through, or too few bytes are left. */
export function streamAfter(trains: readonly Train[], { budgetBytes, ceilingBps }: CapacityLimits): Stream | null {
  const bps = Math.min(paceOfTrains(trains), ceilingBps);
  const packets = Math.floor((budgetBytes - usedBytes(trains)) / trainWireBytes);
  return !(bps > 0) || packets < fewestPackets ? null : { packets, bps, ceilingBps };
}

/** How fast to send now, bits/s: faster on a line that was not full, slower where the rate falls, so that little is dropped. */
export function paceOf(arrivals: readonly TrainArrival[], { bps, ceilingBps }: Stream): number {
  const last = counted(arrivals.slice(-ahead.packets));
  const seen = last.length < ahead.packets ? bps : steadyRate(last) || bps;
  return ahead.times * Math.min(seen, ceilingBps);
}

/** Guarantee: no rate but one at which the two halves of a stream's end agree. */
export function capacityOf(trains: readonly Train[], { ceilingBps, cardBps }: CapacityLimits, stream?: Train): Capacity {
  const all = stream === undefined ? trains : [...trains, stream];
  if (trains.length === 0) return unknown('the data budget for tests is used up');
  if (all.every((train) => inOrder(train).length < fewestArrivals)) return unknown('too many packets were lost');
  const came = stream === undefined ? [] : inOrder(stream);
  if (bytesOf(all) < proof.bytes && msOf(came) < proof.ms) return unknown(tooFewBytes);
  const bps = isLossyAtEnd(came) ? null : endOf(came);
  if (bps === null) return unsteady(trains, came);
  if (cardBps !== null && bps >= nearCard * cardBps) return unknown('as fast as the network card of this PC', bps);
  if (bps >= nearCeiling * ceilingBps) return unknown('too fast to measure with so few bytes', bps);
  const burst = burstOf(all, bps);
  if (burst !== null && isLossyAtFirst(trains)) return unknown('too many packets were lost');
  return { bps, reason: null, atLeastBps: null, burst, seenBytes: burst === null ? bytesOf(all) : null };
}

/** A line that loses packets from the first one on is measured by TCP. Else the burst ended within the second half of the stream, and TCP would measure the burst. */
function unsteady(trains: readonly Train[], came: readonly TrainArrival[]): Capacity {
  const isLost = isLossyAtEnd(came) && isLossyAtFirst(trains);
  return isLost ? unknown('too many packets were lost') : unknown('the rate is not steady', slowest(came));
}

function isLossyAtEnd(came: readonly TrainArrival[]): boolean {
  return lossOf(came.slice(came.length >> 1)) > lostAtMost.dropped;
}

function unknown(reason: string, atLeastBps: number | null = null): Capacity {
  return { bps: null, reason, atLeastBps, burst: null, seenBytes: null };
}

/**
 * The rate over the longest part of the end of a stream whose halves agree; null where none do. Where a longer part was slower, the line lent
 * again at the end what it had saved before.
 */
function endOf(came: readonly TrainArrival[]): number | null {
  let least = Number.POSITIVE_INFINITY;
  for (const share of [2, 4, 8]) {
    const end = passed(came.slice(-Math.floor(came.length / share)));
    if (end.length < fewestPackets / 2) return null;
    const half = end.length >> 1;
    least = Math.min(least, meanOf(end));
    const bps = steadyRate(end);
    if (bps > (1 + bentAtMost) * least) return null;
    if (Math.abs(meanOf(end.slice(0, half)) / meanOf(end.slice(half)) - 1) <= bentAtMost) return Math.min(bps, least);
  }
  return null;
}

/** Over the second half of a stream in parts of a thirty-second of it: a fall shortly before its end is in one of them. */
function slowest(came: readonly TrainArrival[]): number | null {
  const size = Math.max(fewestPackets / 4, came.length >> 5);
  const starts = Array.from({ length: Math.floor(came.length / 2 / size) }, (_, at) => came.length - (at + 1) * size);
  const least = Math.min(...starts.map((at) => meanOf(counted(came.slice(at, at + size)))));
  return Number.isFinite(least) ? least : null;
}

/** Packets that were lost behind the narrow part took their time in it and keep their numbers; those that it dropped do not. */
function passed(arrivals: readonly TrainArrival[]): readonly TrainArrival[] {
  return lossOf(arrivals) <= lostAtMost.random ? arrivals : counted(arrivals);
}

function lossOf(arrivals: readonly TrainArrival[]): number {
  const seqs = arrivals.map(({ seq }) => seq);
  return 1 - arrivals.length / (Math.max(...seqs) - Math.min(...seqs) + 1);
}

/** The pace at the end of the last train that tells one: of a train that came at once, faster than can be told. */
function paceOfTrains(trains: readonly Train[]): number {
  const last = trains.map(inOrder).findLast(({ length }) => length >= fewestArrivals) ?? [];
  const pace = steadyRate(passed(last.length < smallestTrain ? last : last.slice(last.length >> 1)));
  return last.length > 0 && Number.isNaN(pace) ? Number.POSITIVE_INFINITY : pace;
}

/** Told where some train was much faster than what lasts, and the line lent more than the bucket of a usual shaper. */
function burstOf(all: readonly Train[], bps: number): Burst | null {
  const bytes = lentBytes(all, bps);
  const firsts = all.map((train) => inOrder(train).slice(0, smallestTrain)).filter(({ length }) => length >= smallestTrain / 2);
  const peak = Math.max(...firsts.map((first) => steadyRate(passed(first)) || 0));
  return bytes >= lent.bytes && peak >= lent.times * bps ? { bps: peak, bytes } : null;
}

/** A bucket that lends passes its first packets. A line that loses half as many of them as a stream that is too fast loses packets by itself. */
function isLossyAtFirst(trains: readonly Train[]): boolean {
  let left = Math.ceil(lent.bytes / trainIpBytes);
  let [sent, received] = [0, 0];
  for (const train of trains) {
    const packets = Math.min(left, train.packets);
    sent += packets;
    received += inOrder(train).filter(({ seq }) => seq < packets).length;
    left -= packets;
  }
  return 1 - received / sent > lostAtMost.dropped / 2;
}

/** As much as a bucket must hold that lets all this pass and is filled at `bps`. The trains share one clock. */
function lentBytes(trains: readonly Train[], bps: number): number {
  let [level, most, lastUs] = [0, 0, 0];
  for (const { us } of trains.flatMap(inOrder)) {
    level = Math.max(0, level - (Math.max(0, us - lastUs) * bps) / 8e6) + trainIpBytes;
    most = Math.max(most, level);
    lastUs = us;
  }
  return most;
}

/** Numbered in the order of arrival. */
function counted(arrivals: readonly TrainArrival[]): TrainArrival[] {
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

/** `packets` numbered from 0 were sent; times of the arrivals by any one clock. */
export type Train = { packets: number; arrivals: readonly TrainArrival[] };

/** So many points say as much of a slope as all of them. */
const pointsAtMost = 160;

/** Received packets in the order of arrival, without duplicates. They are renumbered in that order, so that reordering does not change a rate. */
function inOrder({ packets, arrivals }: Train): TrainArrival[] {
  const sorted = arrivals.filter(({ seq, us }) => seq >= 0 && seq < packets && us >= 0 && us < Number.POSITIVE_INFINITY);
  sorted.sort((a, b) => a.us - b.us);
  const seen = new Set<number>();
  const once = sorted.filter(({ seq }) => !seen.has(seq) && seen.add(seq));
  const numbers = [...seen].sort((a, b) => a - b);
  return once.map(({ us }, at) => ({ seq: numbers[at] ?? 0, us }));
}

/** Theil and Sen: the middle of the rates between all pairs that lie well apart. */
function steadyRate(arrivals: readonly TrainArrival[]): number {
  const every = Math.ceil(arrivals.length / pointsAtMost);
  const some = every > 2 ? arrivals.filter((_, at) => at % every === 0) : arrivals;
  const gap = Math.max(1, Math.floor(some.length / 3));
  return middle(some.flatMap((from, at) => some.slice(at + gap).flatMap((to) => (to.us > from.us ? [rate(from, to)] : []))));
}

/** Bits/s, by differences of the numbers. */
function rate(from: TrainArrival, to: TrainArrival): number {
  return ((to.seq - from.seq) * trainIpBytes * 8 * 1e6) / (to.us - from.us);
}

/** The middle one; none is not a number. */
function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[(values.length - 1) >> 1] ?? Number.NaN;
}
