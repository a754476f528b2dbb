/** Keeps the results of the quality rounds of a link: windows, tier of each direction, usual round trip, and last capacity. */

import { type Clock, type LinkClass, type LinkReport, linkClasses, linkReport, links, parseJsonAs, tierNeeds } from '@sabha/contracts';
import * as v from 'valibot';
import type { Spool } from '../../uplink/spool/spool.ts';
import { ratingOf } from '../analysis/emodel.ts';
import { jitterOf, lossAtMostOver, lossOver, probesFor, qualityOf, quantile, type Window } from '../analysis/quality.ts';
import { type Direction, type DirectionFacts, nextTier, type TierState, type UnknownTier } from '../analysis/tier.ts';

export type QualityHistoryOptions = {
  clock: Clock;
  link: () => LinkClass;
  /** Storage that keeps the usual round trip and the last capacity over a restart. */
  spool: Pick<Spool, 'remember' | 'recall'>;
  /**
   * Returns the capacity that this PC itself uses, bits/s. Null if unknown or during a meeting: the tier then does not change. Absent = no
   * use.
   */
  usedBps?: (() => { up: number; down: number } | null) | undefined;
};

export type ReportedCapacity = NonNullable<LinkReport['capacity']>;
/** Tier of each direction; undefined before the first window. */
export type Tiers = Record<Direction, TierState | UnknownTier | undefined>;
/** The round trips do not fit the configured link class, or fit it again. `fits`: link classes that fit them, possibly none. */
export type OtherClass = { set: LinkClass; roundTripMs: number; fits: LinkClass[] };
export type Added = { changed: boolean; otherClass: OtherClass | undefined };

const windowsKept = 100;
const windowLifeMs = 12 * 3_600_000;
/** A window expires after at most twice the time in which rounds can measure a loss of 1 %. */
const life = { times: 2, loss: 0.01 };
const saveEveryMs = 3_600_000;
/** A capacity expires after this many test intervals of its link class. A class without a regular test has a fixed time. */
const capacityIntervals = 2;
const capacityLifeMs = 7 * 86_400_000;
const suspectLoss = 0.01;
const keys = { usual: 'link-usual', capacity: 'link-capacity' };
const baseline = v.array(v.pipe(v.number(), v.finite()));

type HistoryState = ReturnType<typeof createState>;

function createState(options: QualityHistoryOptions) {
  const { clock, link, spool } = options;
  return {
    ...options,
    held: [] as { window: Window; up: number }[],
    usual: (parseJsonAs(baseline, spool.recall(keys.usual)) ?? []) as Baseline,
    savedUp: clock.up(),
    slow: openLatch,
    /** Whether the round trips misfit the link class, and the class for which this was judged. */
    other: { link: link(), latch: openLatch },
    taken: parseJsonAs(linkReport, spool.recall(keys.capacity))?.capacity,
    tiers: { up: undefined, down: undefined } as Tiers,
    conservativeTiers: { up: undefined, down: undefined } as Tiers,
  };
}

/**
 * Guarantee: the usual round trip and the last capacity survive a restart. Windows do not, and they live at most 12 h (150 min on a
 * fast link).
 */
export function createQualityHistory(options: QualityHistoryOptions) {
  const state = createState(options);
  const { spool } = options;
  return {
    /** Adds a window. `changed`: a tier changed. `otherClass`: set once when the round trips cease to fit the link class or fit again. */
    add: (window: Window): Added => add(state, window),
    windows: (): readonly Window[] => windowsOf(state),
    /** Optimistic tiers, by the losses proven so far: no direction carries more. */
    tiers: state.tiers,
    /** Conservative tiers, by the lower bound of the capacity and the highest possible loss: each direction carries at least this. */
    conservativeTiers: state.conservativeTiers,
    /** Returns whether the link is slower than usual; undefined until the usual round trip is known. */
    slow: (): boolean | undefined => (usualLimitMs(state.usual) === undefined ? undefined : state.slow.stands),
    /** Returns true if loss or jitter of the last window is suspicious, so that more probes must confirm it. */
    isDoubtful: (): boolean => {
      const last = state.held.at(-1);
      return last !== undefined && isDoubtful(last.window);
    },
    keepCapacity(capacity: ReportedCapacity): void {
      state.taken = capacity;
      spool.remember(keys.capacity, JSON.stringify({ at: capacity.at, capacity }));
    },
    capacity: (): ReportedCapacity | undefined => capacityOf(state),
    /** Drops the windows because another PC now measures this link. The usual round trip stays. */
    forget(): void {
      state.held = [];
      for (const tiers of [state.tiers, state.conservativeTiers]) Object.assign(tiers, { up: undefined, down: undefined });
    },
    save: (): void => save(state),
  };
}

