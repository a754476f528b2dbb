import { beforeEach, expect, test } from 'vitest';
import { createSignInLimits } from './accounts.ts';

let up: number;
let limits: ReturnType<typeof createSignInLimits>;
beforeEach(() => {
  up = 1;
  limits = createSignInLimits(() => up);
});

const take = (name: string, address = '10.0.0.1') => limits.take({ name, address });
/** Repeats an attempt until it is delayed. Returns the number of attempts and the waiting time. */
function untilWait(next: (nth: number) => number): [number, number] {
  for (let nth = 0; nth < 100; nth += 1) {
    const waitMs = next(nth);
    if (waitMs > 0) return [nth, waitMs];
  }
  return [100, 0];
}

const minuteMs = 60_000;

test('a name has five attempts at once from a network, then one a minute, and another name is not delayed', () => {
  expect(untilWait(() => take('asha'))).toEqual([5, minuteMs]);
  up += minuteMs;
  expect([take('asha'), take('asha'), take('meera')]).toEqual([0, minuteMs, 0]);
});

test('constant attempts from one network delay that name in that network only', () => {
  for (let second = 0; second < 24 * 3_600; second += 10) {
    up += 10_000;
    take('asha', '203.0.113.7');
  }
  expect(take('asha', '203.0.113.7')).toBeGreaterThan(0);
  expect(untilWait(() => take('asha', '10.0.0.1'))[0]).toBe(5);
});

test('a name under attack from many networks is delayed everywhere except where it signed in recently', () => {
  limits.succeeded({ name: 'asha', address: '10.0.0.1' });
  expect(untilWait((nth) => take('asha', `10.1.${nth}.1`))).toEqual([50, minuteMs]);
  expect(take('asha', '10.2.0.1')).toBe(minuteMs);
  expect(take('meera', '10.2.0.1')).toBe(0);
  expect(untilWait(() => take('asha'))[0]).toBe(5);
  up += 31 * 24 * 60 * minuteMs;
  expect(untilWait((nth) => take('asha', `10.3.${nth}.1`))[0]).toBe(50);
  expect(take('asha')).toBe(minuteMs);
});

test('a network has 20 attempts for all names together, an IPv6 /64 counts as one, and other networks are not delayed', () => {
  expect(untilWait((nth) => take(`name-${nth}`))).toEqual([20, minuteMs]);
  expect(take('late', '::ffff:10.0.0.1')).toBe(minuteMs);
  expect(take('late', '10.0.0.2')).toBe(0);
  expect(untilWait((nth) => take(`six-${nth}`, `2001:db8:1:2:${nth}::1`))).toEqual([20, minuteMs]);
  expect(take('six', '2001:db8:1:3::1')).toBe(0);
});

test('a network with a wrong password every ten minutes and successful sign-ins is never delayed', () => {
  for (let nth = 0; nth < 1_000; nth += 1) {
    expect(take(`typo-${nth}`)).toBe(0);
    up += 5 * minuteMs;
    expect(take(`right-${nth}`)).toBe(0);
    limits.succeeded({ name: `right-${nth}`, address: '10.0.0.1' });
    up += 5 * minuteMs;
  }
});

test('a name that signed in from the network before is not delayed by wrong passwords for other names', () => {
  limits.succeeded({ name: 'asha', address: '10.0.0.1' });
  expect(untilWait((nth) => take(`name-${nth}`))).toEqual([20, minuteMs]);
  expect([take('asha'), take('meera')]).toEqual([0, minuteMs]);
});

test('a successful sign-in resets its own name, and gives back one attempt to the network', () => {
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
