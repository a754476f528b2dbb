import { expect, test } from 'vitest';
import { transferRate } from './train.ts';

test('the rate of the second half counts, not that of the slow beginning', () => {
  const progress = [
    { ms: 0, bytes: 14_000 },
    { ms: 300, bytes: 128_000 },
    { ms: 428, bytes: 256_000 },
  ];
  expect(transferRate(progress)).toBe(8e6);
});

test('what was over within 20 ms, came in one piece, or did not come tells nothing', () => {
  expect(
    transferRate([
      { ms: 0, bytes: 200_000 },
      { ms: 19, bytes: 256_000 },
    ]),
  ).toBeNull();
  expect(transferRate([{ ms: 5, bytes: 256_000 }])).toBeNull();
  expect(transferRate([])).toBeNull();
});
