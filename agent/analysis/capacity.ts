/**
 * The capacity of the narrowest part of a way, from trains of packets that were sent back to back: behind it they arrive at its pace; and
 * from a stream behind them, whether that pace lasts (lasting.ts). Pure: which train to send next, and what the trains say. What is known of
 * the method and where it fails: capacity.test.ts.
 */

import { type TrainArrival, trainIpBytes, trainPacketsAtMost, trainWireBytes } from '#contracts';
import { inOrder, middle, rate, steadyRate, type Train } from './arrivals.ts';
import { type Lent, lastingOf, lentBytes, rateWithinBlocks } from './lasting.ts';

/** What bounds a measurement; rates in bits/s. */
export type CapacityLimits = {
  /** Wire bytes that all trains together may take, the stream with them. */
  budgetBytes: number;
  /** Above this rate two trains are enough. */
  ceilingBps: number;
  /** Rate of this PC's own network card; null where it is not known. */
  cardBps: number | null;
};

/** More than lasts: so many bytes at once, at this rate. */
export type Burst = { bps: number; bytes: number };

/**
 * `bps`: what lasts, as far as the bytes reached: where nothing slowed it down, `seenBytes` went at that rate, and a deeper bucket may lend it.
 * `burst`: what the line lent before; null where it lent nothing that was seen. `atMostBps`: where there is no answer, what it cannot be more
 * than, as far as that is known. Rates count IP bytes.
 */
export type Capacity =
  | { bps: number; reason: null; atMostBps: null; agreeing: number; burst: Burst | null; seenBytes: number | null }
  | { bps: null; reason: string; atMostBps: number | null; agreeing: number; burst: null; seenBytes: null };

/** So many packets, at this rate at first. */
export type Stream = { packets: number; lent: Lent };

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
/** The share of a network card's rate from which on it may be the card that was measured. */
const nearCard = 0.85;
const asFastAsCard = 'as fast as the network card of this PC';
const growth = { least: 1.5, most: 3.8 };
/** A train so many times as long as what went through at once has a steady last half. */
const overBurst = 2.2;
/** A stream that is shorter says nothing; one that is longer would hold up a meeting that begins, or come in faster than a PC can take it. */
const stream = { leastPackets: 64, mostMs: 6_000, wholeMs: 4_500, mostBps: 150e6 };
/** Of the bytes, what trains may take, and a third train: the stream needs what is left, and is a measurement as well. */
const shareAtMost = { trains: 0.4, third: 0.1 };
/** A stream that came so much faster than the trains did was not held up as they were. */
const fasterAtMost = 1.08;
/** A stream that comes so much slower than its trains was slowed down, however little was lent. */
const fallAtLeast = 1.5;
/** Neighbours by which the fastest part is told; where it is so much faster than the whole, it says nothing. */
const fastest = { apart: 8, times: 2 };
/**
 * What a line that keeps only half of its rate could lend, at least, and would have been seen: so much, and such a share of the bytes, or what a thin
 * line carries in such a time. Where that is not reached it is not known whether a rate lasts.
 */
const proof = { bytes: 100_000, share: 0.28, ms: 4_000 };

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
  if (rates.length >= trainsWanted || trains.length >= trainsAtMost) return null;
  const wanted = size(trains, fits);
  const last = trains.at(-1);
  const leftBytes = (last === undefined ? 1 : shareAtMost.trains) * budgetBytes - usedBytes(trains);
  const packets = Math.min(wanted ?? 0, Math.floor(leftBytes / trainWireBytes));
  // One that is shorter than wanted is worth it where it is longer than the last.
  if (wanted === null || (packets < wanted && packets <= (last?.packets ?? wanted))) return null;
  const isEnough = rates.length > 1 && (middle(rates) > ceilingBps || packets * trainWireBytes > shareAtMost.third * budgetBytes);
  return isEnough ? null : packets;
}

/**
 * The stream that is to follow the trains at once; null where too few bytes are left, or nothing comes through. Where the trains do not agree
 * it begins at the pace of the first one, and only tells what it falls to.
 */
