/** What the engine begins with, and what it holds between two events. */
import { isPcPath } from '@sabha/contracts';
import { createCorrelation, createSpreads } from '../correlation/correlation.ts';
import { type Numbers, usualNumbers } from '../correlation/numbers.ts';
import { createHistory, type Memory } from '../memory/memory.ts';
import { createDrops, createInAll } from '../outages/hearing.ts';
import type { KnownPc } from '../records/incidents.ts';
import type { MaintenanceDate } from '../records/meetings.ts';
import { type Contents, type FollowsClock, inVainKey, unknownNamedKey } from '../records/ops.ts';
import type { Standing } from '../transitions/incident.ts';
import { createBatches, createNoise } from '../transitions/noise.ts';
import type { TransitionOptions } from '../transitions/offer.ts';
import type { createTransitions } from '../transitions/transitions.ts';

/** Whoever has not spoken so long after a gap has nothing waiting. */
const readWithinMs = 60_000;

/** What the engine begins with, and whom it may ask. */
export type EngineOptions = Omit<TransitionOptions, 'facts' | 'pace' | 'isUnread' | 'isBeside'> & {
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

/** What the engine holds between two events. */
export type Core = ReturnType<typeof createHeld> & { transitions: ReturnType<typeof createTransitions> };

/** The state of the engine without the transitions, which read it. */
export function createHeld(options: EngineOptions, memory: Memory, now: number) {
  const { contents, numbers = usualNumbers } = options;
  const never = Number.NEGATIVE_INFINITY;
  const updates = [...memory.pcs.values()].map((record) => [record.pc, record.updates ?? []] as const);
  const correlation = createCorrelation(contents.incidents, { numbers, now });
  // Each part below holds state in memory that is not in the ledger, and answers one question from it.
  const parts = {
    noise: createNoise(),
    inAll: createInAll(),
    drops: createDrops(),
    history: createHistory(),
    batches: createBatches(),
    correlation,
    spreads: createSpreads(correlation.causes, { numbers, updates }),
  };
  return {
    ...{ options, memory, ...parts },
    /** All parts that hold times in memory. Each is notified once, in this order, when the clock is set (R29). */
    followers: [...options.followers, ...Object.values(parts)] satisfies FollowsClock[],
    known: new Map(options.known.map((one) => [one.pc, one])),
    /** True if the list of unheard PCs changed since it was last read. */
    listChanged: false,
    /** The minute in which all that is open was last followed; null before that is done for what the ledger had open. */
    followedMinute: null as number | null,
    /** When this memory began, and the times at which `flows` started. */
    startedAt: now,
    starts: options.starts,
    /** Our own last SUBACK; null while we are not subscribed. */
    subscribedAt: null as number | null,
    unsubscribedAt: now as number | null,
    /** Until when our hearing is proven, and when it was not of late (R18a). */
    provenAt: now,
    slowAt: [] as readonly number[],
    /** For how long earlier runs of `flows` received messages without one of this PC, in ms. */
    inVain: new Map(Object.entries(JSON.parse(contents.meta[inVainKey] ?? '{}') as Record<string, number>)),
    /** Until when something that was said in a gap of ours may still be on its way to us. */
    unreadUntil: now + readWithinMs,
    /** When the default route last had to step in, and when central last had the list of what is unknown for a day. */
    unfinishedAt: never,
    namedAt: Math.min(now, Number(contents.meta[unknownNamedKey] ?? never)),
    /** PCs whose fault waits for what others say. */
    waiting: new Set<string>(),
    /** PCs that report a fault which the catalogue does not know. */
    unknown: new Set<string>(),
    /** PCs that have named the state that is held since our last SUBACK. */
    current: new Set<string>(),
    /** The known PCs of each site. */
    sites: new Map<string, string[]>(),
    /** The sites of each line, provider and state, and of the nation. */
    regions: new Map<string, string[]>(),
    /** The causes that may stand above each site, the narrowest first. */
    above: new Map<string, readonly string[]>(),
    /** Since when a PC alerts, as far as that is later than our start: its silence counts from then. */
    expectedSince: new Map<string, number>(),
    /** What is to be asked of a PC, and how its answers were. */
    asking: new Map<string, { needed: boolean; askedAt: number; unreadable: number }>(),
    /** Faults of the centre's own that stand. */
    centre: new Map<string, Standing>(),
  };
}

/** What is known of our hearing; `unreadUntil`: until when something may be waiting, `current`: who named the state that is held. */
export type Reading = { unreadUntil: number; subscribedAt: number | null; provenAt: number; current: ReadonlySet<string> };

/** A gap of ours begins, or just was. Guarantee: of a row of gaps no more than half of the time is waited, or they would hold back all that is due. */
export function mayWait(reading: Pick<Reading, 'unreadUntil'>, now: number): void {
  if (now >= reading.unreadUntil + readWithinMs) reading.unreadUntil = now + readWithinMs;
}

/**
 * True while what a room said in our last gap, or before our start, may be on its way to us: until a word of ours came back that was sent after
 * it, and behind it all that waited, and the PC has named its state since.
 */
export function isUnread({ unreadUntil, subscribedAt, provenAt, current }: Reading, scope: string, now: number): boolean {
  if (now >= unreadUntil) return false;
  const isProven = subscribedAt !== null && provenAt > subscribedAt;
  return !isProven || (isPcPath(scope) && !current.has(scope));
}
