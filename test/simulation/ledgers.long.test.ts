// @module-tag long
/** F24: a ledger of every version that ever landed is opened by this one with all that it holds, and the centre goes on with it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { proveChain } from '../../flows/audit/proof.ts';
import { ledgerVersion, openDatabase } from '../../flows/ledger/schema.ts';
import { openStore } from '../../flows/ledger/store.ts';
import { nothingWaits, spoolsAreEmpty } from './audit.ts';
import { goldenVersions, openGolden } from './golden-files.ts';
import { rowsOf } from './rows.ts';
import { auditOf, camera, mailTo, minute } from './scene.ts';
import { createWorld } from './world.ts';

/** It landed together with 17: no ledger has it. */
const neverLanded = [16];
const versions = goldenVersions('ledgers');
/** What a version did not have yet, none of its ledgers holds. */
const since = { rollcalls: 2, commands: 3, accounts: 4, away: 6, meetings: 10, roster: 11, announcements: 14, maintenance: 15 };

let folder = '';
let file = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sabha-golden-'));
  file = join(folder, 'ledger.db');
});
afterEach(() => rmSync(folder, { recursive: true }));

type Row = Record<string, unknown>;
type Tables = Map<string, Row[]>;

/** Every row of every table of a file, as it stands; each version has its own sums of them. */
function tablesOf(db: DatabaseSync): Tables {
  const names = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*' AND name <> 'sums'").all();
  return new Map(names.map(({ name }) => [String(name), db.prepare(`SELECT * FROM ${name}`).all()]));
}

function before(version: number): Tables {
  const db = openGolden(version, file);
  const tables = tablesOf(db);
  db.close();
  return tables;
}

