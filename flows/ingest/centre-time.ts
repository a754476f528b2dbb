/** The centre's time of day (R29): it runs on the clock that never jumps, and follows the clock of the machine. */
import type { Clock } from '@sabha/contracts';

const dayMs = 86_400_000;
const minuteMs = 60_000;

/** What is less is set little by little, and nobody notices. */
const stepMs = 2_000;

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
