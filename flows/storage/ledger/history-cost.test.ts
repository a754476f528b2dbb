import { DatabaseSync } from 'node:sqlite';
import { budgets } from '@sabha/contracts';
import { expect, test } from 'vitest';
import type { Op } from '../../engine/records/ops.ts';
import { openStore } from './store.ts';

const pc = 'la/leh/pc-1';
const change = (component: string, at: number, status = at % 2 ? 'ok' : 'online'): Op => ({
  op: 'change',
  pc,
  component,
  at,
  status,
  faults: [],
});

function open(...ops: Op[]) {
  const store = openStore(new DatabaseSync(':memory:'));
  store.commit([ops]);
  return store;
}

test('R27 the history reads a limited number of components of a PC, those known to Sabha first', () => {
  const { most } = budgets.componentsRead;
  const invented = Array.from({ length: 2 * most }, (_, n) => change(`a-${1_000 + n}`, 5));
  const store = open(...invented, change('camera', 1), change('power', 5), change('presence', 6));
  const names = new Set(store.history(pc, 3).map(({ component }) => component));
  expect(names.size).toBe(most);
  expect([...names].filter((name) => !name.startsWith('a-'))).toEqual(['camera', 'power', 'presence']);
});

test('R27 the history reads the newest changes of each component up to the limit, and unknown before them', () => {
  const { most } = budgets.changesRead;
  const times = Array.from({ length: most + 3 }, (_, n) => 10 + n);
  const store = open(...times.map((at) => change('presence', at)), change('camera', 1));
  const since = (from: number) => store.history(pc, from).filter(({ component }) => component === 'presence');
  const [first, second, ...rest] = since(4);
  expect(first).toEqual({ component: 'presence', at: 4, status: 'unknown', faults: [] });
  expect([second?.at, rest.length]).toEqual([13, most - 1]);
  expect(store.history(pc, 4)[0]).toMatchObject({ component: 'camera', at: 1, status: 'ok' });
  expect(since(13)).toHaveLength(most + 1);
  expect(since(13)[0]).toMatchObject({ at: 12, status: 'online' });
});

test('R27 the history reads at most one day’s quota of changes over all components; components beyond it are unknown', () => {
  const { changesADay, changesAtOnce, changesRead } = budgets;
  const most = changesADay.most + changesAtOnce.most;
  const names = Array.from({ length: most / changesRead.most }, (_, n) => `n-${n}`);
  const rows = names.flatMap((name) => Array.from({ length: changesRead.most }, (_, n) => change(name, 10 + n)));
  const beyond = [change('o-1', 11), change('o-1', 13), change('o-2', 1)];
  const read = open(...rows, ...beyond).history(pc, 4);
  expect(read).toHaveLength(most + 2);
  expect(read.filter(({ component }) => component.startsWith('o-'))).toMatchObject([
    { component: 'o-2', at: 1, status: 'ok' },
    { component: 'o-1', at: 4, status: 'unknown' },
  ]);
});

test('R27 components that a PC no longer reports are deleted when they are old, a few per change', () => {
  const day = 86_400_000;
  const names = Array.from({ length: 100 }, (_, n) => `n-${n}`);
  const store = open(
    ...names.flatMap((name) => [change(name, 1), change(name, 2, 'gone')]),
    ...[change('camera', 1, 'fault'), change('ups', 2, 'unknown'), change('room', 1, 'gone'), change('room', 3)],
    { op: 'meta', key: 'settled', value: JSON.stringify({ at: 90 * day }) },
  );
  const left = () => new Set(store.history(pc, 0).map(({ component }) => component));
  store.commit([[change('presence', 35 * day)]]);
  expect(left().size).toBe(budgets.componentsRead.most);
  // 64 components are deleted per change. Reported components stay, whatever their status.
  for (const turn of [1, 2]) store.commit([[change('presence', 36 * day + turn)]]);
  expect([...left()].sort()).toEqual(['camera', 'presence', 'room', 'ups']);
  expect(store.history(pc, 0).filter(({ component }) => component === 'room')).toHaveLength(1);
});
