/** The centre's time of day (R29): it runs on the clock that never jumps, and follows the clock of the machine. */
import type { Clock } from '#contracts';

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
    now: () => clock.up() + offsetMs,

    /** Follows the clock of the machine; answers by how much that was set at once, 0 where it was not. Sleep is time that passed, and no step. */
    follow(): number {
      const byMs = clock.now() - clock.up() - offsetMs;
      offsetMs += byMs;
      if (Math.abs(byMs) < stepMs) return 0;
      const asleepMs = slept() - sleptMs;
      sleptMs += asleepMs;
      return Math.abs(byMs - asleepMs) < stepMs ? 0 : byMs;
    },
  };
}
