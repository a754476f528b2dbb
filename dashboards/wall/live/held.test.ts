import { expect, test } from 'vitest';
import { appendedIds, visibleRows } from './held.js';

const rows = (...ids: number[]) => ids.map((id) => ({ id, words: `row ${id}` }));

test('a list that is not frozen shows all current rows in their order, and none waits', () => {
  expect(visibleRows(null, { wanted: rows(3, 1), all: rows(1, 2, 3) })).toEqual({ shown: rows(3, 1), waiting: 0 });
});

test('rows under a pointer keep their places and show their current data, and new rows wait', () => {
  const all = [...rows(1, 3, 4, 5), { id: 2, words: 'Op is on it' }];
  const { shown, waiting } = visibleRows([1, 2, 3], { wanted: rows(5, 4, 3, 1), all });
  expect(shown).toEqual([
    { id: 1, words: 'row 1' },
    { id: 2, words: 'Op is on it' },
    { id: 3, words: 'row 3' },
  ]);
  expect(waiting).toBe(2);
});

test('a row that the server deleted vanishes from a frozen list', () => {
  expect(visibleRows([1, 2], { wanted: rows(2), all: rows(2) })).toEqual({ shown: rows(2), waiting: 0 });
});

test('rows appended to a frozen list are frozen too, and rows above them still wait', () => {
  expect(appendedIds([3, 4], [9, 3, 4, 5, 6])).toEqual([5, 6]);
  expect(appendedIds([3, 4], [9, 3, 8])).toEqual([8]);
  expect(appendedIds([3, 4], [9, 3, 4])).toEqual([]);
});
