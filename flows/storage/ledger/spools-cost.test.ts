/**
 * Limits the cost that one PC can cause with spools (R27, budgets). Counts statements and rows, or compares with a small spool in the same
 * run.
 */
import { DatabaseSync } from 'node:sqlite';
import { budgets, type EventMessage } from '@sabha/contracts';
import { expect, test } from 'vitest';
import type { Op } from '../../engine/records/ops.ts';
import { openStore } from './store.ts';

const pc = 'la/leh/pc-1';

function birth(first: number, last: number, spool = 'a', carries: string | null = null): Op {
  return { op: 'birth', pc, spool, first, last, carries, at: 1 };
}

function event(seq: number, more: Partial<EventMessage> = {}): Op {
  return {
    op: 'event',
    pc,
    event: { spool: 'a', seq, boot: 'b1', at: 1000 + seq, grade: 'event', kind: 'test', body: {}, ...more },
    at: 2,
  };
}

function tombstone(seq: number, ranges: number[][]): Op {
  return event(seq, { kind: 'dropped', body: { ranges } });
}

/** Opens a ledger. `spent` returns the statements and rows of a commit, `ranges` the number of stored ranges. */
function open() {
  const db = new DatabaseSync(':memory:');
  let work = 0;
  const prepare = db.prepare.bind(db);
  db.prepare = (sql) => {
    const statement = prepare(sql);
    const counted = (rows: unknown) => {
      work += 1 + (Array.isArray(rows) ? rows.length : 0);
      return rows;
    };
    return new Proxy(statement, {
      get: (target, name) => {
        if (name === 'iterate') return (...values: never[]) => target.iterate(...values).map((row) => counted(row));
        return (...values: never[]) => counted((target[name as 'get'] as (...all: never[]) => unknown).apply(target, values));
      },
    });
  };
  const store = openStore(db);
  const spent = (...ops: Op[]) => {
    const before = work;
    const [receipt] = store.commit([ops]);
    return { work: work - before, receipt };
  };
  return {
    store,
    spent,
    ranges: () => Number(prepare('SELECT (SELECT count(*) FROM pieces) + (SELECT count(*) FROM settled) AS n').get()?.['n']),
  };
}

/** Returns this many events with every second number from 2. */
function sparse(events: number): Op[] {
  return Array.from({ length: events }, (_, index) => event(2 * index + 2));
}

test('R27 overlapping ranges of one tombstone count as dropped once, are stored as one row, and take a limited amount of work', () => {
  const { spent, ranges } = open();
  spent(birth(1, 20_000), ...sparse(8_000));
  const overlapping = Array.from({ length: 300 }, (_, index) => [1 + (index % 7), 16_400]);
  const { work, receipt } = spent(tombstone(16_500, overlapping));
  expect(receipt).toMatchObject({ dropped: 8_400, cursors: [{ upTo: 16_400 }] });
  expect(work).toBeLessThan(40);
  expect(ranges()).toBe(1);
});

test('R27 repeated tombstones above an open hole do not read the acknowledged events again', () => {
  const { spent, ranges } = open();
  spent(birth(1, 20_000), ...sparse(8_000).slice(1));
  spent(tombstone(16_500, [[3, 16_400]]));
  const works = [1, 2, 3].map((n) => spent(tombstone(16_500 + 2 * n, [[3, 16_400 + 2 * n]])).work);
  expect(Math.max(...works)).toBeLessThan(40);
  expect(ranges()).toBe(1);
});

test('R27 the ranges read from one tombstone are limited to what an agent writes', () => {
  const { spent, store } = open();
  spent(birth(1, 20_000));
  const most = budgets.tombstoneRanges.most;
  const single = Array.from({ length: most + 5 }, (_, index) => [2 * index + 1, 2 * index + 1]);
  spent(tombstone(16_500, single));
  expect(store.audit().dropped).toBe(most);
});

test('R27 births that move the first number up and down over sparse events store a limited number of rows', () => {
  const { spent, ranges, store } = open();
  spent(birth(1, 20_000), ...sparse(8_000));
  for (const turn of ['once', 'again']) {
    expect(spent(birth(20_001, 20_000)).work, turn).toBeLessThan(40);
    expect(ranges(), turn).toBe(1);
    expect(spent(birth(1, 20_000)).work, turn).toBeLessThan(40);
    expect(ranges(), turn).toBe(0);
  }
  expect(store.audit().gaps).toBe(0);
});

/** Returns the cost of births in a spool that holds `held` consecutive events from number 2. */
function denseCosts(held: number, births: Op[]): number {
  const { spent } = open();
  spent(birth(2, 2));
  for (let at = 2; at < held; at += 1_000) spent(...Array.from({ length: 1_000 }, (_, n) => event(at + n)));
  spent(...births);
  return births.reduce((sum, one) => sum + spent(one).work, 0);
}

test.each([
  ['to and fro', 1_000, (_: number) => [birth(1, 1), birth(2, 1), birth(1, 1), birth(2, 1)]],
  ['to its end and back', 1_000, (n: number) => [birth(1, n), birth(n + 10, n), birth(1, n), birth(2, n)]],
])('R27 births whose first number moves %s cost the same in a dense spool ten times as large', { tags: ['long'] }, (_, n, births) => {
  expect(denseCosts(10 * n, births(10 * n))).toBe(denseCosts(n, births(n)));
});

