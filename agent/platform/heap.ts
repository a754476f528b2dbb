/**
 * Runs V8's garbage collection periodically. At the agent's low rate of work V8 would otherwise collect only after hours and keep the
 * memory.
 */
import type { Cancel, Clock } from '@sabha/contracts';

/** Interval of a collection, which takes some 10 ms. */
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
