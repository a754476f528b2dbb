import { DatabaseSync } from 'node:sqlite';
import { budgets, type EventMessage, eventHash } from '@sabha/contracts';
import { describe, expect, test } from 'vitest';
import type { Op } from '../../engine/records/ops.ts';
import { openStore } from './store.ts';

const pc = 'la/leh/pc-1';

function birth(first: number, last: number, more: { spool?: string; carries?: string; pc?: string } = {}): Op {
  return { op: 'birth', pc: more.pc ?? pc, spool: more.spool ?? 'a', first, last, carries: more.carries ?? null, at: 1 };
}

function message(seq: number, more: Partial<EventMessage> = {}): EventMessage {
  return { spool: 'a', seq, boot: 'b1', at: 1000 + seq, grade: 'event', kind: 'test', body: { seq }, ...more };
}

function event(seq: number, more: Partial<EventMessage> = {}): Op {
  return { op: 'event', pc, event: message(seq, more), at: 2 };
}

function tombstone(seq: number, ranges: unknown): Op {
  return event(seq, { kind: 'dropped', body: { ranges } });
}

function open() {
  const store = openStore(new DatabaseSync(':memory:'));
  return {
    ...store,
    one: (...ops: Op[]) => {
      const [receipt] = store.commit([ops]);
      if (!receipt) throw new Error('no receipt');
      return receipt;
    },
    upTo: (...ops: Op[]) => store.commit([ops])[0]?.cursors[0]?.upTo,
  };
}

test('the ledger audit lists at most 20 PCs with missing or repeated events, most affected first', () => {
  const ledger = open();
  const path = (n: number) => `la/leh/pc-${n}`;
  for (let n = 1; n <= 25; n += 1) {
    ledger.one(birth(1, 100, { pc: path(n) }));
    ledger.one(birth(1 + n, 100, { pc: path(n) }));
  }
  const same = { at: 5, body: { same: true } };
  for (const spool of ['x', 'y', 'z']) ledger.one({ op: 'event', pc: path(7), event: message(1, { spool, ...same }), at: 2 });
  const { gaps, twice, ofPcs = [] } = ledger.audit();
  expect([gaps, twice, ofPcs.length]).toEqual([(25 * 26) / 2, 2, 20]);
  expect(ofPcs[0]).toEqual({ pc: path(25), gaps: 25, twice: 0 });
  expect(ofPcs.find(({ pc: named }) => named === path(7))).toEqual({ pc: path(7), gaps: 7, twice: 2 });
  expect(open().audit()).not.toHaveProperty('ofPcs');
});

test('R27 a birth that claims numbers up to 2^40 adds at most one spool’s worth of gaps, counted for its PC', () => {
  const ledger = open();
  const other = 'la/leh/pc-2';
  ledger.one(birth(1, 1), birth(1, 1, { pc: other }));
  const { gaps, gapsOf } = ledger.one(birth(budgets.eventNumber.most, budgets.eventNumber.most), birth(4, 4, { pc: other }));
  expect(gapsOf).toEqual({ [pc]: budgets.gap.most, [other]: 3 });
  expect(gaps).toBe(budgets.gap.most + 3);
  expect(ledger.audit().gaps).toBe(budgets.gap.most + 3);
  expect(ledger.one(event(budgets.eventNumber.most)).cursors).toMatchObject([{ upTo: budgets.eventNumber.most }]);
});

describe('R4 the ack', () => {
  test('R4 the ack reaches the last number without a hole below it and carries the hash of that event', () => {
    const ledger = open();
    const receipt = ledger.one(birth(1, 3), event(1), event(2), event(3));
    expect(receipt).toEqual({ cursors: [{ pc, spool: 'a', upTo: 3, mark: eventHash(message(3)) }], applied: 3, gaps: 0, dropped: 0 });
  });

  test('R4 the ack stops at a hole until it is filled, then continues to the end', () => {
    const ledger = open();
    expect(ledger.upTo(birth(1, 5), event(1), event(3), event(5))).toBe(1);
    expect(ledger.upTo(event(4))).toBe(1);
    expect(ledger.upTo(event(2))).toBe(5);
  });
});

