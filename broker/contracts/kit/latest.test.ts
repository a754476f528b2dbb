import { expect, test } from 'vitest';
import { keepLatest } from './waits.ts';

test('keepLatest keeps the latest keys of a map, and a repeated key becomes the latest', () => {
  const held = new Map<string, number>();
  for (const [at, name] of ['leh', 'goa', 'leh', 'pune'].entries()) keepLatest(held, [name, at], 2);
  expect([...held]).toEqual([
    ['leh', 2],
    ['pune', 3],
  ]);
});
