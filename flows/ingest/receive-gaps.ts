/**
 * Detects receive gaps of the server and steps of its clock, at each tick before anything is judged.
 * R18a (canary), R29 (clock of the server).
 */
import { type Clock, canaryTopic } from '@sabha/contracts';
import { shiftTimestamps } from '../engine/memory/memory.ts';
import { createCanary } from '../engine/outages/pc.ts';
import type { ServerEvent } from '../engine/records/incidents.ts';
import type { Audit, ClockFollower, ReceiveGap } from '../engine/records/ops.ts';
import type { IngestOptions } from './acks.ts';

export type GapDetectionOptions = Pick<IngestOptions, 'clock' | 'listening' | 'log' | 'send' | 'randomId'> & {
  time: ServerTime;
  /** The time up to which the previous run is known to have received; 0 if there was none. */
  listenedUntil: number;
  noteGap(away: ReceiveGap): void;
  isSubscribed(): boolean;
  reportEvent(event: ServerEvent, audit?: Audit): void;
  helloToAll(): void;
};

/** Receive gaps shorter than this are neither stored nor shown, ms. */
const gapShownMs = 30_000;
/** For a smaller clock step than this, ms, only the server time changes: no message was missed, and PCs check their clocks anyway. */
const largeStepMs = 60_000;
const reasons = { late: 'this process was paused', deaf: 'the broker returns no message' };
/** Least time between hellos to all PCs, ms, because every PC responds with a birth. */
const helloEveryMs = 60_000;
const dayMs = 86_400_000;
const minuteMs = 60_000;
/** Differences smaller than this, in ms, are gradual adjustments of the clock and not reported. */
const stepMs = 2_000;

/** Creates the detection. Nothing counts as received before `subscribed`. */
export function createReceiveGapDetection(options: GapDetectionOptions) {
  const { time, log, reportEvent: tell } = options;
  const hearing = createCanary(options.randomId(), options.clock.speed);
  const gaps = createGapLog(options, hearing.provenAt);
  /** `at`: time of the last hello to all PCs. `isDue`: another hello waits until `helloEveryMs` has passed. */
  const pendingHello = { at: Number.NEGATIVE_INFINITY, isDue: false };
  const isHelloDue = (now: number) => pendingHello.isDue && options.isSubscribed() && now - pendingHello.at >= helloEveryMs;

  function sendPendingHello(now: number): void {
    Object.assign(pendingHello, { at: now, isDue: false });
    options.helloToAll();
  }

  function sendCanary(now: number): void {
    if (isHelloDue(now)) {
      // The silence limits start again, so that a PC that receives this delayed hello has the whole limit for its response.
      tell({ type: 'subscribed' });
      sendPendingHello(now);
    }
    const word = hearing.nextCanary(now);
    if (word !== undefined) options.send(canaryTopic, Buffer.from(word), 1);
  }

  /**
   * Called when messages arrive again. The silence limit of every PC starts again, and every PC is asked for a birth. R17 (hello after
   * every SUBACK), R18a (canary).
   */
  function subscribed(): void {
    const now = time.now();
    gaps.over(now);
    hearing.begin(now);
    tell({ type: 'subscribed' });
    pendingHello.isDue = true;
    if (isHelloDue(now)) sendPendingHello(now);
    sendCanary(now);
  }

  return {
    /** The gap log comes first, because it stores the end of a gap in times from before the clock step. */
    followers: [gaps, hearing, { setClock: (byMs: number) => void shiftTimestamps(pendingHello, byMs) }] satisfies ClockFollower[],
    lastReceiveGap: gaps.away,
    receiveGapSince: gaps.deafSince,
    provenAt: hearing.provenAt,
    tickAt: hearing.tickAt,
    subscribed,
    unsubscribed(): void {
      hearing.end();
      tell({ type: 'unsubscribed' });
    },

    /** Handles a canary that returned. */
    handleCanary(payload: Buffer): void {
      if (!hearing.canaryReturned(payload.toString())) return;
      subscribed();
      options.listening();
    },

    /**
     * Checks the clock and the canary.
     * Guarantee: a step of the clock ends no timer and no silence limit. A receive gap of the server makes no PC silent.
     */
    tick(): void {
      followSystemClock(options, subscribed);
      const now = time.now();
      const gap = hearing.tick(now);
      if (gap !== undefined) tell({ type: 'unsubscribed', slow: true });
      if (gap === undefined || gap === 'still') return sendCanary(now);
      log.warn({ heardUntil: new Date(hearing.provenAt() ?? now).toISOString() }, `no PC is judged offline for now: ${reasons[gap]}`);
      if (gap === 'late') subscribed();
      else sendCanary(now);
      options.listening();
    },
  };
}

