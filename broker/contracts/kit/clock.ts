/** Time as an argument, so that agent, ledger and incident engine run in a seeded simulation. */
import { uptime } from 'node:os';

/** Takes back what was to be done later; harmless when it was done. */
export type Cancel = () => void;

/** A source of time, real or simulated. */
export type Clock = {
  /** Wall clock, milliseconds since 1970. It may jump. */
  now(): number;
  /** Milliseconds since some start; it never jumps back. Durations are measured on it. */
  up(): number;
  /** Runs `task` once after `delayMs`; the result cancels it. */
  after(delayMs: number, task: () => void): Cancel;
  /** How much faster than the day it goes, where it does. */
  speed?: number;
  /** How long the machine slept since some start, which `up` may know nothing of. */
  slept?(): number;
};

/**
 * The clock of the machine. `speed` makes its time run faster by one factor since `epochMs` (the demo and the fault tests use it):
 * processes with the same two agree on the time, whenever each of them started.
 */
export function realClock(speed = 1, epochMs = Date.now()): Clock {
  const startedAt = epochMs + (Date.now() - epochMs) * speed;
  const startedUp = performance.now();
  const up = () => (performance.now() - startedUp) * speed;
  const aheadMs = () => uptime() * 1_000 - performance.now();
  const ahead = aheadMs();
  return {
    speed,
    // In whole milliseconds at each speed, or what is said of a day that is played faster would be longer than that day.
    now: speed === 1 ? Date.now : () => Math.round(startedAt + up()),
    up,
    slept: () => Math.max(0, aheadMs() - ahead) * speed,
    after: (delayMs, task) => {
      const timer = setTimeout(task, Math.max(0, delayMs / speed));
      return () => clearTimeout(timer);
    },
  };
}

/** Does `work` every `everyMs`, each time after the last has ended, until the result stops it. `work` must not reject. */
export function repeat(clock: Pick<Clock, 'after'>, everyMs: number, work: () => unknown): Cancel {
  let cancel: Cancel = () => {};
  let isStopped = false;
  const ended = () => isStopped || next();
  const next = () => {
    cancel = clock.after(everyMs, () => void Promise.resolve(work()).then(ended));
  };
  next();
  return () => {
    isStopped = true;
    cancel();
  };
}

/** As far from 1970 as calendars go (ECMA-262, Time Values), less a year: whoever asks counts on from there. */
const farthestMs = 8.64e15 - 366 * 86_400_000;

/**
 * What calendar and clock of a zone say at a moment (Unix ms): in its whole millisecond, since the moments of PCs and of a clock that runs faster
 * have fractions, and of one that no calendar has near the end of calendars. Throws where the zone is none.
 */
export function zonedAt(atMs: number, zone: string): Temporal.ZonedDateTime {
  const at = Number.isNaN(atMs) ? 0 : Math.min(Math.max(Math.floor(atMs), -farthestMs), farthestMs);
  return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone);
}
