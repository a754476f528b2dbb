/** Measures how late the simulator itself is. Its late beats can cause silences that are not the fault of a PC. */
import { type Clock, links } from '@sabha/contracts';

export type Late = { beats: number; worstSeconds: number };

export type Punctuality = { clock: Clock; late(): Late };

/** Milliseconds. A beat that is later than this can count as missing. */
const lateMs = 15_000;
const beatsMs: ReadonlySet<number> = new Set(Object.values(links).map(({ beatMs }) => beatMs));

/** Measures every timer whose duration is a beat interval. */
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
