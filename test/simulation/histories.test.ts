import { expect, test } from 'vitest';
import { judgeSeed } from './histories.ts';

const n = Number(process.env['SABHA_HISTORIES'] ?? 20);
const one = process.env['SABHA_SEED'];
const seeds = one ? [Number(one)] : Array.from({ length: n }, (_, i) => i + 1);
test.each(seeds)('seed %i', async (seed) => {
  await judgeSeed(seed, one !== undefined);
});
