/** Plays a few histories. `histories.long.test.ts` plays hundreds. */
import { expect, test } from 'vitest';
import { ofTier } from '../figures.ts';
import { judgeSeed } from './histories.ts';
import { historyOf, play } from './history.ts';

/** Time limit of a test in milliseconds. A history takes seconds of processor time, and minutes on a busy machine. */
const limitMs = 300_000;

test('two runs of one seed have the same log, line by line', { tags: ['long'] }, async () => {
  const [first, second] = [await play(historyOf(3), { disturbed: true }), await play(historyOf(3), { disturbed: true })];
  expect(first.log.length).toBeGreaterThan(50);
  expect(second.log).toEqual(first.log);
  expect(second.centre.post.deliveries).toEqual(first.centre.post.deliveries);
});

/**
 * Seeds that found faults. In 196 a machine was replaced while it sent. In 1194 the server found a replacement too early. In 6990 the
 * server forgot messages that it had counted as received.
 */
test.each(ofTier([6990], [196, 1194, 6990]))(
  'history %i loses nothing, applies nothing twice, and ends like the same history without disturbances',
  judgeSeed,
  limitMs,
);
