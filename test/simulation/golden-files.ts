/** What older versions wrote and said, each made by the code of its time: `test/fixtures/ledgers/` and `test/fixtures/talks/`. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const fixtures = join(import.meta.dirname, '../fixtures');

/** Where the ledger of a version stands. */
export function goldenFile(version: number): string {
  return join(fixtures, `ledgers/version-${version}.sql`);
}

/** Where that stands which an agent and a centre with a ledger of that version said to each other. */
export function talkFile(version: number): string {
  return join(fixtures, `talks/version-${version}.jsonl`);
}

/** The versions of which there is one, the oldest first. */
export function goldenVersions(of: 'ledgers' | 'talks'): number[] {
  return readdirSync(join(fixtures, of))
    .map((name) => Number(/^version-(\d+)\./.exec(name)?.[1]))
    .sort((a, b) => a - b);
}

/** Makes it again, as it was; without a file in memory. */
export function openGolden(version: number, file = ':memory:'): DatabaseSync {
  const db = new DatabaseSync(file);
  db.exec(readFileSync(goldenFile(version), 'utf8'));
  return db;
}
