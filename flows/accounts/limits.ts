/** How often somebody may try a password: a few times at once, then after growing waits. */
import { doubledMs, keepLatest, networkOf } from '#contracts';

/** What is tried, and the address from which. An office has one address for many. */
export type Tried = { name: string; address: string };

/** A name from one network; a network, whatever names it tries; and a name from everywhere, which many networks must try together. */
const freeTries = { pair: 5, network: 20, name: 50 };
type Kind = keyof typeof freeTries;
const waits = { firstMs: 1_000, maxMs: 5 * 60_000 };
/** Typing errors of an office that is never quiet must not add up: one is forgotten in this time, others or not. */
const oneForgottenMs = 5 * 60_000;
/** A network from which a name got in is its own for this long. */
const ownMs = 30 * 24 * 60 * 60_000;
const heldAtMost = 10_000;

/** `since` = from when the next one is on its way to be forgotten. */
type Count = { tries: number; since: number; until: number };

/**
 * `up` = milliseconds that never jump.
 * Guarantee: where a person got in lately nothing holds them up but wrong passwords for their own name from that same network; at most 10,000
 * names and networks are remembered, the latest.
 */
export function createLimits(up: () => number) {
  const counts = new Map<string, Count>();
  const own = new Map<string, number>();

  function countOf(key: string): Count {
    const { tries, since, until } = counts.get(key) ?? { tries: 0, since: up(), until: 0 };
    const forgotten = Math.floor((up() - since) / oneForgottenMs);
    return forgotten < tries
      ? { tries: tries - forgotten, since: since + forgotten * oneForgottenMs, until }
      : { tries: 0, since: up(), until };
  }

  /** Where it does not bind whoever tries, it is counted and makes nobody else wait longer now. */
  function add(kind: Kind, key: string, isBinding: boolean): void {
    const { tries, since, until } = countOf(key);
    const over = tries + 1 - freeTries[kind];
    const pauseMs = over < 0 ? 0 : doubledMs(over, waits);
    keepLatest(counts, [key, { tries: tries + 1, since, until: isBinding ? up() + pauseMs : until }], heldAtMost);
  }

  const isOwn = (pair: string): boolean => up() - (own.get(pair) ?? Number.NEGATIVE_INFINITY) < ownMs;

  return {
    /** Milliseconds to wait; 0 = try now, which counts as failed until `succeeded`, so that a hundred at once are no hundred free tries. */
    take(tried: Tried): number {
      const keys = keysOf(tried);
      const binding = isOwn(keys.pair) ? [keys.pair] : Object.values(keys);
      const waitMs = Math.max(...binding.map((key) => countOf(key).until - up()));
      if (waitMs > 0) return waitMs;
      for (const kind of ['pair', 'network', 'name'] as const) add(kind, keys[kind], binding.includes(keys[kind]));
      return 0;
    },
    /** The name begins anew there; else only this try is taken back, or one good account would open the way to all others. */
    succeeded(tried: Tried): void {
      const { pair, network, name } = keysOf(tried);
      for (const key of [network, name]) {
        const { tries, since, until } = countOf(key);
        if (tries > 0) keepLatest(counts, [key, { tries: tries - 1, since, until: isOwn(pair) ? until : 0 }], heldAtMost);
      }
      counts.delete(pair);
      keepLatest(own, [pair, up()], heldAtMost);
    },
  };
}

function keysOf({ name, address }: Tried): Record<Kind, string> {
  const network = networkOf(address);
  return { pair: `pair ${network} ${name}`, network: `network ${network}`, name: `name ${name}` };
}
