import { expect, test } from 'vitest';
import { createRows } from './rows.ts';

function setUp() {
  const source = new Map([
    ['a', 1],
    ['b', 2],
  ]);
  const rows = createRows((key: string) => {
    const value = source.get(key);
    return value === undefined ? undefined : { key, value };
  });
  for (const key of source.keys()) rows.touch(key);
  return { source, rows };
}

test('news are the rows that read differently, once; what is gone is named once', () => {
  const { source, rows } = setUp();
  expect(rows.news().rows).toHaveLength(2);
  rows.touchAll();
  expect(rows.news()).toEqual({ rows: [], gone: [] });
  source.set('a', 5);
  source.delete('b');
  rows.touchAll();
  expect(rows.news()).toEqual({ rows: [{ key: 'a', value: 5 }], gone: ['b'] });
  expect(rows.news()).toEqual({ rows: [], gone: [] });
  source.set('b', 2);
  rows.touch('b');
  expect(rows.news().rows).toEqual([{ key: 'b', value: 2 }]);
});

test('a row that was listed while it read differently is news when it reads as before again', () => {
  const { source, rows } = setUp();
  rows.news();
  source.set('a', 5);
  rows.touch('a');
  rows.list();
  source.set('a', 1);
  rows.touch('a');
  expect(rows.news().rows).toEqual([{ key: 'a', value: 1 }]);
});
