/** Builds the event `link` and the link numbers of a beat from the results of the quality rounds. */
import { type BeatKey, type LinkClass, type LinkDirection, type LinkReport, tiers as tierNames } from '@sabha/contracts';
import { ratingOf, satelliteAdvantage } from '../analysis/emodel.ts';
import { type DirectionQuality, type Quality, qualityOf, type Window } from '../analysis/quality.ts';
import type { TierState, UnknownTier } from '../analysis/tier.ts';
import type { Tiers } from './quality-history.ts';

type LinkFacts = { link: LinkClass; windows: readonly Window[]; tiers: Tiers };

/** Returns the body of the event `link`, without unknown values. */
export function reportOf({ at, link, windows, tiers, capacity }: LinkFacts & Pick<LinkReport, 'at' | 'capacity'>): LinkReport {
  const quality = completeQuality(windows);
  return { at, ...(quality !== undefined && { quality: qualityPart(quality, link, tiers) }), ...(capacity !== undefined && { capacity }) };
}

/** Returns the numbers of a beat, without unknown values. A tier is a number: 0 = not even audio, 1 = audio, and so on. */
export function numbersOf({ link, windows, tiers }: LinkFacts): Partial<Record<BeatKey, number>> {
  const quality = completeQuality(windows);
  if (quality === undefined) return {};
  const { up, down } = quality;
  const place = (state: TierState | UnknownTier | undefined) =>
    state?.tier === undefined ? undefined : 1 + tierNames.indexOf(state.tier as never);
  const [tu, td] = [place(tiers.up), place(tiers.down)];
  return {
    lu: up.loss,
    ld: down.loss,
    ju: up.jitterMs / 1_000,
    jd: down.jitterMs / 1_000,
    r: worseRating(quality, link).r,
    ...(tu !== undefined && { tu }),
    ...(td !== undefined && { td }),
  };
}

/** Loss is unknown if the highest possible loss exceeds twice the proven loss by more than this share. */
const openLoss = 0.04;

/** Returns undefined if one direction has no jitter or an uncertain loss. The link then has no score. */
function completeQuality(windows: readonly Window[]): Quality | undefined {
  const quality = qualityOf(windows);
  const isTold = (way: 'up' | 'down') => {
    const { loss, lossAtMost } = quality?.[way] ?? { loss: 0, lossAtMost: 0 };
    return lossAtMost <= 2 * loss + openLoss && windows.some((window) => window[way].variationsMs.length > 0);
  };
  return isTold('up') && isTold('down') ? quality : undefined;
}

function qualityPart(quality: Quality, link: LinkClass, tiers: Tiers): NonNullable<LinkReport['quality']> {
  const { roundTripMs, up, down } = quality;
  const { r, mos, rAdjusted } = worseRating(quality, link);
  return {
    sent: up.sent,
    roundTripMs: { median: tenths(roundTripMs.median), p95: tenths(roundTripMs.p95) },
    up: directionOf(up, tiers.up),
    down: directionOf(down, tiers.down),
    r: tenths(r),
    ...(rAdjusted !== undefined && { rAdjusted: tenths(rAdjusted) }),
    mos: hundredths(mos),
  };
}

function directionOf({ loss, burst, jitterMs, jitterP95Ms }: DirectionQuality, state: TierState | UnknownTier | undefined): LinkDirection {
  const known = { loss: Number(loss.toFixed(4)), burst: hundredths(burst), jitterMs: tenths(jitterMs), jitterP95Ms: tenths(jitterP95Ms) };
  if (state === undefined) return known;
  return state.tier === undefined ? { ...known, limit: state.limit } : { ...known, tier: state.tier, limit: state.limit };
}

/**
 * Returns the rating of the direction with the lower R; both use the higher jitter. On GEO, `rAdjusted` includes the satellite advantage.
 */
function worseRating({ roundTripMs, up, down }: Quality, link: LinkClass): { r: number; mos: number; rAdjusted?: number } {
  const jitterMs = Math.max(up.jitterMs, down.jitterMs);
  const rate = (advantage: number) =>
    [up, down]
      .map(({ loss, burstRatio }) => ratingOf({ roundTripMs: roundTripMs.median, jitterMs, loss, burstRatio, advantage }))
      .reduce((a, b) => (a.r <= b.r ? a : b));
  return link === 'geo' ? { ...rate(0), rAdjusted: rate(satelliteAdvantage).r } : rate(0);
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}

function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}
