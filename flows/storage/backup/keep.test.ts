import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { backupName, backupsIn, deleteExpired, expired } from './backup.ts';

const hourMs = 3_600_000;
const start = Date.UTC(2026, 5, 1, 0, 30);

/** Returns the backups that are left after this number of hours. Each hour one backup is made, and expired ones are deleted. */
function leftAfter(hours: number): number[] {
  let times: number[] = [];
  for (let hour = 0; hour < hours; hour += 1) {
    times.push(start + hour * hourMs);
    const gone = new Set(expired(times));
    times = times.filter((at) => !gone.has(at));
  }
  return times;
}

test('a year of hourly backups leaves 24 hours, 14 days and 8 weeks, each once', () => {
  const left = leftAfter(365 * 24);
  const newest = left.at(-1) ?? 0;
  expect(newest).toBe(start + (365 * 24 - 1) * hourMs);
  expect(left.filter((at) => newest - at < 24 * hourMs)).toHaveLength(24);
  expect(left.filter((at) => newest - at < 14 * 24 * hourMs).length).toBeGreaterThanOrEqual(24 + 12);
  expect((newest - (left[0] ?? 0)) / (7 * 24 * hourMs)).toBeGreaterThan(6);
  expect(left.length).toBeLessThanOrEqual(24 + 14 + 8);
});

test('a year without backups deletes none, and a clock that is ahead does not delete the newest', () => {
  const left = leftAfter(24 * 30);
  expect(expired(left)).toEqual([]);
  const ahead = [...left, start + 10 * 365 * 24 * hourMs];
  expect(expired(ahead).length).toBeLessThanOrEqual(3);
  expect(expired([start])).toEqual([]);
});

test('deleteExpired deletes partial backup files and keeps foreign files; a file name contains the time to the second', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sabha-keep-'));
  expect(backupName(start)).toBe('sabha-20260601T003000Z.backup');
  const names = Array.from({ length: 60 }, (_, hour) => backupName(start + hour * hourMs));
  for (const name of [...names, 'notes.txt', 'sabha-20260601T003000Z.backup.part']) writeFileSync(join(folder, name), '');
  await deleteExpired(folder, names.at(-1) ?? '');
  const found = await backupsIn(folder);
  expect(found.at(-1)).toEqual({ at: start + 59 * hourMs, file: join(folder, names[59] ?? '') });
  expect(found.length).toBeLessThan(30);
  expect(readdirSync(folder).filter((name) => !name.endsWith('.backup'))).toEqual(['notes.txt']);
  expect(await backupsIn(join(folder, 'none'))).toEqual([]);
  rmSync(folder, { recursive: true });
});
