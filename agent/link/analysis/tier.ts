/**
 * Decides the tier of each direction of a link: the highest tier whose needs the link meets. Hysteresis prevents oscillation
 * (contracts/tiers.ts).
 */
import { type Tier, type TierLimit, tierMargin, tierNeeds, tiers } from '@sabha/contracts';

/** `up`: from this PC to the server. */
export type Direction = 'up' | 'down';

export type DirectionFacts = {
  /** Free part of the capacity, bits/s; null if the capacity is unknown. */
  freeBps: number | null;
  /**
   * Lower bound of the free capacity, bits/s, if the exact capacity is unknown. It is unknown whether the link meets a need above the
   * bound.
   */
  leastBps?: number;
  /** R of the E-model (speech quality, 0 to 100) without the satellite advantage; absent if unknown. */
  r?: number | undefined;
  udpBlocked: boolean;
  /** Returns the loss over as many probes as the threshold needs; undefined until there are enough. */
  lossAt: (threshold: number) => number | undefined;
  /** Jitter of the newest window; undefined if too few packets arrived. */
  jitterMs: number | undefined;
  /** Jitter of the window before it; absent in the first window. */
  jitterBeforeMs?: number | undefined;
};

/**
 * `tier`: null = not even audio. `lower`: one entry for each of the last consecutive windows that fit only a lower tier. An entry is the
 * index of that tier in `tiers`, -1 = not even audio. `higher`: the same for windows that fit a higher tier. Three such windows change the
 * tier.
 */
export type TierState = { tier: Tier | null; limit: TierLimit | null; lower: number[]; higher: number[] };

/** The tier is unknown: the capacity is unknown or UDP is blocked, and neither loss nor jitter excludes audio. */
export type UnknownTier = { tier: undefined; limit: 'unknown' | 'udp-blocked' };

const windowsInARow = 3;

/**
 * Returns the tier after one more window (the result of one quality round).
 * Guarantee: a tier changes only after three consecutive windows, to the nearest tier that all three allow. One window with high jitter
 * never decides the first tier.
 */
export function nextTier(before: TierState | undefined, way: Direction, given: DirectionFacts): TierState | UnknownTier {
  const facts = before === undefined ? factsForFirstTier(way, given) : given;
  const stays = facts && highestTier(way, facts, tierMargin.stay);
  if (facts === undefined || stays === undefined || (isCapacityOpen(facts) && stays >= 0))
    return { tier: undefined, limit: given.udpBlocked ? 'udp-blocked' : 'unknown' };
  const held = before === undefined ? stays : tierIndex(before.tier);
  const rises = higherTier(held, way, facts);
  const lower = stays < held ? [...(before?.lower ?? []), stays] : [];
  const higher = rises > held ? [...(before?.higher ?? []), rises] : [];
  const place = tierAfterHysteresis(held, lower, higher);
  const limit = limitOf(place, way, facts);
  return place === held
    ? { tier: tiers[held] ?? null, limit, lower, higher }
    : { tier: tiers[place] ?? null, limit, lower: [], higher: [] };
}

/**
 * Takes the lower jitter of the last two windows for the first tier. Returns undefined if both are unknown, or if a single window has high
 * jitter.
 */
function factsForFirstTier(way: Direction, facts: DirectionFacts): DirectionFacts | undefined {
  const { jitterMs, jitterBeforeMs } = facts;
  const isEven = { ...facts, jitterMs: 0 };
  if (jitterMs === undefined && jitterBeforeMs === undefined) return highestTier(way, isEven, tierMargin.stay) < 0 ? isEven : undefined;
  if (jitterMs === undefined) return { ...facts, jitterMs: jitterBeforeMs };
  if (jitterBeforeMs !== undefined) return { ...facts, jitterMs: Math.min(jitterMs, jitterBeforeMs) };
  const isUneven = highestTier(way, facts, tierMargin.stay) < highestTier(way, isEven, tierMargin.stay);
  return isUneven ? undefined : facts;
}

function tierAfterHysteresis(held: number, lower: readonly number[], higher: readonly number[]): number {
  if (lower.length >= windowsInARow) return Math.max(...lower);
  return higher.length >= windowsInARow ? Math.min(...higher) : held;
}

/** Returns the index in `tiers` of the highest tier whose needs are met; -1 for none. */
function highestTier(way: Direction, facts: DirectionFacts, margin: number): number {
  return tiers.findLastIndex((tier) => missingNeed(way, facts, { tier, margin }) === null);
}

/** Returns the first need of a tier that the direction does not meet; null if it meets all known needs. */
function missingNeed(
  way: Direction,
  { freeBps, leastBps, lossAt, jitterMs, r = 100 }: DirectionFacts,
  { tier, margin }: { tier: Tier; margin: number },
): TierLimit | null {
  const needs = tierNeeds[tier];
  const needBps = way === 'up' ? needs.upBps : needs.downBps;
  if (freeBps !== null && freeBps < needBps * margin) return leastBps === undefined ? 'capacity' : 'unknown';
  if ((lossAt(needs.loss.critical) ?? 0) >= needs.loss.critical) return 'loss';
  if (jitterMs !== undefined && jitterMs >= needs.jitterMs.critical) return 'jitter';
  return r < needs.r ? 'delay' : null;
}

/** Returns the need that the link misses for the next higher tier, first without and then with the margin to rise. */
function limitOf(place: number, way: Direction, facts: DirectionFacts): TierLimit | null {
  const next = tiers[place + 1];
  if (next === undefined) return null;
  return (
    missingNeed(way, facts, { tier: next, margin: tierMargin.stay }) ?? missingNeed(way, facts, { tier: next, margin: tierMargin.rise })
  );
}

export function tierIndex(tier: Tier | null): number {
  return tier === null ? -1 : tiers.indexOf(tier);
}

/** Returns true if the capacity is unknown, so that a higher tier may fit. */
function isCapacityOpen({ freeBps, udpBlocked }: DirectionFacts): boolean {
  return freeBps === null || udpBlocked;
}

/** Returns the tier to rise to. A window with too few packets raises no tier, because its jitter is unknown. */
function higherTier(held: number, way: Direction, facts: DirectionFacts): number {
  return facts.jitterMs === undefined ? held : highestTier(way, facts, tierMargin.rise);
}
