import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { dashboardFiles } from './generate.ts';
import { type DashboardJson, lint } from './lint.test-helper.ts';

describe.each(dashboardFiles)('$file', ({ file, make }) => {
  const read = (): DashboardJson => JSON.parse(make());

  test('the committed file is what the code makes', () => {
    expect(readFileSync(file, 'utf8')).toBe(make());
  });

  test('nothing is wrong with it', () => {
    expect(lint(read())).toEqual([]);
  });

  test('the lint sees each thing that is planted', () => {
    const planted = (edit: (dashboard: DashboardJson) => void) => {
      const dashboard = read();
      edit(dashboard);
      return lint(dashboard);
    };
    const first = ({ panels }: DashboardJson) => panels[0] ?? {};
    const query = (expr: string) => (board: DashboardJson) => Object.assign(first(board).targets?.[0] ?? {}, { expr });
    expect(planted((board) => Object.assign(first(board), { id: board.panels[1]?.id }))).toEqual(['panel id 2 stands twice']);
    expect(planted((board) => delete first(board).id)).toEqual(['Now: has no id']);
    expect(planted((board) => delete first(board).description)).toEqual(['Now: has no title or no description']);
    expect(planted((board) => Object.assign(first(board), { gridPos: { x: 4, y: 0, w: 24, h: 2 } }))).toEqual([
      'Now: is not inside the grid',
    ]);
    expect(planted((board) => Object.assign(first(board), { gridPos: { x: 0, y: 0, w: 1, h: 6 } }))).toEqual(['Now lies on States']);
    expect(planted((board) => Object.assign(first(board), { targets: [] }))).toEqual(['Now: has no query']);
    expect(planted((board) => delete first(board).targets?.[0]?.refId)).toEqual(['Now: has a query without a refId of its own']);
    expect(planted((board) => Object.assign(first(board), { datasource: { type: 'prometheus', uid: 'x' } }))).toEqual([
      'Now: names a data source itself',
    ]);
    expect(planted((board) => Object.assign(first(board).fieldConfig?.defaults ?? {}, { unit: 'furlong' }))).toEqual([
      'Now: has no known unit: furlong',
    ]);
    expect(planted((board) => Object.assign(first(board).fieldConfig?.defaults ?? {}, { noValue: '' }))).toEqual([
      'Now: says nothing where nothing is known',
    ]);
    const green = { thresholds: { steps: [{ value: null, color: 'green' }] } };
    expect(planted((board) => Object.assign(first(board).fieldConfig?.defaults ?? {}, green))).toEqual([
      'Now: is green where nothing is known',
    ]);
    expect(planted(query('sum(sabha_pcs) or vector(0)'))).toEqual(['Now: makes up a number where nothing is known']);
    expect(planted(query('sum(sabha_pc_down)'))).toEqual(['no series is named sabha_pc_down']);
    expect(planted(query('sum(sabha_pcs{severity="critical"})'))).toEqual(['sabha_pcs has no label severity']);
    expect(planted(query('sum(sabha_pcs{state=~"$country"})'))).toEqual(['no variable is named country']);
    expect(planted((board) => board.templating.list.shift())).toEqual(['no variable for the data source']);
  });
});

test('Nation has six panels under the address that links rely on', () => {
  const { uid, panels } = JSON.parse(dashboardFiles[0]?.make() ?? '{}');
  expect(uid).toBe('sabha-nation');
  expect(panels).toHaveLength(6);
});
