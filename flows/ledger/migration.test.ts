import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Member } from '../records/roster.ts';
import { openDatabase } from './schema.ts';
import { openStore } from './store.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sabha-ledger-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const pc = 'capital/this-office/this-pc';
/** Rows as version 1 wrote them. */
const incident = {
  id: 3,
  scope: pc,
  openedAt: 5,
  overAt: null,
  over: null,
  closedBecause: null,
  severity: 'major',
  flapping: false,
  faults: [],
  acknowledged: null,
  told: [],
  notes: [],
};
const record = {
  pc,
  link: 'fibre',
  presence: 'online',
  session: 4,
  rev: 2,
  digest: null,
  checks: [],
  heardAt: 9,
  spool: 'a',
  config: 1,
  boot: null,
  lostAt: null,
  lostSession: 0,
  unheard: false,
  inventory: null,
  agent: null,
  ended: {},
};

/** The tables of version 1, as `flows` 0.1 made them. Never edited. */
const version1 = `
  CREATE TABLE spools (
    id INTEGER PRIMARY KEY, pc TEXT NOT NULL, spool TEXT NOT NULL,
    first INTEGER, last INTEGER NOT NULL, up_to INTEGER NOT NULL, forked INTEGER NOT NULL,
    UNIQUE (pc, spool)
  ) STRICT;
  CREATE INDEX spools_unfinished ON spools (pc) WHERE first IS NULL OR up_to < last;
  CREATE TABLE events (
    spool INTEGER NOT NULL, seq INTEGER NOT NULL, mark TEXT NOT NULL, received REAL NOT NULL,
    boot TEXT NOT NULL, at REAL NOT NULL, grade TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (spool, seq)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX events_mark ON events (mark);
  CREATE TABLE forks (
    spool INTEGER NOT NULL, seq INTEGER NOT NULL, mark TEXT NOT NULL, received REAL NOT NULL, message TEXT NOT NULL,
    PRIMARY KEY (spool, seq, mark)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE settled (
    spool INTEGER NOT NULL, a INTEGER NOT NULL, b INTEGER NOT NULL, why TEXT NOT NULL,
    PRIMARY KEY (spool, a)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE pcs (pc TEXT PRIMARY KEY, row TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE incidents (id INTEGER PRIMARY KEY, over_at REAL, row TEXT NOT NULL) STRICT;
  CREATE INDEX incidents_over ON incidents (over_at);
  CREATE TABLE transitions (id INTEGER PRIMARY KEY, incident INTEGER NOT NULL, state TEXT NOT NULL, row TEXT NOT NULL) STRICT;
  CREATE INDEX transitions_incident ON transitions (incident);
  CREATE INDEX transitions_open ON transitions (incident) WHERE state <> 'concluded';
  CREATE TABLE timers (id INTEGER PRIMARY KEY AUTOINCREMENT, row TEXT NOT NULL) STRICT;
  CREATE TABLE outbox (key TEXT PRIMARY KEY, state TEXT NOT NULL, row TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX outbox_waiting ON outbox (key) WHERE state = 'waiting';
  CREATE TABLE audit (id INTEGER PRIMARY KEY, at REAL NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL, about TEXT NOT NULL) STRICT;
  CREATE TABLE registry (pc TEXT PRIMARY KEY, row TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO spools VALUES (1, '${pc}', 'a', 1, 2, 2, 0);
  INSERT INTO events VALUES (1, 1, 'm1', 1, 'b', 1, 'event', 'test', '{}'), (1, 2, 'm2', 1, 'b', 2, 'event', 'test', '{}');
  INSERT INTO pcs VALUES ('${pc}', '${JSON.stringify(record)}');
  INSERT INTO incidents VALUES (3, NULL, '${JSON.stringify(incident)}');
  PRAGMA user_version = 1;
`;

test('a ledger of version 1 is brought to this one with all that it holds, and what its records lack has a default', () => {
  const file = join(folder, 'ledger.db');
  const old = new DatabaseSync(file);
  old.exec(version1);
  old.close();
  for (const opening of ['first', 'second']) {
    const store = openStore(openDatabase({ file }));
    expect(store.load(), opening).toMatchObject({ pcs: [{ ...record, calledAt: null }], incidents: [incident], nodes: [] });
    expect(store.audit(), opening).toMatchObject({ events: 2, gaps: 0, incidents: { open: 1 }, integrity: 'ok' });
    store.commit([[{ op: 'change', pc, component: 'presence', at: 1, status: 'online', faults: [] }]]);
    expect(store.history(pc, 0), opening).toHaveLength(1);
    store.close();
  }
});