describe('R5 the ack always advances', () => {
  test('R5 the numbers below the first one of an unknown spool count as acknowledged, without a gap and without an event hash', () => {
    const ledger = open();
    expect(ledger.one(birth(51, 60))).toEqual({
      cursors: [{ pc, spool: 'a', upTo: 50, mark: undefined }],
      applied: 0,
      gaps: 0,
      dropped: 0,
    });
    expect(ledger.audit()).toMatchObject({ gaps: 0, dropped: 0 });
  });

  test('R5 missing numbers of a known spool that no tombstone declares are counted as gaps once', () => {
    const ledger = open();
    ledger.one(birth(1, 9), event(1), event(4));
    expect(ledger.one(birth(7, 9))).toMatchObject({ cursors: [{ upTo: 6 }], gaps: 4 });
    expect(ledger.one(birth(7, 9)).gaps).toBe(0);
    expect(ledger.audit().gaps).toBe(4);
  });

  test('R5 a birth with another spool closes the old spool and counts the announced but missing events of the old spool as gaps', () => {
    const ledger = open();
    ledger.one(birth(1, 6), event(1), event(2), event(5));
    const receipt = ledger.one(birth(1, 1, { spool: 'b' }));
    expect(receipt.gaps).toBe(3);
    expect(receipt.cursors.map(({ spool }) => spool)).toEqual(['b']);
    expect(ledger.one(birth(1, 1, { spool: 'b' })).gaps).toBe(0);
    expect(ledger.audit()).toMatchObject({ gaps: 3, spools: 2 });
  });
});

describe('R7 idempotent apply', () => {
  test('R7 other content under a stored number is stored as a fork, and the receipt carries the hash of the stored event', () => {
    const ledger = open();
    ledger.one(birth(1, 1), event(1));
    const other = event(1, { body: { other: true } });
    expect(ledger.one(other, other)).toEqual({
      cursors: [{ pc, spool: 'a', upTo: 1, mark: eventHash(message(1)) }],
      applied: 0,
      gaps: 0,
      dropped: 0,
    });
    expect(ledger.audit()).toMatchObject({ events: 1, forks: 1 });
  });

  test('R7 a renumbered copy of an event from the old spool is acknowledged and not applied again', () => {
    const ledger = open();
    ledger.one(birth(1, 3), event(1), event(2));
    const carried = { ...message(2), spool: 'b', seq: 1 };
    const receipt = ledger.one(birth(1, 2, { spool: 'b', carries: 'a' }), { op: 'event', pc, event: carried, at: 3 });
    expect(receipt).toMatchObject({ applied: 0, gaps: 0, cursors: [{ spool: 'b', upTo: 1, mark: undefined }] });
    expect(ledger.upTo(birth(1, 2, { spool: 'b' }))).toBe(1);
    expect(ledger.audit()).toMatchObject({ events: 2, twice: 0, gaps: 0 });
  });
});

describe('R8 tombstones', () => {
  test('R8 numbers that a tombstone names count as dropped: expected ones, and ones counted as gaps before', () => {
    const ledger = open();
    ledger.one(birth(1, 9), event(1));
    expect(ledger.one(birth(5, 9)).gaps).toBe(3);
    expect(
      ledger.one(
        tombstone(9, [
          [2, 3],
          [6, 7],
        ]),
      ),
    ).toMatchObject({ dropped: 4, cursors: [{ upTo: 4 }] });
    expect(ledger.audit()).toMatchObject({ gaps: 1, dropped: 4 });
  });

  test('R8 a tombstone counts only numbers below its own as dropped, and ignores invalid ranges', () => {
    const ledger = open();
    const nonsense = [[3, 1], ['1', 2], [0, 1], 7, [1, 1.5], [9, 12], null];
    expect(ledger.one(birth(1, 9), tombstone(2, [[1, 9]]), tombstone(3, nonsense), tombstone(4, 'all'))).toMatchObject({
      dropped: 1,
      applied: 3,
      cursors: [{ upTo: 4 }],
    });
  });
});
