import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { testClock } from '../../notify/people/people.test-helper.ts';
import { createDiskCheck, watchDisk } from './disk-watch.ts';

const of = (part: number) => [{ part, line: `${part}`, leftBytes: 1 }];

test('a disk reports its fault once at 80 % and once at 90 %, also if a temporary backup changes the level', () => {
  const judge = createDiskCheck();
  const both = (disk: string | null, full: string | null) => [
    { fault: 'centre.disk', reason: disk },
    { fault: 'centre.disk_full', reason: full },
  ];
  expect(judge(of(0.5))).toEqual(both(null, null));
  expect(judge(of(0.79))).toEqual([]);
  expect(judge(of(0.81))).toEqual(both('0.81', null).slice(0, 1));
  for (const part of [0.79, 0.82, 0.785]) expect(judge(of(part)), `${part}`).toEqual([]);
  expect(judge(of(0.91))).toEqual(both(null, '0.91').slice(1));
  expect(judge(of(0.7))).toEqual(both(null, null));
});

test('a ledger at 75 % of its size limit is reported at the next check, and a small ledger ends the report', async () => {
  const clock = testClock();
  const file = join(mkdtempSync(join(tmpdir(), 'sabha-disk-')), 'ledger.db');
  writeFileSync(file, Buffer.alloc(3 * 1024 * 1024 + 1));
  const heard: (string | null)[] = [];
  const end = watchDisk({
    folder: tmpdir(),
    ledgerFile: file,
    limitMiB: 4,
    clock,
    say() {},
    full: (line) => heard.push(line),
    log: { warn() {} },
  });
  await expect.poll(() => heard).toEqual([expect.stringContaining('the ledger has 75 % of the 4 MiB')]);
  truncateSync(file, 1024);
  await clock.pass(10_000);
  await expect.poll(() => heard.slice(1)).toEqual([null]);
  end();
  rmSync(dirname(file), { recursive: true });
});

test('the disk is checked every 10 s; a missing folder gives one log line and is checked again', async () => {
  const clock = testClock();
  const heard: string[] = [];
  const say = (fault: string) => void heard.push(fault);
  const log = { warn: (_: object, line: string) => void heard.push(line) };
  const watch = (folder: string) => watchDisk({ folder, ledgerFile: '/nowhere', limitMiB: 1, clock, say, full() {}, log });
  const end = watch(tmpdir());
  await expect.poll(() => heard).toEqual(['centre.disk', 'centre.disk_full']);
  end();
  const endGone = watch('/nowhere');
  await expect.poll(() => heard.at(-1)).toMatch('the free space of the disk cannot be read: ');
  heard.length = 0;
  await clock.pass(10_000);
  await expect.poll(() => heard).toHaveLength(1);
  endGone();
});
