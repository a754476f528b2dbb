/** What is known of a link from its rounds so far: the windows, the tier of each direction, what is usual, and the last capacity. */
import * as v from 'valibot';
import { type Clock, type LinkClass, type LinkReport, linkClasses, linkReport, links, tierNeeds } from '#contracts';
import { type Baseline, usualLimitMs, withWindow } from '../analysis/baseline.ts';
import { latched, openLatch } from '../analysis/latch.ts';
import { lossOver, qualityOf, quantile, type Window } from '../analysis/quality.ts';
import { type Direction, nextTier, type TierState, type UnknownTier, type WayFacts } from '../analysis/tier.ts';
import type { Spool } from '../spool/spool.ts';

export type QualityHistoryOptions = {
  clock: Clock;
  link: () => LinkClass;
  /** Keeps what is usual for the link, and its last capacity, over a restart. */
  spool: Pick<Spool, 'remember' | 'recall'>;
  /** What this PC uses of the capacity itself, bits/s; null where that is not known, or a meeting runs: the tier then stands. Absent = nothing. */
  usedBps?: (() => { up: number; down: number } | null) | undefined;
};

export type Capacity = NonNullable<LinkReport['capacity']>;
export type Tiers = Record<Direction, TierState | UnknownTier | undefined>;
/** The round trips fit another class than the one that is set; `fits` may be empty. */
export type OtherClass = { set: LinkClass; roundTripMs: number; fits: LinkClass[] };
export type Added = { changed: boolean; otherClass: OtherClass | undefined };

export type QualityHistory = {
  /** Takes a window in; tells whether a tier is another one now, and once when the round trips begin or cease to fit another class. */
  add(window: Window): Added;
  windows(): readonly Window[];
  readonly tiers: Tiers;
  /** Undefined while it is not known what is usual. */
  slow(): boolean | undefined;
  /** The last window says something that more probes should settle. */
  isDoubtful(): boolean;
  keepCapacity(capacity: Capacity): void;
  capacity(): Capacity | undefined;
  /** Forgets the windows: another PC measures now. What is usual stays. */
  forget(): void;
  save(): void;
};

const windowsKept = 100;
const windowLifeMs = 12 * 3_600_000;
const saveEveryMs = 3_600_000;
/** A capacity is worth something for this many of its intervals, and for so long where it is only measured when asked for. */
const capacityIntervals = 4;
const capacityLifeMs = 7 * 86_400_000;
const doubtfulLoss = 0.01;
const keys = { usual: 'link-usual', capacity: 'link-capacity' };

export function createQualityHistory({ clock, link, spool, usedBps }: QualityHistoryOptions): QualityHistory {
  let held: { window: Window; up: number }[] = [];
  let usual = usualFrom(spool.recall(keys.usual));
  let savedUp = clock.up();
  let slow = openLatch;
  let other = { link: link(), latch: openLatch };
  let capacity = capacityFrom(spool.recall(keys.capacity));
  const tiers: Tiers = { up: undefined, down: undefined };
  const windows = () => held.map(({ window }) => window);

  function save(): void {
    savedUp = clock.up();
    spool.remember(keys.usual, JSON.stringify(usual));
  }

  function judgeDelay(medianMs: number): void {
    const limitMs = usualLimitMs(usual);
    if (limitMs !== undefined) slow = latched(slow, medianMs > limitMs);
    usual = withWindow(usual, medianMs);
    if (clock.up() - savedUp >= saveEveryMs) save();
  }

  function judgeClass(medianMs: number): OtherClass | undefined {
    if (other.link !== link()) other = { link: link(), latch: openLatch };
    const { stands } = other.latch;
    other.latch = latched(other.latch, !fits(link(), medianMs));
    if (other.latch.stands === stands) return undefined;
    return { set: link(), roundTripMs: Math.round(medianMs), fits: linkClasses.filter((one) => one !== 'floor' && fits(one, medianMs)) };
  }

  /** True where the tier of a direction is another one. */
  function judgeTiers(window: Window): boolean {
    const used = usedBps === undefined ? { up: 0, down: 0 } : usedBps();
    if (used === null) return false;
    const before = { up: tiers.up?.tier, down: tiers.down?.tier };
    for (const way of ['up', 'down'] as const) {
      const state = tiers[way];
      tiers[way] = nextTier(state?.tier === undefined ? undefined : state, way, factsOf(window, way, used[way]));
    }
    return tiers.up?.tier !== before.up || tiers.down?.tier !== before.down;
  }

  function factsOf(window: Window, way: Direction, usedBps: number): WayFacts {
    const known = ownCapacity();
    // What was free when it was measured, which is never in a meeting: what a meeting needs of the link is not missing for it.
    const free = known?.free ?? known;
    const bps = way === 'up' ? free?.upBps : free?.downBps;
    return {
      freeBps: bps === undefined || bps === null ? null : Math.max(0, bps - usedBps),
      udpBlocked: known?.udpBlocked ?? false,
      lossAt: (threshold) => lossOver(windows(), way, threshold),
      jitterMs: qualityOf([window])?.[way].jitterMs ?? 0,
    };
  }

  function ownCapacity(): Capacity | undefined {
    const everyMs = links[link()].capacity?.everyMs;
    const lifeMs = everyMs === undefined ? capacityLifeMs : capacityIntervals * everyMs;
    return capacity !== undefined && Math.abs(clock.now() - capacity.at) < lifeMs ? capacity : undefined;
  }

  return {
    add(window) {
      const since = clock.up() - windowLifeMs;
      held = [...held.filter(({ up }) => up > since), { window, up: clock.up() }].slice(-windowsKept);
      const medianMs = quantile(window.roundTripsMs, 0.5);
      judgeDelay(medianMs);
      return { changed: judgeTiers(window), otherClass: judgeClass(medianMs) };
    },
    windows,
    tiers,
    slow: () => (usualLimitMs(usual) === undefined ? undefined : slow.stands),
    isDoubtful: () => {
      const last = held.at(-1);
      return last !== undefined && isDoubtful(last.window);
    },
    keepCapacity(taken) {
      capacity = taken;
      spool.remember(keys.capacity, JSON.stringify({ at: taken.at, capacity: taken }));
    },
    capacity: ownCapacity,
    forget() {
      held = [];
      Object.assign(tiers, { up: undefined, down: undefined });
    },
    save,
  };
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

function usualFrom(text: string | undefined): Baseline {
  const read = v.safeParse(v.pipe(v.string(), v.parseJson(), v.array(v.pipe(v.number(), v.finite()))), text);
  return read.success ? read.output : [];
}

function capacityFrom(text: string | undefined): Capacity | undefined {
  const read = v.safeParse(v.pipe(v.string(), v.parseJson(), linkReport), text);
  return read.success ? read.output.capacity : undefined;
}
