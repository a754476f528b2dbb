/** Tests the lock and the permissions of the spool file, and files that cannot be opened. */
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openSpoolDisk } from './database.ts';

const folder = mkdtempSync(join(tmpdir(), 'sabha-spool-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const newPath = () => join(folder, `${files++}.db`);

test('openSpoolDisk refuses a file that another agent has locked, or a folder at its path, and does not treat it as damaged', () => {
  const path = newPath();
  const first = openSpoolDisk(path);
  expect(() => openSpoolDisk(path)).toThrow(expect.objectContaining({ name: 'DiskError', trouble: 'failed' }));
  first.close();
  const inTheWay = newPath();
  mkdirSync(inTheWay);
  expect(() => openSpoolDisk(inTheWay)).toThrow(expect.objectContaining({ trouble: 'failed' }));
});

test('openSpoolDisk refuses a damaged file that it cannot rename', () => {
  const path = newPath();
  writeFileSync(path, Buffer.alloc(5_000, 7));
  mkdirSync(`${path}.2.bad`);
  writeFileSync(`${path}.1.bad`, '');
  expect(() => openSpoolDisk(path)).toThrow(expect.objectContaining({ trouble: 'failed' }));
});

test.skipIf(process.platform === 'win32')(
  'only the owner can read the spool file and its WAL, also after a damaged file was replaced',
  () => {
    const path = newPath();
    const modes = () => ['', '-wal'].map((end) => (statSync(path + end).mode & 0o777).toString(8));
    const spool = openSpoolDisk(path);
    expect(modes()).toEqual(['600', '600']);
    spool.close();
    writeFileSync(path, 'no database at all, and open to all', { mode: 0o644 });
    openSpoolDisk(path).close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
  },
);
