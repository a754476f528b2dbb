import { PanelBuilder as Stat } from '@grafana/grafana-foundation-sdk/stat';
import { expect, test } from 'vitest';
import { buildBoard, grey, greyBasedThresholds, instantQuery } from './board.ts';

const frame = { uid: 'try', title: 'Try', description: 'For a test.', variables: [] };
const sized = (title: string, [width, height]: readonly [number, number]) => ({
  panel: new Stat().title(title).withTarget(instantQuery('up', '')).build(),
  width,
  height,
});

test('panels are numbered from 1, and each row starts below the highest panel of the row before', () => {
  const { panels = [] } = buildBoard(frame, [[sized('a', [4, 3]), sized('b', [20, 7])], [sized('c', [24, 2])]]);
  expect(panels.map(({ id, gridPos }) => ({ id, ...gridPos }))).toEqual([
    { id: 1, x: 0, y: 0, w: 4, h: 3 },
    { id: 2, x: 4, y: 0, w: 20, h: 7 },
    { id: 3, x: 0, y: 7, w: 24, h: 2 },
  ]);
});

test('a row wider than the grid is rejected with the name of the panel', () => {
  expect(() => buildBoard(frame, [[sized('a', [16, 3]), sized('b', [9, 3])]])).toThrow('the row of "b" is wider than 24 columns');
});

test('a value below the first step is grey, so that no data is never green', () => {
  expect(greyBasedThresholds([0, 'green'], [1, 'red']).build().steps).toEqual([
    { value: null, color: grey },
    { value: 0, color: 'green' },
    { value: 1, color: 'red' },
  ]);
});
