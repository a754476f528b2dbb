/** Time as a parameter, so that agent, ledger and incident engine run in a seeded simulation. */
import { uptime } from 'node:os';

/** Cancels a scheduled task; has no effect after the task has run. */
export type Cancel = () => void;

export type Clock = {
  /** Wall clock, milliseconds since 1970. It may jump. */
  now(): number;
  /** Monotonic clock, milliseconds since an arbitrary start. Use it for durations. */
  up(): number;
  /** Runs `task` once after `delayMs`. Returns a function that cancels the task. */
  after(delayMs: number, task: () => void): Cancel;
  /** Factor of an accelerated clock; absent for a normal clock. */
  speed?: number;
  /** Milliseconds for which the machine was suspended. `up` may not count them. */
  slept?(): number;
};

/**
 * Returns the clock of the machine. `speed` accelerates all its time by one factor since `epochMs` (for the demo and the fault tests).
 * Processes with the same two values agree on the time, whenever each of them started.
 */
export function realClock(speed = 1, epochMs = Date.now()): Clock {
  const startedAt = epochMs + (Date.now() - epochMs) * speed;
  const startedUp = performance.now();
  const up = () => (performance.now() - startedUp) * speed;
  const aheadMs = () => uptime() * 1_000 - performance.now();
  const ahead = aheadMs();
  return {
    speed,
    // The time is rounded to whole milliseconds at each speed, because fractions would lengthen every message of an accelerated day.
    now: speed === 1 ? Date.now : () => Math.round(startedAt + up()),
    up,
    slept: () => Math.max(0, aheadMs() - ahead) * speed,
    after: (delayMs, task) => {
      const timer = setTimeout(task, Math.max(0, delayMs / speed));
      return () => clearTimeout(timer);
    },
  };
}

/** Runs `work` every `everyMs`, each time after the last run has ended, until the returned function is called. `work` must not reject. */
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

/** Limit of calendar dates (ECMA-262, Time Values), less a year as a margin for date arithmetic. */
const farthestMs = 8.64e15 - 366 * 86_400_000;

/**
 * Returns the calendar date and time in a zone (Unix ms, rounded down to a whole millisecond). PC times and accelerated clocks have
 * fractions. A time beyond the limits of the calendar gives the nearest limit. Throws for an invalid zone.
 */
export function zonedAt(atMs: number, zone: string): Temporal.ZonedDateTime {
  const at = Number.isNaN(atMs) ? 0 : Math.min(Math.max(Math.floor(atMs), -farthestMs), farthestMs);
  return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone);
}
