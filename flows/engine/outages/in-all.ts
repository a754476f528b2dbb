/** How long the centre heard in all, whatever gaps of its own lay between (R18a, R19): gaps delay what is told of a dead PC, and never hide it. */
import { links } from '@sabha/contracts';
import { moveTimes } from '../memory/move-times.ts';

/** In so much of a gap's end the PCs are asked anew, and answer. */
const answeringMs = 60_000;
/** Who was not heard in so many times its limit is missed, however often the count of its limit began anew. */
const limits = 3;
const longestMs = limits * Math.max(...Object.values(links).map(({ silentMs }) => silentMs));

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
    /** True of one that may be silent for so long, and was not heard in so much of our hearing. */
    isMissed: (inVainMs: number, limitMs: number): boolean => inVainMs >= limits * limitMs,
    setClock: (byMs: number): void => void moveTimes(spans, byMs),
  };
}
