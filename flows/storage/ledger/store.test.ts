import { DatabaseSync } from 'node:sqlite';
import type { RollCallView } from '@sabha/contracts';
import { describe, expect, test } from 'vitest';
import type { Incident, PcRecord, Timer, Transition } from '../../engine/records/incidents.ts';
import type { OutboxRow } from '../../engine/records/notices.ts';
import type { Op } from '../../engine/records/ops.ts';
import { registryVersionKey } from '../../engine/records/ops.ts';
import type { TreeNode } from '../../engine/records/sites.ts';
import { LedgerError } from './poison.ts';
import { openStore } from './store.ts';

const dayMs = 86_400_000;

function open() {
  const db = new DatabaseSync(':memory:');
  const store = openStore(db);
  return { db, ...store, write: (...ops: Op[]) => store.commit([ops]) };
}

function incident(id: number, overAt: number | null = null): Incident {
  const over = overAt === null ? null : 'cleared';
  const rest = { closedBecause: null, severity: 'major', flapping: false, faults: [], acknowledged: null, told: [], notes: [] } as const;
  return { id, scope: 'la/leh/pc-1', openedAt: 1, overAt, over, ...rest, faults: [], told: [], notes: [] };
}

function transition(id: number, of: number, state: Transition['state']): Transition {
  const rest = { kind: 'raised', at: 1, severity: 'major', holdMs: 0, offers: 0, offeredAt: null, conclusion: null } as const;
  return { id, incident: of, state, about: [], sent: [], ...rest };
}

function timer(id: number): Timer {
  return { id, transition: 1, node: 'n', dueAt: 9, unlessAcknowledged: true, message: { severity: 'major', holdMs: 0, to: ['x'] } };
}

function outbox(key: string, state: OutboxRow['state'] = 'waiting', tries = 0): OutboxRow {
  const names = { en: 'Leh', hi: 'लेह' };
  const notice = {
    kind: 'direct',
    incident: null,
    severity: 'major',
    scope: 's',
    site: names,
    room: names,
    timeZone: 'Asia/Kolkata',
  } as const;
  const text = { ...notice, faults: [], at: 1, flapping: false, lines: [] };
  return { key, transition: 1, channel: 'email', person: 'p', notice: text, createdAt: 1, dueAt: 1, tries, state, lastError: null };
}

function node(path: string, name: string): TreeNode {
  return { path, name: { en: name, hi: name }, layer: {}, site: null };
}

function rollCall(id: string, startedAt: number): RollCallView {
  const counts = { expected: 1, answered: 0, ready: 0, 'not-ready': 0, unknown: 1 };
  const name = { en: 'Leh', hi: 'लेह' };
  const place = { pc: 'la/leh/pc-1', site: 'la/leh', state: 'la', siteName: name, room: name };
  const row = { ...place, after: null, readiness: 'unknown', why: null, heardAt: null, owner: 'asha' } as const;
  return { id, scope: '', by: 'asha', startedAt, endsAt: startedAt + 28, finishedAt: startedAt + 28, counts, states: [], rows: [row] };
}

function pcRecord(pc: string, rev: number): PcRecord {
  const nothing = { digest: null, heardAt: null, lostAt: null, spool: null, inventory: null, agent: null, boot: null, calledAt: 7 };
  const rest = { link: 'geo', presence: 'online', session: 1, lostSession: 0, unheard: false, config: 0 } as const;
  return { pc, rev, checks: [], ended: { 'microphone.missing|': 2 }, ...rest, ...nothing };
}

