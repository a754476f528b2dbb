import { DatabaseSync } from 'node:sqlite';
import { type CommandAnswer, command, commandLifeMs, decode, encode, openSigned, pcTopic } from '@sabha/contracts';
import { describe, expect, test } from 'vitest';
import { centreKey, centrePublicKey, sealed } from '../../../test/centre-key.ts';
import type { Ledger, Op } from '../../engine/records/ops.ts';
import { createIngest, type Ingest } from '../../ingest/ingest.ts';
import { testClock } from '../../notify/people/people.test-helper.ts';
import { node } from '../../sites/sites.test-helper.ts';
import { openInThread } from '../../storage/ledger/ledger.ts';
import { type Commands, createCommands } from './commands.ts';

const hall = 'ladakh/leh/hall';
const office = 'ladakh/leh/office';
const panaji = 'goa/panaji/vc-1';
const birth = {
  kind: 'birth',
  boot: 'b1',
  session: 1,
  at: 1,
  digest: '0'.repeat(16),
  rev: 1,
  agent: '0.1.0',
  config: 1,
  inventory: 'i1',
  spool: { id: 's1', first: 1, last: 2 },
} as const;

/** The ingest module with its commands over a real ledger. `connected`: the PCs that have connected before. */
async function setUp({
  db = new DatabaseSync(':memory:'),
  clock = testClock(),
  change = (ledger: Ledger) => ledger,
  connected = [hall, office, panaji],
} = {}) {
  const inner = openInThread(db);
  if ((await inner.load()).nodes.length === 0) {
    const sites = ['ladakh/leh', 'goa/panaji'].map((path) => node(path, {}, {}));
    const rest = ['', 'ladakh', 'goa', hall, office, panaji].map((path) => node(path));
    await inner.commit([...rest, ...sites].map((one) => ({ op: 'node', node: one })));
  }
  const ledger = change(inner);
  const sent: { topic: string; payload: Buffer }[] = [];
  const send = (topic: string, payload: Buffer) => void sent.push({ topic, payload });
  let ids = 0;
  let ingest: Ingest | undefined;
  const commands: Commands = createCommands({ clock, key: centreKey, ledger, ingest: () => ingest, send, randomId: () => `c-${++ids}` });
  const contents = await ledger.load();
  ingest = createIngest({
    ledger,
    clock,
    contents,
    recipients: () => [],
    personNamed: () => undefined,
    central: () => [],
    send,
    isRollCall: () => false,
    committed(done) {
      ingest?.acknowledge(done);
      done.heard.forEach(commands.onReport);
    },
    listening: () => {},
    clockSet: () => void ingest?.record([]).then(commands.reread).then(commands.sendAgain),
    seal: sealed,
    publish: async () => {},
    count: { message() {}, receipt() {}, commit() {}, concluded() {} },
    failed: () => {},
    log: { warn: () => {} },
    randomId: () => 'h',
  });
  commands.remember(contents);
  const settle = () => new Promise((go) => setImmediate(go));
  for (const pc of connected) ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', birth));
  await settle();
  await ingest.record([]);
  await commands.reread();
  let seq = 1;
  return {
    db,
    clock,
    commands,
    settle,
    cmds: () =>
      sent.flatMap(({ topic, payload }) => {
        const read = decode('cmd', payload);
        const opened = topic.endsWith('/cmd') && read.ok ? openSigned(command, read.value, centrePublicKey) : undefined;
        return opened?.ok ? [{ topic: topic.slice('sabha/v1/'.length), ...opened.value }] : [];
      }),
    async born(pc: string) {
      ingest?.takeMessage(pcTopic(pc, 'presence'), encode('presence', birth));
      await settle();
    },
    async retire(...pcs: string[]) {
      const gone = pcs.map((path) => ({ path, because: 'retired' }));
      await ingest?.changeSites({ nodes: [], gone, replaced: [], registry: [], audit: null });
    },
    async answers(pc: string, body: Partial<CommandAnswer>) {
      seq += 1;
      const said = { id: 'c-1', verb: 'probe-now', outcome: 'done', reason: null, ...body };
      const event = { spool: 's1', seq, boot: 'b1', at: 9, grade: 'event', kind: 'command', body: said } as const;
      ingest?.takeMessage(pcTopic(pc, 'event'), encode('event', event));
      await settle();
    },
    audit: () => db.prepare('SELECT who, what, about FROM audit').all(),
    steps: () => db.prepare('SELECT who, what, about FROM steps').all(),
  };
}

