import { beforeEach, expect, test } from 'vitest';
import { createLimits } from './limits.ts';

let up: number;
let limits: ReturnType<typeof createLimits>;
beforeEach(() => {
  up = 1;
  limits = createLimits(() => up);
});

const take = (name: string, address = '10.0.0.1') => limits.take({ name, address });
/** Tries until it is told to wait; how many tries, and how long to wait then. */
function untilWait(next: (nth: number) => number): [number, number] {
  for (let nth = 0; nth < 100; nth += 1) {
    const waitMs = next(nth);
    if (waitMs > 0) return [nth, waitMs];
  }
  return [100, 0];
}

test('a name is tried five times at once, then after waits that double up to five minutes, from wherever it is tried', () => {
  const from = (nth: number) => take('asha', `10.0.1.${nth}`);
  expect(untilWait(from)).toEqual([5, 1_000]);
  const waits: number[] = [];
  for (let round = 0; round < 11; round += 1) {
    up += take('asha', '10.0.2.1');
    expect(take('asha', `10.0.3.${round}`)).toBe(0);
    waits.push(take('asha', '10.0.2.2'));
  }
  expect(waits).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000, 300_000]);
  expect(take('meera', '10.0.2.9')).toBe(0);
});

test('an address may try twenty times whatever the names, an IPv6 network counts as one, and others are not held up', () => {
  expect(untilWait((nth) => take(`name-${nth}`))).toEqual([20, 1_000]);
  expect(take('late', '::ffff:10.0.0.1')).toBe(1_000);
  expect(take('late', '10.0.0.2')).toBe(0);
  expect(untilWait((nth) => take(`six-${nth}`, `2001:db8:1:2:${nth}::1`))).toEqual([20, 1_000]);
  expect(take('six', '2001:db8:1:3::1')).toBe(0);
});

test('a right password begins the name anew, and of the address takes back only itself', () => {
  for (let nth = 0; nth < 4; nth += 1) take('asha');
  limits.succeeded({ name: 'asha', address: '10.0.0.1' });
  expect(untilWait(() => take('asha'))[0]).toBe(5);
  up += 3_600_001;
  const mixed = (nth: number) => {
    if (take('own') === 0) limits.succeeded({ name: 'own', address: '10.0.0.1' });
    return take(`victim-${nth}`);
  };
  expect(untilWait(mixed)).toEqual([20, 1_000]);
});

test('after an hour without a try everything is forgotten', () => {
  expect(untilWait(() => take('asha'))[0]).toBe(5);
  up += 3_600_001;
  expect(untilWait(() => take('asha'))[0]).toBe(5);
});

test('a flood of names takes no more memory: the oldest are forgotten, the latest are not', () => {
  for (let nth = 0; nth < 5; nth += 1) take('asha', '10.9.9.9');
  const flood = (count: number) => {
    for (let nth = 0; nth < count; nth += 1) take(`flood-${nth}`, `10.1.${nth >> 8}.${nth & 255}`);
  };
  flood(4_900);
  expect(take('asha', '10.9.9.8')).toBe(1_000);
  flood(5_100);
  expect(take('asha', '10.9.9.8')).toBe(0);
});

test('two networks that both begin before a gap of zeros are two', () => {
  expect(untilWait((nth) => take(`one-${nth}`, `2001:db8::${nth}`))).toEqual([20, 1_000]);
  expect(take('other', '2001:db8::7:1:2:3:4')).toBe(0);
});
