/** Two machines with one identity, as a copied disk makes them, would throw each other out for ever: one of them has to wait. */
import type { Clock } from '#contracts';

/** Tells a machine that came back from a second one under the same name. */
export type Clones = ReturnType<typeof createClones>;

type Known = { boots: readonly string[]; returns: number; returnedAt: number };

/** More than machines are ever made of one disk at once: those who are thrown out come back in their turn, the last of all. */
const bootsKept = 32;
const rememberedMs = 3_600_000;
/** Heard by `flows` one after the other: one of them may be lost. */
const returnsAllowed = 3;
/** A centre that was away when they were heard hears the next one; each of the machines has its turn. */
const letInAfterMs = 600_000;

/**
 * Guarantee: a machine that only reboots is never refused, since no boot comes back after another one. Of those that share an identity
 * the one that is connected stays, once it has been said that there are several: a machine that is thrown out before its first word says nothing.
 */
export function createClones(clock: Clock) {
  const known = new Map<string, Known>();
  return {
    /** Asked of each client that is to be admitted: its name, the boot that its will names, and whether a client of that name is connected. */
    refuses(name: string, boot: string | undefined, isOpen: boolean): boolean {
      const now = known.get(name);
      if (!now || !isOpen || boot === undefined || boot === now.boots[0]) return false;
      return now.returns >= returnsAllowed && clock.up() - now.returnedAt < letInAfterMs;
    },
    /** Told of each presence that goes on to `flows`, which judges by these. */
    spoke(name: string, boot: string | undefined): void {
      const before = known.get(name) ?? { boots: [], returns: 0, returnedAt: 0 };
      if (boot === undefined || boot === before.boots[0]) return;
      const isBack = before.boots.includes(boot);
      const returns = clock.up() - before.returnedAt < rememberedMs ? before.returns : 0;
      known.set(name, {
        boots: [boot, ...before.boots.filter((one) => one !== boot)].slice(0, bootsKept),
        returns: returns + (isBack ? 1 : 0),
        returnedAt: isBack ? clock.up() : before.returnedAt,
      });
    },
  };
}
