/** Two machines with one identity, as a copied disk makes them, would throw each other out for ever: one of them has to wait. */
import type { Clock } from '#contracts';

/** Tells a machine that came back from a second one under the same name. */
export type Clones = {
  /** Told of each client that is to be admitted: its name, the boot that its will names, and whether a client of that name is connected. */
  refuses(name: string, boot: string | undefined, isOpen: boolean): boolean;
};

type Known = { boots: readonly string[]; returns: number; at: number };

const bootsKept = 4;
const rememberedMs = 3_600_000;
/** So many returns are let in: flows, which judges by the births, has to see one, and a machine that is thrown out at once says none. */
const returnsAllowed = 3;

/**
 * Guarantee: a machine that only reboots is never refused, since no boot comes back after another one. Of those that share an identity
 * the one that is connected stays.
 */
export function createClones(clock: Clock): Clones {
  const known = new Map<string, Known>();
  return {
    refuses(name, boot, isOpen) {
      if (boot === undefined) return false;
      const now = clock.up();
      const { boots, returns, at } = known.get(name) ?? { boots: [], returns: 0, at: now };
      if (boots[0] === boot) return false;
      const before = now - at < rememberedMs ? returns : 0;
      const found = before + (boots.includes(boot) ? 1 : 0);
      const refused = isOpen && found > returnsAllowed;
      const order = refused ? boots : [boot, ...boots.filter((one) => one !== boot)].slice(0, bootsKept);
      known.set(name, { boots: order, returns: found, at: now });
      return refused;
    },
  };
}
