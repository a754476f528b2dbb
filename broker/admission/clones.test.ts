import type { Clock } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { trackClones } from './admission.ts';

const minuteMs = 60_000;

function setUp() {
  const time = { up: 0 };
  const clock: Clock = { now: () => 0, up: () => time.up, after: () => () => {} };
  const clones = trackClones(clock);
  /**
   * Connects boots in the order of the letters, each letter one boot. Returns the refused boots. An admitted boot sends its birth unless
   * `isSilent` is set.
   */
  const come = (boots: string, { isOpen = true, isSilent = false } = {}) =>
    [...boots]
      .filter((boot) => {
        const refused = clones.isClone('pc', boot, isOpen);
        if (!refused && !isSilent) clones.recordPresence('pc', boot);
        return refused;
      })
      .join('');
  return { time, clones, come };
}

test('with two machines of one identity, every return from the fourth on is refused while the other machine is connected', () => {
  const { come } = setUp();
  expect(come('ABABA')).toBe('');
  expect(come('BBBB')).toBe('BBBB');
  expect(come('A')).toBe('');
});

test('if the connected clone disconnects, the other clone is admitted and the first clone must wait', () => {
  const { come } = setUp();
  come('ABABA');
  expect(come('B', { isOpen: false })).toBe('');
  expect(come('AAB')).toBe('AA');
});

test('after ten minutes one return is admitted again, so that a server that was offline detects the clones', () => {
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
