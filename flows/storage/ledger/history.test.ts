import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import type { Op } from '../../engine/records/ops.ts';
import { openStore } from './store.ts';

const dayMs = 86_400_000;

function open() {
  const store = openStore(new DatabaseSync(':memory:'));
  return { ...store, write: (...ops: Op[]) => store.commit([ops]) };
}

describe('history', () => {
  const pc = 'la/leh/pc-1';
  const change = (component: string, at: number, status: string, faults: string[] = []): Op => ({
    op: 'change',
    pc,
    component,
    at,
    status,
    faults,
  });

  test('the history begins with the last earlier change of each component and is sorted by time', () => {
    const ledger = open();
    ledger.write(
      change('camera', 1, 'ok'),
      change('microphone', 2, 'ok'),
      change('microphone', 5, 'fault', ['microphone.missing']),
      change('presence', 7, 'online'),
      change('microphone', 10, 'ok'),
      { ...change('microphone', 10, 'unknown'), pc: 'la/leh/pc-2' } as Op,
      change('camera', 12, 'unknown'),
      change('camera', 12, 'ok'),
    );
    expect(ledger.history(pc, 10)).toEqual([
      { component: 'camera', at: 1, status: 'ok', faults: [] },
      { component: 'microphone', at: 5, status: 'fault', faults: ['microphone.missing'] },
      { component: 'presence', at: 7, status: 'online', faults: [] },
      { component: 'microphone', at: 10, status: 'ok', faults: [] },
      { component: 'camera', at: 12, status: 'ok', faults: [] },
    ]);
    expect(ledger.history('la/leh/other', 10)).toEqual([]);
  });

  test('receive gaps of the server are sorted and kept for 35 days', () => {
    const ledger = open();
    const away = (from: number, to: number): Op => ({ op: 'away', from: from * dayMs, to: to * dayMs });
    ledger.write(away(2, 3), away(1, 1.5), away(2, 2.5));
    expect(ledger.aways(1.2 * dayMs).map(({ from, to }) => [from / dayMs, to / dayMs])).toEqual([
      [1, 1.5],
      [2, 2.5],
    ]);
    expect(ledger.aways(1.5 * dayMs)).toHaveLength(1);
    ledger.write(away(400, 400.1));
    expect(ledger.aways(0)).toHaveLength(3);
    ledger.write({ op: 'meta', key: 'settled', value: JSON.stringify({ at: 40 * dayMs }) }, away(37, 37.2));
    expect(ledger.aways(0).map(({ from }) => from / dayMs)).toEqual([2, 37, 400]);
  });

  test('R29 after a clock that was ahead, later changes are deleted and the last change of each component is moved to now', () => {
    const ledger = open();
    const away = (from: number, to: number): Op => ({ op: 'away', from, to });
    ledger.write(
      change('camera', 1, 'ok'),
      change('microphone', 2, 'ok'),
      change('microphone', 12, 'fault', ['microphone.missing']),
      change('microphone', 13, 'ok'),
      change('microphone', 14, 'unknown'),
      change('presence', 10, 'online'),
      ...[away(1, 2), away(9, 30), away(11, 12)],
      { op: 'not-ahead', at: 10 },
    );
    expect(ledger.history(pc, 0).map(({ component, at, status }) => [component, at, status])).toEqual([
      ['camera', 1, 'ok'],
      ['microphone', 2, 'ok'],
      ['microphone', 10, 'unknown'],
      ['presence', 10, 'online'],
    ]);
    expect(ledger.aways(0)).toEqual([
      { from: 1, to: 2 },
      { from: 9, to: 10 },
    ]);
    ledger.write(change('microphone', 11, 'fault'), { op: 'not-ahead', at: 10 });
    expect(ledger.history(pc, 10).map(({ component, status }) => [component, status])).toContainEqual(['microphone', 'fault']);
  });

  test('R29 changes are deleted by the settled time, not by a clock that is ahead, and the last older change of a component is kept', () => {
    const ledger = open();
    ledger.write(
      change('camera', 1 * dayMs, 'ok'),
      ...[1, 2, 3].map((day) => change('microphone', day * dayMs, day % 2 === 0 ? 'ok' : 'unknown')),
    );
    const settled = (day: number) => ledger.write({ op: 'meta', key: 'settled', value: JSON.stringify({ at: day * dayMs }) });
    settled(36.5);
    // Written by a clock that is ahead and was never confirmed.
    ledger.write(change('microphone', 400 * dayMs, 'ok'));
    expect(ledger.history(pc, 0)).toHaveLength(5);
    settled(400);
    ledger.write(change('microphone', 37.5 * dayMs, 'ok'));
    const kept = ledger.history(pc, 0).map(({ component, at }) => [component, at / dayMs]);
    expect(kept).toEqual([
      ['camera', 1],
      ['microphone', 2],
      ['microphone', 3],
      ['microphone', 37.5],
      ['microphone', 400],
    ]);
  });
});
