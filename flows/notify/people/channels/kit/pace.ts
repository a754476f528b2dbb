/**
 * Rate limiter of a channel. A send that is too early waits until the limit permits it. A limit of one address does not delay another
 * address.
 */
import { type Cancel, type Clock, withTimeout } from '@sabha/contracts';

/**
 * `minIntervalMs`: least time between two sends to an address. `signal`: ends the wait. `isLowPriority`: other sends to that address go
 * first.
 */
export type TurnOptions = { minIntervalMs: number; signal: AbortSignal; isLowPriority?: boolean };

export type RateLimiter = ReturnType<typeof createRateLimiter>;

/** Limit of remembered addresses. Beyond the limit, addresses without a waiting send are dropped. */
const rememberedAtMost = 10_000;

type WaitingSend = { address: string; minIntervalMs: number; isLowPriority: boolean; give(isTurn: boolean): void };

/**
 * Creates the limiter. `everyMs`: least time between two sends of the channel, whatever the address.
 * Guarantee: a send counts when it is permitted. A send that waits or was cancelled costs no other address any time.
 */
export function createRateLimiter(clock: Clock, everyMs: number) {
  let nextUp = Number.NEGATIVE_INFINITY;
  const freeUp = new Map<string, number>();
  const waiting = new Set<WaitingSend>();
  let cancelTimer: Cancel = () => {};

  /** Permits all sends whose time has come, and sets a timer for the next one. */
  function pump(): void {
    cancelTimer();
    for (let first = firstOf(waiting, freeUp, clock.up()); first; first = firstOf(waiting, freeUp, clock.up())) {
      const waitMs = Math.max(nextUp, freeUp.get(first.address) ?? nextUp) - clock.up();
      if (waitMs > 0) {
        cancelTimer = clock.after(waitMs, pump);
        return;
      }
      waiting.delete(first);
      nextUp = clock.up() + everyMs;
      freeUp.set(first.address, clock.up() + first.minIntervalMs);
      first.give(true);
    }
  }

  function forget(): void {
    if (freeUp.size > rememberedAtMost) for (const [address, up] of freeUp) if (up <= clock.up()) freeUp.delete(address);
  }

  return {
    /** Resolves to true when a send to this address is permitted, and to false if the signal ends first. */
    waitForTurn(address: string, { minIntervalMs, signal, isLowPriority = false }: TurnOptions): Promise<boolean> {
      if (signal.aborted) return Promise.resolve(false);
      forget();
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const one: WaitingSend = { address, minIntervalMs, isLowPriority, give: resolve };
      const end = () => {
        waiting.delete(one);
        resolve(false);
      };
      signal.addEventListener('abort', end, { once: true });
      waiting.add(one);
      pump();
      return promise.finally(() => signal.removeEventListener('abort', end));
    },
    /** Blocks an address for the time that the provider requests. */
    pause: (address: string, forMs: number): void => void freeUp.set(address, Math.max(freeUp.get(address) ?? 0, clock.up() + forMs)),
    /** Remaining time of the block, in ms. */
    pausedMs: (address: string): number => Math.max(0, (freeUp.get(address) ?? 0) - clock.up()),
  };
}

/** Returns the waiting send whose address is free first. Among equals, normal priority comes first, then the order of arrival. */
function firstOf(waiting: ReadonlySet<WaitingSend>, freeUp: ReadonlyMap<string, number>, now: number): WaitingSend | undefined {
  const freeAt = ({ address }: WaitingSend) => Math.max(freeUp.get(address) ?? now, now);
  let best: WaitingSend | undefined;
  for (const one of waiting) {
    const between = best === undefined ? -1 : freeAt(one) - freeAt(best) || Number(one.isLowPriority) - Number(best.isLowPriority);
    if (between < 0) best = one;
  }
  return best;
}

/** Resolves to true after `forMs`, and to false if the signal ends first. */
export async function waitUnlessAborted(clock: Clock, forMs: number, signal: AbortSignal): Promise<boolean> {
  await withTimeout<void>({ clock, limitMs: forMs, timeoutValue: undefined, cut: signal }, () => new Promise(() => {}));
  return !signal.aborted;
}
