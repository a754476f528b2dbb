/** A clock that stands still while a part is away: what the centre could not know in that time is not held against it. */
import { setTimeout as delay } from 'node:timers/promises';

export type Steady = {
  /** Real milliseconds in which everything was up. */
  now(): number;
  isWhole(): boolean;
  stop(): Promise<void>;
};

const everyMs = 100;

/** Asks again and again; the time between two answers counts where both were yes. A question that fails is a no. */
export function startSteady(ask: () => Promise<boolean>): Steady {
  const over = new AbortController();
  let whole = false;
  let sumMs = 0;
  let at = performance.now();
  const watch = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const is = await ask().catch(() => false);
      const now = performance.now();
      if (is && whole) sumMs += now - at;
      whole = is;
      at = now;
      await delay(everyMs);
    }
  };
  const watching = watch();
  return {
    now: () => sumMs,
    isWhole: () => whole,
    async stop() {
      over.abort();
      await watching;
    },
  };
}
