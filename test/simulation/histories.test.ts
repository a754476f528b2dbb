/** Some histories; `histories.long.test.ts` plays hundreds. */
import { expect, test } from 'vitest';
import { ofTier } from '../figures.ts';
import { begin } from './disturbances.ts';
import { judgeSeed } from './histories.ts';
import { historyOf, play } from './history.ts';
import { atRest, microphone, minute, second } from './scene.ts';

/** Hours of the world are seconds of a processor, and minutes where many want that. */
const limitMs = 300_000;

test('a seed replays: two runs of it tell the same, line by line', { tags: ['long'] }, async () => {
  const [first, second] = [await play(historyOf(3), { disturbed: true }), await play(historyOf(3), { disturbed: true })];
  expect(first.log.length).toBeGreaterThan(50);
  expect(second.log).toEqual(first.log);
  expect(second.centre.post.deliveries).toEqual(first.centre.post.deliveries);
});

test('an operator who acted while the disk of the centre was full ended the whole run', { tags: ['long'] }, async () => {
  const world = await atRest();
  microphone(world, 'microphone.missing');
  await world.pass(5 * minute);
  world.centre.fill();
  // More than the pages hold that the ledger has.
  for (let n = 0; n < 300; n += 1) begin(world, { kind: 'operator acts', choice: 0, atMs: 0, forMs: 0, pc: 0, count: 0 });
  await world.pass(second);
  expect(world.log).toContainEqual(expect.stringMatching(/an operator hears: the ledger did not take it$/));
});

/** 196: a machine that is replaced while it speaks; 1194: one that was judged as replaced before it was; 6990: words that the centre forgot counted as heard. */
test.each(ofTier([6990], [196, 1194, 6990]))(
  'history %i loses nothing, takes nothing twice and ends as if nothing had happened',
  judgeSeed,
  limitMs,
);
