import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ofTier } from '../../test/figures.ts';
import { proveChain } from '../audit/proof.ts';
import { ledgerVersion, openDatabase } from './schema.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sabha-cut-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const [headBytes, frameBytes] = [32, 24 + 4_096];
const most = ofTier(20, 40, 1_000);

/** Rows of each table, and whole what a migration has no reason to change. */
function heldIn(db: DatabaseSync) {
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*' ORDER BY name").all();
  const counts = tables.map(({ name }) => [name, db.prepare(`SELECT count(*) AS count FROM "${name}"`).get()?.['count']]);
  const acts = db.prepare('SELECT at, who, what, about FROM audit ORDER BY id').all();
  return { counts, acts, events: db.prepare('SELECT * FROM events').all(), version: db.prepare('PRAGMA user_version').get() };
}

test.each([1, 10, 15])(
  'F3 a ledger of version %i that is killed at any moment while it is brought to this one is brought there by the next start, with every row',
  (version) => {
    const file = join(folder, 'ledger.db');
    const old = new DatabaseSync(':memory:');
    old.exec(readFileSync(`test/fixtures/ledgers/version-${version}.sql`, 'utf8'));
    writeFileSync(file, old.serialize());
    const db = openDatabase({ file });
    const [main, log] = [readFileSync(file), readFileSync(`${file}-wal`)];
    const whole = heldIn(db);
    db.close();
    expect(whole.version).toEqual({ user_version: ledgerVersion });
    const frames = Math.floor((log.length - headBytes) / frameBytes);
    expect(frames).toBeGreaterThan(20);
    for (let frame = 0; frame <= frames; frame += Math.max(1, Math.floor(frames / most))) {
      const cut = join(folder, `cut-${frame}.db`);
      writeFileSync(cut, main);
      // In the middle of the next one.
      writeFileSync(`${cut}-wal`, log.subarray(0, headBytes + frame * frameBytes + frameBytes / 2));
      const again = openDatabase({ file: cut });
      expect(heldIn(again), `after frame ${frame} of ${frames}`).toEqual(whole);
      expect(proveChain(again).wrong).toEqual([]);
      again.close();
      rmSync(cut);
    }
  },
);
