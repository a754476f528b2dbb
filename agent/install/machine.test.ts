import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { installation } from './installation.ts';
import { pathOf } from './machine.ts';
import { perform } from './steps.ts';
import { answers, listener, playWindows, unpack } from './windows.test-helper.ts';

test('the trigger of a minute started the old version between its end and its renaming, and the installation took all back: it is ended again', async () => {
  const windows = playWindows();
  expect(await perform(installation(windows.machine(answers)), listener())).toBe(true);
  unpack(windows.places.source, '2');
  let looks = 0;
  const machine = windows.machine();
  const rename: typeof machine.rename = (from, to) => {
    looks += 1;
    if (looks === 1) windows.running.add(pathOf('run'));
    if (windows.running.size > 0) throw Object.assign(new Error('EBUSY'), { code: 'EBUSY' });
    machine.rename(from, to);
  };
  expect(await perform(installation({ ...machine, rename }), listener())).toBe(true);
  expect([looks > 1, existsSync(`${windows.places.program}.old`)]).toEqual([true, false]);
});
