import { expect, test } from 'vitest';
import { planImport } from '../../flows/sites/csv.ts';
import { createSiteTable } from '../../flows/sites/table.ts';
import { createNation, expected, lehPath, lehUps } from './nation.ts';

const nation = createNation({ sites: 736, seed: 1 });
const stages = (list: typeof nation.sites) =>
  Object.fromEntries([...Map.groupBy(list, ({ stage }) => stage)].map(([stage, of]) => [stage, of.length]));

test('736 sites are the 36 state offices and 700 districts: 612 live, 41 in commissioning, 83 planned', () => {
  expect(new Set(nation.sites.map(({ state }) => state.id)).size).toBe(36);
  expect(nation.sites.filter(({ path }) => path.endsWith('/state-office'))).toHaveLength(36);
  expect(new Set(nation.sites.map(({ path }) => path)).size).toBe(736);
  expect(stages(nation.sites)).toEqual({ live: 612, commissioning: 41, planned: 83 });
});

test('Leh is live, at 3,524 m, on a satellite link', () => {
  const leh = nation.sites.find(({ path }) => path === lehPath);
  expect(leh).toMatchObject({ name: { en: 'Leh', hi: 'लेह' }, stage: 'live', elevationM: 3_524, link: 'geo' });
});

test('the CSV of the nation can be imported without a problem, and gives each PC the profile of the fleet', () => {
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

test('the CSV of the nation can give a site another stage', () => {
  const csv = nation.csv(({ stage }) => (stage === 'live' ? 'commissioning' : stage));
  const { change } = planImport({ csv, table: createSiteTable([]), now: 0, by: 'test' });
  const sites = createSiteTable(change?.nodes ?? []).sites;
  expect(sites.filter(({ site }) => site?.stage === 'commissioning')).toHaveLength(612 + 41);
});
