// @module-tag long
/**
 * Plays random outages from a seed, each cause as often as in real life. The test checks the named cause during the outage and after it;
 * `bench verdicts` plays 2,000.
 */
import { openThreshold, sureThreshold } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { isRight, playStories } from './outage-play.ts';

const seeds = process.env['SABHA_NIGHTLY'] === '1' ? Array.from({ length: 12 }, (_, at) => 2_026 + at) : [2_026];

test.each(seeds)(
  'at least 95 % of the causes that the server calls sure are right, and it claims no cause when outages look alike: seed %i',
  async (seed) => {
    const judged = await playStories(seed, 120);
    const sure = judged.filter(({ confidence }) => confidence >= sureThreshold);
    expect(sure.length).toBeGreaterThan(30);
    const wrong = sure.filter((one) => !isRight(one)).map(({ kind, when, cause }) => `${kind}: ${when} ${cause}`);
    expect(wrong.length / sure.length, wrong.join('\n')).toBeLessThanOrEqual(0.05);
    const claimed = judged.filter(({ isTwin, cause, confidence }) => isTwin && cause !== 'undetermined' && confidence > openThreshold);
    expect(claimed.map(({ kind, when, cause }) => `${kind}: ${when} ${cause}`)).toEqual([]);
  },
  300_000,
);
