/** What the engine begins with, and what it holds between two events. */
import { createBatches } from '../correlation/batches.ts';
import { createCorrelation } from '../correlation/correlation.ts';
import { type Numbers, usualNumbers } from '../correlation/numbers.ts';
import { createSpreads } from '../correlation/spread.ts';
import { createHistory } from '../memory/component-history.ts';
import type { Memory } from '../memory/memory.ts';
import { createDrops } from '../outages/drops.ts';
import { createInAll } from '../outages/in-all.ts';
import type { FollowsClock } from '../records/clock.ts';
import type { KnownPc } from '../records/incidents.ts';
import type { MaintenanceDate } from '../records/maintenance.ts';
import type { Contents } from '../records/ops.ts';
import { createNoise } from '../transitions/noise.ts';
import type { TransitionOptions } from '../transitions/offer.ts';
import type { Standing } from '../transitions/standing.ts';
import type { createTransitions } from '../transitions/transitions.ts';

/** What the engine begins with, and whom it may ask. */
export type EngineOptions = Omit<TransitionOptions, 'facts' | 'pace' | 'isQuiet' | 'isUnread' | 'isBeside'> & {
  contents: Contents;
  known: readonly KnownPc[];
  /** Times at which `flows` started, this start included. */
  starts: readonly number[];
  /** Until when the last run of `flows` is known to have heard the PCs, in ms. */
  listenedUntil?: number;
  /** The numbers of causes of many, as they are at each look; those of the table without them. */
  numbers?: Numbers;
  /** The dates of the maintenance that goes on at a time, begins soon, or has just ended; undefined where that is not known yet. */
  maintenance?(now: number): readonly MaintenanceDate[] | undefined;
  /** True from the time before a meeting of a room, or of a room of a site, at which it is urgent, until its end. */
  isMeetingNear?: ((scope: string, now: number) => boolean) | undefined;
  /** Of the same memory, beside the engine. */
  followers: readonly FollowsClock[];
};

/** What keeps its own memory beside the rows, each for one question. */
export function createParts({ contents, numbers = usualNumbers }: EngineOptions, memory: Memory, now: number) {
  const updates = [...memory.pcs.values()].map((record) => [record.pc, record.updates ?? []] as const);
  return {
    noise: createNoise(),
    inAll: createInAll(),
    drops: createDrops(),
    history: createHistory(),
    batches: createBatches(),
    correlation: createCorrelation(contents.incidents, { numbers, now }),
    spreads: createSpreads(contents.incidents, { numbers, now, updates }),
  };
}

/** What the engine holds between two events. */
export type Core = ReturnType<typeof createParts> & {
  options: EngineOptions;
  memory: Memory;
  /** THE list of what holds times beside `memory` and those below: told once, in this order, when the clock is set (R29). */
  followers: readonly FollowsClock[];
  transitions: ReturnType<typeof createTransitions>;
  /** PCs whose fault waits for what others say. */
  waiting: Set<string>;
  /** PCs that report a fault which the catalogue does not know. */
  unknown: Set<string>;
  known: Map<string, KnownPc>;
  /** The known PCs of each site. */
  sites: Map<string, string[]>;
  /** The sites of each state and provider, by `regionsOf`. */
  regions: Map<string, string[]>;
  /** The causes that may stand above each site, the narrowest first. */
  above: Map<string, readonly string[]>;
  /** Since when a PC alerts, as far as that is later than our start: its silence counts from then. */
  expectedSince: Map<string, number>;
  /** What is to be asked of a PC, and how its answers were. */
  asking: Map<string, { needed: boolean; askedAt: number; unreadable: number }>;
  /** PCs that have named the state that is held since our last SUBACK. */
  current: Set<string>;
  /** Faults of the centre's own that stand. */
  centre: Map<string, Standing>;
  /** The list of unheard PCs is another since it was last followed. */
  listChanged: boolean;
  /** The minute in which all that is open was last followed; null before that is done for what the ledger had open. */
  followedMinute: number | null;
  /** When this memory began, and the times at which `flows` started. */
  startedAt: number;
  starts: readonly number[];
  /** Our own last SUBACK; null while we are not subscribed. */
  subscribedAt: number | null;
  unsubscribedAt: number | null;
  /** Until when our hearing is proven, and when it was not of late (R18a). */
  provenAt: number;
  /** For how long earlier runs of `flows` received messages without one of this PC, in ms. */
  inVain: ReadonlyMap<string, number>;
  slowAt: readonly number[];
  /** Until when something that was said in a gap of ours may still be on its way to us. */
  unreadUntil: number;
  /** When the default route last had to step in, and when central last had the list of what is unknown for a day. */
  unfinishedAt: number;
  namedAt: number;
};
