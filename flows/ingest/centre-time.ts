/** The centre's time of day (R29): durations in it run on the clock that never jumps, and it follows the clock of the machine. */
import type { Clock } from '#contracts';

/** What is less is set little by little, and nobody notices. */
const stepMs = 2_000;

/** One memory's time. */
export type CentreTime = ReturnType<typeof createCentreTime>;

/** Begins at the clock of the machine. Guarantee: between two calls of `follow` it never jumps. */
export function createCentreTime(clock: Pick<Clock, 'now' | 'up'>) {
  let offsetMs = clock.now() - clock.up();
  return {
    now: () => clock.up() + offsetMs,

    /** Follows the clock of the machine; answers by how much that was set at once, 0 where it was not. */
    follow(): number {
      const byMs = clock.now() - clock.up() - offsetMs;
      offsetMs += byMs;
      return Math.abs(byMs) < stepMs ? 0 : byMs;
    },
  };
}
