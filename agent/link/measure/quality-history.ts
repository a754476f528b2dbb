/** What is known of a link from its rounds so far: the windows, the tier of each direction, what is usual, and the last capacity. */

import { type Clock, type LinkClass, type LinkReport, linkClasses, linkReport, links, readJson, tierNeeds } from '@sabha/contracts';
import * as v from 'valibot';
import type { Spool } from '../../uplink/spool/spool.ts';
import { ratingOf } from '../analysis/emodel.ts';
import { jitterOf, lossAtMostOver, lossOver, probesFor, qualityOf, quantile, type Window } from '../analysis/quality.ts';
import { type Direction, nextTier, type TierState, type UnknownTier, type WayFacts } from '../analysis/tier.ts';

/** Of which link, by which clock, and where the history outlives the process. */
export type QualityHistoryOptions = {
  clock: Clock;
  link: () => LinkClass;
  /** Keeps what is usual for the link, and its last capacity, over a restart. */
  spool: Pick<Spool, 'remember' | 'recall'>;
  /** What this PC uses of the capacity itself, bits/s; null where that is not known, or a meeting runs: the tier then stands. Absent = nothing. */
  usedBps?: (() => { up: number; down: number } | null) | undefined;
};

/** The last capacity that was measured, bits/s. */
export type Capacity = NonNullable<LinkReport['capacity']>;
/** What each direction carries; undefined before the first window. */
export type Tiers = Record<Direction, TierState | UnknownTier | undefined>;
/** The round trips fit another class than the one that is set; `fits` may be empty. */
export type OtherClass = { set: LinkClass; roundTripMs: number; fits: LinkClass[] };
/** What a window changed. */
export type Added = { changed: boolean; otherClass: OtherClass | undefined };

const windowsKept = 100;
const windowLifeMs = 12 * 3_600_000;
/** And so many times as long as it takes to know a loss of so much. */
const life = { times: 2, loss: 0.01 };
const saveEveryMs = 3_600_000;
/** A capacity is worth something for this many of its intervals, and for so long where it is only measured when asked for. */
const capacityIntervals = 2;
const capacityLifeMs = 7 * 86_400_000;
const doubtfulLoss = 0.01;
const keys = { usual: 'link-usual', capacity: 'link-capacity' };
const baseline = v.array(v.pipe(v.number(), v.finite()));

type State = ReturnType<typeof createState>;

function createState(options: QualityHistoryOptions) {
  const { clock, link, spool } = options;
  return {
    ...options,
    held: [] as { window: Window; up: number }[],
    usual: (readJson(baseline, spool.recall(keys.usual)) ?? []) as Baseline,
    savedUp: clock.up(),
    slow: openLatch,
    /** Of the class that was set when it was last looked at. */
    other: { link: link(), latch: openLatch },
    taken: readJson(linkReport, spool.recall(keys.capacity))?.capacity,
    tiers: { up: undefined, down: undefined } as Tiers,
    sureTiers: { up: undefined, down: undefined } as Tiers,
  };
}

/** Guarantee: what is usual and the last capacity outlive the process; windows do not, nor do they count for longer than 12 h, on a quick link than 150 min. */
export function createQualityHistory(options: QualityHistoryOptions) {
  const state = createState(options);
  const { spool } = options;
  return {
    /** Takes a window in; tells whether a tier is another one now, and once when the round trips begin or cease to fit another class. */
    add: (window: Window): Added => add(state, window),
    windows: (): readonly Window[] => windowsOf(state),
    /** By all that was seen: no direction carries more. */
    tiers: state.tiers,
    /** By the least that the line carries, and with all that may have been lost: each direction carries that. */
    sureTiers: state.sureTiers,
    /** Undefined while it is not known what is usual. */
    slow: (): boolean | undefined => (usualLimitMs(state.usual) === undefined ? undefined : state.slow.stands),
    /** The last window says something that more probes should settle. */
    isDoubtful: (): boolean => {
      const last = state.held.at(-1);
      return last !== undefined && isDoubtful(last.window);
    },
    keepCapacity(capacity: Capacity): void {
      state.taken = capacity;
      spool.remember(keys.capacity, JSON.stringify({ at: capacity.at, capacity }));
    },
    capacity: (): Capacity | undefined => capacityOf(state),
    /** Forgets the windows: another PC measures now. What is usual stays. */
    forget(): void {
      state.held = [];
      for (const tiers of [state.tiers, state.sureTiers]) Object.assign(tiers, { up: undefined, down: undefined });
    },
    save: (): void => save(state),
  };
}

function add(state: State, window: Window): Added {
  const up = state.clock.up();
  state.held = [...state.held.filter((one) => one.up > up - lifeMsOf(state.link())), { window, up }].slice(-windowsKept);
  const medianMs = quantile(window.roundTripsMs, 0.5);
  judgeDelay(state, medianMs);
  return { changed: judgeTiers(state, window), otherClass: judgeClass(state, medianMs) };
}

/** What was before a silence of hours says nothing of the line behind it. */
function lifeMsOf(link: LinkClass): number {
  const { quality } = links[link];
  return quality === null ? windowLifeMs : Math.min(windowLifeMs, ((life.times * probesFor(life.loss)) / quality.probes) * quality.everyMs);
}

function windowsOf({ held }: State): Window[] {
  return held.map(({ window }) => window);
}

function save(state: State): void {
  state.savedUp = state.clock.up();
  state.spool.remember(keys.usual, JSON.stringify(state.usual));
}