describe('load after write', () => {
  test('the ledger returns the last row of each key in full', () => {
    const ledger = open();
    const entry = { pc: 'la/leh/pc-1', tokenHash: 'a'.repeat(64), certificates: ['7a'], revoked: false };
    ledger.write(
      { op: 'pc', record: pcRecord('la/leh/pc-1', 1) },
      { op: 'pc', record: pcRecord('la/leh/pc-1', 2) },
      { op: 'incident', incident: incident(4) },
      { op: 'transition', transition: transition(6, 4, 'pending') },
      { op: 'transition', transition: transition(6, 4, 'open') },
      { op: 'timer', timer: timer(3) },
      { op: 'outbox', row: outbox('6|email|p') },
      { op: 'registry', entry },
      { op: 'registry', entry: { ...entry, revoked: true } },
      { op: 'node', node: node('la', 'Old name') },
      { op: 'node', node: node('la', 'Ladakh') },
      { op: 'node', node: node('goa', 'Goa') },
      { op: 'node-gone', path: 'goa' },
      { op: 'meta', key: registryVersionKey, value: '7' },
      { op: 'meta', key: 'x', value: 'y' },
    );
    expect(ledger.load()).toEqual({
      pcs: [pcRecord('la/leh/pc-1', 2)],
      incidents: [incident(4)],
      transitions: [transition(6, 4, 'open')],
      timers: [timer(3)],
      outbox: [outbox('6|email|p')],
      registry: { version: 7, entries: [{ ...entry, revoked: true }] },
      nodes: [node('la', 'Ladakh')],
      meta: { [registryVersionKey]: '7', x: 'y' },
      nextIncident: 5,
      nextTransition: 7,
      nextTimer: 4,
    });
  });

  test('the ledger returns closed incidents of the last day only, and all transitions of the returned incidents', () => {
    const ledger = open();
    ledger.write(
      ...[incident(1), incident(2, 10 * dayMs), incident(3, 9 * dayMs), incident(4, 9 * dayMs - 1)].map(
        (it): Op => ({ op: 'incident', incident: it }),
      ),
      ...[transition(1, 1, 'concluded'), transition(2, 3, 'concluded'), transition(3, 4, 'concluded')].map(
        (it): Op => ({ op: 'transition', transition: it }),
      ),
    );
    const { incidents, transitions } = ledger.load();
    expect(incidents.map(({ id }) => id)).toEqual([1, 2, 3]);
    expect(transitions.map(({ id }) => id)).toEqual([1, 2]);
  });

  test('R23 the ledger returns an unconcluded transition with its incident at any age', () => {
    const ledger = open();
    ledger.write(
      { op: 'incident', incident: incident(1, 1) },
      { op: 'incident', incident: incident(2, 90 * dayMs) },
      { op: 'transition', transition: transition(1, 1, 'waiting') },
    );
    expect(ledger.load().incidents.map(({ id }) => id)).toEqual([1, 2]);
    expect(ledger.load().transitions.map(({ id }) => id)).toEqual([1]);
  });

  test('R26 the outbox ignores a repeated key, replaces on request, and loads only waiting rows', () => {
    const ledger = open();
    ledger.write({ op: 'outbox', row: outbox('k') }, { op: 'outbox', row: outbox('k', 'waiting', 5) });
    expect(ledger.load().outbox).toEqual([outbox('k')]);
    ledger.write({ op: 'outbox-set', row: outbox('k', 'waiting', 2) });
    expect(ledger.load().outbox).toEqual([outbox('k', 'waiting', 2)]);
    ledger.write({ op: 'outbox-set', row: outbox('k', 'delivered') }, { op: 'outbox-set', row: outbox('r', 'refused') });
    expect(ledger.load().outbox).toEqual([]);
    ledger.write({ op: 'outbox', row: outbox('k') });
    expect(ledger.load().outbox).toEqual([]);
  });

  test('R25 a deleted timer is not loaded and its id is not reused', () => {
    const ledger = open();
    ledger.write({ op: 'timer', timer: timer(1) }, { op: 'timer', timer: timer(2) });
    ledger.write({ op: 'timer-gone', id: 2 });
    expect(ledger.load()).toMatchObject({ timers: [timer(1)], nextTimer: 3 });
  });

  test('R27 a deleted transition is not loaded and its id is not reused while a later one exists', () => {
    const ledger = open();
    ledger.write({ op: 'incident', incident: incident(1) });
    for (const id of [1, 2, 3]) ledger.write({ op: 'transition', transition: transition(id, 1, 'concluded') });
    ledger.write({ op: 'transition-gone', id: 2 });
    const { transitions, nextTransition } = ledger.load();
    expect([transitions.map(({ id }) => id), nextTransition]).toEqual([[1, 3], 4]);
  });
});

