import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { dashboardFiles } from './generate.ts';
import { type DashboardJson, lint, type Target } from './lint.test-helper.ts';

describe.each(dashboardFiles)('$file', ({ file, make }) => {
  const read = (): DashboardJson => JSON.parse(make());

  test('the committed file is what the code makes', () => {
    expect(readFileSync(file, 'utf8')).toBe(make());
  });

  test('nothing is wrong with it', () => {
    expect(lint(read())).toEqual([]);
  });
});

describe('the lint', () => {
  const planted = (edit: (dashboard: DashboardJson) => void) => {
    const dashboard: DashboardJson = JSON.parse(dashboardFiles[0]?.make() ?? '');
    edit(dashboard);
    return lint(dashboard);
  };
  const first = ({ panels }: DashboardJson) => panels[0] ?? {};
  const table = ({ panels }: DashboardJson) => panels.find(({ title }) => title === 'PCs away') ?? {};

  test('sees what is missing or out of place', () => {
    expect(planted((board) => Object.assign(first(board), { id: board.panels[1]?.id }))).toEqual(['panel id 2 stands twice']);
    expect(planted((board) => delete first(board).id)).toEqual(['Exporter: has no id']);
    expect(planted((board) => delete first(board).description)).toEqual(['Exporter: has no title or no description']);
    expect(planted((board) => Object.assign(first(board), { gridPos: { x: 20, y: 0, w: 9, h: 3 } }))).toEqual([
      'Exporter: is not inside the grid',
      'Exporter lies on Watchdog',
    ]);
    expect(planted((board) => Object.assign(first(board), { targets: [] }))).toEqual(['Exporter: has no query']);
    expect(planted((board) => first(board).targets?.push({ ...first(board).targets?.[0], refId: 'B', expr: 'up' }))).toEqual([
      'Exporter: has figures that move when one has no value',
    ]);
    const [, second] = dashboardFiles[0]
      ? (JSON.parse(dashboardFiles[0].make()) as DashboardJson).panels.flatMap(({ targets = [] }) => targets)
      : [];
    const more = ['B', 'C'].map((refId) => ({ ...second, refId, expr: 'sum by (state) (sabha_pcs)' }));
    expect(planted((board) => table(board).targets?.push(...(more as Target[])))).toEqual([
      'PCs away: has columns that go when one has no value',
    ]);
    expect(planted((board) => delete first(board).targets?.[0]?.refId)).toEqual(['Exporter: has a query without a refId of its own']);
    expect(planted((board) => Object.assign(first(board), { datasource: { type: 'prometheus', uid: 'x' } }))).toEqual([
      'Exporter: names a data source itself',
    ]);
    expect(planted((board) => board.templating.list.shift())).toEqual(['no variable for the data source']);
  });

  test('sees a number, a unit or a colour that would say what nobody knows', () => {
    const defaults = (board: DashboardJson) => first(board).fieldConfig?.defaults ?? {};
    const green = { thresholds: { steps: [{ value: null, color: 'green' }] } };
    expect(planted((board) => Object.assign(defaults(board), { unit: 'furlong' }))).toEqual(['Exporter: has no known unit: furlong']);
    expect(planted((board) => Object.assign(defaults(board), { noValue: '' }))).toEqual(['Exporter: says nothing where nothing is known']);
    expect(planted((board) => Object.assign(defaults(board), green))).toEqual(['Exporter: is green where nothing is known']);
  });

  test('sees a query that cannot answer', () => {
    const query = (expr: string) => planted((board) => Object.assign(first(board).targets?.[0] ?? {}, { expr }));
    expect(query('sum(sabha_pcs) or vector(0)')).toEqual(['Exporter: makes up a number where nothing is known']);
    expect(query('sum(sabha_pc_temperature_celsius < bool 5)')).toEqual(['Exporter: shows what outlives the part that vouches for it']);
    expect(query('sum(sabha_pc_down)')).toEqual(['no series is named sabha_pc_down']);
    expect(query('sum(sabha_incidents_open)')).toEqual(['Exporter: shows what outlives the part that vouches for it']);
    expect(query('sum(sabha_pcs{severity="critical"})')).toEqual(['sabha_pcs has no label severity']);
    expect(query('sum(sabha_pcs{state=~"$country"})')).toEqual(['no variable is named country']);
    expect(query('label_replace(sabha_pc_up, "pc", "$1", "pc", ".+/(.+)")')).toEqual([]);
  });

  test('sees a link or a column that leads nowhere', () => {
    const overriding = (name: string, ...properties: { id: string; value: unknown }[]) =>
      planted((board) => table(board).fieldConfig?.overrides.push({ matcher: { id: 'byName', options: name }, properties }));
    const leadingTo = (url: string) => overriding('PC', { id: 'links', value: [{ title: 'Open', url }] });
    expect(overriding('Office')).toEqual(['PCs away: has no column Office']);
    expect(overriding('PC', { id: 'unit', value: 'furlong' })).toEqual(['PCs away: has no known unit: furlong']);
    expect(leadingTo('https://example.org/')).toEqual(['PCs away: links to https://example.org/']);
    expect(leadingTo('$' + '{wall}/#/site/$' + '{__data.fields.Office}')).toEqual(['PCs away: has no column Office']);
    expect(leadingTo('/d/sabha-nation?var-state=$' + '{country}')).toEqual(['no variable is named country']);
    expect(planted((board) => board.links.push({ url: '$' + '{home}/' }))).toEqual(['no variable is named home']);
    expect(planted((board) => Object.assign(table(board), { options: { sortBy: [{ displayName: 'Age' }] } }))).toEqual([
      'PCs away: has no column Age',
    ]);
  });
});

test('the lamps stand on every dashboard at the same place, and each job that they ask for is one of prometheus.yml', () => {
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

test('the dashboards stand under the addresses that links rely on', () => {
  expect(dashboardFiles.map(({ make }) => JSON.parse(make()).uid)).toEqual(['sabha-nation', 'sabha-network', 'sabha-high-altitude']);
});
