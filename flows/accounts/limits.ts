/** How often somebody may try a password: a few times at once, then after growing waits. */
import { networkOf } from '#contracts';

/** What is tried against: a name, whatever address it comes from, and an address, whatever name it tries. An office has one address for many. */
export type Tried = { name: string; address: string };

const freeTries = { name: 5, address: 20 };
const firstWaitMs = 1_000;
/** Whoever tries a name in vain holds up its person no longer than this. */
const longestWaitMs = 5 * 60_000;
const forgottenMs = 60 * 60_000;
const heldAtMost = 10_000;

type Count = { tries: number; at: number; until: number };

/** `up` = milliseconds that never jump. Guarantee: at most 10,000 names and addresses are remembered, the latest. */
export function createLimits(up: () => number) {
  const held = new Map<string, Count>();

  function countOf(key: string): Count {
    const count = held.get(key);
    return count === undefined || up() - count.at > forgottenMs ? { tries: 0, at: 0, until: 0 } : count;
  }

  function keep(key: string, count: Count): void {
    held.delete(key);
    held.set(key, count);
    const [oldest] = held.keys();
    if (held.size > heldAtMost && oldest !== undefined) held.delete(oldest);
  }

  const keysOf = ({ name, address }: Tried) => ({ name: `name ${name}`, address: `address ${networkOf(address)}` });

  return {
    /** Milliseconds to wait; 0 = try now, which counts as failed until `succeeded`, so that a hundred at once are no hundred free tries. */
    take(tried: Tried): number {
      const keys = keysOf(tried);
      const waitMs = Math.max(...Object.values(keys).map((key) => countOf(key).until - up()));
      if (waitMs > 0) return waitMs;
      for (const kind of ['name', 'address'] as const) {
        const tries = countOf(keys[kind]).tries + 1;
        const over = tries - freeTries[kind];
        const pauseMs = over < 0 ? 0 : Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(over, 20));
        keep(keys[kind], { tries, at: up(), until: up() + pauseMs });
      }
      return 0;
    },
    /** The name begins anew; of the address only this try is taken back, or one good account would open the way to all others. */
    succeeded(tried: Tried): void {
      const keys = keysOf(tried);
      held.delete(keys.name);
      const { tries } = countOf(keys.address);
      if (tries > 0) keep(keys.address, { tries: tries - 1, at: up(), until: 0 });
    },
  };
}
