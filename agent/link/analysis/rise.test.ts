import { expect, test } from 'vitest';
import { coldestOf, compareRise, emptyMemory, usualRise, withHour, withRise } from './rise.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const key = 'rest/room';

function daysOf(rises: readonly number[], samples = 20) {
  return rises.reduce((memory, rise, day) => {
    let next = memory;
    for (let n = 0; n < samples; n += 1) next = withRise(next, key, { at: day * dayMs + n * 60_000, rise });
    return next;
  }, emptyMemory);
}

test('what is usual is the median of the days before today, from three days on', () => {
  expect(usualRise(daysOf([20, 22]), key, 2 * dayMs)).toBeNull();
  expect(usualRise(daysOf([20, 22, 21]), key, 2 * dayMs)).toBeNull();
  expect(usualRise(daysOf([20, 22, 21]), key, 3 * dayMs)).toBe(21);
  expect(usualRise(daysOf([20, 22, 21, 40]), key, 4 * dayMs)).toBe(21.5);
  expect(usualRise(daysOf([20, 22, 21], 9), key, 3 * dayMs)).toBeNull();
  expect(usualRise(daysOf([20, 22, 21]), 'load/room', 3 * dayMs)).toBeNull();
});

test('a fortnight is remembered and no more, however long the PC lives; a clock that was wrong for a day forgets nothing', () => {
  const memory = daysOf(Array.from({ length: 60 }, (_, day) => day));
  expect(memory.days[key]?.length).toBeLessThanOrEqual(15);
  expect(usualRise(memory, key, 60 * dayMs)).toBe(52.5);
  const wrong = withRise(memory, key, { at: 0, rise: 99 });
  expect(usualRise(wrong, key, 0)).toBeNull();
  expect(usualRise(withRise(wrong, key, { at: 60 * dayMs, rise: 1 }), key, 60 * dayMs)).toBe(52.5);
});

test('the coldest of the last 24 hours is known from 12 of them on', () => {
  let memory = emptyMemory;
  for (let hour = 0; hour < 11; hour += 1) memory = withHour(memory, hour * hourMs, 30 - hour);
  expect(coldestOf(memory)).toBeNull();
  memory = withHour(memory, 11 * hourMs, 40);
  expect(coldestOf(memory)).toBe(20);
  memory = withHour(memory, 11 * hourMs + 60_000, 18);
  expect(coldestOf(memory)).toBe(18);
  for (let hour = 12; hour < 40; hour += 1) memory = withHour(memory, hour * hourMs, 35);
  expect(coldestOf(memory)).toBe(35);
  expect(memory.hours).toHaveLength(24);
});

test.each([
  [25, 20, 1, 1.25, false],
  [25.1, 20, 1, 1.255, true],
  [20, 20, 1.42, 1, false],
  [6, 4, 1, 1.5, false],
  [10, 6, 1.42, 1.667, true],
  [5, -1, 1, 1, false],
])('%s degrees over the room instead of %s, at a factor of %s, is %s times as usual: high %s', (rise, usual, factor, ratio, isHigh) => {
  const compared = compareRise(rise, usual, factor);
  expect(compared.ratio).toBeCloseTo(ratio, 3);
  expect(compared.isHigh).toBe(isHigh);
});
