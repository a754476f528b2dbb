import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDatabase, wrongSums } from './schema.ts';
import { openStore, type Store } from './store.ts';

const pc = 'la/leh/pc-1';
const meta = (key: string, value: string | null) => ({ op: 'meta', key, value }) as const;
const timer = (id: number, dueAt: number) => {
  const message = { severity: 'major' as const, holdMs: 0, to: [] };
  return { op: 'timer' as const, timer: { id, transition: 1, node: 'next', dueAt, unlessAcknowledged: false, message } };
};

let folder = '';
let db: DatabaseSync;
let store: Store;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sabha-sums-'));
  db = openDatabase({ file: join(folder, 'ledger.db') });
  store = openStore(db);
});
afterEach(() => {
  if (db.isOpen) store.close();
  rmSync(folder, { recursive: true });
});

test('the checksums match after rows are inserted, replaced, updated and deleted by any statement', () => {
  store.commit([[{ op: 'birth', pc, spool: 'a', first: 1, last: 2, carries: null, at: 1 }, meta('a', '1'), meta('b', '2'), timer(1, 5)]]);
  store.commit([[meta('a', '3'), meta('b', null), timer(1, 6), timer(2, 7)]]);
  db.exec("UPDATE meta SET value = value || '!' WHERE key = 'a'; DELETE FROM timers WHERE id = 2; INSERT INTO meta VALUES ('c', '4')");
  expect(wrongSums(db)).toEqual([]);
});

test('the checksums match after a rollback', () => {
  store.commit([[meta('a', '1')]]);
  db.exec("BEGIN; UPDATE meta SET value = 'x'; SAVEPOINT one; DELETE FROM meta; ROLLBACK TO one; ROLLBACK");
  expect(wrongSums(db)).toEqual([]);
});

test.each([
  ['meta', "UPDATE meta SET value = '2'"],
  ['timers', 'DELETE FROM timers'],
  ['pcs', "INSERT INTO pcs VALUES ('x', '{}')"],
])('a change of %s by another program is detected by its checksum', (table, change) => {
  const file = join(folder, 'ledger.db');
  store.commit([[meta('a', '1'), timer(1, 5)]]);
  store.close();
  const other = new DatabaseSync(file);
  other.exec(change);
  expect(wrongSums(other)).toEqual([table]);
  other.close();
  if (table !== 'meta')
    expect(() => openDatabase({ file })).toThrow(`the ledger ${file} is damaged (the rows of ${table} differ from what was written)`);
});
