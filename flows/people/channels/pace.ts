/** How fast a provider lets us send: whoever comes too early waits for a turn. */
import type { Cancel, Clock } from '#contracts';

/** The turns of one channel. */
export type Pace = {
  /** Ends when it is this address's turn, the turns of one address `apartMs` apart: true. False where the signal ends first. */
  turn(address: string, apartMs: number, signal: AbortSignal): Promise<boolean>;
  /** The provider asked to leave this address alone for so long. */
  pause(address: string, forMs: number): void;
  /** How long this address is to be left alone yet. */
  pausedMs(address: string): number;
};

/** Addresses that are not waited for are forgotten once there are so many. */
const rememberedAtMost = 10_000;

/** `everyMs`: the least time between two turns of anybody. */
export function createPace(clock: Clock, everyMs: number): Pace {
  let nextUp = Number.NEGATIVE_INFINITY;
  const ofAddress = new Map<string, number>();
  const pausedUntil = new Map<string, number>();

  function forget(): void {
    for (const map of [ofAddress, pausedUntil]) {
      if (map.size > rememberedAtMost) for (const [address, up] of map) if (up <= clock.up()) map.delete(address);
    }
  }

  return {
    turn(address, apartMs, signal) {
      forget();
      const atUp = Math.max(clock.up(), nextUp, ofAddress.get(address) ?? 0, pausedUntil.get(address) ?? 0);
      nextUp = atUp + everyMs;
      ofAddress.set(address, atUp + apartMs);
      return waited(clock, atUp - clock.up(), signal);
    },
    pause: (address, forMs) => void pausedUntil.set(address, clock.up() + forMs),
    pausedMs: (address) => Math.max(0, (pausedUntil.get(address) ?? 0) - clock.up()),
  };
}

/** True after `forMs`, false where the signal ends it before. */
export function waited(clock: Clock, forMs: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false);
  if (forMs <= 0) return Promise.resolve(true);
  return new Promise((resolve) => {
    let cancel: Cancel = () => {};
    const end = () => {
      cancel();
      resolve(false);
    };
    signal.addEventListener('abort', end, { once: true });
    cancel = clock.after(forMs, () => {
      signal.removeEventListener('abort', end);
      resolve(true);
    });
  });
}
