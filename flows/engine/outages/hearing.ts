/** What is proven of our own hearing (R18a): a small word that we send ourselves through the broker proves all that was said before it. */
import { links } from '@sabha/contracts';
import { moveTimes } from '../memory/memory.ts';

/** A silence is told late by as much; each is a few bytes inside of one machine. */
const wordEveryMs = 1_000;
/** So many may be under way: the oldest of more are long too late. */
const wordsAtMost = 60;
const lateWordMs = 20_000;
const lateTickMs = 5_000;
/** No machine keeps time better than this by its own clock, however fast the centre's goes. */
const least = { wordMs: 2_000, tickMs: 500 };
/** So many losses in this time. */
const dropsKept = 3;
const dropWindowMs = 10 * 60_000;
/** In so much of a gap's end the PCs are asked anew, and answer. */
const answeringMs = 60_000;
/** Who was not heard in so many times its limit is missed, however often the count of its limit began anew. */
export const missedLimits = 3;
const longestMs = missedLimits * Math.max(...Object.values(links).map(({ silentMs }) => silentMs));

/** `deaf`: no word comes back, and nothing is known until one does. `late`: this process stood still, and goes on; `still`: while it heard nobody anyway. */
type GapOfOurs = 'deaf' | 'late' | 'still';

/**
 * Times are the centre's. `name` is random: a word of an earlier memory proves nothing.
 * Guarantee: between two gaps everything that reached the broker before `provenAt` has been read.
 */
export function createHearing(name: string, speed = 1) {
  const limits = { wordMs: Math.max(lateWordMs, least.wordMs * speed), tickMs: Math.max(lateTickMs, least.tickMs * speed) };
  const words = new Map<string, number>();
  const held = { listens: false, isDeaf: false, provenAt: null as number | null, count: 0, saidAt: 0, tickDueAt: Number.POSITIVE_INFINITY };

  return {
    /** Until when our hearing is proven: what was not heard later says nothing about anybody. Null before the first SUBACK. */
    provenAt: () => held.provenAt,

    /** We are heard and hear from now on; what is still under way of older words says nothing of the time since. */
    begin(now: number): void {
      words.clear();
      Object.assign(held, { listens: true, isDeaf: false, provenAt: now, saidAt: Number.NEGATIVE_INFINITY });
    },

    /** The session is lost. */
    end(): void {
      words.clear();
      Object.assign(held, { listens: false, isDeaf: false });
    },

    /** The word that is to go out now, if it is time for one. */
    word(now: number): string | undefined {
      if (!held.listens || now - held.saidAt < wordEveryMs) return undefined;
      held.count += 1;
      const id = `${name}.${held.count}`;
      words.set(id, now);
      for (const oldest of words.keys()) if (words.size > wordsAtMost) words.delete(oldest);
      held.saidAt = now;
      return id;
    },

    /** A word came back; true where that ends a gap. */
    back(id: string): boolean {
      const saidAt = words.get(id);
      if (saidAt === undefined) return false;
      for (const [older, at] of words) if (at <= saidAt) words.delete(older);
      // A gap lasted until now, from what was proven before it.
      if (!held.isDeaf) held.provenAt = saidAt;
      return held.isDeaf;
    },

    /** Looks, at each tick of ours, whether a gap of ours begins or just was. */
    tick(now: number): GapOfOurs | undefined {
      const isLate = now - held.tickDueAt > limits.tickMs;
      const hears = held.listens && !held.isDeaf;
      // Who hears nobody is not heard again because he was late: a word must come back.
      if (isLate) return hears ? 'late' : 'still';
      const [oldest = now] = words.values();
      if (!hears || now - oldest <= limits.wordMs) return undefined;
      held.isDeaf = true;
      return 'deaf';
    },

    /** When the next tick is due. */
    tickAt(at: number): void {
      held.tickDueAt = at;
    },

    setClock(byMs: number): void {
      moveTimes(words, byMs);
      held.saidAt += byMs;
      held.tickDueAt += byMs;
      if (held.provenAt !== null) held.provenAt += byMs;
    },
  };
}

/** Guarantee: holds three numbers of a PC at most, and none of one that never lost a session. */
export function createDrops() {
  const times = new Map<string, readonly number[]>();
  return {
    /** Records that a PC lost its session without a clean disconnect. */
    dropped: (pc: string, now: number) => void times.set(pc, [...(times.get(pc) ?? []), now].slice(-dropsKept)),
    /** When it was last lost, where that was the third time in ten minutes and is no longer ago than that. */
    unsteadyAt(pc: string, now: number): number | null {
      const [first = now, , last] = times.get(pc) ?? [];
      return last !== undefined && last - first <= dropWindowMs && now - last <= dropWindowMs ? last : null;
    },
    setClock: (byMs: number): void => void moveTimes(times, byMs),
    forget: (pc: string) => void times.delete(pc),
  };
}

/** Times are the centre's. Guarantee: holds no more of the past than the most patient class asks for. */
export function createInAll() {
  let spans: { from: number; to: number }[] = [];
  const sinceMs = (at: number) => spans.reduce((sum, { from, to }) => sum + Math.max(0, to - Math.max(from, at)), 0);

  return {
    /** A gap of ours is over. */
    begin(now: number): void {
      const kept = spans.filter(({ from, to }) => to > from && sinceMs(to) < longestMs);
      spans = [...kept, { from: now + answeringMs, to: now + answeringMs }];
    },
    /** Our hearing is proven until then. */
    proven(until: number): void {
      const last = spans.at(-1);
      if (last !== undefined) last.to = Math.max(last.to, until);
    },
    /** For how long we heard since `at`. */
    sinceMs,
    setClock: (byMs: number): void => void moveTimes(spans, byMs),
  };
}
