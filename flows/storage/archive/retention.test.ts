import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LeavingPage, Ledger, Op, PagePlace } from '../../engine/records/ops.ts';
import { openInThread } from '../ledger/ledger.ts';
import { openDatabase } from '../ledger/schema.ts';
import { archiveFile, faultyArchives, readSegment, runRetention } from './retention.ts';

const pc = 'la/leh/pc-1';
const dayMs = 86_400_000;
const begin = Date.UTC(2026, 5, 1);
const kept = { eventDays: 2, archiveMonths: 13, historyDays: 400 };
const month = '2026-06';
const quiet = { info: () => undefined, error: () => undefined };
/** Runs `run` at once instead of after the pause between two slices. */
function after(_: number, run: () => void): () => void {
  queueMicrotask(run);
  return () => undefined;
}

const clock = { now: () => 0, up: () => 0, after };

let root = '';
let db: DatabaseSync;
let ledger: Ledger;
let nowMs = begin;

const file = () => join(root, 'ledger.db');
const folder = () => join(root, 'archives');

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sabha-archive-'));
  nowMs = begin;
  openIt();
});
afterEach(() => {
  db.close();
  rmSync(root, { recursive: true });
});

function openIt(): void {
  db = openDatabase({ file: file() });
  ledger = openInThread(db);
}

function kill(): void {
  db.close();
  openIt();
}

function archive({ passphrase, ...edit }: { ledger?: Ledger; passphrase?: string; settings?: typeof kept } = {}) {
  const at = { ledgerFile: file(), folder: folder(), now: () => nowMs, settledAt: () => nowMs };
  return runRetention({ ledger, settings: kept, ...at, passphrase: () => passphrase, clock, log: quiet, ...edit });
}

function birth(last: number, spool = 'a', of = pc): Op {
  return { op: 'birth', pc: of, spool, first: 1, last, carries: null, at: nowMs };
}

function event(seq: number, spool = 'a', text = `said ${seq}`): Op {
  return { op: 'event', pc, event: { spool, seq, boot: 'b', at: seq, grade: 'event', kind: 'test', body: { text } }, at: nowMs };
}

/** Commits the events from `a` to `b`, spread over one day. */
async function day(a: number, b: number, spool = 'a'): Promise<void> {
  const eachMs = dayMs / (b - a + 1);
  for (let seq = a; seq <= b; seq += 1) {
    await ledger.commit([event(seq, spool)]);
    nowMs += eachMs;
  }
}

async function archivedLines(passphrase?: string): Promise<string[]> {
  const found: string[] = [];
  const segments = db.prepare('SELECT month, at, bytes, sha256 FROM archive_segments ORDER BY month, at').all();
  for (const { month: of, at, bytes, sha256 } of segments)
    for await (const line of readSegment(
      { folder: folder(), month: String(of), at: Number(at), passphrase },
      { bytes: Number(bytes), sha256: String(sha256) },
    ))
      found.push(line);
  return found;
}

const numbersIn = (lines: readonly string[]) => lines.map((line) => Number((JSON.parse(line) as unknown[])[2]));
const numbersHeld = () =>
  db
    .prepare('SELECT seq FROM events ORDER BY seq')
    .all()
    .map(({ seq }) => Number(seq));
const wrong = () => faultyArchives(db, folder(), () => true);

test('events older than two days move to the archive of their month and all counts stay the same', { tags: ['long'] }, async () => {
  await ledger.commit([birth(40)]);
  await day(1, 10);
  await day(11, 20);
  const before = await ledger.audit();
  nowMs = begin + 2.5 * dayMs;
  expect(await archive({ passphrase: 'correct horse' })).toEqual({ archived: 5 });
  expect([numbersHeld()[0], numbersHeld().length]).toEqual([6, 15]);
  const { archived, ...after } = await ledger.audit();
  expect([archived, after]).toEqual([5, before]);
  expect(numbersIn(await archivedLines('correct horse'))).toEqual(Array.from({ length: 5 }, (_, index) => index + 1));
  await expect(archivedLines('wrong')).rejects.toThrow('the passphrase is wrong');
  expect(readFileSync(archiveFile(folder(), month)).includes('said')).toBe(false);
  nowMs += dayMs / 2;
  await archive({ passphrase: 'correct horse' });
  expect([readdirSync(folder()), wrong()]).toEqual([[`${month}.archive`], []]);
  expect(numbersIn(await archivedLines('correct horse')).length).toBe(10);
  expect(db.prepare('SELECT spool, a, count FROM archive_spools').all()).toMatchObject([{ spool: 1, a: 1, count: 10 }]);
});

test('an event that is resent after archiving is neither applied nor a fork, and the last event of a spool keeps its hash', async () => {
  await ledger.commit([birth(3), event(1), event(2), event(3)]);
  nowMs += 40 * dayMs;
  await archive();
  expect(numbersHeld()).toEqual([3]);
  const again = await ledger.commit([birth(3), event(1), event(2, 'a', 'other'), event(3)]);
  expect(again).toMatchObject({ applied: 0, gaps: 0, cursors: [{ upTo: 3, mark: expect.any(String) }] });
  expect(await ledger.audit()).toMatchObject({ events: 3, archived: 2, gaps: 0, forks: 0, dropped: 0 });
});