const by = 'Asha';
const probing = { verb: 'probe-now', args: {}, by };

test('a command is signed, committed with its author, and only then sent', async () => {
  const rig = await setUp();
  const issuing = rig.commands.issue({ ...probing, to: hall });
  expect(rig.cmds()).toEqual([]);
  expect(await issuing).toEqual({ ok: true, id: 'c-1' });
  const at = rig.clock.now();
  expect(rig.cmds()).toEqual([
    { topic: `${hall}/cmd`, id: 'c-1', to: hall, verb: 'probe-now', args: {}, notBefore: at, expires: at + commandLifeMs, counter: at },
  ]);
  expect(rig.audit()).toEqual([{ who: by, what: 'command probe-now', about: `${hall}: c-1` }]);
  expect(await rig.commands.one('c-1')).toMatchObject({ state: 'open', by, to: hall, answers: [], missing: [hall] });
});

test('a command to a scope is one message, and only the first response of each PC of the scope counts', async () => {
  const rig = await setUp();
  await rig.commands.issue({ ...probing, to: 'ladakh' });
  expect(rig.cmds().map(({ topic, to }) => [topic, to])).toEqual([['ladakh/all/cmd', 'ladakh/all']]);
  await rig.answers(hall, {});
  await rig.answers(hall, { outcome: 'failed', reason: 'later' });
  await rig.answers(panaji, {});
  await rig.answers(office, { verb: 'reboot' });
  await rig.answers(office, { id: 'c-9' });
  expect(await rig.commands.one('c-1')).toMatchObject({ state: 'open', missing: [office], answers: [{ pc: hall, outcome: 'done' }] });
  await rig.answers(office, { outcome: 'refused', reason: 'expired' });
  expect(await rig.commands.one('c-1')).toMatchObject({ state: 'answered', missing: [], answers: [{ pc: hall }, { pc: office }] });
  expect(rig.steps()).toEqual([
    { who: hall, what: 'command probe-now', about: 'c-1: done' },
    { who: office, what: 'command probe-now', about: 'c-1: refused' },
  ]);
});

test('a command is sent again after each birth of a PC until the PC responds or the command expires', async () => {
  const rig = await setUp();
  await rig.commands.issue({ ...probing, to: 'ladakh/leh' });
  await rig.commands.issue({ ...probing, to: hall });
  await rig.born(panaji);
  expect(rig.cmds()).toHaveLength(2);
  await rig.born(hall);
  expect(rig.cmds().slice(2)).toEqual([
    { ...rig.cmds()[0], topic: `${hall}/cmd` },
    { ...rig.cmds()[1], topic: `${hall}/cmd` },
  ]);
  await rig.answers(hall, {});
  await rig.born(hall);
  expect(rig.cmds().map(({ id }) => id)).toEqual(['c-1', 'c-2', 'c-1', 'c-2', 'c-2']);
  await rig.clock.pass(commandLifeMs);
  await rig.born(hall);
  expect(rig.cmds()).toHaveLength(5);
  expect(await rig.commands.one('c-1')).toMatchObject({ state: 'expired', missing: [office] });
});

test('after a restart open commands are sent again, and a counter is never reused, also with a restored ledger', async () => {
  const rig = await setUp();
  await rig.commands.issue({ ...probing, to: hall });
  await rig.commands.issue({ ...probing, to: office });
  await rig.answers(office, { id: 'c-2' });
  const image = rig.db.serialize();
  const next = await setUp({ db: rig.db, clock: rig.clock });
  for (const pc of [hall, office]) await next.born(pc);
  expect(next.cmds().map(({ topic, id }) => [topic, id])).toEqual([[`${hall}/cmd`, 'c-1']]);
  await next.commands.issue({ ...probing, to: hall });
  const counters = [...rig.cmds(), ...next.cmds().slice(1)].map(({ counter }) => counter);
  expect(counters).toEqual([...counters].sort((a, b) => a - b));
  expect(new Set(counters).size).toBe(3);
  await rig.clock.pass(60_000);
  const db = new DatabaseSync(':memory:');
  db.deserialize(image);
  const restored = await setUp({ db, clock: rig.clock });
  await restored.commands.issue({ ...probing, to: hall });
  expect(restored.cmds().at(-1)?.counter).toBeGreaterThan(Math.max(...counters));
});