describe('R20 one transaction', () => {
  const event: Op = {
    op: 'event',
    pc: 'la/leh/pc-1',
    event: { spool: 'a', seq: 1, boot: 'b', at: 1, grade: 'event', kind: 'test', body: {} },
    at: 1,
  };
  const birth: Op = { op: 'birth', pc: 'la/leh/pc-1', spool: 'a', first: 1, last: 1, carries: null, at: 1 };
  const bad = { op: 'meta', key: 'x', value: {} } as unknown as Op;

  test('R20 batches of one transaction succeed or fail together, each with a separate receipt', () => {
    const ledger = open();
    const receipts = ledger.commit([[birth], [event], [event], []]);
    expect(receipts.map(({ applied, cursors }) => [applied, cursors.map(({ upTo }) => upTo)])).toEqual([
      [0, [0]],
      [1, [1]],
      [0, [1]],
      [0, []],
    ]);
    expect(() => ledger.commit([[{ op: 'meta', key: 'y', value: '1' }], [bad]])).toThrow(LedgerError);
    expect(ledger.load().meta).toEqual({});
  });
});

test('the ledger audit counts a stored event whose row was deleted as a gap', () => {
  const ledger = open();
  const events = [1, 2, 3].map(
    (seq): Op => ({ op: 'event', pc: 'p', event: { spool: 'a', seq, boot: 'b', at: seq, grade: 'event', kind: 'test', body: {} }, at: 1 }),
  );
  ledger.write({ op: 'birth', pc: 'p', spool: 'a', first: 1, last: 3, carries: null, at: 1 }, ...events);
  expect(ledger.audit().gaps).toBe(0);
  ledger.db.exec('DELETE FROM events WHERE seq = 2');
  expect(ledger.audit().gaps).toBe(1);
});

test('the ledger audit counts incidents by their end and notifications by their state', () => {
  const ledger = open();
  const closed: Incident = { ...incident(4, 9), over: 'closed' };
  ledger.write(
    ...[incident(1), incident(2), incident(3, 5), closed].map((one): Op => ({ op: 'incident', incident: one })),
    ...[outbox('a'), outbox('b', 'delivered'), outbox('c', 'delivered'), outbox('d', 'refused')].map((row): Op => ({ op: 'outbox', row })),
  );
  expect(ledger.audit()).toMatchObject({
    incidents: { raised: 4, cleared: 1, closed: 1, open: 2 },
    notifications: { delivered: 2, refused: 1, waiting: 1 },
  });
});

