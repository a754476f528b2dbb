import type { Inventory } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { handClock } from './agent.test-helper.ts';
import { watchInventory } from './inventory.ts';

const watchCameras = () => () => undefined;

test('a camera that came is in the inventory soon, and one that comes and goes all day makes one reading in ten minutes', async () => {
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
  // The first word to the centre does not wait for it.
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

test('an inventory that heeds no signal and never ends is given up after 60 s, and asked again an hour later', async () => {
  const [clock, read, warnings] = [handClock(), [] as Inventory[], [] as string[]];
  const answers = [new Promise<never>(() => {}), Promise.resolve({ os: 'one' })];
  const log = { info() {}, warn: (_fields: object, line: string) => void warnings.push(line) };
  const platform = { inventory: () => answers.shift() ?? Promise.reject(new Error('asked too often')), watchCameras };
  const watch = watchInventory({ platform, clock, log, onRead: (inventory) => read.push(inventory) });
  watch.start();
  await clock.pass(65_000);
  expect(warnings).toEqual(['the inventory could not be read: no end within 60 s']);
  await clock.pass(3_600_000);
  expect(read.map(({ items }) => items)).toEqual([{ os: 'one' }]);
  expect(watch.current()).toEqual(read[0]);
  watch.stop();
});
