/** How fast a provider lets us send: whoever comes too early waits for a turn, and nobody waits for another's. */
import type { Cancel, Clock } from '@sabha/contracts';

/** How far apart the turns of an address are, and what ends the wait. `isLater`: whatever else waits for that address goes first. */
export type TurnOptions = { apartMs: number; signal: AbortSignal; isLater?: boolean };

/** The turns of one channel. */
export type Pace = ReturnType<typeof createPace>;

/** Addresses that are not waited for are forgotten once there are so many. */
const rememberedAtMost = 10_000;

type Waiter = { number: number; apartMs: number; isLater: boolean; give(isTurn: boolean): void };
type Head = { address: string; first: Waiter; freeUp: number };

/**
 * `everyMs`: the least time between two turns of anybody.
 * Guarantee: a turn is counted when it is given: what waits for one address, or was given up, costs no other address any time.
 */
export function createPace(clock: Clock, everyMs: number) {
  let nextUp = Number.NEGATIVE_INFINITY;
  let count = 0;
  const freeUp = new Map<string, number>();
  const waiting = new Map<string, Waiter[]>();
  let cancelTimer: Cancel = () => {};

  /** Gives all turns that are due, and comes back when the next one is. */
  function pump(): void {
    cancelTimer();
    for (let head = nextOf(waiting, freeUp, clock.up()); head; head = nextOf(waiting, freeUp, clock.up())) {
      const { address, first } = head;
      const waitMs = Math.max(nextUp, head.freeUp) - clock.up();
      if (waitMs > 0) {
        cancelTimer = clock.after(waitMs, pump);
        return;
      }
      leave(address, first);
      nextUp = clock.up() + everyMs;
      freeUp.set(address, clock.up() + first.apartMs);
      first.give(true);
    }
  }

  function leave(address: string, one: Waiter): void {
    const others = (waiting.get(address) ?? []).filter((other) => other !== one);
    if (others.length === 0) waiting.delete(address);
    else waiting.set(address, others);
  }

  function join(address: string, one: Waiter): void {
    const line = waiting.get(address) ?? [];
    const at = one.isLater ? -1 : line.findIndex(({ isLater }) => isLater);
    waiting.set(address, at < 0 ? [...line, one] : line.toSpliced(at, 0, one));
  }

  function forget(): void {
    if (freeUp.size > rememberedAtMost) for (const [address, up] of freeUp) if (up <= clock.up()) freeUp.delete(address);
  }

  return {
    /** Ends when it is this address's turn: true. False where the signal ends first. */
    turn(address: string, { apartMs, signal, isLater = false }: TurnOptions): Promise<boolean> {
      if (signal.aborted) return Promise.resolve(false);
      forget();
      count += 1;
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const one: Waiter = { number: count, apartMs, isLater, give: resolve };
      const end = () => {
        leave(address, one);
        resolve(false);
      };
      signal.addEventListener('abort', end, { once: true });
      join(address, one);
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
function nextOf(waiting: ReadonlyMap<string, Waiter[]>, freeUp: ReadonlyMap<string, number>, now: number): Head | undefined {
  let best: Head | undefined;
  for (const [address, [first]] of waiting) {
    if (first === undefined) continue;
    const head = { address, first, freeUp: Math.max(freeUp.get(address) ?? now, now) };
    if (best === undefined || isBefore(head, best)) best = head;
  }
  return best;
}

function isBefore(a: Head, b: Head): boolean {
  return (a.freeUp - b.freeUp || Number(a.first.isLater) - Number(b.first.isLater) || a.first.number - b.first.number) < 0;
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