/** A row is found again where one has all its columns. */
function missing(was: readonly Row[], now: readonly Row[]): Row[] {
  const left = now.map((row) => ({ ...row }));
  return was.filter((row) => {
    const at = left.findIndex((one) => Object.entries(row).every(([column, value]) => one[column] === value));
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

const lines = (rows: readonly Row[] = []) => rows.map(({ at, who, what, about }) => ({ at, who, what, about }));

test('there is one of every version that landed, so that a new version begins with its own', () => {
  const all = Array.from({ length: ledgerVersion }, (_, index) => index + 1);
  expect(versions).toEqual(all.filter((version) => !neverLanded.includes(version)));
});

test.each(versions)('F24 a ledger of version %i is opened with every row that it has, proves itself, and takes what comes', (version) => {
  const old = before(version);
  const { length: events } = old.get('events') ?? [];
  const said = lines(old.get('audit')).length + lines(old.get('steps')).length;
  for (const opening of [1, 2]) {
    const db = openDatabase({ file });
    const store = openStore(db);
    const now = tablesOf(db);
    // Migrations told these apart anew; what they mean is asked below.
    for (const [table, rows] of old)
      if (!['settled', 'pieces', 'copies', 'spools', 'audit', 'steps', 'meta', 'progress'].includes(table))
        expect(missing(rows, now.get(table) ?? []), `${table}, opening ${opening}`).toEqual([]);
    const own = (old.get('meta') ?? []).filter(({ key }) => /^(registry|enrol)\b/.test(`${key}`));
    expect(own.length).toBeGreaterThan(0);
    expect(missing(own, now.get('meta') ?? []), `meta, opening ${opening}`).toEqual([]);
    const done = [...lines(now.get('audit')), ...lines(now.get('steps'))];
    expect(missing([...lines(old.get('audit')), ...lines(old.get('steps'))], done)).toEqual([]);
    expect(done).toHaveLength(said + opening - 1);
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
    expect(proveChain(db)).toMatchObject({ rows: lines(now.get('audit')).length, wrong: [] });
    const event = { spool: 'old', seq: 9 + opening, boot: 'b', at: opening, grade: 'event', kind: 'test', body: {} } as const;
    const [receipt] = store.commit([
      [
        { op: 'event', pc: 'ladakh/leh/pc-1', event, at: opening },
        { op: 'audit', at: opening, who: 'asha', what: 'note', about: `${opening}` },
      ],
    ]);
    expect(receipt).toMatchObject({ applied: 1, gaps: 0, cursors: [{ upTo: 9 + opening }] });
    store.close();
  }
});

test.each(versions)('F24 what people read of a ledger of version %i is what it held, and what it could not hold is empty', (version) => {
  const store = openStore(openGolden(version));
  const has = (what: keyof typeof since) => version >= since[what];
  const { incidents, outbox, timers, meta, nextTimer } = store.load();
  expect(incidents).toMatchObject([
    { id: 1, over: 'cleared', acknowledged: { by: 'Asha' }, notes: [{ by: 'Asha', text: 'A cable is ordered' }] },
    { id: 2, over: null, acknowledged: { by: 'Meera' }, faults: [{ fault: 'camera.missing' }] },
  ]);
  expect(outbox).toMatchObject([{ key: 'k1', tries: 2, lastError: 'no route' }]);
  expect([timers.length, nextTimer]).toEqual([1, 5]);
  expect(store.registry()).toMatchObject({ version: 7, entries: [{ pc: 'ladakh/leh/pc-1', tokenHash: 'a'.repeat(64), revoked: false }] });
  expect(meta['link/ladakh/leh']).toEqual(version < 5 ? undefined : expect.stringContaining('"report":{"at":1772528400000}'));
  expect(meta['broke/ladakh/leh']).toEqual(version < 5 ? undefined : expect.stringContaining('"fault":"path.gateway"'));
  expect(store.rollcall('r1')).toEqual(has('rollcalls') ? expect.objectContaining({ by: 'Asha', rows: [expect.anything()] }) : undefined);
  expect(store.command('c1')?.answers).toEqual(has('commands') ? [expect.objectContaining({ outcome: 'done' })] : undefined);
  expect(store.accounts().accounts.map(({ name, scope }) => [name, scope])).toEqual(has('accounts') ? [['asha', 'ladakh']] : []);
  expect(store.aways(0).some(({ from }) => from === 1_772_528_399_100)).toBe(has('away'));
  expect(store.meetings().map(({ title }) => title)).toEqual(has('meetings') ? ['Review'] : []);
  expect(store.roster().members.map(({ id, duty }) => [id, duty?.[0]?.from])).toEqual(has('roster') ? [['ravi', 540]] : []);
  expect(store.announcement(1)?.read).toEqual(has('announcements') ? [expect.objectContaining({ person: 'ravi' })] : undefined);
  expect(store.maintenance().map(({ title }) => title)).toEqual(has('maintenance') ? ['New UPS'] : []);
  expect(store.tabsSteps()).toMatchObject([{ who: 'anil', what: 'tabs deployed' }]);
  store.close();
});

/** Version 1 kept no tree of sites: for it the PCs are new ones, and what was open of them is told anew. */
const hasTree = (version: number) => version > 1;

test.each(versions)(
  'F24 the centre goes on with a ledger of version %i: what is open stays so, what waited is sent, news is told',
  async (version) => {
    const world = createWorld({ seed: 8, pcs: 2, sites: hasTree(version) ? 2 : 1 });
    const before = hasTree(version) ? ['cleared'] : ['cleared', 'closed'];
    const over = () => rowsOf(world).incidents.map((one) => one.over);
    const mails = (person: string) => mailTo(world, person).filter((subject) => subject.includes('Camera'));
    world.centre.restoreLedger(openGolden(version).serialize());
    await world.pass(30 * minute);
    camera(world, 'camera.missing', 1);
    world.boot();
    await world.pass(3 * minute);
    expect(over()).toEqual([...before, null]);
    expect(rowsOf(world).outbox.find(({ key }) => key === 'k1')).toMatchObject({ state: 'delivered' });
    if (hasTree(version)) expect(mails('asha')).toEqual([]);
    camera(world, null, 1);
    await world.pass(12 * minute);
    expect(over()).toEqual([...before, 'cleared']);
    expect(mails('asha').at(-1)).toContain(': Cleared: Camera not found');
    // Meera had seen to it, so that no next level is told.
    expect(mails('tashi')).toEqual([]);
    camera(world, 'camera.missing');
    await world.pass(3 * minute);
    expect(rowsOf(world).incidents.at(-1)).toMatchObject({ id: before.length + 2, scope: 'ladakh/leh/pc-1', over: null });
    expect(mails('asha').at(-1)).toContain(': Critical: Camera not found');
    expect([...spoolsAreEmpty(world), ...nothingWaits(world, rowsOf(world))]).toEqual([]);
    expect(await auditOf(world)).toMatchObject({ gaps: 1, dropped: 2, twice: 0, integrity: 'ok' });
  },
);

test('a ledger of a version that this one does not know is refused in one line, and stays as it was', () => {
  const old = before(ledgerVersion);
  const db = new DatabaseSync(file);
  db.exec(`PRAGMA user_version = ${ledgerVersion + 1}`);
  db.close();
  expect(() => openDatabase({ file })).toThrow(
    `the ledger has version ${ledgerVersion + 1}, this flows knows ${ledgerVersion} and older: run the release that wrote it, or restore a backup of before`,
  );
  const after = new DatabaseSync(file);
  expect(tablesOf(after)).toEqual(old);
  after.close();
});
