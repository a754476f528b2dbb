// @module-tag long
/** Plays hundreds of histories, or SABHA_HISTORIES of them. */
import { beforeAll, expect, test } from 'vitest';
import { seedsOf } from './histories.ts';
import { startPlayers } from './players.ts';

const seeds = seedsOf();
let played: ReturnType<typeof startPlayers>;
beforeAll(() => {
  played = startPlayers(seeds);
});

test.each(seeds)('history %i loses nothing, applies nothing twice, and ends like the same history without disturbances', async (seed) => {
  expect(await played.get(seed)).toBe('');
});
