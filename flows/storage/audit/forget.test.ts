import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import type { Op } from '../../engine/records/ops.ts';
import { openDatabase } from '../ledger/schema.ts';
import { openStore } from '../ledger/store.ts';
import { personTables, proveChain, scrubOf } from './chain.ts';

const words = { ids: ['asha'], texts: ['Asha Kumari', '+919876543210', 'asha@office.test'], alias: 'forgotten-1' };
const act = (who: string, what: string, about: string): Op => ({ op: 'audit', at: 5, who, what, about });
const row = (key: string, person: string, rest: object) =>
  ({ op: 'outbox', row: { key, person, state: 'delivered', ...rest } }) as unknown as Op;
const ops: Op[] = [
  act('ravi', 'person removed', 'asha'),
  act('Asha Kumari', 'acknowledge', 'incident 3'),
  act('ravi', 'leave set', 'asha: 2027-01-05, call 98765 43210'),
  act('ravi', 'note', 'natasha went to bihar/asha/pc-1'),
  {
    op: 'incident',
    incident: {
      id: 3,
      overAt: 9,
      scope: 'bihar/asha/pc-1',
      told: [{ person: 'asha', at: 1 }],
      notes: [{ by: 'asha', text: 'Asha Kumari, 09876543210, goes; asha has the key' }],
      acknowledged: { by: 'Asha Kumari' },
    },
  } as unknown as Op,
  { op: 'transition', transition: { id: 1, incident: 3, state: 'concluded', sent: ['email/asha', 'email/ravi'] } } as unknown as Op,
  row('1/email/asha', 'asha', { lastError: 'asha@office.test: no such box', copy: { id: '9876543210/5', text: 'Asha Kumari is asked' } }),
  row('1/email/ravi', 'ravi', { notice: { announcement: { by: 'asha', text: 'call Asha  Kumari' } } }),
  { op: 'meta', key: 'answer/asha', value: 'x' },
  { op: 'meta', key: 'device/asha', value: '[{"endpoint":"https://push.test/5ecret","by":"asha@office.test"}]' },
  { op: 'step', at: 1, who: 'asha', what: 'command measure-link', about: 'x' },
];

test('S19 an erased person remains in no row, no page of the file and no log, and the chain still verifies and records the erasure', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sabha-forget-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'ledger.db');
  const db = openDatabase({ file });
  const store = openStore(db);
  store.commit([ops]);
  store.commit([ops.filter(({ op }) => op === 'incident').map((op) => ({ ...op }))]);
  const found = store.person(words);
  expect(Object.entries(Object.groupBy(found, ({ table }) => table)).map(([table, all]) => `${table} ${all?.length}`)).toEqual([
    'incidents 1',
    'transitions 1',
    'outbox 2',
    'steps 1',
    'meta 1',
    'audit 3',
  ]);
  expect(found.find(({ table }) => table === 'incidents')?.row['row']).toMatchObject({ acknowledged: { by: 'Asha Kumari' } });
  expect(store.forget({ words, by: 'meera', at: 7 })).toEqual({ audit: 3, elsewhere: 6 });
  expect(store.person(words)).toEqual([]);
  expect(proveChain(db)).toMatchObject({ rows: 5, forgotten: 3, wrong: [] });
  const acts = db.prepare('SELECT who, what, about FROM audit ORDER BY id').all();
  expect(acts.map((one) => Object.values(one).join(' | '))).toEqual([
    'ravi | person removed | forgotten-1',
    'forgotten-1 | acknowledge | incident 3',
    'ravi | leave set | forgotten-1: 2027-01-05, call forgotten-1',
    'ravi | note | natasha went to bihar/asha/pc-1',
    'meera | person forgotten | rows 1-3 of the audit, 6 elsewhere',
  ]);
  store.close();
  const bytes = readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), 'latin1'))
    .join('');
  for (const trace of ['5ecret', 'Kumari', '9876543210', '43210', 'asha@', 'email/asha"', '"asha"'])
    expect(bytes.includes(trace), trace).toBe(false);
});

