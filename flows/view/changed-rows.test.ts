import { expect, test } from 'vitest';
import { createRows } from './live.ts';

test('a row that changed, was listed and then changed back is reported as changed again', () => {
  let value = 1;
  const rows = createRows((key: string) => ({ key, value }));
  rows.touch('a');
  rows.news();
  value = 5;
  rows.touch('a');
  rows.list();
  value = 1;
  rows.touch('a');
  expect(rows.news().rows).toEqual([{ key: 'a', value: 1 }]);
});
