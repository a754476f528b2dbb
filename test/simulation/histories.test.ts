/** The first few histories; `histories-*.long.test.ts` play hundreds. */
import { expect, test } from 'vitest';
import { judgeSeed } from './histories.ts';
import { historyOf, play } from './history.ts';

/** Hours of the world are seconds of a processor, and minutes where many want that. */
const limitMs = 300_000;

test(
  'a seed replays: two runs of it tell the same, line by line',
  async () => {
    const [first, second] = [await play(historyOf(3), { disturbed: true }), await play(historyOf(3), { disturbed: true })];
    expect(first.log.length).toBeGreaterThan(50);
    expect(second.log).toEqual(first.log);
    expect(second.centre.post.deliveries).toEqual(first.centre.post.deliveries);
  },
  limitMs,
);

/** 196: a machine that is replaced while it speaks. */
test.each([1, 2, 3, 196])('history %i loses nothing, takes nothing twice and ends as if nothing had happened', judgeSeed, limitMs);