export function streamAfter(trains: readonly Train[], limits: CapacityLimits): Stream | null {
  const lent = lentOf(trains);
  if (lent === null) return null;
  const lasting = Math.floor((lent.bps * stream.mostMs) / 1_000 / 8 / trainIpBytes);
  const packets = Math.min(lasting, Math.floor((limits.budgetBytes - usedBytes(trains)) / trainWireBytes));
  return packets < stream.leastPackets ? null : { packets, lent };
}

/**
 * `behind`: what came of the stream.
 * Guarantee: fewer than two trains that agree, a rate that may be that of this PC's own card, or one that a stream does not keep, are no answer.
 */
export function capacityOf(trains: readonly Train[], limits: CapacityLimits, behind?: Train): Capacity {
  const before = byTrains(trains, limits.cardBps);
  const lent = lentOf(trains);
  if (behind === undefined || lent === null) return proven(before, trains, limits.budgetBytes);
  const lasting = lastingOf(behind, lent);
  if (lasting.kind === 'kept') return ofKept(before, { trains, behind, limits, lentBps: lent.bps, bps: lasting.bps });
  if (lasting.kind === 'unclear') return onlyAtMost(before, trains, lasting.reason);
  const agreed = near(trains, lasting.bps);
  // A little fall from a rate that no trains agreed on is as well one of this PC, which was busy.
  if (!lent.isSure && agreed.length === 0 && 2 * lasting.bps > lent.bps) return before;
  return {
    bps: lasting.bps,
    reason: null,
    atMostBps: null,
    agreeing: 1 + agreed.length,
    ...fallOf([...trains, behind], lent, lasting.bps),
  };
}

/** Where trains did not agree it is not known how fast a burst went; and where it fell by little and little was lent perhaps none did: only we were too fast. */
function fallOf(all: readonly Train[], lent: Lent, bps: number): { burst: Burst | null; seenBytes: number | null } {
  const bytes = lentBytes(all, bps);
  const isFall = bytes >= proof.bytes || (lent.isSure && lent.bps >= fallAtLeast * bps);
  if (!isFall) return { burst: null, seenBytes: bytesOf(all) };
  return { burst: lent.isSure ? { bps: lent.bps, bytes } : null, seenBytes: null };
}

type Kept = { trains: readonly Train[]; behind: Train; limits: CapacityLimits; lentBps: number; bps: number };

/** What a stream says that was not slowed down. */
function ofKept(before: Capacity, { trains, behind, limits, lentBps, bps }: Kept): Capacity {
  const all = [...trains, behind];
  if (isCutShort(behind, trains, limits)) return onlyAtMost(before, trains, 'the rate is not steady');
  if (before.bps === null) return bps <= fasterAtMost * lentBps ? withStream(before, all, { limits, bps }) : before;
  if (isHeldUp(trains, behind, { found: before.bps, lastingBps: bps })) return { ...unknown(before), reason: 'the measurements disagree' };
  return proven(before, all, limits.budgetBytes);
}

/** It ended before its bytes and its time did, since it seemed to be slowed down: where in the end it was not, a bucket may have more to lend. */
function isCutShort(behind: Train, trains: readonly Train[], limits: CapacityLimits): boolean {
  const came = inOrder(behind);
  const ms = ((came.at(-1)?.us ?? 0) - (came[0]?.us ?? 0)) / 1_000;
  return behind.packets < (streamAfter(trains, limits)?.packets ?? 0) && ms < stream.wholeMs;
}

/** A stream that filled the line and a train that agree are two measurements. */
function withStream(before: Capacity, trains: readonly Train[], { limits, bps }: { limits: CapacityLimits; bps: number }): Capacity {
  const agreed = near(trains.slice(0, -1), bps);
  if (agreed.length === 0) return before;
  if (isCard(bps, limits.cardBps)) return { ...unknown(before), reason: asFastAsCard };
  const found = { bps: middle(agreed), reason: null, atMostBps: null, agreeing: 1 + agreed.length, burst: null, seenBytes: null };
  return proven(found, trains, limits.budgetBytes);
}

