/** How fast a provider lets us send: whoever comes too early waits for a turn, and nobody waits for another's. */
import { type Cancel, type Clock, withinTime } from '@sabha/contracts';

/** How far apart the turns of an address are, and what ends the wait. `isLater`: whatever else waits for that address goes first. */
export type TurnOptions = { apartMs: number; signal: AbortSignal; isLater?: boolean };

/** The turns of one channel. */
export type Pace = ReturnType<typeof createPace>;

/** Addresses that are not waited for are forgotten once there are so many. */
const rememberedAtMost = 10_000;

type Waiter = { address: string; apartMs: number; isLater: boolean; give(isTurn: boolean): void };

/**
 * `everyMs`: the least time between two turns of anybody.
 * Guarantee: a turn is counted when it is given: what waits for one address, or was given up, costs no other address any time.
 */
export function createPace(clock: Clock, everyMs: number) {
  let nextUp = Number.NEGATIVE_INFINITY;
  const freeUp = new Map<string, number>();
  // In the order in which they came.
  const waiting = new Set<Waiter>();
  let cancelTimer: Cancel = () => {};

  /** Gives all turns that are due, and comes back when the next one is. */
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
      freeUp.set(first.address, clock.up() + first.apartMs);
      first.give(true);
    }
  }

  function forget(): void {
    if (freeUp.size > rememberedAtMost) for (const [address, up] of freeUp) if (up <= clock.up()) freeUp.delete(address);
  }

  return {
    /** Ends when it is this address's turn: true. False where the signal ends first. */
    turn(address: string, { apartMs, signal, isLater = false }: TurnOptions): Promise<boolean> {
      if (signal.aborted) return Promise.resolve(false);
      forget();
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const one: Waiter = { address, apartMs, isLater, give: resolve };
      const end = () => {
        waiting.delete(one);
        resolve(false);
      };
      signal.addEventListener('abort', end, { once: true });
      waiting.add(one);
      pump();
      return promise.finally(() => signal.removeEventListener('abort', end));
    },
    /** The provider asked to leave this address alone for so long. */
    pause: (address: string, forMs: number): void => void freeUp.set(address, Math.max(freeUp.get(address) ?? 0, clock.up() + forMs)),
    /** How long this address is to be left alone yet. */
    pausedMs: (address: string): number => Math.max(0, (freeUp.get(address) ?? 0) - clock.up()),
  };
}

/** Of those whose address is free who is not for later, and came first; else whose address is free first. */
function firstOf(waiting: ReadonlySet<Waiter>, freeUp: ReadonlyMap<string, number>, now: number): Waiter | undefined {
  const freeAt = ({ address }: Waiter) => Math.max(freeUp.get(address) ?? now, now);
  let best: Waiter | undefined;
  for (const one of waiting) {
    const between = best === undefined ? -1 : freeAt(one) - freeAt(best) || Number(one.isLater) - Number(best.isLater);
    if (between < 0) best = one;
  }
  return best;
}

/** True after `forMs`, false where the signal ends it before. */
export async function waited(clock: Clock, forMs: number, signal: AbortSignal): Promise<boolean> {
  await withinTime<void>({ clock, limitMs: forMs, late: undefined, cut: signal }, () => new Promise(() => {}));
  return !signal.aborted;
}
