/** How often somebody may try a password: a few times at once, then once a minute. */
import { createBuckets, keepLatest, networkOf } from '@sabha/contracts';

/** What is tried, and the address from which. An office has one address for many. */
export type Tried = { name: string; address: string };

/** A name from one network; a network, whatever names it tries; and a name from everywhere, which many networks must try together. */
const kinds = ['pair', 'network', 'name'] as const;
/** Tries that come back. */
const perSecond = 1 / 60;
const pairTries = 5;
/** A network from which a name got in is its own for this long. */
const ownMs = 30 * 24 * 60 * 60_000;
/** Pairs of network and name that are remembered as own. */
const ownAtMost = 10_000;

/**
 * `up` = milliseconds that never jump.
 * Guarantee: a person who got in from a network lately is held up there only by wrong passwords for their own name from that network.
 */
export function createLimits(up: () => number) {
  const buckets = {
    pair: createBuckets({ perSecond, burst: pairTries }),
    network: createBuckets({ perSecond, burst: 20 }),
    name: createBuckets({ perSecond, burst: 50 }),
  };
  const own = new Map<string, number>();
  /** What counts a try: where the name got in lately, the name from that network alone. */
  const countedBy = ({ pair }: Keys) => (up() - (own.get(pair) ?? Number.NEGATIVE_INFINITY) < ownMs ? (['pair'] as const) : kinds);
  return {
    /** Milliseconds to wait; 0 = try now, which counts as failed until `succeeded`, so that a hundred at once are no hundred free tries. */
    take(tried: Tried): number {
      const keys = keysOf(tried);
      const counts = countedBy(keys);
      const waitMs = Math.max(...counts.map((kind) => buckets[kind].waitMs(keys[kind], 1, up())));
      if (waitMs === 0) for (const kind of counts) buckets[kind].take(keys[kind], 1, up());
      return waitMs;
    },
    /** The name begins anew there; else only this try is given back, or one good account would open the way to all others. */
    succeeded(tried: Tried): void {
      const keys = keysOf(tried);
      for (const kind of countedBy(keys)) buckets[kind].take(keys[kind], kind === 'pair' ? -pairTries : -1, up());
      keepLatest(own, [keys.pair, up()], ownAtMost);
    },
  };
}

type Keys = Record<(typeof kinds)[number], string>;

function keysOf({ name, address }: Tried): Keys {
  const network = networkOf(address);
  return { pair: `${network} ${name}`, network, name };
}