test('what became of the tabs is found again in a ledger that is older than the list of it, newest first', () => {
  const file = join(folder, 'ledger.db');
  const old = new DatabaseSync(file);
  old.exec(version1);
  old.exec("INSERT INTO audit (at, who, what, about) VALUES (1, 'asha', 'tabs deployed', 'a → b'), (2, 'asha', 'note', 'x')");
  old.close();
  const store = openStore(openDatabase({ file }));
  store.commit([[{ op: 'audit', at: 3, who: 'ravi', what: 'tabs deployed', about: 'b → c' }]]);
  expect(store.tabsSteps()).toEqual([
    { at: 3, who: 'ravi', what: 'tabs deployed', about: 'b → c' },
    { at: 1, who: 'asha', what: 'tabs deployed', about: 'a → b' },
  ]);
  store.close();
});

test('R27 a ledger that held where a link broke in the row of its report goes on with both, each in a row of its own', () => {
  const file = join(folder, 'ledger.db');
  const old = new DatabaseSync(file);
  old.exec(version1);
  const link = { pc, at: 30.5, report: { at: 29 } };
  const broke = { pc, at: 20, fault: 'path.gateway' };
  const rows = { 'goa/a': { link, broke }, 'goa/b': { link, broke: null }, 'goa/c': { link: null, broke } };
  for (const [site, row] of Object.entries(rows)) old.prepare('INSERT INTO meta VALUES (?, ?)').run(`link/${site}`, JSON.stringify(row));
  old.close();
  const store = openStore(openDatabase({ file }));
  const none = { spool: '', seq: 0 };
  const { meta } = store.load();
  expect(Object.entries(meta).map(([key, value]) => [key, JSON.parse(value)])).toEqual([
    ['broke/goa/a', { ...broke, ...none }],
    ['broke/goa/c', { ...broke, ...none }],
    ['link/goa/a', { ...link, ...none }],
    ['link/goa/b', { ...link, ...none }],
  ]);
  store.close();
});

test('R4 R7 a ledger whose settled numbers stood between its events goes on: the same ack, gaps and drops, and copies are held', () => {
  const file = join(folder, 'ledger.db');
  const old = new DatabaseSync(file);
  old.exec(version1);
  old.exec(`
    UPDATE spools SET last = 9, up_to = 6, forked = 1;
    INSERT INTO settled VALUES (1, 3, 3, 'copy'), (1, 4, 4, 'gap'), (1, 5, 5, 'copy'), (1, 6, 6, 'dropped');
  `);
  old.close();
  const store = openStore(openDatabase({ file }));
  expect(store.audit()).toMatchObject({ events: 2, gaps: 1, dropped: 1 });
  const birth = { op: 'birth', pc, spool: 'a', first: 1, last: 9, carries: null, at: 3 } as const;
  expect(store.commit([[birth]])[0]).toMatchObject({ cursors: [{ upTo: 3 }], gaps: 0 });
  const event = { spool: 'a', boot: 'b', at: 3, grade: 'event', kind: 'test', body: {} } as const;
  const tombstone = { ...event, seq: 7, kind: 'dropped', body: { ranges: [[1, 6]] } };
  const [receipt] = store.commit([[tombstone, { ...event, seq: 8 }].map((one) => ({ op: 'event', pc, event: one, at: 3 }) as const)]);
  expect(receipt).toMatchObject({ cursors: [{ upTo: 8 }], applied: 2, dropped: 1 });
  expect(store.audit()).toMatchObject({ events: 4, gaps: 0, dropped: 2, integrity: 'ok' });
  store.close();
});

test('R5 R8 a ledger whose gaps lay between dropped numbers goes on: the same counts, and a birth opens the gaps and no dropped number', () => {
  const file = join(folder, 'ledger.db');
  const old = new DatabaseSync(file);
  old.exec(version1);
  old.exec(`
    UPDATE spools SET last = 9, up_to = 8;
    INSERT INTO settled VALUES (1, 3, 3, 'gap'), (1, 4, 4, 'dropped'), (1, 5, 5, 'gap'), (1, 6, 6, 'dropped'), (1, 7, 8, 'gap');
  `);
  old.close();
  const store = openStore(openDatabase({ file }));
  const counted = () => {
    const { gaps, dropped, integrity } = store.audit();
    return { gaps, dropped, integrity };
  };
  expect(counted()).toEqual({ gaps: 4, dropped: 2, integrity: 'ok' });
  const birth = (first: number, last: number) => ({ op: 'birth', pc, spool: 'a', first, last, carries: null, at: 3 }) as const;
  expect(store.commit([[birth(10, 10)]])[0]).toMatchObject({ cursors: [{ upTo: 9 }], gaps: 1 });
  expect(store.commit([[birth(1, 10)]])[0]).toMatchObject({ cursors: [{ upTo: 2 }], gaps: 0 });
  expect(store.commit([[birth(8, 10)]])[0]).toMatchObject({ cursors: [{ upTo: 7 }], gaps: 3 });
  expect(counted()).toEqual({ gaps: 3, dropped: 2, integrity: 'ok' });
  store.close();
});

