/** How late the simulator itself is: a beat that it says late may be a silence that no PC is to blame for. */
import { type Clock, links } from '@sabha/contracts';

/** Beats that were late, and by how much the latest. */
export type Late = { beats: number; worstSeconds: number };

/** A clock that is watched. */
export type Punctuality = { clock: Clock; late(): Late };

/** Nobody waits longer for a beat before it counts as missing. */
const lateMs = 15_000;
const beatsMs: ReadonlySet<number> = new Set(Object.values(links).map(({ beatMs }) => beatMs));

/** Measures every timer that is as long as a beat. */
export function watchPunctuality(clock: Clock): Punctuality {
  const late: Late = { beats: 0, worstSeconds: 0 };
  return {
    late: () => ({ ...late }),
    clock: {
      ...clock,
      after(delayMs, task) {
        if (!beatsMs.has(delayMs)) return clock.after(delayMs, task);
        const dueUp = clock.up() + delayMs;
        return clock.after(delayMs, () => {
          const byMs = clock.up() - dueUp;
          if (byMs > lateMs)
            Object.assign(late, { beats: late.beats + 1, worstSeconds: Math.max(late.worstSeconds, Math.round(byMs / 1_000)) });
          task();
        });
      },
    },
  };
}
