import { expect, test } from 'vitest';
import type { Clock } from '#contracts';
import { createClones } from './clones.ts';

const hourMs = 3_600_000;

function setUp() {
  const time = { up: 0 };
  const clock: Clock = { now: () => 0, up: () => time.up, after: () => () => {} };
  const clones = createClones(clock);
  /** One letter is one boot; the answer says who was refused. */
  const come = (boots: string, isOpen = true) => [...boots].filter((boot) => clones.refuses('pc', boot, isOpen)).join('');
  return { time, clones, come };
}

test('of two machines with one identity the fourth return is refused while the other is connected, and all that follow', () => {
  const { come } = setUp();
  expect(come('ABABA')).toBe('');
  expect(come('BBBB')).toBe('BBBB');
  expect(come('A')).toBe('');
});

test('where the one that was let in is gone, the other comes in, and the first has to wait', () => {
  const { come } = setUp();
  come('ABABAB');
  expect(come('B', false)).toBe('');
  expect(come('AAB')).toBe('AA');
});

test('of twenty machines one stays', () => {
  const { come } = setUp();
  come('ABCDEFGHIJKLMNOPQRSTSTST');
  expect(new Set(come('ABCDEFGHIJKLMNOPQRST'.repeat(3))).size).toBe(19);
});

test('a machine that reboots, reconnects or says no boot is never refused', () => {
  const { clones, come } = setUp();
  expect(come('AABBBCDDEFFFGHIJ')).toBe('');
  for (let n = 0; n < 10; n += 1) expect(clones.refuses('other', undefined, true)).toBe(false);
});

test('an hour without a return is forgotten', () => {
  const { time, come } = setUp();
  come('ABABA');
  time.up = hourMs;
  expect(come('BAB')).toBe('');
  expect(come('A')).toBe('A');
});
