/** Tests ownership and permissions of the spool file, and files that cannot be opened. */
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openSpoolDisk } from './database.ts';

const folder = mkdtempSync(join(tmpdir(), 'sabha-spool-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const newPath = () => join(folder, `${files++}.db`);

test('a spool file that another agent has locked, or a folder at its path, is refused and does not count as damage', () => {
  const path = newPath();
  const first = openSpoolDisk(path);
  expect(() => openSpoolDisk(path)).toThrow(expect.objectContaining({ name: 'DiskError', trouble: 'failed' }));
  first.close();
  const inTheWay = newPath();
  mkdirSync(inTheWay);
  expect(() => openSpoolDisk(inTheWay)).toThrow(expect.objectContaining({ trouble: 'failed' }));
});

test('a damaged file that cannot be renamed is refused', () => {
  const path = newPath();
  writeFileSync(path, Buffer.alloc(5_000, 7));
  mkdirSync(`${path}.2.bad`);
  writeFileSync(`${path}.1.bad`, '');
  expect(() => openSpoolDisk(path)).toThrow(expect.objectContaining({ trouble: 'failed' }));
});

test.skipIf(process.platform === 'win32')(
  'the spool file and its WAL are readable by the owner only, also after a damaged file was replaced',
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
