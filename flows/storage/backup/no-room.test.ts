import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { testClock } from '../../notify/people/people.test-helper.ts';
import { createBackups } from './backup.ts';
import { writeBackup } from './format/backup-file.ts';
import { restore } from './restore.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sabha-room-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const never = () => Promise.reject(new Error('it went on'));

test('F5 a copy for which there is no room is not begun: one line, and nothing is left of it', async () => {
  const ledgerFile = join(folder, 'ledger.db');
  writeFileSync(ledgerFile, '');
  // All of it a hole: it has that size, and takes nothing.
  truncateSync(ledgerFile, 2 ** 42);
  const said: string[] = [];
  const one = createBackups({
    ledgerFile,
    folder: join(folder, 'backups'),
    archives: join(folder, 'archives'),
    second: undefined,
    centre: 'ab',
    clock: testClock(),
    now: () => 1,
    passphrase: () => undefined,
    files: never,
    sign: never,
    ledger: { copyTo: never, progress: never, checkpoint: never },
    prove: never,
    say: (fault) => void said.push(fault),
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  });
  await expect(one.make()).rejects.toThrow(/^no room in .*backups: 8388608 MiB are needed, \d+ are free$/);
  expect([readdirSync(join(folder, 'backups')), said]).toEqual([[], []]);
});

test('F5 a restore for which there is no room is refused before anything is unpacked', async () => {
  const file = join(folder, 'a.backup');
  await writeBackup(file, { files: [], about: { at: 1, centre: 'ab', commits: 1 }, passphrase: undefined });
  const text = readFileSync(file, 'latin1');
  writeFileSync(file, text.replace('"bytes":0', `"bytes":${2 ** 42}`), 'latin1');
  const data = join(folder, 'data');
  const asked = { file, data, settings: join(folder, 'sabha.json'), passphrase: undefined, check: false, now: () => 1 };
  await expect(restore(asked)).rejects.toThrow(/: no room in .*data: 4613735 MiB are needed, \d+ are free; nothing is changed$/);
  expect(readdirSync(data)).toEqual([]);
});
