import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { testClock } from '../people/people.test-helper.ts';
import { createDiskJudge, watchDisk } from './disk-watch.ts';

const of = (part: number) => [{ part, line: `${part}` }];

test('a disk at 80 and at 90 % is told once each, and a backup that comes and goes tells nothing', () => {
  const judge = createDiskJudge();
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

test('a ledger that has nearly all that it may have is told as a full disk is', () => {
  const judge = createDiskJudge();
  judge(of(0.1));
  expect(judge([...of(0.1), { part: 0.95, line: 'the ledger' }]).map(({ reason }) => reason)).toEqual(['the ledger', 'the ledger']);
});

test('the disk of a folder is looked at each minute; one that is gone is one line of the log and is looked at again', async () => {
  const clock = testClock();
  const heard: string[] = [];
  const say = (fault: string) => void heard.push(fault);
  const log = { warn: (_: object, line: string) => void heard.push(line) };
  const watch = (folder: string) => watchDisk({ folder, ledgerFile: '/nowhere', limitMiB: 1, clock, say, log });
  const end = watch(tmpdir());
  await expect.poll(() => heard).toEqual(['centre.disk', 'centre.disk_full']);
  end();
  const endGone = watch('/nowhere');
  await expect.poll(() => heard.at(-1)).toMatch('how full the disk is cannot be read: ');
  heard.length = 0;
  await clock.pass(60_000);
  await expect.poll(() => heard).toHaveLength(1);
  endGone();
});
