/** What V8 holds is collected by our clock: by itself it waits until some MiB have come together, which takes hours at our pace, and keeps what it took for them. */
import type { Cancel, Clock } from '@sabha/contracts';

/** Costs some hundredths of a second. */
const everyMs = 300_000;

/** `collect`: absent where the process was not started with `--expose-gc`, as `npm start` does not. */
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
