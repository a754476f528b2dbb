// @module-tag long
/**
 * Tests F24: a ledger of version 18 (`test/fixtures/ledger-18.sql`), once converted, opens completely, and the server continues with it.
 */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { realClock } from '@sabha/contracts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventsIn } from '../../flows/storage/archive/events.ts';
import { proofOf } from '../../flows/storage/backup/proof.ts';
import { openArchiveRows } from '../../flows/storage/ledger/archive-rows.ts';
import { openDatabase } from '../../flows/storage/ledger/schema.ts';
import { openStore } from '../../flows/storage/ledger/store.ts';
import { convertLedger } from '../convert-ledger.ts';
import { nothingWaits, spoolsAreEmpty } from './audit.ts';
import { rowsOf } from './rows.ts';
import { auditOf, camera, mailTo, minute } from './scene.ts';
import { createWorld } from './world.ts';

let folder = '';
let file = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sabha-golden-'));
  file = join(folder, 'ledger.db');
});
afterEach(() => rmSync(folder, { recursive: true }));

type Row = Record<string, unknown>;
type Tables = Map<string, Row[]>;

/** Returns all rows of all tables except `sums`, whose content differs between versions. */
function tablesOf(db: DatabaseSync): Tables {
  const names = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*' AND name <> 'sums'").all();
  return new Map(names.map(({ name }) => [String(name), db.prepare(`SELECT * FROM ${name}`).all()]));
}

/** Writes the ledger of version 18 to the file, and returns its rows. */
function writeOld(): Tables {
  const db = new DatabaseSync(file);
  db.exec(readFileSync(join(import.meta.dirname, '../fixtures/ledger-18.sql'), 'utf8'));
  const tables = tablesOf(db);
  db.close();
  return tables;
}

