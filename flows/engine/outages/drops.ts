/** Sessions that are lost again and again: a link that comes and goes is one trouble, not one each time that it is away too long. */
import { moveTimes } from '../memory/move-times.ts';

/** So many losses in this time. */
const often = 3;
const windowMs = 10 * 60_000;

/** Guarantee: holds three numbers of a PC at most, and none of one that never lost a session. */
export function createDrops() {
  const times = new Map<string, readonly number[]>();
  return {
    /** A session of a PC was lost without a goodbye. */
    dropped: (pc: string, now: number) => void times.set(pc, [...(times.get(pc) ?? []), now].slice(-often)),
    /** When it was last lost, where that was the third time in ten minutes and is no longer ago than that. */
    unsteadyAt(pc: string, now: number): number | null {
      const [first = now, , last] = times.get(pc) ?? [];
      return last !== undefined && last - first <= windowMs && now - last <= windowMs ? last : null;
    },
    setClock: (byMs: number): void => void moveTimes(times, byMs),
    forget: (pc: string) => void times.delete(pc),
  };
}
