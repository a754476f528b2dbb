// @module-tag long
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Live, startLive } from '../tabs.test-helper.ts';
import { bothOf, kindsOf } from './roster-check.test-helper.ts';

let live: Live;
beforeAll(async () => {
  live = await startLive();
});
afterAll(() => live.stop());

test('who the check of the roster names is who the tabs then tell: 10,000 random rosters', async () => {
  const kinds = await kindsOf(live);
  for (let seed = 1; seed <= 10_000; seed++) {
    const { checked, told } = await bothOf(live, kinds, seed);
    expect(told.length, `seed ${seed}`).toBeGreaterThan(0);
    expect(checked, `seed ${seed}`).toEqual(told);
  }
});
