import { expect, test } from 'vitest';
import { planImport } from '../../flows/sites/csv.ts';
import { createSiteTable } from '../../flows/sites/table.ts';
import { createNation, expected, lehPath, lehUps } from './nation.ts';

const nation = createNation({ sites: 736, seed: 1 });
const stages = (list: typeof nation.sites) =>
  Object.fromEntries([...Map.groupBy(list, ({ stage }) => stage)].map(([stage, of]) => [stage, of.length]));

test('736 sites are the 36 state offices and 700 districts: 612 live, 41 being set up, 83 planned', () => {
  expect(new Set(nation.sites.map(({ state }) => state.id)).size).toBe(36);
  expect(nation.sites.filter(({ path }) => path.endsWith('/state-office'))).toHaveLength(36);
  expect(new Set(nation.sites.map(({ path }) => path)).size).toBe(736);
  expect(stages(nation.sites)).toEqual({ live: 612, commissioning: 41, planned: 83 });
});

test('Leh is live, 3,524 m high and hangs on a satellite', () => {
  const leh = nation.sites.find(({ path }) => path === lehPath);
  expect(leh).toMatchObject({ name: { en: 'Leh', hi: 'लेह' }, stage: 'live', elevationM: 3_524, link: 'geo' });
});

test('its file is imported without a problem, and says of each PC what the fleet starts with', () => {
  const planned = planImport({ csv: nation.csv(), table: createSiteTable([]), now: 0, by: 'test' });
  expect(planned.import.problems).toEqual([]);
  const table = createSiteTable(planned.change?.nodes ?? []);
  expect(table.sites).toHaveLength(736);
  for (const site of nation.sites) {
    const { link, elevationM } = site;
    expect(table.resolve(nation.pcOf(site)).profile).toEqual({
      link,
      elevationM,
      expected,
      ...(site.path === lehPath && { ups: lehUps }),
    });
    expect(table.stageOf(site.path)).toBe(site.stage);
  }
});

test('a site can be put to another stage in the file', () => {
  const csv = nation.csv(({ stage }) => (stage === 'live' ? 'commissioning' : stage));
  const { change } = planImport({ csv, table: createSiteTable([]), now: 0, by: 'test' });
  const sites = createSiteTable(change?.nodes ?? []).sites;
  expect(sites.filter(({ site }) => site?.stage === 'commissioning')).toHaveLength(612 + 41);
});
