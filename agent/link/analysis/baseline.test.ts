import { expect, it } from 'vitest';
import { usualLimitMs, withWindow } from '../measure/quality-history.ts';

const after = (ms: readonly number[]) => ms.reduce<readonly number[]>(withWindow, []);
const times = (count: number, ms: number) => Array.from({ length: count }, () => ms);

it('knows what is usual from the twelfth window on: the median and at least 50 ms, or four times its own spread', () => {
  expect(usualLimitMs(after(times(11, 620)))).toBeUndefined();
  expect(usualLimitMs(after(times(12, 620)))).toBe(670);
  expect(usualLimitMs(after([...times(6, 600), ...times(6, 640)]))).toBe(620 + 4 * 20);
});

it('takes a detour for usual when it has stayed for half of what it remembers, and remembers no more than that', () => {
  const detour = (windows: number) => usualLimitMs(after([...times(288, 40), ...times(windows, 140)]));
  expect(detour(143)).toBe(90);
  expect(detour(145)).toBe(190);
  expect(after(times(1_000, 40))).toHaveLength(288);
});
