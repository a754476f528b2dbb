/** Tests that one slice of the retention reads few rows and bytes, because commits wait for a slice. */
import { DatabaseSync } from 'node:sqlite';
import { budgets, type EventMessage } from '@sabha/contracts';
import { expect, test } from 'vitest';
import type { LeavingPage, Op, PagePlace } from '../../engine/records/ops.ts';
import { openStore } from './store.ts';

const most = { rows: 128, bytes: 256 * 1024 + budgets.messageBytes.most };

function event(pc: string, seq: number, body: EventMessage['body']): Op {
  return { op: 'event', pc, event: { spool: 'a', seq, boot: 'b', at: seq, grade: 'event', kind: 'test', body }, at: 1 };
}

/** Opens a ledger of some PCs, each with the given number of events and body size in bytes. */
function filled(pcs: number, events: number, bytes: number) {
  const db = new DatabaseSync(':memory:');
  const store = openStore(db);
  const ops = Array.from({ length: pcs }, (_, index): Op[] => {
    const pc = `la/leh/pc-${index}`;
    const birth: Op = { op: 'birth', pc, spool: 'a', first: 1, last: events, carries: null, at: 1 };
    return [birth, ...Array.from({ length: events }, (_, at) => event(pc, at + 1, { text: 'x'.repeat(bytes) }))];
  });
  store.commit(ops);
  const weigh = () =>
    db.prepare('SELECT count(*) AS rows, total(octet_length(body)) AS bytes FROM events').get() as { rows: number; bytes: number };
  return { db, store, weigh };
}

test.each([
  ['many small events', 3, 700, 10],
  ['large ones', 2, 40, 60_000],
  ['many PCs with hardly any', 400, 2, 10],
])('a slice of the retention reads and deletes a limited number of rows: %s', { tags: ['long'] }, (_, pcs, events, bytes) => {
  const { store, weigh } = filled(pcs, events, bytes);
  const before = store.audit();
  const found: LeavingPage[] = [];
  for (let after: PagePlace | null = { spool: 0, seq: 0 }; after !== null; after = found.at(-1)?.next ?? null)
    found.push(store.page({ after, before: 9, ahead: 10 }));
  expect(found.flatMap((page) => page.events).length).toBe(pcs * (events - 1));
  for (const page of found) {
    expect(page.events.length).toBeLessThanOrEqual(most.rows);
    expect(page.events.reduce((sum, one) => sum + one.body.length, 0)).toBeLessThanOrEqual(most.bytes);
  }
  const spools = Array.from({ length: pcs }, (_, at) => ({ spool: at + 1, runs: [{ a: 1, b: events - 1 }], sha256: '00', newest: 1 }));
  store.seal({ month: '2026-06', at: 0, bytes: 1, sha256: '00', spools });
  for (let held = weigh(), more = true; more; ) {
    more = store.leave();
    const now = weigh();
    expect(held.rows - now.rows).toBeLessThanOrEqual(most.rows);
    expect(held.bytes - now.bytes).toBeLessThanOrEqual(most.bytes);
    held = now;
    const { archived: _archived, ...sums } = store.audit();
    expect(sums).toEqual(before);
  }
  expect(weigh().rows).toBe(pcs);
});

test('expired incidents, notifications and forks are deleted in slices; open, waiting and newest rows stay', () => {
  const { db, store } = filled(1, 1, 1);
  const row = (id: number, overAt: number | null) => `(${id}, ${overAt}, '{"over":"cleared"}')`;
  const ids = Array.from({ length: 200 }, (_, index) => index + 1);
  db.exec(`
    INSERT INTO incidents VALUES ${ids.map((id) => row(id, id === 5 ? null : id)).join()};
    INSERT INTO transitions VALUES ${ids.map((id) => `(${id}, ${id}, '${id === 7 ? 'held' : 'concluded'}', '{}')`).join()};
    INSERT INTO outbox VALUES ${ids.map((id) => `('${id}/log/asha', '${id === 9 ? 'waiting' : 'delivered'}', '{"createdAt":${id}}')`).join()};
    INSERT INTO forks VALUES ${ids.map((id) => `(1, ${id}, 'm', ${id}, '{}')`).join()};
  `);
  const count = () =>
    Number(
      db
        .prepare(
          'SELECT (SELECT count(*) FROM incidents) + (SELECT count(*) FROM transitions) + (SELECT count(*) FROM outbox) + (SELECT count(*) FROM forks) AS n',
        )
        .get()?.['n'],
    );
  for (let held = count(), more = true; more; ) {
    more = store.forgetBefore(1_000);
    expect(held - count()).toBeLessThanOrEqual(64);
    held = count();
  }
  const left = (sql: string) =>
    db
      .prepare(sql)
      .all()
      .map((one) => Object.values(one)[0]);
  expect(left('SELECT id FROM incidents ORDER BY id')).toEqual([5, 7, 200]);
  expect(left('SELECT id FROM transitions ORDER BY id')).toEqual([5, 7, 200]);
  expect([left('SELECT key FROM outbox'), left('SELECT seq FROM forks')]).toEqual([['9/log/asha'], []]);
});

test('the spool of a removed PC is deleted completely, and that of a known PC stays', () => {
  const { db, store } = filled(2, 3, 1);
  store.commit([[{ op: 'node', node: { path: 'la/leh/pc-0' } as never }]]);
  const spools = [1, 2].map((spool) => ({ spool, runs: [{ a: 1, b: 2 }], sha256: '00', newest: 1 }));
  store.seal({ month: '2026-06', at: 0, bytes: 1, sha256: '00', spools });
  while (store.leave());
  const gaps = [];
  for (let more = true; more; gaps.push(store.audit().gaps)) more = store.forgetBefore(1_000);
  expect(gaps.every((count) => count === 0)).toBe(true);
  expect(db.prepare('SELECT pc FROM spools').all()).toMatchObject([{ pc: 'la/leh/pc-0' }]);
  expect(store.audit()).toMatchObject({ events: 3, archived: 2, gaps: 0 });
});

test('the spool of a removed PC is deleted although it has a hole or only one event', () => {
  const { db, store } = filled(3, 193, 1_000);
  db.exec(`DELETE FROM events WHERE (spool = 1 AND seq = 2) OR (spool = 2 AND seq > 1) OR spool = 3 AND seq = 5;
    UPDATE spools SET up_to = 1, last = iif(id = 2, 1, 193)`);
  store.commit([[{ op: 'node', node: { path: 'la/leh/pc-2' } as never }]]);
  const held = () => Number(db.prepare('SELECT count(*) AS count FROM events').get()?.['count']);
  for (let before = held(), more = true; more; before = held()) {
    more = store.forgetBefore(1_000);
    expect(before - held()).toBeLessThanOrEqual(64);
    expect(store.audit().gaps).toBe(0);
  }
  expect(db.prepare('SELECT pc FROM spools').all()).toMatchObject([{ pc: 'la/leh/pc-2' }]);
  expect(held()).toBe(192);
});

test('the retention keeps recent events of a removed PC', () => {
  const { store } = filled(1, 3, 1);
  expect(store.forgetBefore(1)).toBe(false);
  expect(store.audit()).toMatchObject({ spools: 1, events: 3 });
});
