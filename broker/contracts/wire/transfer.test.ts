import { expect, test } from 'vitest';
import { transferRate } from './train.ts';

test('the rate of a transfer is that of its second half, without the slow start of TCP', () => {
  const progress = [
    { ms: 0, bytes: 14_000 },
    { ms: 300, bytes: 128_000 },
    { ms: 428, bytes: 256_000 },
  ];
  expect(transferRate(progress)).toBe(8e6);
});

test('a transfer of less than 20 ms, of one chunk, or without data returns no rate', () => {
  expect(
    transferRate([
      { ms: 0, bytes: 200_000 },
      { ms: 19, bytes: 256_000 },
    ]),
  ).toBeNull();
  expect(transferRate([{ ms: 5, bytes: 256_000 }])).toBeNull();
  expect(transferRate([])).toBeNull();
});
