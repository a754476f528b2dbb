import { beforeEach, expect, test } from 'vitest';
import { createLimits } from './accounts.ts';

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

const minuteMs = 60_000;

test('a name may be tried five times at once from a network, then once a minute; another name does not wait', () => {
  expect(untilWait(() => take('asha'))).toEqual([5, minuteMs]);
  up += minuteMs;
  expect([take('asha'), take('asha'), take('meera')]).toEqual([0, minuteMs, 0]);
});

test('one stranger who never rests holds a person up nowhere but in the stranger’s own network', () => {
  for (let second = 0; second < 24 * 3_600; second += 10) {
    up += 10_000;
    take('asha', '203.0.113.7');
  }
  expect(take('asha', '203.0.113.7')).toBeGreaterThan(0);
  expect(untilWait(() => take('asha', '10.0.0.1'))[0]).toBe(5);
});

test('a name that a thousand networks try waits everywhere but where it got in lately', () => {
  limits.succeeded({ name: 'asha', address: '10.0.0.1' });
  expect(untilWait((nth) => take('asha', `10.1.${nth}.1`))).toEqual([50, minuteMs]);
  expect(take('asha', '10.2.0.1')).toBe(minuteMs);
  expect(take('meera', '10.2.0.1')).toBe(0);
  expect(untilWait(() => take('asha'))[0]).toBe(5);
  up += 31 * 24 * 60 * minuteMs;
  expect(untilWait((nth) => take('asha', `10.3.${nth}.1`))[0]).toBe(50);
  expect(take('asha')).toBe(minuteMs);
});

test('an address may try twenty times whatever the names, an IPv6 network counts as one, and others are not held up', () => {
  expect(untilWait((nth) => take(`name-${nth}`))).toEqual([20, minuteMs]);
  expect(take('late', '::ffff:10.0.0.1')).toBe(minuteMs);
  expect(take('late', '10.0.0.2')).toBe(0);
  expect(untilWait((nth) => take(`six-${nth}`, `2001:db8:1:2:${nth}::1`))).toEqual([20, minuteMs]);
  expect(take('six', '2001:db8:1:3::1')).toBe(0);
});

test('an office whose people mistype every ten minutes, and log in all day, is never locked out', () => {
  for (let nth = 0; nth < 1_000; nth += 1) {
    expect(take(`typo-${nth}`)).toBe(0);
    up += 5 * minuteMs;
    expect(take(`right-${nth}`)).toBe(0);
    limits.succeeded({ name: `right-${nth}`, address: '10.0.0.1' });
    up += 5 * minuteMs;
  }
});

test('who got in there before is not held up by what others of the office mistype', () => {
  limits.succeeded({ name: 'asha', address: '10.0.0.1' });
  expect(untilWait((nth) => take(`name-${nth}`))).toEqual([20, minuteMs]);
  expect([take('asha'), take('meera')]).toEqual([0, minuteMs]);
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
  expect(untilWait(mixed)).toEqual([20, minuteMs]);
});
