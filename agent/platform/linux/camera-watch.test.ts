import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '@sabha/contracts';
import { expect, it, onTestFinished } from 'vitest';
import { watchCameras } from './cameras.ts';

/** Creates a clock whose tasks run only when the test calls `run`. */
function handClock() {
  const tasks = new Map<() => void, number>();
  const clock: Clock = {
    now: () => 0,
    up: () => 0,
    after: (delayMs, task) => {
      tasks.set(task, delayMs);
      return () => void tasks.delete(task);
    },
  };
  const run = (delayMs: number) => {
    for (const [task, due] of [...tasks]) {
      if (due !== delayMs) continue;
      tasks.delete(task);
      task();
    }
  };
  return { clock, run, waits: () => [...tasks.values()] };
}

it('the camera watch calls back once, 2 s after a camera with several nodes appeared, and ignores other devices', async () => {
  const root = scratch();
  mkdirSync(join(root, 'dev'));
  const { clock, run, waits } = handClock();
  let calls = 0;
  const cancel = watchCameras(root, clock, () => {
    calls += 1;
  });
  writeFileSync(join(root, 'dev/tty9'), '');
  writeFileSync(join(root, 'dev/video0'), '');
  writeFileSync(join(root, 'dev/video1'), '');
  await expect.poll(waits).toEqual([2_000]);
  run(2_000);
  expect(calls).toBe(1);
  rmSync(join(root, 'dev/video0'));
  await expect.poll(waits).toEqual([2_000]);
  cancel();
  expect(waits()).toEqual([]);
});

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sabha-camera-watch-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