/** Returns the old rows for which no new row has the same columns and values. */
function missing(was: readonly Row[], now: readonly Row[]): Row[] {
  const left = now.map((row) => ({ ...row }));
  return was.filter((row) => {
    const at = left.findIndex((one) => Object.entries(row).every(([column, value]) => one[column] === value));
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

const lines = (rows: readonly Row[] = []) => rows.map(({ at, who, what, about }) => ({ at, who, what, about }));

test('F24 a converted ledger opens with every row, passes its verification, and accepts new events', async () => {
  const old = writeOld();
  await convertLedger(file);
  const { length: events } = old.get('events') ?? [];
  const acts = lines(old.get('audit')).length;
  for (const opening of [1, 2]) {
    const db = openDatabase({ file });
    const store = openStore(db);
    const now = tablesOf(db);
    for (const [table, rows] of old)
      if (!['audit', 'spools', 'progress'].includes(table))
        expect(missing(rows, now.get(table) ?? []), `${table}, opening ${opening}`).toEqual([]);
    expect(missing(lines(old.get('audit')), lines(now.get('audit')))).toEqual([]);
    expect(store.audit()).toMatchObject({
      events: events + opening - 1,
      spools: 4,
      gaps: 1,
      dropped: 2,
      twice: 0,
      forks: 1,
      integrity: 'ok',
      incidents: { raised: 2, cleared: 1, closed: 0, open: 1 },
      notifications: { delivered: 6, refused: 0, waiting: 1 },
    });
    const event = { spool: 'old', seq: 9 + opening, boot: 'b', at: opening, grade: 'event', kind: 'test', body: {} } as const;
    const [receipt] = store.commit([
      [
        { op: 'event', pc: 'ladakh/leh/pc-1', event, at: opening },
        { op: 'audit', at: opening, who: 'asha', what: 'note', about: `${opening}` },
      ],
    ]);
    expect(receipt).toMatchObject({ applied: 1, gaps: 0, cursors: [{ upTo: 9 + opening }] });
    store.close();
    // The verification that "sabha verify" shows.
    expect(proofOf(file)).toMatchObject({ damage: null, audit: { chain: { rows: acts + opening, wrong: [] } } });
  }
});

test('F24 the server continues with a converted ledger: incidents stay open, waiting messages are sent, new faults are notified', async () => {
  const world = createWorld({ seed: 8, pcs: 2, sites: 2 });
  const over = () => rowsOf(world).incidents.map((one) => one.over);
  const mails = (person: string) => mailTo(world, person).filter((subject) => subject.includes('Camera'));
  writeOld();
  await convertLedger(file);
  const db = new DatabaseSync(file);
  world.centre.restoreLedger(db.serialize());
  db.close();
  await world.pass(30 * minute);
  camera(world, 'camera.missing', 1);
  world.boot();
  await world.pass(3 * minute);
  expect(over()).toEqual(['cleared', null]);
  expect(rowsOf(world).outbox.find(({ key }) => key === 'k1')).toMatchObject({ state: 'delivered' });
  expect(mails('asha')).toEqual([]);
  camera(world, null, 1);
  await world.pass(12 * minute);
  expect(over()).toEqual(['cleared', 'cleared']);
  expect(mails('asha').at(-1)).toContain(': Cleared: Camera not found');
  // Meera acknowledged the incident, so the next level is not notified.
  expect(mails('tashi')).toEqual([]);
  camera(world, 'camera.missing');
  await world.pass(3 * minute);
  expect(rowsOf(world).incidents.at(-1)).toMatchObject({ id: 3, scope: 'ladakh/leh/pc-1', over: null });
  expect(mails('asha').at(-1)).toContain(': Critical: Camera not found');
  expect([...spoolsAreEmpty(world), ...nothingWaits(world, rowsOf(world))]).toEqual([]);
  expect(await auditOf(world)).toMatchObject({ gaps: 1, dropped: 2, twice: 0, integrity: 'ok' });
});

test('F24 archives of version 18 are converted with their ledger, and every event can be read', async () => {
  const old = join(import.meta.dirname, '../fixtures/archives-18');
  const archives = join(folder, 'archives');
  writeOld();
  const before = new DatabaseSync(file);
  before.exec(readFileSync(join(old, 'rows.sql'), 'utf8'));
  before.close();
  mkdirSync(archives);
  copyFileSync(join(old, '2026-03.archive'), join(archives, '2026-03.archive'));
  const was = [file, join(archives, '2026-03.archive')].map((path) => readFileSync(path));

  // The second segment of this archive is encrypted.
  await expect(convertLedger(file)).rejects.toThrow('is encrypted: name the file with its passphrase');
  await expect(convertLedger(file, 'another')).rejects.toThrow('the passphrase of the archives is wrong');
  expect([file, join(archives, '2026-03.archive')].map((path) => readFileSync(path))).toEqual(was);
  expect(existsSync(join(folder, 'archives.converted'))).toBe(false);

  await convertLedger(file, 'snow leopard');
  expect(existsSync(join(folder, 'archives.version-18'))).toBe(true);
  // A kill between the two renames: the next call completes them.
  renameSync(archives, join(folder, 'archives.converted'));
  await convertLedger(file);
  expect(existsSync(archives)).toBe(true);
  expect(proofOf(file, { archives: { folder: archives, read: 'all' } })).toMatchObject({ damage: null, audit: { integrity: 'ok' } });
  const db = openDatabase({ file });
  const { held, page } = openArchiveRows(db);
  const path = 'ladakh/leh';
  const at = { folder: archives, passphrase: 'snow leopard', held: held(path), keptMonths: 13 };
  const ledger = page({ path, after: { spool: 0, seq: 0 } }).events;
  const { events, missing } = await eventsIn({ ask: { path, from: 0, to: 2_000_000_000_000, readings: true }, ledger, at }, realClock());
  expect(missing).toEqual([]);
  const ofSpool = (name: string) => events.filter(({ spool }) => spool === name).map(({ seq }) => seq);
  expect({ first: ofSpool('4f3e32248c1e89af'), old: ofSpool('old') }).toEqual({
    first: [1, 2, 3, 4, 5, 6, 7, 8],
    old: [1, 2, 3, 7, 8, 9],
  });
  db.close();
});