function add(state: HistoryState, window: Window): Added {
  const up = state.clock.up();
  state.held = [...state.held.filter((one) => one.up > up - lifeMsOf(state.link())), { window, up }].slice(-windowsKept);
  const medianMs = quantile(window.roundTripsMs, 0.5);
  judgeDelay(state, medianMs);
  return { changed: judgeTiers(state, window), otherClass: judgeClass(state, medianMs) };
}

/** Returns the lifetime of a window, because a window from hours ago does not describe the link now. */
function lifeMsOf(link: LinkClass): number {
  const { quality } = links[link];
  return quality === null ? windowLifeMs : Math.min(windowLifeMs, ((life.times * probesFor(life.loss)) / quality.probes) * quality.everyMs);
}

function windowsOf({ held }: HistoryState): Window[] {
  return held.map(({ window }) => window);
}

function save(state: HistoryState): void {
  state.savedUp = state.clock.up();
  state.spool.remember(keys.usual, JSON.stringify(state.usual));
}

function judgeDelay(state: HistoryState, medianMs: number): void {
  const limitMs = usualLimitMs(state.usual);
  if (limitMs !== undefined) state.slow = updateLatch(state.slow, medianMs > limitMs);
  state.usual = [...state.usual, Math.round(medianMs * 10) / 10].slice(-kept);
  if (state.clock.up() - state.savedUp >= saveEveryMs) save(state);
}

function judgeClass(state: HistoryState, medianMs: number): OtherClass | undefined {
  const set = state.link();
  if (state.other.link !== set) state.other = { link: set, latch: openLatch };
  const { stands } = state.other.latch;
  state.other.latch = updateLatch(state.other.latch, !fits(set, medianMs));
  if (state.other.latch.stands === stands) return undefined;
  return { set, roundTripMs: Math.round(medianMs), fits: linkClasses.filter((one) => one !== 'floor' && fits(one, medianMs)) };
}

function judgeTiers(state: HistoryState, window: Window): boolean {
  const { tiers, conservativeTiers, usedBps } = state;
  const used = usedBps === undefined ? { up: 0, down: 0 } : usedBps();
  if (used === null) return false;
  const next = (held: Tiers[Direction], way: Direction, facts: DirectionFacts) =>
    nextTier(held?.tier === undefined ? undefined : held, way, facts);
  const placesNow = () => [tiers, conservativeTiers].flatMap(({ up, down }) => [up?.tier, down?.tier]);
  const before = placesNow();
  for (const way of ['up', 'down'] as const) {
    const facts = factsOf(state, way, { window, usedBps: used[way] });
    tiers[way] = next(tiers[way], way, facts);
    conservativeTiers[way] = next(conservativeTiers[way], way, conservativeFacts(state, way, facts));
  }
  return placesNow().some((tier, at) => tier !== before[at]);
}

/** Replaces capacity and loss by the lower bound of the capacity and the highest possible loss. */
function conservativeFacts(state: HistoryState, way: Direction, facts: DirectionFacts): DirectionFacts {
  const lossAt = (threshold: number) => lossAtMostOver(windowsOf(state), way, threshold);
  return { ...facts, lossAt, freeBps: facts.freeBps === null ? null : Math.min(facts.freeBps, facts.leastBps ?? facts.freeBps) };
}

