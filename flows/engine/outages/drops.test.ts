import { expect, test } from 'vitest';
import { createDrops } from './drops.ts';

const minute = 60_000;

test('a session that is lost three times in ten minutes is unsteady from the third loss on, until it was kept for ten minutes', () => {
  const drops = createDrops();
  for (const at of [0, 4, 8]) {
    expect(drops.unsteadyAt('pc', at * minute)).toBeNull();
    drops.dropped('pc', at * minute);
  }
  expect(drops.unsteadyAt('pc', 18 * minute)).toBe(8 * minute);
  expect(drops.unsteadyAt('pc', 19 * minute)).toBeNull();
  expect(drops.unsteadyAt('other', 9 * minute)).toBeNull();
});

test('losses that lie further apart are none of that, however many', () => {
  const drops = createDrops();
  for (let at = 0; at < 60; at += 6) drops.dropped('pc', at * minute);
  expect(drops.unsteadyAt('pc', 54 * minute)).toBeNull();
});