test('a ledger without a calendar opens with an empty one, and keeps meetings from then on', () => {
  const file = join(folder, 'ledger.db');
  const old = new DatabaseSync(file);
  old.exec(version1);
  old.close();
  const meeting = {
    id: 'm',
    title: 'Review',
    scopes: [''],
    start: '2027-01-15T11:00:00',
    zone: null,
    minutes: 60,
    rule: null,
    except: [],
    moved: [],
  };
  const store = openStore(openDatabase({ file }));
  expect(store.meetings()).toEqual([]);
  store.commit([
    [
      { op: 'meeting', meeting },
      { op: 'meeting', meeting: { ...meeting, id: 'n' } },
    ],
    [{ op: 'meeting-gone', id: 'n' }],
  ]);
  store.close();
  const again = openStore(openDatabase({ file }));
  expect(again.meetings()).toEqual([meeting]);
  again.close();
});

test('a ledger without maintenance opens with none, and keeps what is planned from then on', () => {
  const file = join(folder, 'ledger.db');
  const old = new DatabaseSync(file);
  old.exec(version1);
  old.close();
  const plan = { id: 'm', scope: 'ladakh/leh', title: 'New UPS', start: '2027-01-15T22:00:00', zone: null, minutes: 60, rule: null };
  const one = { ...plan, ruleText: null, by: 'Anil', at: 1 };
  const store = openStore(openDatabase({ file }));
  expect(store.maintenance()).toEqual([]);
  store.commit([
    [
      { op: 'maintenance', maintenance: one },
      { op: 'maintenance', maintenance: { ...one, id: 'n' } },
    ],
    [{ op: 'maintenance-gone', id: 'n' }],
  ]);
  store.close();
  const again = openStore(openDatabase({ file }));
  expect(again.maintenance()).toEqual([one]);
  again.close();
});

test('a ledger without a roster opens with an empty one, and keeps persons and proofs from then on; with a person go the proofs', () => {
  const file = join(folder, 'ledger.db');
  const old = new DatabaseSync(file);
  old.exec(version1);
  old.close();
  const store = openStore(openDatabase({ file }));
  expect(store.roster()).toEqual({ members: [], proofs: [] });
  const reach = { language: 'hi', channels: ['email'], email: 'a@office.test', webhook: false, addresses: {} } as const;
  const when = { duty: [{ days: [1], from: 540, to: 1_080 }], zone: 'Asia/Kolkata', leave: [], deputy: null };
  const place = { role: 'technician', scope: 'ladakh', roles: ['technician'], scopes: ['ladakh'], groups: [] } as const;
  const asha: Member = {
    id: 'asha',
    name: 'Asha',
    ...reach,
    channels: ['email'],
    ...place,
    roles: ['technician'],
    scopes: ['ladakh'],
    groups: [],
    ...when,
  };
  const bina: Member = { ...asha, id: 'bina' };
  const proof = (person: string, at: number) => ({ op: 'proof', person, channel: 'email', at }) as const;
  store.commit([[{ op: 'member', member: asha }, { op: 'member', member: bina }, proof('asha', 1), proof('asha', 2), proof('bina', 3)]]);
  store.commit([[{ op: 'member-gone', id: 'bina' }]]);
  store.close();
  const again = openStore(openDatabase({ file }));
  expect(again.roster()).toEqual({ members: [asha], proofs: [{ person: 'asha', channel: 'email', at: 2 }] });
  again.close();
});

test('a ledger without notices to many opens with none, and keeps them, their messages and who read them from then on', () => {
  const file = join(folder, 'ledger.db');
  const old = new DatabaseSync(file);
  old.exec(version1);
  old.close();
  const store = openStore(openDatabase({ file }));
  expect([store.announcements(), store.announcement(1)]).toEqual([[], undefined]);
  const announcement = { id: 1, at: 5, by: 'Anil', to: 'ladakh', text: 'The line is changed', persons: ['asha', 'bina'] };
  const read = (person: string, at: number) => ({ op: 'announcement-read', id: 1, person, at }) as const;
  store.commit([
    [
      { op: 'announcement', announcement },
      { op: 'announcement', announcement: { ...announcement, id: 2 } },
    ],
  ]);
  store.commit([[read('bina', 6), read('bina', 7), read('asha', 8)]]);
  store.close();
  const again = openStore(openDatabase({ file }));
  expect(again.announcements().map(({ id }) => id)).toEqual([2, 1]);
  const reads = [
    { person: 'asha', at: 8 },
    { person: 'bina', at: 6 },
  ];
  expect(again.announcement(1)).toEqual({ announcement, sent: [], read: reads });
  again.close();
});
