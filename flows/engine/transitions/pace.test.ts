import { expect, test } from 'vitest';
import { createPace } from './pace.ts';

const room = 'ladakh/leh/pc-1';
const minute = 60_000;

test('a room whose site was closed and opened again, or whose PC was replaced, was told of three times more in the same hour', () => {
  const pace = createPace();
  for (const at of [0, 1, 2]) pace.told(room, { faults: ['camera.held'], critical: [] }, at * minute);
  pace.count(room);
  pace.forget(room);
  expect([pace.left(room, 30 * minute), pace.counted(room)]).toEqual([0, 0]);
  expect(pace.left(room, 63 * minute)).toBe(3);
});

test('of a room of which nothing was told for an hour nothing is kept', () => {
  const pace = createPace();
  pace.told(room, { faults: ['camera.held'], critical: ['camera.held'] }, 0);
  pace.tidy(61 * minute);
  pace.setClock(-61 * minute);
  expect([pace.left(room, 0), pace.wasCritical(room, 'camera.held', 0)]).toEqual([3, false]);
});
