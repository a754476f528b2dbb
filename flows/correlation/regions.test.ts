import { expect, test } from 'vitest';
import { randomFrom } from '../../test/random.ts';
import { usualNumbers as numbers } from './numbers.ts';
import { createMayBeRegion, type Field } from './regions.ts';
import type { Down, SiteSight } from './sight.ts';

const minute = 60_000;
const random = randomFrom(14);

function sightOf(site: string, regions: readonly string[]): SiteSight {
  const heard = random.below(3) === 0 ? [] : [random.below(12) * minute, random.below(12) * minute];
  return { site, regions, expected: random.below(4), watched: 2, lost: [], away: 0, onBattery: 0, heard };
}

function fieldOf(count: number): Field {
  const sites = Array.from({ length: count }, (_, at) =>
    sightOf(`bihar/site-${at}`, [`provider:${random.below(3)}`, `state:${random.below(4)}`, 'nation'].slice(random.below(3))),
  );
  const downs = sites
    .filter(() => random.below(3) === 0)
    .map((sight): Down => ({ sight, at: random.below(12) * minute, from: 0, isSilent: true, pcs: 1 }));
  return { sites, downs, numbers };
}

/** The rule as it reads: each region counted for each site that asks. */
function mayBe(site: SiteSight, at: number, { sites, downs }: Field): boolean {
  return site.regions.some((region) => {
    const gone = downs.filter((one) => one.sight.regions.includes(region) && Math.abs(one.at - at) <= numbers.withinMs).length;
    const of = sites.filter((one) => one.expected > 0 && one.regions.includes(region));
    const unsure = of.filter(({ heard }) => heard.length > 0 && heard.every((heardAt) => heardAt < at)).length;
    const least = Math.max(Math.min(numbers.regionSites, of.length), numbers.regionShare * of.length);
    return gone >= 2 && of.length >= 2 && unsure > 0 && gone + unsure >= least;
  });
}

test('a region that is counted once answers as one that is counted for each site', () => {
  const answers = Array.from({ length: 60 }, (_, at) => fieldOf(2 + at)).flatMap((field) => {
    const mayBeRegion = createMayBeRegion(field);
    return field.sites.map((site) => {
      const at = random.below(12) * minute;
      return [mayBeRegion(site, at), mayBe(site, at, field)] as const;
    });
  });
  expect(answers.filter(([fast, slow]) => fast !== slow)).toEqual([]);
  expect(new Set(answers.map(([fast]) => fast)).size).toBe(2);
});

test('a thousand PCs that waited at once counted each region anew: a tick of 5,000 PCs took a second', () => {
  let looks = 0;
  const sites = Array.from({ length: 1_000 }, (_, at): SiteSight => {
    const seen = { ...sightOf(`bihar/site-${at}`, ['provider:1', 'nation']), expected: 1 };
    return {
      ...seen,
      get heard() {
        looks += 1;
        return [0];
      },
    };
  });
  const downs = sites.slice(0, 100).map((sight): Down => ({ sight, at: minute, from: 0, isSilent: true, pcs: 1 }));
  const mayBeRegion = createMayBeRegion({ sites, downs, numbers });
  expect(sites.every((site) => mayBeRegion(site, minute))).toBe(true);
  expect(looks).toBeLessThan(10 * sites.length);
});
