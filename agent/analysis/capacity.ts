/**
 * The capacity of the narrowest part of a way, from trains of packets that were sent back to back: behind it they arrive at its pace.
 * Pure: which train to send next, and what the trains say. What is known of the method and where it fails: capacity.test.ts.
 */

import { type TrainArrival, trainIpBytes, trainPacketsAtMost, trainWireBytes } from '#contracts';

/** Times of the arrivals by any one clock. */
export type Train = { packets: number; arrivals: readonly TrainArrival[] };

/** What bounds a measurement; rates in bits/s. */
export type CapacityLimits = {
  /** Wire bytes that all trains together may take. */
  budgetBytes: number;
  /** Above this rate two trains are enough. */
  ceilingBps: number;
  /** Rate of this PC's own network card; null where it is not known. */
  cardBps: number | null;
};

/** `atMostBps`: where there is no answer, what it cannot be more than, as far as that is known. Rates count IP bytes. */
export type Capacity =
  | { bps: number; reason: null; atMostBps: null; agreeing: number }
  | { bps: null; reason: string; atMostBps: number | null; agreeing: number };

const smallestTrain = 24;
const trainsAtMost = 10;
const trainsWanted = 3;
const lostTrainsAtMost = 3;
const lostAtMost = 0.2;
/** Of the half that is judged. Where a short queue overflows, what it dropped never went through the narrow part. */
const lostInHalfAtMost = 0.15;
const shortestMs = 20;
const aimedMs = 30;
const bentAtMost = 0.12;
const apartAtMost = 0.15;
const overtakenAtMost = 0.1;
/** The share of a network card's rate from which on it may be the card that was measured. */
const nearCard = 0.85;
const growth = { least: 1.5, most: 3.8 };
/** A train so many times as long as what went through at once has a steady last half. */
const overBurst = 2.2;

type Fit = {
  isLong: boolean;
  isSteady: boolean;
  isWhole: boolean;
  bps: number;
  /** Packets that went through faster than at this rate: the link let them pass in one go. */
  burst: number;
  ms: number;
};

/**
 * How many packets the next train is to have; null where enough is known or nothing more can be.
 * Guarantee: what was sent and the next train together never take more than the budget.
 */
export function nextTrain(trains: readonly Train[], { budgetBytes, ceilingBps }: CapacityLimits): number | null {
  const fits = trains.map(fitOf);
  const rates = agreeing(fits);
  const isFast = rates.length > 1 && middle(rates) > ceilingBps;
  if (rates.length >= (isFast ? trainsWanted - 1 : trainsWanted) || trains.length >= trainsAtMost) return null;
  const packets = size(trains, fits);
  const usedBytes = trains.reduce((sum, train) => sum + train.packets * trainWireBytes, 0);
  return packets === null || usedBytes + packets * trainWireBytes > budgetBytes ? null : packets;
}

/** Guarantee: fewer than two trains that agree, or a rate that may be that of this PC's own card, are no answer. */
export function capacityOf(trains: readonly Train[], { cardBps }: CapacityLimits): Capacity {
  const fits = trains.map(fitOf);
  const rates = agreeing(fits);
  const bps = rates.length < 2 ? null : middle(rates);
  if (bps === null) return { bps, reason: reasonOf(fits), atMostBps: boundOf(trains), agreeing: rates.length };
  if (cardBps !== null && bps >= nearCard * cardBps) {
    return { bps: null, reason: 'as fast as the network card of this PC', atMostBps: null, agreeing: rates.length };
  }
  return { bps, reason: null, atMostBps: null, agreeing: rates.length };
}

function reasonOf(fits: readonly (Fit | null)[]): string {
  const good = fits.filter(isAccepted);
  if (fits.length === 0) return 'the data budget for tests is used up';
  if (good.length > 1) return 'the measurements disagree';
  if (good.length === 1) return 'one measurement alone proves nothing';
  if (fits.every((fit) => !fit?.isWhole)) return 'too many packets were lost';
  return fits.some((fit) => fit?.isLong) ? 'the rate is not steady' : 'too fast to measure with so few bytes';
}

function size(trains: readonly Train[], fits: readonly (Fit | null)[]): number | null {
  const last = trains.at(-1);
  const fit = fits.at(-1);
  if (last === undefined) return smallestTrain;
  // Lost once may be chance; and where this one did not get through, no longer one will.
  if (!fit?.isWhole) return fits.filter((one) => !one?.isWhole).length < lostTrainsAtMost ? last.packets : null;
  const wanted = Math.max((last.packets * aimedMs) / fit.ms, fit.burst * overBurst);
  return Math.min(trainPacketsAtMost, Math.ceil(Math.max(least(trains, fit, wanted), Math.min(wanted, growth.most * last.packets))));
}

