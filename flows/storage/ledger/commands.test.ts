import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import type { CommandRow, Op } from '../../engine/records/ops.ts';
import { commandsKept } from './schema.ts';
import { openStore } from './store.ts';

function open() {
  const db = new DatabaseSync(':memory:');
  const store = openStore(db);
  return { db, ...store, write: (...ops: Op[]) => store.commit([ops]) };
}

function commandRow(id: string, to: string, expires: number): CommandRow {
  return { id, by: 'asha', to, verb: 'probe-now', args: {}, at: 1, expires, signed: { signed: '{}', signature: 'x' } };
}

function answer(pc: string, id = 'c', verb = 'probe-now'): Op {
  return { op: 'command-answer', pc, at: 5, answer: { id, verb, outcome: 'done', reason: null } };
}

test.each([
  ['', ['la/leh/hall', 'goa/panaji/hall']],
  ['la', ['la/leh/hall', 'la/leh/hall-2']],
  ['la/leh', ['la/leh/hall']],
  ['la/leh/hall', ['la/leh/hall']],
])('a command to "%s" stores the first response of each addressed PC with an audit row and ignores other PCs, verbs and ids', (to, pcs) => {
  const ledger = open();
  ledger.write({ op: 'command', row: commandRow('c', to, 600_000) });
  const others = ['la-2/leh/hall', 'lab/leh/hall', 'goa/panaji/hall-2', 'la/leh/hall-2'];
  ledger.write(...others.filter((pc) => !`${pc}/`.startsWith(to === '' ? '' : `${to}/`)).map((pc) => answer(pc)));
  ledger.write(...pcs.map((pc) => answer(pc)), ...pcs.map((pc) => answer(pc)), answer('la/leh/x', 'd'), answer('la/leh/y', 'c', 'reboot'));
  const found = ledger.command('c');
  expect(found?.row).toEqual(commandRow('c', to, 600_000));
  expect(found?.answers).toEqual(pcs.toSorted().map((pc) => ({ pc, at: 5, outcome: 'done', reason: null })));
  expect(ledger.db.prepare('SELECT who, what, about FROM steps ORDER BY id').all()).toEqual(
    pcs.map((pc) => ({ who: pc, what: 'command probe-now', about: 'c: done' })),
  );
  expect(ledger.command('none')).toBeUndefined();
});

test('open commands are returned with the PCs that responded; the list holds all commands, newest first', () => {
  const ledger = open();
  ledger.write(
    { op: 'command', row: commandRow('old', '', 1_000) },
    { op: 'command', row: commandRow('c', 'la', 600_000) },
    { op: 'command', row: commandRow('d', '', 1_100_000) },
    answer('la/leh/hall'),
  );
  expect(ledger.openCommands(1_000)).toEqual([
    { row: commandRow('c', 'la', 600_000), answered: ['la/leh/hall'] },
    { row: commandRow('d', '', 1_100_000), answered: [] },
  ]);
  expect(ledger.commands().map(({ id }) => id)).toEqual(['d', 'c', 'old']);
});

test('automatic link tests are not listed and do not displace the commands of people', { tags: ['long'] }, () => {
  const ledger = open();
  ledger.write({ op: 'command', row: commandRow('ordered', 'la', 1_000) });
  const steps = Array.from({ length: commandsKept + 50 }, (_, at) => ({
    ...commandRow(`m-${at}`, 'la/leh/hall', 2_000 + at),
    verb: 'measure-link',
  }));
  ledger.write(...steps.map((row) => ({ op: 'command' as const, row })));
  expect(ledger.commands().map(({ id }) => id)).toEqual(['ordered']);
  expect(ledger.command('ordered')).toBeDefined();
  expect(['m-49', 'm-50'].map((id) => ledger.command(id) !== undefined)).toEqual([false, true]);
});

test('R29 a command from a clock that was ahead is moved to the present and keeps its lifetime', () => {
  const [now, year, life] = [1_000_000, 31_536_000_000, 600_000];
  const row = (id: string, at: number): CommandRow => ({ ...commandRow(id, '', at + life), at });
  const ledger = open();
  ledger.write({ op: 'command', row: row('before', now - 60_000) }, { op: 'command', row: row('fast', now + year) });
  ledger.write({ op: 'not-ahead', at: now });
  ledger.write({ op: 'command', row: row('after', now + 1_000) });
  const left = (at: number) => ledger.openCommands(at).map((one) => [one.row.id, one.row.at, one.row.expires]);
  expect(left(now)).toEqual([
    ['before', now - 60_000, now - 60_000 + life],
    ['fast', now, now + life],
    ['after', now + 1_000, now + 1_000 + life],
  ]);
  expect(left(now + life).map(([id]) => id)).toEqual(['after']);
  expect(ledger.commands().map(({ id }) => id)).toEqual(['after', 'fast', 'before']);
});
