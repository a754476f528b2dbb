import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LedgerAudit } from '@sabha/contracts';
import { expect, onTestFinished, test } from 'vitest';
import { testClock } from '../../notify/people/people.test-helper.ts';
import { createBackups } from './backup.ts';
import type { Packed } from './format/pack.ts';

const minuteMs = 60_000;

test('a backup is made five minutes after the first start and each hour from then on, with all that waits in the write-ahead log brought into the file; one that fails is tried again after ten minutes', async () => {
  const root = mkdtempSync(join(tmpdir(), 'sabha-hourly-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const [ledgerFile, folder] = [join(root, 'ledger.db'), join(root, 'backups')];
  writeFileSync(ledgerFile, 'x');
  const clock = testClock();
  const said: string[] = [];
  const checkpoints: number[] = [];
  let files: () => Promise<Packed[]> = async () => [];
  const one = createBackups({
    ledgerFile,
    folder,
    archives: root,
    second: undefined,
    centre: 'ab',
    clock,
    now: clock.now,
    passphrase: () => undefined,
    files: () => files(),
    ledger: {
      copyTo: async (to) => writeFileSync(to, 'x'),
      progress: () => Promise.reject(),
      checkpoint: async () => void checkpoints.push(clock.now()),
    },
    prove: async () => ({ audit: { events: 1 } as LedgerAudit, damage: null }),
    sign: () => Promise.reject(),
    say: () => undefined,
    log: { info: (_, line) => said.push(line), warn: () => undefined, error: (_, line) => said.push(line) },
  });
  onTestFinished(() => one.close());
  /** The disk is real, and takes its time. */
  const after = async (minutes: number, lines: number) => {
    await clock.pass(minutes * minuteMs);
    await expect.poll(() => said.length).toBe(lines);
    return readdirSync(folder).filter((name) => name.endsWith('.backup')).length;
  };
  await one.start();
  await clock.pass(4 * minuteMs);
  expect(said).toEqual([]);
  expect(await after(1, 1)).toBe(1);
  expect(await after(59, 1)).toBe(1);
  expect(await after(1, 2)).toBe(2);
  files = () => Promise.reject(new Error('a file that cannot be read'));
  expect(await after(60, 3)).toBe(2);
  expect(said).toEqual(['backup made', 'backup made', 'no backup: a file that cannot be read']);
  files = async () => [];
  expect(await after(9, 3)).toBe(2);
  expect(await after(1, 4)).toBe(3);
  expect(checkpoints).toHaveLength(3);
});