/** The rates of the trains that lie near that of a stream, of short ones where none is long; none where most do not. */
function near(trains: readonly Train[], bps: number): number[] {
  const fits = trains.map(fitOf).filter((fit) => fit?.isWhole && fit.isSteady);
  const long = fits.filter(isAccepted);
  const steady = (long.length > 0 ? long : fits).flatMap((fit) => fit?.bps ?? []);
  const close = steady.filter((one) => Math.abs(one / bps - 1) <= apartAtMost);
  return 2 * close.length < steady.length ? [] : close;
}

/** The stream went faster than the trains, and no bucket that they showed lent it that. */
function isHeldUp(trains: readonly Train[], behind: Train, { found, lastingBps }: { found: number; lastingBps: number }): boolean {
  if (lastingBps <= fasterAtMost * found) return false;
  return lentBytes([behind], found) > lentBytes(trains, found) + smallestTrain * trainIpBytes;
}

/** Too few bytes may have gone for a bucket to have run empty. */
function proven(before: Capacity, trains: readonly Train[], budgetBytes: number): Capacity {
  if (before.bps === null) return before;
  const { bps } = before;
  const isProven = lentBytes(trains, bps / 2) >= Math.min(Math.max(proof.bytes, proof.share * budgetBytes), (bps * proof.ms) / 8_000 / 2);
  if (!isProven) return onlyAtMost(before, trains, 'too few bytes to tell whether it lasts');
  return { ...before, seenBytes: bytesOf(trains) };
}

/** As fast as the fastest part of a train at most: what is held up comes slower, and then faster than it went. */
function onlyAtMost(before: Capacity, trains: readonly Train[], reason: string): Capacity {
  if (before.bps === null) return before;
  const atMostBps = Math.max(...trains.map((train) => fastestPart(inOrder(train))));
  return { ...unknown(before), reason, atMostBps: atMostBps > fastest.times * before.bps ? null : atMostBps };
}

function fastestPart(came: readonly TrainArrival[]): number {
  return came.reduce((most, from, at) => {
    const to = came[at + fastest.apart];
    return to === undefined || to.seq <= from.seq ? most : Math.max(most, rate(from, to));
  }, 0);
}

function unknown({ agreeing }: Capacity): { bps: null; atMostBps: null; agreeing: number; burst: null; seenBytes: null } {
  return { bps: null, atMostBps: null, agreeing, burst: null, seenBytes: null };
}

function byTrains(trains: readonly Train[], cardBps: number | null): Capacity {
  const fits = trains.map(fitOf);
  const rates = agreeing(fits);
  const known = { agreeing: rates.length, burst: null, seenBytes: null };
  const bps = rates.length < 2 ? null : middle(rates);
  if (bps === null) return { bps, reason: reasonOf(fits), atMostBps: null, ...known };
  if (isCard(bps, cardBps)) return { bps: null, reason: asFastAsCard, atMostBps: null, ...known };
  return { bps, reason: null, atMostBps: null, ...known };
}

function isCard(bps: number, cardBps: number | null): boolean {
  return cardBps !== null && bps >= nearCard * cardBps;
}

/** The rate at which a stream begins. Where trains did not agree it is that of the first, if nearly all of it came. */
function lentOf(trains: readonly Train[]): Lent | null {
  const rates = agreeing(trains.map(fitOf));
  if (rates.length > 1) return { bps: Math.min(middle(rates), stream.mostBps), isSure: true };
  const first = trains[0] === undefined ? [] : inOrder(trains[0]);
  // All at once: faster than can be told.
  const bps = Math.min(Math.max(rateWithinBlocks(first) || stream.mostBps, rates[0] ?? 0), stream.mostBps);
  return first.length < smallestTrain - 1 ? null : { bps, isSure: false };
}

/** Of what came. */
function bytesOf(trains: readonly Train[]): number {
  return trains.reduce((sum, train) => sum + inOrder(train).length * trainIpBytes, 0);
}

function usedBytes(trains: readonly Train[]): number {
  return trains.reduce((sum, train) => sum + train.packets * trainWireBytes, 0);
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
  if (last.packets === trainPacketsAtMost && !fit.isLong) return null;
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
