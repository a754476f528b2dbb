/** Tests copies of a ledger under load and the pages of past incidents, for both kinds of ledger. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Incident, Transition } from '../../engine/records/incidents.ts';
import type { OutboxRow } from '../../engine/records/notices.ts';
import type { Ledger, Op, PastIncidents } from '../../engine/records/ops.ts';
import { openInThread, openLedger } from './ledger.ts';
import { copyOf } from './store.ts';

const pc = 'la/leh/pc-1';
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sabha-copy-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const at = (name: string) => join(folder, name);
const ways: [string, () => Promise<Ledger>][] = [
  ['in a worker thread', () => openLedger({ file: at('ledger.db') })],
  ['in this thread', async () => openInThread(new DatabaseSync(at('ledger.db')))],
];

function event(seq: number): Op {
  const body = { text: 'x'.repeat(2_000) };
  return { op: 'event', pc, event: { spool: 'a', seq, boot: 'b', at: seq, grade: 'event', kind: 'test', body }, at: 1 };
}

function incident(id: number, overAt: number | null): Incident {
  const rest = { closedBecause: null, severity: 'major', flapping: false, acknowledged: null } as const;
  return { id, scope: pc, openedAt: 10 * id, overAt, over: overAt === null ? null : 'cleared', ...rest, faults: [], told: [], notes: [] };
}

function transition(id: number, of: number): Transition {
  const rest = { kind: 'raised', at: 1, severity: 'major', holdMs: 0, offers: 0, offeredAt: null, conclusion: null } as const;
  return { id, incident: of, state: 'concluded', about: [], sent: [], ...rest };
}

describe.each(ways)('a ledger %s', (_, open) => {
  test('a copy of the ledger during commits equals the ledger after one complete commit, and does not stop the commits', async () => {
    const ledger = await open();
    await ledger.commit([{ op: 'birth', pc, spool: 'a', first: 1, last: 200, carries: null, at: 1 }]);
    const before = await ledger.progress();
    const writing = Array.from({ length: 200 }, (_, nth) => ledger.commit([event(nth + 1)]));
    await ledger.copyTo(at('copy.db'));
    await Promise.all(writing);
    const after = await ledger.progress();
    expect(after.ledger).toBe(before.ledger);
    expect(after.commits).toBeGreaterThan(before.commits);
    await ledger.checkpoint();
    const audit = await ledger.audit();
    await ledger.close();
    const copy = openInThread(new DatabaseSync(at('copy.db')));
    const [found, held] = [await copy.audit(), await copy.progress()];
    expect([found.integrity, held.ledger, audit.events]).toEqual(['ok', before.ledger, 200]);
    expect(found.events).toBeLessThanOrEqual(200);
    expect(held.commits).toBeGreaterThanOrEqual(before.commits);
    expect(held.commits).toBeLessThanOrEqual(after.commits);
    await copy.close();
  });

  test('a copy of the ledger to an unwritable place is rejected, and commits continue', async () => {
    const ledger = await open();
    await expect(ledger.copyTo(at('none/copy.db'))).rejects.toThrow(/ENOENT|no such file/);
    expect(await ledger.commit([{ op: 'meta', key: 'k', value: 'v' }])).toMatchObject({ applied: 0 });
    expect(existsSync(at('none'))).toBe(false);
    await ledger.close();
  });

  test('past incidents are returned page by page, with transitions, notifications and hand-backs', async () => {
    const ledger = await open();
    const notice = { kind: 'raised', incident: 2, severity: 'major', scope: pc, faults: [], at: 1, flapping: false, lines: [] } as const;
    const names = { en: 'Leh', hi: 'लेह' };
    const place = { site: names, room: names, timeZone: 'Asia/Kolkata' };
    const row: OutboxRow = {
      key: '7/email/asha',
      transition: 7,
      channel: 'email',
      person: 'asha',
      notice: { ...notice, ...place, faults: [], lines: [] },
      createdAt: 30,
      dueAt: 30,
      tries: 0,
      state: 'delivered',
      lastError: null,
    };
    await ledger.commit([
      ...[incident(1, 15), incident(2, null), incident(3, 40)].map((one): Op => ({ op: 'incident', incident: one })),
      ...[transition(6, 1), transition(7, 2), transition(71, 3)].map((one): Op => ({ op: 'transition', transition: one })),
      { op: 'outbox', row },
      ...[2, 21].map(
        (id): Op => ({ op: 'outbox', row: { ...row, key: `not-mine-${id}-31/email/meera`, transition: null, createdAt: 31 } }),
      ),
    ]);
    const page = async (after: number, most?: number) => {
      const { json, last } = await ledger.past({ since: 20, after, ...(most !== undefined && { most }) });
      return { last, past: JSON.parse(json) as PastIncidents };
    };
    const first = await page(0, 1);
    expect(first.last).toBe(2);
    expect(first.past).toMatchObject({
      incidents: [{ id: 2 }],
      transitions: [{ id: 7 }],
      sent: [
        { key: '7/email/asha', createdAt: 30 },
        { key: 'not-mine-2-31/email/meera', createdAt: 31 },
      ],
      changes: [],
    });
    const second = await page(2);
    expect([second.last, second.past.incidents.map(({ id }) => id), second.past.sent]).toEqual([3, [3], []]);
    expect((await page(3)).last).toBeNull();
    await ledger.close();
  });
});

test('a second copy of the ledger at the same time is rejected, and so is a copy after close', async () => {
  const ledger = await openLedger({ file: at('ledger.db') });
  const first = ledger.copyTo(at('copy.db'));
  await expect(ledger.copyTo(at('copy.db'))).rejects.toThrow('is being written already');
  await first;
  await ledger.close();
  await expect(ledger.copyTo(at('late.db'))).rejects.toThrow();
});

test('a copy that begins during a transaction waits for the end of the transaction; a large copy is synced in parts', async () => {
  const db = new DatabaseSync(at('large.db'));
  db.exec('PRAGMA journal_mode = WAL; CREATE TABLE large (body BLOB) STRICT; INSERT INTO large VALUES (zeroblob(40 * 1024 * 1024));');
  db.exec('BEGIN; INSERT INTO large VALUES (zeroblob(10));');
  let tries = 0;
  const endsCommitAfterFirstTry: typeof backup = async (...args) => {
    tries += 1;
    try {
      return await backup(...args);
    } finally {
      if (db.isTransaction) db.exec('COMMIT');
    }
  };
  await copyOf(db, at('copy.db'), endsCommitAfterFirstTry);
  expect(tries).toBe(2);
  db.close();
  const copy = new DatabaseSync(at('copy.db'));
  expect(copy.prepare('SELECT count(*) AS n, sum(length(body)) AS bytes FROM large').get()).toMatchObject({
    n: 2,
    bytes: 40 * 1024 * 1024 + 10,
  });
  copy.close();
});
