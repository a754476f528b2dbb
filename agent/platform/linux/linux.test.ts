import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { realClock } from '@sabha/contracts';
import { expect, it } from 'vitest';
import { createLinux, sharedReading } from './linux.ts';
import { tree } from './tree.test-helper.ts';

const signal = new AbortController().signal;

it('the Linux platform reads the sound devices once for concurrent callers, and again after the time to live or a change', async () => {
  let [up, reads] = [0, 0];
  const waiting: (() => void)[] = [];
  const read = async () => {
    reads += 1;
    const own = reads;
    await new Promise<void>((resolve) => waiting.push(resolve));
    return own;
  };
  let keptMs = 2_000;
  const { ask, forget } = sharedReading(read, { up: () => up, keptMs: () => keptMs });
  const early = [ask(signal), ask(signal)];
  up = 9_000;
  early.push(ask(signal));
  waiting.shift()?.();
  expect(await Promise.all(early)).toEqual([1, 1, 1]);
  up = 11_000;
  expect(await ask(signal)).toBe(1);
  const answered = async (promise: Promise<number>) => {
    waiting.shift()?.();
    return promise;
  };
  up = 11_001;
  expect(await answered(ask(signal))).toBe(2);
  forget();
  expect(await answered(ask(signal))).toBe(3);
  await expect(ask(AbortSignal.abort(new Error('late')))).rejects.toThrow('late');
  keptMs = 0;
  up += 1;
  expect(await answered(ask(signal))).toBe(4);
});

it('the Linux platform returns unknown cameras if no session runs, because its PipeWire might list a camera', async () => {
  const root = tree({ 'sys/class/note': '', 'session/note': '', 'bin/note': '' });
  writeFileSync(join(root, 'bin/pw-dump'), '#!/bin/sh\nexit 1\n');
  chmodSync(join(root, 'bin/pw-dump'), 0o755);
  const camerasIn = (session: object) =>
    createLinux({ root, env: { PATH: `${root}/bin:/usr/bin:/bin`, ...session }, clock: realClock() }).cameras(signal);
  const unseen = { known: false, reason: 'only the session at the PC knows its cameras' };
  expect(await camerasIn({})).toEqual(unseen);
  expect(await camerasIn({ XDG_RUNTIME_DIR: join(root, 'nobody') })).toEqual(unseen);
  // A session runs without PipeWire, so the empty list of the kernel is complete.
  expect(await camerasIn({ XDG_RUNTIME_DIR: join(root, 'session') })).toEqual({ known: true, value: [] });
});