describe('data of each PC', () => {
  const [pc, other] = ['la/leh/pc-1', 'la/leh/pc-2'];
  const kept = (path: string): Op[] => [
    { op: 'node', node: node(path, path) },
    { op: 'pc', record: pcRecord(path, 1) },
    { op: 'registry', entry: { pc: path, tokenHash: 'a'.repeat(64), certificates: [], revoked: true } },
    ...['admitted', 'config', 'inventory'].map((kind): Op => ({ op: 'meta', key: `${kind}/${path}`, value: kind })),
  ];
  const metaKeys = ({ db }: ReturnType<typeof open>) =>
    db
      .prepare('SELECT key FROM meta ORDER BY key')
      .all()
      .map(({ key }) => key);

  test('inventories stay in the ledger and are not loaded; all other meta rows are loaded', () => {
    const ledger = open();
    ledger.write(...kept(pc), { op: 'meta', key: 'starts', value: '[]' }, { op: 'meta', key: 'inventory', value: 'no PC of it' });
    expect(Object.keys(ledger.load().meta)).toEqual([`admitted/${pc}`, `config/${pc}`, 'inventory', 'starts']);
    expect(metaKeys(ledger)).toContain(`inventory/${pc}`);
  });

  test('removing a PC deletes its record and inventory, even if the same batch writes them again; its registry entry and config version stay', () => {
    const ledger = open();
    ledger.write(...kept(pc), ...kept(other));
    ledger.write({ op: 'node-gone', path: pc }, { op: 'pc', record: pcRecord(pc, 2) });
    expect(ledger.load().pcs.map((one) => one.pc)).toEqual([other]);
    expect(ledger.load().registry.entries.map((one) => one.pc)).toEqual([pc, other]);
    expect(metaKeys(ledger)).toEqual([`admitted/${pc}`, `admitted/${other}`, `config/${pc}`, `config/${other}`, `inventory/${other}`]);
  });

  test('a PC that is removed and added again in one batch keeps its new data', () => {
    const ledger = open();
    ledger.write(...kept(pc));
    ledger.write({ op: 'node-gone', path: pc }, ...kept(pc));
    expect(ledger.load().pcs).toEqual([pcRecord(pc, 1)]);
    expect(metaKeys(ledger)).toContain(`inventory/${pc}`);
  });

  test('the registry can be read alone, with the tokens and enrolment codes', () => {
    const ledger = open();
    expect(ledger.registry()).toEqual({ version: 0, entries: [], admitted: {}, codes: {}, fingerprints: null, reflectorKey: null });
    ledger.write(...kept(pc), { op: 'meta', key: registryVersionKey, value: '7' }, { op: 'meta', key: 'enrol/hash', value: 'code' });
    ledger.write({ op: 'meta', key: 'reflector.key', value: 'key' }, { op: 'meta', key: 'fingerprints', value: 'both' });
    expect(ledger.registry()).toEqual({
      version: 7,
      entries: ledger.load().registry.entries,
      admitted: { [pc]: 'admitted' },
      codes: { hash: 'code' },
      fingerprints: 'both',
      reflectorKey: 'key',
    });
  });
});

describe('roll calls', () => {
  test('the newest 50 roll calls are kept and listed without rows, newest first, and each can be read in full', () => {
    const ledger = open();
    ledger.write(...Array.from({ length: 60 }, (_, index): Op => ({ op: 'rollcall', rollcall: rollCall(`r${index}`, index) })));
    const listed = ledger.rollcalls();
    expect(listed.map(({ id }) => id)).toEqual(Array.from({ length: 50 }, (_, index) => `r${59 - index}`));
    expect(listed[0]).not.toHaveProperty('rows');
    expect(listed[0]).toMatchObject({ by: 'asha', counts: { expected: 1, unknown: 1 } });
    expect(ledger.rollcall('r10')).toEqual(rollCall('r10', 10));
    expect(ledger.rollcall('r9')).toBeUndefined();
    expect(ledger.db.prepare('SELECT count(*) AS n FROM rollcalls').get()).toEqual({ n: 50 });
    expect(ledger.rollcall('other')).toBeUndefined();
  });

  test('R29 roll calls are sorted by the order of writing, and a roll call from a clock that was ahead is moved to the present', () => {
    const ledger = open();
    const fast = { ...rollCall('fast', 9_000), finishedAt: 9_020 };
    ledger.write({ op: 'rollcall', rollcall: rollCall('before', 100) }, { op: 'rollcall', rollcall: fast });
    ledger.write({ op: 'not-ahead', at: 1_000 });
    ledger.write({ op: 'rollcall', rollcall: rollCall('after', 2_000) });
    expect(ledger.rollcalls().map(({ id, startedAt, endsAt, finishedAt }) => [id, startedAt, endsAt, finishedAt])).toEqual([
      ['after', 2_000, 2_028, 2_028],
      ['fast', 980, 1_008, 1_000],
      ['before', 100, 128, 128],
    ]);
    expect(ledger.rollcall('fast')).toMatchObject({ startedAt: 980, finishedAt: 1_000, rows: fast.rows });
  });
});

test('an unreadable row is reported at the start as a damaged ledger, with its table and the first thing to do', () => {
  const { db, load, audit } = open();
  db.exec(`INSERT INTO nodes (path, row) VALUES ('la', '{"path":"la"')`);
  expect(load).toThrow(
    new LedgerError(
      'other',
      'the ledger is damaged (a row of its table nodes cannot be read): restore a backup, or move it elsewhere to start empty',
    ),
  );
  expect(audit().integrity).toBe('ok');
});