test('S19 each table of the ledger is either searched for an erased person, or contains only data of PCs', () => {
  const db = new DatabaseSync(':memory:');
  openStore(db);
  const found = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*'").all();
  const others = found.map(({ name }) => String(name)).filter((name) => !personTables.includes(name));
  const ofPcs = ['archive_segments', 'archive_spools', 'archived', 'archives', 'away', 'changes', 'copies', 'events', 'forks', 'leaving'];
  expect(others.toSorted()).toEqual([...ofPcs, 'audit', 'pcs', 'pieces', 'progress', 'settled', 'spools', 'sums'].toSorted());
});

test('S19 an erased row without a record of the erasure is reported by name', () => {
  const db = new DatabaseSync(':memory:');
  const store = openStore(db);
  store.commit([ops]);
  store.forget({ words, by: 'meera', at: 7 });
  db.exec("UPDATE audit SET about = 'rows 1-2 of the audit, 5 elsewhere' WHERE id = 5");
  expect(proveChain(db).wrong).toEqual([
    expect.stringMatching(/^row 5 /),
    'row 3 was emptied, and no row says that somebody is forgotten there',
  ]);
});

test('the erasure also works for the person who ordered an earlier erasure', () => {
  const db = new DatabaseSync(':memory:');
  const store = openStore(db);
  store.commit([ops]);
  store.forget({ words, by: 'meera', at: 7 });
  const meera = { ids: ['meera'], texts: ['Meera'], alias: 'forgotten-2' };
  expect(store.person(meera)).toMatchObject([{ table: 'audit', row: { who: 'meera', what: 'person forgotten' } }]);
  expect(store.forget({ words: meera, by: 'ravi', at: 8 })).toEqual({ audit: 1, elsewhere: 0 });
  expect(store.person(meera)).toEqual([]);
  expect(proveChain(db)).toMatchObject({ rows: 6, forgotten: 4, wrong: [] });
});

test.each([
  ['about', 'asha, Asha; natasha, asha-2, ravi@asha', 'X, X; natasha, asha-2, ravi@asha'],
  ['about', 'ASHA KUMARI called from 098765-43210 or +91 98765 43210, not 198765432109', 'X called from X or X, not 198765432109'],
  ['scope', 'asha', 'asha'],
  ['key', '12/sms/asha', '12/sms/X'],
  ['key', 'bihar/asha/pc-1', 'bihar/asha/pc-1'],
  ['by', 'Asha', 'X'],
  ['path', 'link/bihar/asha', 'link/bihar/asha'],
])('the erasure of Asha changes in the field "%s" the text "%s" to "%s"', (name, value, left) => {
  expect(scrubOf({ ...words, alias: 'X' }).text(name, value)).toBe(left);
});

test.each([
  ['a capital with an accent', 'Élodie Roy', 'Élodie Roy called', 'X called'],
  ['a letter that another keyboard writes as two', 'चौड़ा राम'.normalize('NFD'), 'चौ\u095cा राम गए', 'X गए'],
  ['a phone in pairs', '+919876543210', 'call 98 76 54 32 10', 'call X'],
  ['a quotation mark', 'Bo "Bobby" O"Brien', 'Bo "Bobby" O"Brien called', 'X called'],
])('a person whose name or phone has %s is erased from every row', (_has, name, about, left) => {
  const db = new DatabaseSync(':memory:');
  const store = openStore(db);
  const incident = { id: 3, overAt: 9, notes: [{ by: 'ravi', text: about }] };
  store.commit([[act('ravi', 'note', about), { op: 'incident', incident } as unknown as Op]]);
  const whom = { ids: [], texts: [name], alias: 'X' };
  expect(store.forget({ words: whom, by: 'meera', at: 7 })).toEqual({ audit: 1, elsewhere: 1 });
  expect(db.prepare('SELECT about FROM audit WHERE id = 1').get()).toEqual({ about: left });
  expect(store.person(whom)).toEqual([]);
});
