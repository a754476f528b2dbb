import { expect, test } from 'vitest';
import { nextBox } from './around.js';

/** Three columns, with a hole in the middle of the second row. */
const places = [
  [0, 0],
  [1, 0],
  [2, 0],
  [0, 1],
  [2, 1],
  [1, 2],
] as const;
const boxes = places.map(([x, y]) => ({ x: 50 * x, y: 40 * y, width: 44, height: 36 }));
const from = (at: number, ...keys: string[]) => keys.map((key) => nextBox(boxes, at, key));

test('arrow keys select the next box in their direction, also across a hole, and none beyond the edge', () => {
  expect(from(0, 'ArrowRight', 'ArrowDown', 'ArrowLeft', 'ArrowUp')).toEqual([1, 3, -1, -1]);
  expect(from(3, 'ArrowRight', 'ArrowUp', 'ArrowDown')).toEqual([4, 0, 5]);
  expect(from(1, 'ArrowDown')).toEqual([5]);
});

test('another key or an invalid start index selects no box', () => {
  expect([...from(0, 'Enter', 'toString'), nextBox(boxes, -1, 'ArrowLeft')]).toEqual([-1, -1, -1]);
});
