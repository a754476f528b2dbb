import { expect, test } from 'vitest';
import { handClock } from './agent.test-helper.ts';
import { watchInventory } from './inventory.ts';

test('watchInventory reads the hardware soon after a camera change, and at most once in ten minutes while changes continue', async () => {
  const clock = handClock();
  let [readings, watches] = [0, 0];
  let change = () => {};
  const platform = {
    inventory: async () => {
      readings += 1;
      return { readings };
    },
    watchCameras: (changed: () => void) => {
      watches += 1;
      change = changed;
      return () => {
        watches -= 1;
      };
    },
  };
  const watch = watchInventory({ platform, clock, log: { info() {}, warn() {} }, onRead: () => undefined });
  watch.start();
  await clock.pass(4_000);
  // The first read comes after the birth, so it has not happened yet.
  expect(readings).toBe(0);
  await clock.pass(20 * 60_000);
  expect(readings).toBe(1);
  change();
  await clock.pass(29_000);
  expect(readings).toBe(1);
  await clock.pass(1_000);
  expect(readings).toBe(2);
  for (let second = 0; second < 3_600; second += 1) {
    change();
    await clock.pass(1_000);
  }
  expect(readings).toBe(8);
  await clock.pass(600_000);
  const before = readings;
  await clock.pass(23 * 3_600_000);
  expect(readings).toBe(before);
  watch.stop();
  expect(watches).toBe(0);
});
