// @module-tag long
/** Outages told apart: six kinds, on sites of every link class, judged while they last and labelled after the return. */
import { expect, test } from 'vitest';
import { playRounds } from './outage-rounds.ts';

const seeds = process.env['SABHA_NIGHTLY'] === '1' ? Array.from({ length: 12 }, (_, at) => 2_026 + at) : [2_026];

test.each(seeds)(
  '65 scripted outages of six kinds: 95 % labelled right after the return, none claims before it what nobody can know (%i)',
  async (seed) => {
    const judged = await playRounds(seed);
    expect(judged.length).toBeGreaterThanOrEqual(60);
    expect(new Set(judged.map(({ kind }) => kind)).size).toBe(6);
    expect(judged.flatMap(({ claims }) => claims)).toEqual([]);
    expect(judged.flatMap(({ untold }) => untold)).toEqual([]);
    const wrong = judged.filter(({ isRight }) => !isRight).map(({ kind, labels }) => `${kind}: ${labels.join('; ')}`);
    expect(wrong.length / judged.length, wrong.join('\n')).toBeLessThanOrEqual(0.05);
  },
);