/** After a train that was good none has to be longer; one that was long enough and uneven all the same was disturbed, once. */
function least(trains: readonly Train[], fit: Fit, wanted: number): number {
  const packets = trains.at(-1)?.packets ?? smallestTrain;
  if (fit.isLong && fit.isSteady) return smallestTrain;
  const isFirst = trains.filter((train) => train.packets === packets).length === 1;
  return fit.isLong && wanted <= packets && isFirst ? packets : growth.least * packets;
}

function isAccepted(fit: Fit | null | undefined): fit is Fit {
  return fit?.isWhole === true && fit.isLong && fit.isSteady;
}

/** Rates of the accepted trains that lie near their middle one. */
function agreeing(fits: readonly (Fit | null)[]): number[] {
  const rates = fits.filter(isAccepted).map(({ bps }) => bps);
  return rates.length === 0 ? [] : rates.filter((rate) => Math.abs(rate / middle(rates) - 1) <= apartAtMost);
}

/** By differences of the sequence numbers, not by counts: a packet that was lost behind the narrow part took its time in it. */
function fitOf(train: Train): Fit | null {
  const { packets } = train;
  const sorted = inOrder(train);
  const half = sorted.slice(sorted.length >> 1);
  const [first, start, last] = [sorted[0], half[0], sorted.at(-1)];
  if (first === undefined || start === undefined || last === undefined || sorted.length < smallestTrain / 2) return null;
  const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? last;
  const bps = steadyRate(half);
  const ms = (last.us - first.us) / 1_000;
  const isNear = (a: number, b: number) => Math.abs(a / b - 1) < bentAtMost;
  return {
    bps,
    ms,
    burst: Math.max(0, last.seq - first.seq - (bps * ms) / 1_000 / 8 / trainIpBytes) || 0,
    isWhole: sorted.length >= (1 - lostAtMost) * packets && half.length >= (1 - lostInHalfAtMost) * (last.seq - start.seq + 1),
    isLong: ms >= shortestMs,
    // Without the second of them a bucket that runs empty within the last half is never seen.
    isSteady: bps > 0 && isNear(bps, rate(at(0.6), last)) && isNear(rate(at(0.5), at(0.75)), rate(at(0.75), last)),
  };
}

/**
 * The longest train passed nowhere faster: a packet that was held up behind the narrow part makes some pairs slower than it, and others faster.
 * Null where many overtook each other: their order, and so their times, are not those of the narrow part.
 */
function boundOf(trains: readonly Train[]): number | null {
  const longest = trains.map(inOrder).reduce((a, b) => (lastingUs(b) > lastingUs(a) ? b : a), []);
  const overtaken = longest.filter(({ seq }, at) => seq < (longest[at - 1]?.seq ?? 0)).length;
  if (longest.length < smallestTrain / 2 || overtaken > overtakenAtMost * longest.length) return null;
  const bps = pairRates(longest, 4).reduce((a, b) => Math.max(a, b), 0);
  return bps === 0 ? null : bps;
}

/** Each packet of the train that came, once, in the order in which they came. */
function inOrder({ packets, arrivals }: Train): TrainArrival[] {
  const sorted = arrivals.filter(({ seq, us }) => seq >= 0 && seq < packets && us >= 0 && us < Number.POSITIVE_INFINITY);
  sorted.sort((a, b) => a.us - b.us);
  const seen = new Set<number>();
  return sorted.filter(({ seq }) => !seen.has(seq) && seen.add(seq));
}

function lastingUs(sorted: readonly TrainArrival[]): number {
  return (sorted.at(-1)?.us ?? 0) - (sorted[0]?.us ?? 0);
}

/** Theil and Sen: the middle of the rates between all pairs that lie well apart. */
function steadyRate(arrivals: readonly TrainArrival[]): number {
  const rates = pairRates(arrivals, 3);
  return rates.length === 0 ? Number.NaN : middle(rates);
}

/** Between all pairs that lie so great a part of the whole apart. */
function pairRates(arrivals: readonly TrainArrival[], part: number): number[] {
  const gap = Math.max(1, Math.floor(arrivals.length / part));
  return arrivals.flatMap((from, at) => arrivals.slice(at + gap).flatMap((to) => (to.us > from.us ? [rate(from, to)] : [])));
}

function rate(from: TrainArrival, to: TrainArrival): number {
  return ((to.seq - from.seq) * trainIpBytes * 8 * 1e6) / (to.us - from.us);
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[(values.length - 1) >> 1] ?? Number.NaN;
}
