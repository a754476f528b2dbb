import type { Clock } from '@sabha/contracts';

export type HandClock = Clock & {
  /** Runs all timers that are due in the next `ms`, in order. After each one it lets promises settle. */
  pass(ms: number): Promise<void>;
  /** Moves only the wall clock, without running timers. */
  jump(ms: number): void;
};

/** Creates a manual clock, whose wall clock starts at `startMs` (milliseconds since 1970). */
export function handClock(startMs = 1_790_000_000_000): HandClock {
  let upMs = 0;
  let offsetMs = startMs;
  let tasks: { at: number; order: number; task: () => void }[] = [];
  let order = 0;
  const settle = async () => {
    for (let n = 0; n < 20; n += 1) await Promise.resolve();
  };
  return {
    now: () => upMs + offsetMs,
    up: () => upMs,
    after: (delayMs, task) => {
      const entry = { at: upMs + Math.max(0, delayMs), order: order++, task };
      tasks.push(entry);
      return () => {
        tasks = tasks.filter((one) => one !== entry);
      };
    },
    jump: (ms) => {
      offsetMs += ms;
    },
    pass: async (ms) => {
      const end = upMs + ms;
      await settle();
      for (;;) {
        const next = tasks.filter((one) => one.at <= end).sort((a, b) => a.at - b.at || a.order - b.order)[0];
        if (!next) break;
        tasks = tasks.filter((one) => one !== next);
        upMs = next.at;
        next.task();
        await settle();
      }
      upMs = end;
    },
  };
}

/** Returns a pseudo-random generator of numbers in [0, 1); the same seed gives the same numbers. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
