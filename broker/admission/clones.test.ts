import type { Clock } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { createClones } from './admission.ts';

const minuteMs = 60_000;

function setUp() {
  const time = { up: 0 };
  const clock: Clock = { now: () => 0, up: () => time.up, after: () => () => {} };
  const clones = createClones(clock);
  /** One letter is one boot; the answer says who was refused. Who is let in says its birth, unless it is thrown out before. */
  const come = (boots: string, { isOpen = true, isSilent = false } = {}) =>
    [...boots]
      .filter((boot) => {
        const refused = clones.refuses('pc', boot, isOpen);
        if (!refused && !isSilent) clones.spoke('pc', boot);
        return refused;
      })
      .join('');
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
  come('ABABA');
  expect(come('B', { isOpen: false })).toBe('');
  expect(come('AAB')).toBe('AA');
});

test('a centre that was away when they were heard hears of them ten minutes later, one return each ten minutes', () => {
  const { time, come } = setUp();
  come('BABAB');
  for (const [waits, comes] of ['AB', 'BA', 'AB']) {
    time.up += 10 * minuteMs - 1;
    expect(come(waits ?? '')).toBe(waits);
    time.up += 1;
    expect(come(waits ?? '')).toBe('');
    expect(come(comes ?? '')).toBe(comes);
  }
});