/**
 * Corrects the server time after the system clock was set. After a large step every PC is asked for a birth, because PCs then compare their
 * clocks again.
 */
function followSystemClock({ time, log, reportEvent: tell, isSubscribed }: GapDetectionOptions, subscribed: () => void): void {
  const byMs = time.follow();
  if (byMs === 0) return;
  const about = `${byMs > 0 ? 'forward' : 'back'} by ${Math.round(Math.abs(byMs) / 1_000)} s`;
  log.warn({ byMs: Math.round(byMs) }, `the clock of this machine was set ${about}`);
  // A large step forward counts as a receive gap, because the machine may have been paused without knowing it.
  tell({ type: 'clock', byMs, gap: byMs >= largeStepMs }, { who: 'centre', what: 'clock set', about });
  if (Math.abs(byMs) >= largeStepMs && isSubscribed()) subscribed();
}

/** Stores each receive gap in the ledger and keeps the last one for the wall. */
function createGapLog({ time, listenedUntil, noteGap: note, isSubscribed }: GapDetectionOptions, provenAt: () => number | null) {
  let away: ReceiveGap | null = null;
  const heardUntil = () => provenAt() ?? (listenedUntil === 0 ? null : listenedUntil);

  function recordGapEnd(now: number): void {
    const from = heardUntil() ?? now;
    if (now - from < gapShownMs) return;
    away = { from, to: now };
    note(away);
  }

  return {
    away: () => away,

    /** Returns the start of the current gap; null while subscribed, and if no time of proven reception is known. */
    deafSince: () => (isSubscribed() ? null : heardUntil()),

    over: recordGapEnd,

    /** Corrects the last gap after a clock step. The rows in the ledger are corrected there. */
    setClock(byMs: number): void {
      const now = time.now();
      // The machine may have been paused during the skipped time, so that time counts as a gap.
      if (byMs >= largeStepMs) recordGapEnd(now);
      // A gap that ends in the future would show all PCs as unknown until that time.
      if (byMs < 0 && away !== null) away = { from: Math.min(away.from, now), to: Math.min(away.to, now) };
    },
  };
}

export type ServerTime = ReturnType<typeof createServerTime>;

/** Creates the time of the server, starting at the system clock. Guarantee: it jumps only when `follow` is called. */
export function createServerTime(clock: Pick<Clock, 'now' | 'up' | 'slept'>) {
  const slept = () => clock.slept?.() ?? 0;
  let offsetMs = clock.now() - clock.up();
  let sleptMs = slept();
  return {
    /** Whole milliseconds, because this time appears in rows, messages and API responses. */
    now: () => Math.floor(clock.up() + offsetMs),

    /**
     * Sets the server time to the system clock. Returns the size of a clock step in ms; 0 without a step. Time in suspend does not count as
     * a step.
     */
    follow(): number {
      const byMs = clock.now() - clock.up() - offsetMs;
      offsetMs += byMs;
      if (Math.abs(byMs) < stepMs) return 0;
      const asleepMs = slept() - sleptMs;
      sleptMs += asleepMs;
      return Math.abs(byMs - asleepMs) < stepMs ? 0 : Math.round(byMs);
    },
  };
}

/**
 * Creates the time that is trusted for deletions by age: for a day of running the clock was not set behind it. Otherwise a clock that is a
 * year ahead for an hour would delete the registry and the history. `noted` is the value in the ledger.
 */
export function createTrustedTime(noted: string | undefined, up: () => number, now: number) {
  let held = (noted === undefined ? { at: 0, from: now, ranMs: 0 } : JSON.parse(noted)) as { at: number; from: number; ranMs: number };
  let lastUp = up();
  let notedUp = lastUp;

  return {
    at: () => held.at,

    /** Called at each tick. Returns the value to store once a minute. */
    tick(time: number): string | undefined {
      const ranMs = held.ranMs + up() - lastUp;
      lastUp = up();
      const at = Math.min(held.at, time);
      if (time < held.from) held = { at, from: time, ranMs: 0 };
      else if (ranMs < dayMs) held = { ...held, at, ranMs };
      else held = { at: held.from, from: time, ranMs: 0 };
      if (lastUp - notedUp < minuteMs) return undefined;
      notedUp = lastUp;
      return JSON.stringify(held);
    },
  };
}
