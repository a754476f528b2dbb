// @module-tag long
/** Hundreds of histories, or as many as SABHA_HISTORIES says. */
import { beforeAll, expect, test } from 'vitest';
import { seedsOf } from './histories.ts';
import { startPlayers } from './players.ts';

const seeds = seedsOf();
let played: ReturnType<typeof startPlayers>;
beforeAll(() => {
  played = startPlayers(seeds);
});

test.each(seeds)('history %i loses nothing, takes nothing twice and ends as if nothing had happened', async (seed) => {
  expect(await played.get(seed)).toBe('');
});
