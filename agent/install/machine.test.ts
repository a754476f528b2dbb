import { existsSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { installation } from './installation.ts';
import { pathOf } from './machine.ts';
import { perform } from './steps.ts';
import { answers, listener, playWindows, unpack } from './windows.test-helper.ts';

const disk = vi.hoisted(() => ({ isHeld: (): boolean => false }));
vi.mock('node:fs', async (original) => {
  const real = await original<typeof import('node:fs')>();
  const renameSync: typeof real.renameSync = (from, to) => {
    if (disk.isHeld()) throw Object.assign(new Error('EBUSY'), { code: 'EBUSY' });
    real.renameSync(from, to);
  };
  return { ...real, renameSync };
});

test('the trigger of a minute started the old version between its end and its renaming, and the installation took all back: it is ended again', async () => {
  const windows = playWindows();
  expect(await perform(installation(windows.machine(answers)), listener())).toBe(true);
  unpack(windows.places.source, '2');
  let looks = 0;
  disk.isHeld = () => {
    looks += 1;
    if (looks === 1) windows.running.add(pathOf('run'));
    return windows.running.size > 0;
  };
  expect(await perform(installation(windows.machine()), listener())).toBe(true);
  expect([looks > 1, existsSync(`${windows.places.program}.old`)]).toEqual([true, false]);
});