function factsOf(state: HistoryState, way: Direction, { window, usedBps }: { window: Window; usedBps: number }): DirectionFacts {
  const known = capacityOf(state);
  const key = way === 'up' ? 'upBps' : 'downBps';
  // Free capacity at the time of the test. No test runs in a meeting, so the traffic of a meeting does not reduce it.
  const freeBps = known?.how === 'train' ? ((known.free ?? known)[key] ?? null) : null;
  const leastBps = freeBps === null ? (known?.atLeast?.[key] ?? null) : null;
  const before = state.held.at(-2)?.window;
  const left = (bps: number | null) => (bps === null ? null : Math.max(0, bps - usedBps));
  return {
    freeBps: leastBps === null ? left(freeBps) : Number.POSITIVE_INFINITY,
    ...(leastBps !== null && { leastBps: Math.max(0, leastBps - usedBps) }),
    // The probes of this window came back, so UDP is not blocked completely. Large packets may still be blocked.
    udpBlocked: known?.udpBlocked === true && known.blocked !== 'all',
    lossAt: (threshold) => lossOver(windowsOf(state), way, threshold),
    jitterMs: jitterOf(window, way),
    jitterBeforeMs: before && jitterOf(before, way),
    r: speechRating(state, way, window),
  };
}

/** Returns R of the E-model (speech quality) for this window, without the satellite advantage; undefined if its jitter is unknown. */
function speechRating(state: HistoryState, way: Direction, window: Window): number | undefined {
  const jitterMs = jitterOf(window, way);
  const all = qualityOf(windowsOf(state))?.[way];
  if (jitterMs === undefined || all === undefined) return undefined;
  const roundTripMs = quantile(window.roundTripsMs, 0.5);
  return ratingOf({ roundTripMs, jitterMs, loss: all.loss, burstRatio: all.burstRatio }).r;
}

function capacityOf({ taken, link, clock }: HistoryState): ReportedCapacity | undefined {
  const everyMs = links[link()].capacity?.everyMs;
  const lifeMs = everyMs === undefined ? capacityLifeMs : capacityIntervals * everyMs;
  return taken !== undefined && Math.abs(clock.now() - taken.at) < lifeMs ? taken : undefined;
}

function fits(link: LinkClass, medianMs: number): boolean {
  const [least, most] = links[link].roundTripMs;
  return medianMs >= least && medianMs <= most;
}

function isDoubtful(window: Window): boolean {
  const quality = qualityOf([window]);
  const ways = quality === undefined ? [] : [quality.up, quality.down];
  return ways.some(({ loss, jitterMs }) => loss >= suspectLoss || jitterMs >= tierNeeds.audio.jitterMs.warn);
}

/** Number of median round trips kept: one day on fibre, three days on GEO. A permanent detour becomes usual after half of that time. */
const kept = 288;
/** The usual round trip is unknown with fewer medians than this. */
const needed = 12;
const leastMs = 50;
const deviations = 4;

/** Median round trips in milliseconds, the newest last. */
export type Baseline = readonly number[];

/** Returns the longest round trip that counts as usual, milliseconds; undefined while it is unknown. */
function usualLimitMs(baseline: Baseline): number | undefined {
  if (baseline.length < needed) return undefined;
  const median = quantile(baseline, 0.5);
  const spread = quantile(
    baseline.map((one) => Math.abs(one - median)),
    0.5,
  );
  return median + Math.max(leastMs, deviations * spread);
}

/** Finding with hysteresis: three consecutive windows set it, and three clear it. */

/** `stands`: the finding is set. `against`: number of consecutive windows that contradict `stands`. */
export type Latch = { stands: boolean; against: number };

const inARow = 3;

const openLatch: Latch = { stands: false, against: 0 };

function updateLatch({ stands, against }: Latch, said: boolean): Latch {
  if (said === stands) return { stands, against: 0 };
  return against + 1 >= inARow ? { stands: said, against: 0 } : { stands, against: against + 1 };
}
