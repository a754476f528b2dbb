/** A clock that stops while a part is down, because the server cannot know of changes in that time. */
import { setTimeout as delay } from 'node:timers/promises';

export type Steady = {
  /** Returns real milliseconds in which every part was up. */
  now(): number;
  isWhole(): boolean;
  stop(): Promise<void>;
};

const everyMs = 100;

/** Starts the clock, which polls the condition. The time between two polls counts if both polls returned true; an error counts as false. */
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