function judgeDelay(state: State, medianMs: number): void {
  const limitMs = usualLimitMs(state.usual);
  if (limitMs !== undefined) state.slow = latched(state.slow, medianMs > limitMs);
  state.usual = [...state.usual, Math.round(medianMs * 10) / 10].slice(-kept);
  if (state.clock.up() - state.savedUp >= saveEveryMs) save(state);
}

function judgeClass(state: State, medianMs: number): OtherClass | undefined {
  const set = state.link();
  if (state.other.link !== set) state.other = { link: set, latch: openLatch };
  const { stands } = state.other.latch;
  state.other.latch = latched(state.other.latch, !fits(set, medianMs));
  if (state.other.latch.stands === stands) return undefined;
  return { set, roundTripMs: Math.round(medianMs), fits: linkClasses.filter((one) => one !== 'floor' && fits(one, medianMs)) };
}

/** True where the tier of a direction is another one. */
function judgeTiers(state: State, window: Window): boolean {
  const { tiers, sureTiers, usedBps } = state;
  const used = usedBps === undefined ? { up: 0, down: 0 } : usedBps();
  if (used === null) return false;
  const next = (held: Tiers[Direction], way: Direction, facts: WayFacts) =>
    nextTier(held?.tier === undefined ? undefined : held, way, facts);
  const placesNow = () => [tiers, sureTiers].flatMap(({ up, down }) => [up?.tier, down?.tier]);
  const before = placesNow();
  for (const way of ['up', 'down'] as const) {
    const facts = factsOf(state, way, { window, usedBps: used[way] });
    tiers[way] = next(tiers[way], way, facts);
    sureTiers[way] = next(sureTiers[way], way, sureOf(state, way, facts));
  }
  return placesNow().some((tier, at) => tier !== before[at]);
}

/** By the least that is known of the capacity, and each loss that may have been this way. */
function sureOf(state: State, way: Direction, facts: WayFacts): WayFacts {
  const lossAt = (threshold: number) => lossAtMostOver(windowsOf(state), way, threshold);
  return { ...facts, lossAt, freeBps: facts.freeBps === null ? null : Math.min(facts.freeBps, facts.leastBps ?? facts.freeBps) };
}

function factsOf(state: State, way: Direction, { window, usedBps }: { window: Window; usedBps: number }): WayFacts {
  const known = capacityOf(state);
  const key = way === 'up' ? 'upBps' : 'downBps';
  // What was free when it was measured, which is never in a meeting: what a meeting needs of the link is not missing for it.
  const freeBps = known?.how === 'train' ? ((known.free ?? known)[key] ?? null) : null;
  const leastBps = freeBps === null ? (known?.atLeast?.[key] ?? null) : null;
  const before = state.held.at(-2)?.window;
  const left = (bps: number | null) => (bps === null ? null : Math.max(0, bps - usedBps));
  return {
    freeBps: leastBps === null ? left(freeBps) : Number.POSITIVE_INFINITY,
    ...(leastBps !== null && { leastBps: Math.max(0, leastBps - usedBps) }),
    // Packets of the test that come back are no packets as large as those of a meeting, but some.
    udpBlocked: known?.udpBlocked === true && known.blocked !== 'all',
    lossAt: (threshold) => lossOver(windowsOf(state), way, threshold),
    jitterMs: jitterOf(window, way),
    jitterBeforeMs: before && jitterOf(before, way),
    r: soundOf(state, way, window),
  };
}

/** R of the E-model for this window, without the advantage of a satellite; undefined where its jitter is not known. */
function soundOf(state: State, way: Direction, window: Window): number | undefined {
  const jitterMs = jitterOf(window, way);
  const all = qualityOf(windowsOf(state))?.[way];
  if (jitterMs === undefined || all === undefined) return undefined;
  const roundTripMs = quantile(window.roundTripsMs, 0.5);
  return ratingOf({ roundTripMs, jitterMs, loss: all.loss, burstRatio: all.burstRatio }).r;
}

/** The last one, while it is worth something. */
function capacityOf({ taken, link, clock }: State): Capacity | undefined {
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
  return ways.some(({ loss, jitterMs }) => loss >= doubtfulLoss || jitterMs >= tierNeeds.audio.jitterMs.warn);
}

/** Medians of the windows of a day on fibre, of three days on GEO; a detour that stays is usual after half of them. */
const kept = 288;
/** Fewer say nothing of what is usual. */
const needed = 12;
const leastMs = 50;
const deviations = 4;

/** Round trips in milliseconds, the latest last. */
export type Baseline = readonly number[];

/** Above it a round trip is not usual; undefined while that is not known. */
function usualLimitMs(baseline: Baseline): number | undefined {
  if (baseline.length < needed) return undefined;
  const median = quantile(baseline, 0.5);
  const spread = quantile(
    baseline.map((one) => Math.abs(one - median)),
    0.5,
  );
  return median + Math.max(leastMs, deviations * spread);
}

/** A finding that stands after three windows in a row that say so, and falls after three that do not. */

/** Whether the finding stands, and how many windows in a row spoke against that. */
export type Latch = { stands: boolean; against: number };

const inARow = 3;

/** A finding that nothing speaks for yet. */
const openLatch: Latch = { stands: false, against: 0 };

/** The finding after one more window that said so or did not. */
function latched({ stands, against }: Latch, said: boolean): Latch {
  if (said === stands) return { stands, against: 0 };
  return against + 1 >= inARow ? { stands: said, against: 0 } : { stands, against: against + 1 };
}