test('a missing number between archived events stays a gap, and its event is archived if it arrives later', async () => {
  await ledger.commit([birth(6), event(1), event(2), event(5), event(6)]);
  // Another spool replaces this spool, so its events 3 and 4 are lost.
  await ledger.commit([birth(1, 'b'), event(1, 'b')]);
  expect((await ledger.audit()).gaps).toBe(2);
  nowMs += 3 * dayMs;
  await archive();
  expect(db.prepare('SELECT a, b FROM archived').all()).toMatchObject([
    { a: 1, b: 2 },
    { a: 5, b: 5 },
  ]);
  expect(await ledger.audit()).toMatchObject({ events: 5, archived: 3, gaps: 2 });
  expect(await ledger.commit([birth(6), event(3), event(4)])).toMatchObject({ applied: 2, cursors: [{ upTo: 6 }] });
  expect(await ledger.audit()).toMatchObject({ events: 7, archived: 3, gaps: 0 });
  nowMs += 3 * dayMs;
  await archive();
  expect(db.prepare('SELECT a, b FROM archived WHERE spool = 1').all()).toMatchObject([{ a: 1, b: 5 }]);
  expect([numbersIn(await archivedLines()), wrong()]).toEqual([[1, 2, 5, 3, 4], []]);
});

test('the retention neither loses nor duplicates an event if it is killed at any step', async () => {
  await ledger.commit([birth(300)]);
  await ledger.commit(Array.from({ length: 300 }, (_, index) => event(index + 1)));
  nowMs += 3 * dayMs;
  // Each attempt is killed one operation later than the attempt before.
  let tries = 0;
  for (let steps = 1, done = false; !done; steps += 1, tries += 1) {
    let left = steps;
    const dying = Object.fromEntries(
      Object.entries(ledger).map(([name, step]) => [
        name,
        async (...args: never[]) => {
          left -= 1;
          if (left < 0) throw new Error('killed');
          return (step as (...all: never[]) => unknown)(...args);
        },
      ]),
    ) as unknown as Ledger;
    done = await archive({ ledger: dying }).then(
      () => true,
      () => false,
    );
    // Simulates an incomplete segment after the valid end of an archive.
    if (!done && statSync(folder(), { throwIfNoEntry: false }) && readdirSync(folder()).length > 0)
      writeFileSync(archiveFile(folder(), month), 'half a segment', { flag: 'a' });
    kill();
    const { events, gaps, twice } = await ledger.audit();
    expect([events, gaps, twice, wrong()], `after ${steps} steps`).toEqual([300, 0, 0, []]);
  }
  expect(tries).toBeGreaterThan(6);
  expect([numbersHeld(), numbersIn(await archivedLines())]).toEqual([[300], Array.from({ length: 299 }, (_, index) => index + 1)]);
});

test('a missing, truncated or damaged archive is reported with its name', async () => {
  await ledger.commit([birth(9), ...Array.from({ length: 9 }, (_, index) => event(index + 1))]);
  nowMs += 3 * dayMs;
  await archive();
  const path = archiveFile(folder(), month);
  const whole = readFileSync(path);
  expect(wrong()).toEqual([]);
  const turned = Buffer.from(whole);
  turned[whole.length - 20] = (turned[whole.length - 20] ?? 0) ^ 1;
  writeFileSync(path, turned);
  expect(wrong()).toEqual([`${month}.archive is damaged: 1 of 1 segments, the first at byte 0`]);
  truncateSync(path, whole.length - 1);
  expect(wrong()).toEqual([`${month}.archive is cut: ${whole.length - 1} bytes are there of ${whole.length}`]);
  rmSync(path);
  expect(wrong()).toEqual([`${month}.archive is missing`]);
});

test('months beyond the retention expire, oldest first, their files are deleted by the next run, and all counts stay right', async () => {
  const settings = { ...kept, archiveMonths: 2 };
  await ledger.commit([birth(99)]);
  for (let seq = 1; seq <= 5; seq += 1) {
    await ledger.commit([event(seq)]);
    nowMs += 31 * dayMs;
    await archive({ settings });
  }
  expect(readdirSync(folder())).toEqual(['2026-08.archive', '2026-10.archive', '2026-11.archive']);
  expect(wrong()).toEqual([]);
  await archive({ settings });
  expect(readdirSync(folder())).toEqual(['2026-10.archive', '2026-11.archive']);
  expect(await ledger.audit()).toMatchObject({ events: 5, archived: 4, gaps: 0 });
});

test('the retention archives events of a time when the clock was a year ahead like other events', async () => {
  nowMs = begin + 366 * dayMs;
  await ledger.commit([birth(9), event(1)]);
  nowMs = begin;
  await ledger.commit([event(2), event(3)]);
  nowMs += 3 * dayMs;
  await archive();
  expect(numbersHeld()).toEqual([3]);
});

test('events of a PC or site are read page by page, including the newest, without those of a path with the same prefix', async () => {
  const [other, alike] = ['la/leh/pc-2', 'la/leh-2/pc-1'];
  await ledger.commit([birth(300), ...Array.from({ length: 300 }, (_, index) => event(index + 1))]);
  for (const of of [other, alike]) await ledger.commit([birth(1, 'b', of), { ...event(1, 'b'), pc: of } as Op]);
  const read = async (path: string) => {
    const pages: string[][] = [];
    for (let from: PagePlace | null = { spool: 0, seq: 0 }; from !== null; ) {
      const page: LeavingPage = await ledger.page({ path, after: from });
      pages.push(page.events.map(({ pc: of, seq }) => `${of} ${seq}`));
      from = page.next;
    }
    return pages;
  };
  const own = Array.from({ length: 300 }, (_, index) => `${pc} ${index + 1}`);
  expect((await read(pc)).map(({ length }) => length)).toEqual([128, 128, 44]);
  expect((await read(pc)).flat()).toEqual(own);
  expect((await read('la/leh')).flat()).toEqual([...own, `${other} 1`]);
  expect(await read(alike)).toEqual([[`${alike} 1`]]);
  expect(await ledger.held('la/nowhere')).toEqual({ known: false, months: [], segments: [] });
});