test('an invalid order, or an order with an unknown scope, is refused in one line and writes nothing', async () => {
  const rig = await setUp();
  const issue = (verb: string, to: string, args = {}) => rig.commands.issue({ verb, to, args, by });
  expect(await issue('probe-now', 'ladakh/nubra')).toEqual({ ok: false, missing: true, line: 'there is no ladakh/nubra' });
  expect(await issue('dance', hall)).toEqual({ ok: false, missing: false, line: 'unknown verb' });
  expect(await issue('reboot', 'ladakh', { confirm: 'ladakh' })).toMatchObject({ ok: false, line: 'reboot goes to one PC only' });
  expect(await issue('reboot', '', { confirm: 'all' })).toMatchObject({ ok: false, line: 'reboot goes to one PC only' });
  expect(await issue('reboot', hall, { confirm: office })).toMatchObject({ ok: false, line: 'confirm does not name this PC' });
  expect([rig.cmds(), [...rig.audit(), ...rig.steps()], await rig.commands.list()]).toEqual([[], [], []]);
});

test('an order is refused in one line that names the chosen PCs if none of them has ever connected', async () => {
  const rig = await setUp({ connected: [panaji] });
  const issue = (to: string) => rig.commands.issue({ ...probing, to });
  expect(await issue(hall)).toEqual({ ok: false, missing: false, line: `never connected: ${hall}` });
  expect(await issue('ladakh')).toEqual({ ok: false, missing: false, line: `never connected: ${hall}, ${office}` });
  expect([rig.cmds(), rig.audit(), await rig.commands.list()]).toEqual([[], [], []]);
  expect(await issue('')).toEqual({ ok: true, id: 'c-1' });
});

test('an order for a place without PCs is refused, and a command whose PCs were all retired is not shown as answered', async () => {
  const rig = await setUp();
  await rig.commands.issue({ ...probing, to: hall });
  await rig.commands.issue({ ...probing, to: panaji });
  await rig.answers(panaji, { id: 'c-2' });
  await rig.retire(hall, panaji);
  expect(await rig.commands.issue({ ...probing, to: 'goa' })).toEqual({
    ok: false,
    missing: false,
    line: 'goa has no PC in an open site',
  });
  expect(await rig.commands.one('c-1')).toMatchObject({ state: 'open', answers: [], missing: [] });
  expect(await rig.commands.one('c-2')).toMatchObject({ state: 'answered', answers: [{ pc: panaji }], missing: [] });
  await rig.clock.pass(commandLifeMs);
  expect(await rig.commands.one('c-1')).toMatchObject({ state: 'expired' });
});

test('if the ledger cannot write, no command is sent', async () => {
  let fails = false;
  const commit = (ledger: Ledger) => (ops: Op[]) => (fails ? Promise.reject(new Error('disk full')) : ledger.commit(ops));
  const rig = await setUp({ change: (ledger) => ({ ...ledger, commit: commit(ledger) }) });
  fails = true;
  await expect(rig.commands.issue({ ...probing, to: hall })).rejects.toThrow('the ledger did not store the command');
  await rig.settle();
  expect(rig.cmds()).toEqual([]);
});

describe('R29 commands after a correction of a clock that was ahead', () => {
  const year = 365 * 86_400_000;

  test('R29 after the clock was corrected while flows runs, an open command is signed again with valid times and sent once more', async () => {
    const rig = await setUp();
    rig.clock.jump(year);
    await rig.clock.pass(1_000);
    await rig.commands.issue({ ...probing, to: hall });
    rig.clock.jump(-year);
    // Until the correction is handled a birth sends no command, since the PC would refuse it.
    await rig.born(hall);
    expect(rig.cmds()).toHaveLength(1);
    await rig.clock.pass(1_000);
    const [first, again] = rig.cmds();
    expect(again).toMatchObject({
      id: 'c-1',
      counter: first?.counter,
      notBefore: rig.clock.now(),
      expires: rig.clock.now() + commandLifeMs,
    });
    await rig.clock.pass(commandLifeMs);
    expect(await rig.commands.one('c-1')).toMatchObject({ state: 'expired' });
    await rig.born(hall);
    expect(rig.cmds()).toHaveLength(2);
  });
});
