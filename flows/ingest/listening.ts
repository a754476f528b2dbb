/** The centre's own gaps (R18a) and the clock of its machine (R29): found at each tick before anything is judged. */
import { type Clock, hearingTopic } from '@sabha/contracts';
import { moveTimes } from '../engine/memory/memory.ts';
import { createHearing } from '../engine/outages/pc.ts';
import type { CentreEvent } from '../engine/records/incidents.ts';
import type { Audit, Away, FollowsClock } from '../engine/records/ops.ts';
import type { IngestOptions } from './acks.ts';

/** Whom the listener tells, and what it must know. */
export type ListeningOptions = Pick<IngestOptions, 'clock' | 'listening' | 'log' | 'send' | 'randomId'> & {
  time: CentreTime;
  /** Until when somebody listened before this memory began, as far as that is certain; 0 where nobody ever did. */
  listenedUntil: number;
  /** Writes down that nobody was heard in that time. */
  note(away: Away): void;
  isSubscribed(): boolean;
  tell(event: CentreEvent, audit?: Audit): void;
  /** Asks every PC for a birth. */
  hello(): void;
};

/** A gap that is shorter is shown to nobody. */
const awayShownMs = 30_000;
/** A clock that is set by less is only followed: nothing was unheard, and PCs compare their clocks in their own time. */
const largeStepMs = 60_000;
const reasons = { late: 'this process stood still', deaf: 'the broker brings nothing back' };
/** All are asked at most so often: each of them answers with a birth. */
const helloEveryMs = 60_000;
const dayMs = 86_400_000;
const minuteMs = 60_000;
/** What is less is set little by little, and nobody notices. */
const stepMs = 2_000;

/** Hears nothing until `subscribed`. */
export function createListening(options: ListeningOptions) {
  const { time, log, tell } = options;
  const hearing = createHearing(options.randomId(), options.clock.speed);
  const gaps = createGaps(options, hearing.provenAt);
  /** When everybody was last asked for a birth, and whether they are to be asked. */
  const bell = { at: Number.NEGATIVE_INFINITY, isDue: false };
  const isTime = (now: number) => bell.isDue && options.isSubscribed() && now - bell.at >= helloEveryMs;

  function ring(now: number): void {
    Object.assign(bell, { at: now, isDue: false });
    options.hello();
  }

  function say(now: number): void {
    if (isTime(now)) {
      // A PC that was asked late has the whole limit for its answer.
      tell({ type: 'subscribed' });
      ring(now);
    }
    const word = hearing.word(now);
    if (word !== undefined) options.send(hearingTopic, Buffer.from(word), 1);
  }

  /** From now on what PCs say reaches us: every one of them has its whole limit anew, and is asked for a birth (R17, R18a). */
  function subscribed(): void {
    const now = time.now();
    gaps.over(now);
    hearing.begin(now);
    tell({ type: 'subscribed' });
    bell.isDue = true;
    if (isTime(now)) ring(now);
    say(now);
  }

  return {
    /** The end of a gap is noted with the times from before the clock was set. */
    followers: [gaps, hearing, { setClock: (byMs: number) => void moveTimes(bell, byMs) }] satisfies FollowsClock[],
    away: gaps.away,
    deafSince: gaps.deafSince,
    provenAt: hearing.provenAt,
    tickAt: hearing.tickAt,
    subscribed,
    unsubscribed(): void {
      hearing.end();
      tell({ type: 'unsubscribed' });
    },

    /** A word on our own topic. */
    take(payload: Buffer): void {
      if (!hearing.back(payload.toString())) return;
      subscribed();
      options.listening();
    },

    /** Guarantee: a step of the clock ends no wait and no silence, and a gap of ours is none of theirs. */
    tick(): void {
      followClock(options, subscribed);
      const now = time.now();
      const gap = hearing.tick(now);
      if (gap !== undefined) tell({ type: 'unsubscribed', slow: true });
      if (gap === undefined || gap === 'still') return say(now);
      log.warn({ heardUntil: new Date(hearing.provenAt() ?? now).toISOString() }, `no silence is judged: ${reasons[gap]}`);
      if (gap === 'late') subscribed();
      else say(now);
      options.listening();
    },
  };
}

/** Called when the clock of the machine was set. After a large step every PC is asked for a birth, because PCs then compare their clocks again. */
function followClock({ time, log, tell, isSubscribed }: ListeningOptions, subscribed: () => void): void {
  const byMs = time.follow();
  if (byMs === 0) return;
  const about = `${byMs > 0 ? 'forward' : 'back'} by ${Math.round(Math.abs(byMs) / 1_000)} s`;
  log.warn({ byMs: Math.round(byMs) }, `the clock of this machine was set ${about}`);
  // Nobody can tell a clock that is set forward from a machine that was paused and knows nothing of it.
  tell({ type: 'clock', byMs, gap: byMs >= largeStepMs }, { who: 'centre', what: 'clock set', about });
  if (Math.abs(byMs) >= largeStepMs && isSubscribed()) subscribed();
}

/** The times in which nobody was heard: each is written down, and the last is shown. */
function createGaps({ time, listenedUntil, note, isSubscribed }: ListeningOptions, provenAt: () => number | null) {
  let away: Away | null = null;
  const heardUntil = () => provenAt() ?? (listenedUntil === 0 ? null : listenedUntil);

  /** PCs are heard again. */
  function over(now: number): void {
    const from = heardUntil() ?? now;
    if (now - from < awayShownMs) return;
    away = { from, to: now };
    note(away);
  }

  return {
    away: () => away,

    /** Since when nobody is heard; null while PCs are, and where nobody ever was. */
    deafSince: () => (isSubscribed() ? null : heardUntil()),

    over,

    /** What is cut here the ledger cuts by itself. */
    setClock(byMs: number): void {
      const now = time.now();
      // Of a time of day that was leapt over nobody knows whether it ever was.
      if (byMs >= largeStepMs) over(now);
      // A gap that lasts until tomorrow would be settled for nobody until then.
      if (byMs < 0 && away !== null) away = { from: Math.min(away.from, now), to: Math.min(away.to, now) };
    },
  };
}

/** One memory's time. */
export type CentreTime = ReturnType<typeof createCentreTime>;

/** Begins at the clock of the machine. Guarantee: between two calls of `follow` it never jumps. */
export function createCentreTime(clock: Pick<Clock, 'now' | 'up' | 'slept'>) {
  const slept = () => clock.slept?.() ?? 0;
  let offsetMs = clock.now() - clock.up();
  let sleptMs = slept();
  return {
    /** In whole milliseconds, which `up` does not show: this time stands in rows, messages and answers of the API. */
    now: () => Math.floor(clock.up() + offsetMs),

    /** Follows the clock of the machine; answers by how much that was set at once, in whole milliseconds, 0 where it was not. Sleep is time that passed, and no step. */
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
 * A time behind which the clock was not set back in a day of running: by it goes what is deleted for its age, or a clock that was a year ahead
 * for an hour would have emptied registry and strips. `noted` is what the ledger holds of it.
 */
export function createSettled(noted: string | undefined, up: () => number, now: number) {
  let held = (noted === undefined ? { at: 0, from: now, ranMs: 0 } : JSON.parse(noted)) as { at: number; from: number; ranMs: number };
  let lastUp = up();
  let notedUp = lastUp;

  return {
    at: () => held.at,

    /** To be called now and then; answers once a minute what is to be noted. */
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
