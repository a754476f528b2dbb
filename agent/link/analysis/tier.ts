/** What a link carries in a meeting, per direction: the highest tier whose needs are met, slow to fall and slower to rise (contracts/tiers.ts). */
import { type Tier, type TierLimit, tierMargin, tierNeeds, tiers } from '@sabha/contracts';

/** From this PC to the centre, and back. */
export type Direction = 'up' | 'down';

/** What is known of a direction now. */
export type WayFacts = {
  /** What is free of the capacity, bits/s; null where the capacity is not known. */
  freeBps: number | null;
  /** Present where only a lower bound is known, bits/s: a need above it is not met or missed, but unknown. */
  leastBps?: number;
  /** R of the E-model, without the advantage of a satellite; absent where it is not known. */
  r?: number | undefined;
  udpBlocked: boolean;
  /** The loss, over as many probes as a threshold needs; undefined where there were not so many yet. */
  lossAt: (threshold: number) => number | undefined;
  /** Undefined where too few packets came through to tell it. */
  jitterMs: number | undefined;
  /** In the window before this one; absent where this is the first. */
  jitterBeforeMs?: number | undefined;
};

/** `tier` null = not even audio. `lower`, `higher`: what the last windows in a row would have made of it. */
export type TierState = { tier: Tier | null; limit: TierLimit | null; lower: number[]; higher: number[] };

/** What is not known at all: a window without a capacity, or where UDP does not get through, unless loss or jitter alone leave nothing. */
export type UnknownTier = { tier: undefined; limit: 'unknown' | 'udp-blocked' };

const windowsInARow = 3;

/**
 * One more window.
 * Guarantee: a tier changes only when three windows in a row say so, and by no more than each of them says; none begins with what one uneven window alone says.
 */
export function nextTier(before: TierState | undefined, way: Direction, given: WayFacts): TierState | UnknownTier {
  const facts = before === undefined ? ofFirst(way, given) : given;
  const stays = facts && carried(way, facts, tierMargin.stay);
  if (facts === undefined || stays === undefined || (isOpen(facts) && stays >= 0))
    return { tier: undefined, limit: given.udpBlocked ? 'udp-blocked' : 'unknown' };
  const held = before === undefined ? stays : placeOf(before.tier);
  const rises = risenTo(held, way, facts);
  const lower = stays < held ? [...(before?.lower ?? []), stays] : [];
  const higher = rises > held ? [...(before?.higher ?? []), rises] : [];
  const place = settled(held, lower, higher);
  const limit = limitOf(place, way, facts);
  return place === held
    ? { tier: tiers[held] ?? null, limit, lower, higher }
    : { tier: tiers[place] ?? null, limit, lower: [], higher: [] };
}

/** Before there is a tier: as even as the better of the last two windows; undefined where one alone is uneven, or none tells. */
function ofFirst(way: Direction, facts: WayFacts): WayFacts | undefined {
  const { jitterMs, jitterBeforeMs } = facts;
  const isEven = { ...facts, jitterMs: 0 };
  if (jitterMs === undefined && jitterBeforeMs === undefined) return carried(way, isEven, tierMargin.stay) < 0 ? isEven : undefined;
  if (jitterMs === undefined) return { ...facts, jitterMs: jitterBeforeMs };
  if (jitterBeforeMs !== undefined) return { ...facts, jitterMs: Math.min(jitterMs, jitterBeforeMs) };
  const isUneven = carried(way, facts, tierMargin.stay) < carried(way, isEven, tierMargin.stay);
  return isUneven ? undefined : facts;
}

function settled(held: number, lower: readonly number[], higher: readonly number[]): number {
  if (lower.length >= windowsInARow) return Math.max(...lower);
  return higher.length >= windowsInARow ? Math.min(...higher) : held;
}

/** The place in `tiers` of the highest that is carried, -1 for none. */
function carried(way: Direction, facts: WayFacts, margin: number): number {
  return tiers.findLastIndex((tier) => misses(way, facts, { tier, margin }) === null);
}

/** What a direction lacks for a tier; null where it lacks nothing that is known. */
function misses(
  way: Direction,
  { freeBps, leastBps, lossAt, jitterMs, r = 100 }: WayFacts,
  { tier, margin }: { tier: Tier; margin: number },
): TierLimit | null {
  const needs = tierNeeds[tier];
  const needBps = way === 'up' ? needs.upBps : needs.downBps;
  if (freeBps !== null && freeBps < needBps * margin) return leastBps === undefined ? 'capacity' : 'unknown';
  if ((lossAt(needs.loss.critical) ?? 0) >= needs.loss.critical) return 'loss';
  if (jitterMs !== undefined && jitterMs >= needs.jitterMs.critical) return 'jitter';
  return r < needs.r ? 'delay' : null;
}

/** What keeps it from the next higher tier: what it lacks to stay there, or the room that it must have to rise. */
function limitOf(place: number, way: Direction, facts: WayFacts): TierLimit | null {
  const next = tiers[place + 1];
  if (next === undefined) return null;
  return misses(way, facts, { tier: next, margin: tierMargin.stay }) ?? misses(way, facts, { tier: next, margin: tierMargin.rise });
}

/** The place of a tier in `tiers`, -1 for none. */
export function placeOf(tier: Tier | null): number {
  return tier === null ? -1 : tiers.indexOf(tier);
}

/** More than what is known to fit may fit. */
function isOpen({ freeBps, udpBlocked }: WayFacts): boolean {
  return freeBps === null || udpBlocked;
}

/** No window of too few packets raises a tier: it is not known to be even. */
function risenTo(held: number, way: Direction, facts: WayFacts): number {
  return facts.jitterMs === undefined ? held : carried(way, facts, tierMargin.rise);
}
