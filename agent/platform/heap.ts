/**
 * Runs V8's garbage collection periodically. The agent allocates so little that V8 itself would collect only after hours, and would
 * hold the memory until then.
 */
import type { Cancel, Clock } from '@sabha/contracts';

/** Interval between garbage collections. One collection takes about 10 ms. */
const everyMs = 300_000;

/** `collect` is absent if the process runs without `--expose-gc`, as with `npm start`. */
export function keepHeapSmall(clock: Pick<Clock, 'after'>, collect: typeof globalThis.gc): Cancel {
  if (collect === undefined) return () => undefined;
  let timer: Cancel;
  const again = () => {
    timer = clock.after(everyMs, () => {
      void collect({ type: 'major', flavor: 'last-resort' });
      again();
    });
  };
  again();
  return () => timer();
}
