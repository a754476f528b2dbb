/** Some histories; `histories.long.test.ts` plays hundreds. */
import { expect, test } from 'vitest';
import { ofTier } from '../figures.ts';
import { judgeSeed } from './histories.ts';
import { historyOf, play } from './history.ts';

/** Hours of the world are seconds of a processor, and minutes where many want that. */
const limitMs = 300_000;

test('a seed replays: two runs of it tell the same, line by line', { tags: ['long'] }, async () => {
  const [first, second] = [await play(historyOf(3), { disturbed: true }), await play(historyOf(3), { disturbed: true })];
  expect(first.log.length).toBeGreaterThan(50);
  expect(second.log).toEqual(first.log);
  expect(second.centre.post.deliveries).toEqual(first.centre.post.deliveries);
});

/** 196: a machine that is replaced while it speaks; 1194: one that was judged as replaced before it was; 6990: words that the centre forgot counted as heard. */
test.each(ofTier([6990], [196, 1194, 6990]))(
  'history %i loses nothing, takes nothing twice and ends as if nothing had happened',
  judgeSeed,
  limitMs,
);
