import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { dashboardFiles } from './generate.ts';
import { type DashboardJson, lint } from './lint.test-helper.ts';

describe.each(dashboardFiles)('$file', ({ file, make }) => {
  const read = (): DashboardJson => JSON.parse(make());

  test('the committed file equals the generated one', () => {
    expect(readFileSync(file, 'utf8')).toBe(make());
  });

  test('the linter finds no fault', () => {
    expect(lint(read())).toEqual([]);
  });
});

describe('linter', () => {
  const planted = (edit: (dashboard: DashboardJson) => void) => {
    const dashboard: DashboardJson = JSON.parse(dashboardFiles[0]?.make() ?? '');
    edit(dashboard);
    return lint(dashboard);
  };
  const first = ({ panels }: DashboardJson) => panels[0] ?? {};

  test('reports a number, unit or colour that hides missing data', () => {
    const defaults = (board: DashboardJson) => first(board).fieldConfig?.defaults ?? {};
    const green = { thresholds: { steps: [{ value: null, color: 'green' }] } };
    expect(planted((board) => Object.assign(defaults(board), { unit: 'furlong' }))).toEqual(['Exporter: has no known unit: furlong']);
    expect(planted((board) => Object.assign(defaults(board), { noValue: '' }))).toEqual(['Exporter: says nothing where nothing is known']);
    expect(planted((board) => Object.assign(defaults(board), green))).toEqual(['Exporter: is green where nothing is known']);
  });

  test('reports a query that cannot return a correct value', () => {
    const query = (expr: string) => planted((board) => Object.assign(first(board).targets?.[0] ?? {}, { expr }));
    expect(query('sum(sabha_pcs) or vector(0)')).toEqual(['Exporter: makes up a number where nothing is known']);
    expect(query('sum(sabha_pc_temperature_celsius < bool 5)')).toEqual(['Exporter: shows what outlives the part that vouches for it']);
    expect(query('sum(sabha_pc_down)')).toEqual(['no series is named sabha_pc_down']);
    expect(query('sum(sabha_incidents_open)')).toEqual(['Exporter: shows what outlives the part that vouches for it']);
    expect(query('sum(sabha_pcs{severity="critical"})')).toEqual(['sabha_pcs has no label severity']);
    expect(query('sum(sabha_pcs{state=~"$country"})')).toEqual(['no variable is named country']);
    expect(query('label_replace(sabha_pc_up, "pc", "$1", "pc", ".+/(.+)")')).toEqual([]);
  });
});

test('every dashboard has the same status lamps at the top, and their jobs are those of prometheus.yml', () => {
  const boards = dashboardFiles.map(({ make }) => JSON.parse(make()) as DashboardJson);
  const rows = boards.map(({ panels }) => panels.slice(0, 5));
  for (const row of rows) expect(row).toEqual(rows[0]);
  expect(rows[0]?.map(({ title }) => title)).toEqual(['Exporter', 'flows', 'Broker', 'Newest beat', 'Watchdog']);
  expect(new Set(rows[0]?.map(({ gridPos }) => gridPos?.y))).toEqual(new Set([0]));
  const asked = (rows[0] ?? []).flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => [...expr.matchAll(/job=~?"([^"]+)"/g)]));
  const shipped = readFileSync('dashboards/prometheus/prometheus.yml', 'utf8');
  const jobs = asked.flatMap(([, names = '']) => names.split('|'));
  expect(jobs.toSorted()).toEqual([...shipped.matchAll(/job_name: (\S+)/g)].map(([, name]) => name).toSorted());
});
