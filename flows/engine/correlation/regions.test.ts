import { expect, test } from 'vitest';
import { defaultNumbers as numbers } from './numbers.ts';
import { type CorrelationInput, explainingRegions, serverOutageOf } from './regions.ts';
import type { LostSite, SiteAvailability } from './sight.ts';

const minute = 60_000;

type RegionPlan = {
  of: number;
  down: number;
  pcs?: number;
  at?: (site: number) => number;
  isSilent?: boolean;
  onBattery?: number;
  regions?: Regions;
};
type Regions = (site: number) => readonly string[];

const now = 100 * minute;
const inBihar: Regions = () => ['state:bihar', 'nation'];

function field({ of, down, pcs = 1, at = () => now, isSilent = true, onBattery = 0, regions = inBihar }: RegionPlan): CorrelationInput {
  const sites = Array.from({ length: of }, (_, site): SiteAvailability => {
    const isDown = site < down;
    const lossOf = (pc: number) => ({ pc: `bihar/site-${site}/pc-${pc}`, from: at(site) - minute, at: at(site), isSilent });
    const lost = isDown ? Array.from({ length: pcs }, (_, pc) => lossOf(pc)) : [];
    const seen = {
      expected: pcs,
      watched: pcs,
      lost,
      away: lost.length,
      onBattery: site < onBattery ? pcs : 0,
      heard: isDown ? [] : [now],
    };
    return { site: `bihar/site-${site}`, regions: regions(site), ...seen };
  });
  const downs = sites.slice(0, down).map((sight, site): LostSite => ({ sight, at: at(site), from: at(site) - minute, isSilent, pcs }));
  return { sites, downs, numbers };
}
const found = (plan: RegionPlan) => explainingRegions(field(plan)).map(({ scope, downs, of }) => `${scope} ${downs.length} of ${of}`);

test.each([
  ['two of two sites: an outage', { of: 2, down: 2 }, ['state:bihar 2 of 2']],
  ['three of ten sites, exactly 30 %: an outage', { of: 10, down: 3 }, ['state:bihar 3 of 10']],
  ['three of eleven sites: no outage', { of: 11, down: 3 }, []],
  ['its only site: no outage', { of: 1, down: 1 }, []],
  [
    'three of ten sites within five minutes: an outage',
    { of: 10, down: 3, at: (site) => now + site * 2.5 * minute },
    ['state:bihar 3 of 10'],
  ],
  ['three of ten sites within more than five minutes: no outage', { of: 10, down: 3, at: (site) => now + site * 2.51 * minute }, []],
  ['three of ten sites, of which no PC is silent yet: no outage', { of: 10, down: 3, isSilent: false }, []],
] satisfies [string, RegionPlan, string[]][])(
  'explainingRegions decides whether lost sites of a state are an outage of that state: %s',
  (_, plan, regions) => {
    expect(found(plan)).toEqual(regions);
  },
);

test('explainingRegions: if two regions contain the same lost sites, the cause is the narrower region', () => {
  const regions: Regions = (site) => [...(site < 4 ? ['link:ring-1', 'provider:Jio'] : []), 'state:bihar', 'nation'];
  expect(found({ of: 12, down: 4, regions })).toEqual(['link:ring-1 4 of 4']);
});

test('explainingRegions: two providers lost at the same time are two causes, and each site belongs to one of them', () => {
  const regions: Regions = (site) => [site % 2 === 0 ? 'provider:Jio' : 'provider:BSNL', `state:${site}`];
  expect(found({ of: 20, down: 12, regions }).toSorted()).toEqual(['provider:BSNL 6 of 10', 'provider:Jio 6 of 10']);
});

test.each([
  [3, ['state:bihar 9 of 12']],
  [2, ['provider:Jio 9 of 9']],
])(
  'explainingRegions: nine lost sites of a provider are its outage only if less than a third was on battery: %d of nine were',
  (onBattery, regions) => {
    const jio: Regions = (site) => [...(site < 9 ? ['provider:Jio'] : []), 'state:bihar'];
    expect(found({ of: 12, down: 9, onBattery, regions: jio })).toEqual(regions);
  },
);

test('explainingRegions: the loss of all sites of one state is not an outage of the nation', () => {
  expect(found({ of: 5, down: 5, regions: () => ['nation'] })).toEqual([]);
});

test.each([
  ['half of all PCs, at ten sites: an outage', { of: 20, down: 10 }, true],
  ['half of all PCs, at nine sites: no outage', { of: 18, down: 9 }, false],
  ['half of all PCs within a minute: an outage', { of: 20, down: 10, at: (site) => now + (site * minute) / 9 }, true],
  ['half of all PCs within more than a minute: no outage', { of: 20, down: 10, at: (site) => now + (site * minute) / 8 }, false],
] satisfies [string, RegionPlan, boolean][])(
  'serverOutageOf decides whether the loss of many PCs is an outage of the server: %s',
  (_, plan, isPlane) => {
    expect(serverOutageOf(field(plan)) !== undefined).toBe(isPlane);
  },
);
