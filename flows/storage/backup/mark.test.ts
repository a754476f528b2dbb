import { copyFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ofTier } from '../../../test/figures.ts';
import { randomFrom } from '../../../test/random.ts';
import type { Progress } from '../../engine/records/ops.ts';
import { openDatabase } from '../ledger/schema.ts';
import { openStore } from '../ledger/store.ts';
import { findMissing, markText, readMark, readRestoreNote } from './watch.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sabha-mark-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const at = Date.UTC(2026, 5, 1, 0, 30);
const act = (id: number) => ({ id, at, who: 'asha', what: `act ${id}`, about: 'x'.repeat(900) });
const held: Progress = { ledger: 'a', commits: 10, lastAct: 3, head: 'f'.repeat(64), acts: [act(3)], older: null, newestAt: at };

test('findMissing reports nothing for a ledger that is not behind its mark file, or has no mark file', () => {
  expect(findMissing(held, undefined, undefined)).toBeUndefined();
  expect(findMissing(held, held, undefined)).toBeUndefined();
  expect(findMissing(held, { ...held, commits: 9 }, { at, restoredAt: at })).toBeUndefined();
});

test('missing commits are counted, and the newest five of the missing acts of people are listed', () => {
  const mark = { ...held, commits: 60, lastAct: 12, acts: [12, 11, 9, 8, 7, 6, 3, 2].map(act) };
  const found = findMissing(held, mark, undefined);
  expect(found?.acts.map(({ id }) => id)).toEqual([12, 11, 9, 8, 7, 6]);
  expect(found?.line).toMatch(
    /^the ledger went back: 50 commits and 6 acts of people are lost: asha: act 12 \(2026-06-01 00:30 UTC\); .*asha: act 7 \(.*\), and 1 more$/,
  );
  expect(findMissing({ ...held, ledger: 'b' }, held, undefined)?.line).toMatch(
    /^this is not the ledger that was in this folder before: 10 commits and at least 1 act /,
  );
});

test('a restored backup is reported with its time, also without a mark file', () => {
  const note = { at, restoredAt: at + 1 };
  expect(findMissing(held, undefined, note)?.line).toBe(
    'the ledger was restored from a backup of 2026-06-01 00:30 UTC: the actions of people after that time are lost',
  );
  expect(findMissing(held, { ...held, commits: 11 }, note)?.line).toMatch(
    /^the ledger was restored from a backup of .*: 1 commit and 0 acts of people are lost$/,
  );
});

test('the mark file returns what was written, with shortened texts; an invalid file is ignored', () => {
  const file = join(folder, 'ledger-mark.json');
  writeFileSync(file, markText(held));
  expect(readMark(file)).toMatchObject({ ledger: 'a', commits: 10, lastAct: 3, acts: [{ id: 3, who: 'asha' }] });
  expect(readFileSync(file, 'utf8').length).toBeLessThan(500);
  for (const text of ['', '{', '{"ledger":1}']) {
    writeFileSync(file, text);
    expect(readMark(file), text).toBeUndefined();
  }
  expect(readRestoreNote(folder)).toBeUndefined();
});

test('a write-ahead log that is truncated, missing or damaged gives a ledger that is refused or reported as incomplete', () => {
  const random = randomFrom(11);
  const file = join(folder, 'ledger.db');
  const store = openStore(openDatabase({ file }));
  for (let n = 1; n <= 12; n += 1) store.commit([[{ op: 'audit', at, who: 'asha', what: `act ${n}`, about: 'y'.repeat(200) }]]);
  const mark = store.progress();
  const wal = readFileSync(`${file}-wal`);
  const counts = { named: 0, refused: 0, whole: 0 };
  const torn = join(folder, 'torn.db');
  for (let seed = 0; seed < ofTier(20, 50, 1_000); seed += 1) {
    copyFileSync(file, torn);
    const place = random.below(wal.length);
    const damaged = Buffer.from(wal);
    damaged[place] = (damaged[place] ?? 0) ^ (1 << random.below(8));
    writeFileSync(`${torn}-wal`, seed % 2 === 0 ? damaged : wal);
    if (seed % 2 === 1) truncateSync(`${torn}-wal`, seed === 1 ? 0 : place);
    const found = lackOf(torn, mark);
    counts[found] += 1;
    rmSync(`${torn}-wal`, { force: true });
  }
  store.close();
  expect(counts).toMatchObject({ whole: 0, named: expect.any(Number) });
  expect(counts.named).toBeGreaterThan(0);
});

function lackOf(file: string, mark: Progress): 'named' | 'refused' | 'whole' {
  try {
    const store = openStore(openDatabase({ file }));
    const progress = store.progress();
    store.close();
    if (findMissing(progress, mark, undefined) !== undefined) return 'named';
    expect(progress).toEqual(mark);
    return 'whole';
  } catch (error) {
    if ((error as Error).name === 'LedgerError') return 'refused';
    throw error;
  }
}