test('R27 invented spools are closed a few per birth, newest first, and repeated events in the newest one are recognised', () => {
  const { spent } = open();
  spent(...Array.from({ length: 2_000 }, (_, index) => event(1, { spool: `s${index}`, at: index })));
  expect(spent(birth(1, 1, 'b')).work).toBeLessThan(1_000);
  const carried = event(1, { spool: 'c', at: 1_999 });
  expect(spent(birth(1, 1, 'c', 's1999'), carried).receipt).toMatchObject({ applied: 0, cursors: [{ spool: 'c', upTo: 1 }] });
});

test('R27 an event repeated in a forked spool takes at most six times as long with 12,000 stored events as with 600', () => {
  const same = (seq: number) => event(seq, { at: 1, body: { same: true } });
  const { store } = open();
  store.commit([[birth(1, 1, 'b')], [birth(1, 1, 'a', 'b')]]);
  const fill = (from: number, to: number) => store.commit([Array.from({ length: to - from }, (_, index) => same(from + index))]);
  /** One event per commit. The minimum of a hundred runs is independent of the load of the machine. */
  const leastMs = (from: number) => {
    const takesMs = Array.from({ length: 100 }, (_, index) => {
      const startedAt = performance.now();
      store.commit([[same(from + index)]]);
      return performance.now() - startedAt;
    });
    return Math.min(...takesMs);
  };
  fill(1, 600);
  const fewMs = leastMs(600);
  fill(700, 12_000);
  expect(leastMs(12_000)).toBeLessThan(6 * fewMs);
});

/** Writes tombstones of a thousand single numbers each, every second number from 2. The numbers between stay missing. */
function riddled({ spent }: ReturnType<typeof open>, tombstones: number): number {
  const most = budgets.tombstoneRanges.most;
  const end = 2 * most * tombstones;
  spent(birth(1, end));
  for (let n = 0; n < tombstones; n += 1) {
    const single = Array.from({ length: most }, (_, index) => Array(2).fill(2 * (n * most + index) + 2));
    spent(tombstone(end + n + 1, single));
  }
  return end;
}

test('R27 a birth after many tombstones of one number each stores one further range; each receipt counts a limited number of gaps', {
  tags: ['long'],
}, () => {
  const ledger = open();
  const { spent, ranges, store } = ledger;
  const end = riddled(ledger, 20);
  const before = ranges();
  const { work, receipt } = spent(birth(end + 21, end + 21));
  expect(receipt?.cursors).toMatchObject([{ upTo: end + 20 }]);
  expect(work).toBeLessThan(60);
  expect(ranges()).toBe(before + 1);
  expect(store.audit()).toMatchObject({ gaps: end / 2, dropped: end / 2 });
  // Each further commit counts more lost numbers, and the sum is exact.
  const told = [receipt, ...Array.from({ length: 3 }, (_, n) => spent(event(end + 21 + n)).receipt)].map((one) => one?.gaps ?? 0);
  expect(Math.max(...told)).toBeLessThanOrEqual(budgets.spoolWalk.most + 2);
  expect(told.reduce((sum, one) => sum + one)).toBe(end / 2);
  // Further births do not read the same numbers again.
  const turns = [birth(1, 5), birth(end + 21, end + 21), birth(1, end + 21), birth(end + 21, end + 21)].map((one) => spent(one).work);
  expect(Math.max(...turns)).toBeLessThan(60);
});

test('R27 a wide tombstone over many single numbers stores one range, and each receipt counts a limited number of its drops', {
  tags: ['long'],
}, () => {
  const ledger = open();
  const { spent, store } = ledger;
  const end = riddled(ledger, 20);
  const wide = spent(tombstone(end + 21, [[1, end]]));
  expect(wide.receipt?.cursors).toMatchObject([{ upTo: end + 21 }]);
  expect(wide.work).toBeLessThan(400);
  expect(store.audit()).toMatchObject({ gaps: 0, dropped: end });
  const told = [wide.receipt, ...Array.from({ length: 3 }, (_, n) => spent(event(end + 22 + n)).receipt)].map((one) => one?.dropped ?? 0);
  expect(Math.max(...told)).toBeLessThanOrEqual(budgets.spoolWalk.most + 2);
  expect(told.reduce((sum, one) => sum + one)).toBe(end / 2);
  // The range stays dropped and is counted only once.
  const again = Array.of([1, end], [7, 9]);
  expect(spent(birth(1, end), tombstone(end + 25, again)).receipt).toMatchObject({ cursors: [{ upTo: end + 25 }], dropped: 0 });
});

test('R27 the ack over many held numbers above a filled hole advances by a limited count per receipt and never goes back', () => {
  const ledger = open();
  const { spent, store } = ledger;
  const end = riddled(ledger, 6);
  spent(...Array.from({ length: end / 2 - 1 }, (_, index) => event(2 * index + 3)));
  const { work, receipt } = spent(event(1));
  expect(work).toBeLessThan(3 * budgets.spoolWalk.most);
  const upTo = receipt?.cursors[0]?.upTo ?? 0;
  expect(upTo).toBeGreaterThan(budgets.spoolWalk.most / 2);
  expect(upTo).toBeLessThanOrEqual(budgets.spoolWalk.most);
  expect(spent(event(1)).receipt?.cursors).toMatchObject([{ upTo: end + 6 }]);
  expect(store.audit()).toMatchObject({ gaps: 0, dropped: end / 2 });
});
