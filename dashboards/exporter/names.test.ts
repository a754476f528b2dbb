import { expect, test } from 'vitest';
import { reportFigure } from '../../test/figures.ts';
import { hostileNames } from '../../test/names.ts';
import { randomFrom } from '../../test/random.ts';
import { fleetOf, manualClock, pc1, pcNow, samplesOf } from './exporter.test-helper.ts';
import { createFleet } from './fleet.ts';
import { renderSeries } from './page.ts';

const names = hostileNames(randomFrom(14), 10_000);

/** Returns the page of a fleet of one PC after `say` has changed it. */
function shown(say: (fleet: ReturnType<typeof createFleet>) => void): string {
  const fleet = createFleet(manualClock().up);
  fleet.applySnapshot(fleetOf([pcNow(pc1)]));
  say(fleet);
  return [...renderSeries(fleet.view(), 500, () => {})].join('');
}

test(`S14 ${names.length} hostile keys of beats create no series`, () => {
  const usual = shown((fleet) => fleet.applyBeat(pc1, { up: 60 }));
  const attacked = shown((fleet) => {
    for (const name of names) fleet.applyBeat(pc1, { up: 60, [name]: 1 });
  });
  expect(attacked).toBe(usual);
  reportFigure('S14', `${names.length} hostile keys in beats: ${Object.keys(samplesOf(attacked)).length} series before and after`);
});

test('S14 hostile device and component names in checks create no extra line and break none', () => {
  const checks = names.slice(0, 400).map((component) => ({ component, status: 'ok' as const }));
  const page = shown((fleet) => fleet.applySnapshot(fleetOf([pcNow(pc1, { checks })])));
  const line = /^(?:#.*|\w+(?:\{(?:\w+="(?:[^"\\\n]|\\["\\n])*",?)*\})? [-+.\dEeNaInf]+)?$/;
  expect(page.split('\n').filter((one) => !line.test(one))).toEqual([]);
  expect(page.match(/^sabha_pc_up/gm)).toHaveLength(1);
});
