import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ofTier, reportFigure } from '../../../test/figures.ts';
import { LedgerError } from './poison.ts';
import { ledgerVersion, openDatabase } from './schema.ts';
import { openStore } from './store.ts';

let folder = '';
let file = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sabha-ledger-'));
  file = join(folder, 'ledger.db');
});
afterEach(() => rmSync(folder, { recursive: true }));

function refusal(of = file): string {
  try {
    openDatabase({ file: of }).close();
  } catch (error) {
    expect(error).toBeInstanceOf(LedgerError);
    return (error as LedgerError).message;
  }
  throw new Error('it was opened');
}

function filled(commits: number): void {
  const store = openStore(openDatabase({ file }));
  for (let n = 1; n <= commits; n += 1) store.commit([[{ op: 'meta', key: `k${n}`, value: 'v'.repeat(500) }]]);
  store.close();
}

test('the ledger syncs every commit: write-ahead log and synchronous = FULL', () => {
  const db = openDatabase({ file });
  expect(db.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
  expect(db.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 });
  db.close();
});

test('a ledger of another version is refused and stays unchanged', () => {
  filled(1);
  const db = new DatabaseSync(file);
  db.exec('PRAGMA user_version = 99');
  db.close();
  expect(refusal()).toBe(`the ledger has version 99, this release reads version ${ledgerVersion} only: run the release that wrote it`);
});

describe('a damaged ledger is refused with one line and never replaced', () => {
  test('F4 a ledger file truncated after any page or within a page is refused with one line and never replaced', () => {
    filled(50);
    const whole = readFileSync(file);
    const pages = whole.length / 4096;
    expect(pages).toBeGreaterThan(30);
    for (let page = 0.5; page < pages; page += 0.5) {
      const cut = join(folder, `cut-${page}.db`);
      writeFileSync(cut, whole.subarray(0, page * 4096));
      expect(refusal(cut), `after ${page} pages`).toMatch(
        /^the ledger .* is damaged \([^\n]*\): restore a backup, or move it elsewhere to start empty$/,
      );
      expect(statSync(cut).size).toBe(page * 4096);
    }
  });

  test('an empty ledger file is refused with one line and never replaced', () => {
    writeFileSync(file, '');
    expect(refusal()).toMatch(`the ledger ${file} is damaged (it is empty)`);
    expect(existsSync(file)).toBe(true);
  });

  test('a missing ledger file with its write-ahead log still present is refused with one line', () => {
    writeFileSync(`${file}-wal`, 'x');
    expect(refusal()).toBe(`the ledger ${file} is missing, but ${file}-wal is there`);
    expect(existsSync(file)).toBe(false);
  });
});

test('a missing folder is refused with one line and no file is created', () => {
  expect(refusal(join(folder, 'none', 'ledger.db'))).toBe(
    `cannot open the ledger ${join(folder, 'none', 'ledger.db')}: ledger: unable to open database file`,
  );
});

test('F3 a write-ahead log truncated at any offset loses whole commits from the end and nothing else', { timeout: 1_800_000 }, () => {
  const commits = 6;
  const [step, tailBytes] = ofTier([20_011, 0], [997, 0], [997, 2 * 4_200]);
  let cuts = 0;
  const store = openStore(openDatabase({ file }));
  for (let n = 1; n <= commits; n += 1) store.commit([[{ op: 'meta', key: `k${n}`, value: 'v' }]]);
  const torn = join(folder, 'torn.db');
  const walBytes = statSync(`${file}-wal`).size;
  let seen = commits;
  for (let bytes = walBytes; bytes >= 0; bytes -= walBytes - bytes < tailBytes ? 1 : step, cuts += 1) {
    copyFileSync(file, torn);
    copyFileSync(`${file}-wal`, `${torn}-wal`);
    truncateSync(`${torn}-wal`, bytes);
    const reopened = openStore(openDatabase({ file: torn }));
    const keys = Object.keys(reopened.load().meta);
    expect(keys).toEqual(Array.from({ length: keys.length }, (_, index) => `k${index + 1}`));
    expect(keys.length).toBeLessThanOrEqual(seen);
    expect(reopened.audit().integrity).toBe('ok');
    seen = keys.length;
    reopened.close();
  }
  expect(seen).toBe(0);
  store.close();
  reportFigure('F3', `the ledger’s log cut at ${cuts} offsets: opened every time, lost whole commits from the end and nothing else`);
});

test('F5 a ledger whose creation ran out of space is completed by the next start', () => {
  expect(() => openDatabase({ file, limitMiB: 0.01 })).toThrow(expect.objectContaining({ code: 'full' }));
  filled(1);
});

test.skipIf(process.platform === 'win32')(
  'F6 a failed creation on a full disk leaves no empty file that the next start would refuse as damaged',
  () => {
    const script = join(folder, 'open.mjs');
    writeFileSync(
      script,
      `const { openDatabase } = await import('${new URL('./schema.ts', import.meta.url).href}');
     try { openDatabase({ file: '${file}' }); } catch (error) { console.log(error.name, error.message); }`,
    );
    const said = execFileSync('sh', ['-c', `ulimit -f 0; exec '${process.execPath}' '${script}' | cat`], { encoding: 'utf8' });
    expect(said).toMatch(new RegExp(`^LedgerError cannot open the ledger ${file}: [^\n]+\n$`));
    expect(existsSync(file)).toBe(false);
    filled(1);
  },
);

test.skipIf(process.platform === 'win32')(
  'the ledger and its write-ahead log are readable by their owner only, for a new file and for a file with open permissions',
  () => {
    const modes = () => ['', '-wal'].map((end) => (statSync(file + end).mode & 0o777).toString(8));
    const first = openDatabase({ file });
    expect(modes()).toEqual(['600', '600']);
    first.close();
    chmodSync(file, 0o644);
    const second = openDatabase({ file });
    second.exec('CREATE TABLE one (at REAL)');
    expect(modes()).toEqual(['600', '600']);
    second.close();
  },
);
