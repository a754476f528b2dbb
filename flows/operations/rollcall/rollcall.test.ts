import { digestOf, type Hello, type Person, type RollCallView, type SiteStage } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { createStage, fault, ok } from '../../engine/incidents/stage.test-helper.ts';
import type { Op } from '../../engine/records/ops.ts';
import type { TreeNode } from '../../engine/records/sites.ts';
import type { Ingest } from '../../ingest/ingest.ts';
import { testClock } from '../../notify/people/people.test-helper.ts';
import { createRoster } from '../../notify/people/roster.ts';
import { createSiteTable, emptyFacts } from '../../sites/table.ts';
import { createRollCalls } from './rollcall.ts';

const well = [ok('microphone'), ok('camera'), ok('speaker')];
const broken = [fault('microphone.missing'), ok('camera'), ok('speaker')];
const [leh, kargil, goa, planned] = ['ladakh/leh/vc-1', 'ladakh/kargil/vc-1', 'goa/panaji/vc-1', 'goa/margao/vc-1'] as const;
const person = (id: string, role: Person['role'], scope: string) => ({ id, name: id, role, scope, addresses: {} }) as Person;
const people = [person('tashi', 'technician', 'ladakh/leh'), person('stanzin', 'state', 'ladakh'), person('meera', 'central', '')];

function nodes(): TreeNode[] {
  const name = { en: 'Name', hi: 'नाम' };
  const site = (path: string, stage: SiteStage): TreeNode => ({ path, name, layer: {}, site: { ...emptyFacts, stage } });
  const plain = (path: string): TreeNode => ({ path, name, layer: {}, site: null });
  const sites = [site('ladakh/leh', 'live'), site('ladakh/kargil', 'live'), site('goa/panaji', 'live'), site('goa/margao', 'planned')];
  return [plain(''), plain('ladakh'), plain('goa'), ...sites, ...[leh, kargil, goa, planned].map(plain)];
}

function setUp({ subscribed = true } = {}) {
  const table = createSiteTable(nodes());
  const clock = testClock();
  const stage = createStage({ known: [...table.known], at: clock.now() });
  if (subscribed) stage.subscribe();
  for (const pc of [leh, kargil, goa]) {
    stage.birth(pc);
    stage.state(well, pc);
  }
  const rung: { scope: string; hello: Hello; who: string }[] = [];
  const written: RollCallView[] = [];
  const held = { isOpen: true, isWritten: true, table, provenAt: undefined as number | undefined };
  const ingest = {
    memory: stage.engine.memory,
    table: () => held.table,
    place: (scope: string) => table.place(scope),
    time: clock.now,
    provenAt: () => held.provenAt ?? clock.now(),
    isSubscribed: stage.engine.isSubscribed,
    requestBirths: (scope: string, hello: Hello, { who }: { who: string }) => void rung.push({ scope, hello, who }),
    async record(ops: Op[]) {
      if (held.isWritten) for (const op of ops) if (op.op === 'rollcall') written.push(op.rollcall);
      return held.isWritten;
    },
  } as unknown as Ingest;
  const ledger = {
    rollcalls: async () => written.map(({ rows: _, ...summary }) => summary),
    rollcall: async (id: string) => written.find((one) => one.id === id),
  };
  const told: RollCallView[] = [];
  const ids = ['call-1', 'call-2'];
  const calls = createRollCalls({
    clock,
    roster: createRoster(people),
    ledger,
    ingest: () => (held.isOpen ? ingest : undefined),
    randomId: () => ids.shift() ?? '',
    progress: (view) => void told.push(view),
  });
  const born = (pc: string, checks = well, rev = 1) => calls.born(pc, { digest: digestOf(checks), session: 1, rev });
  const state = (pc: string, checks = well) => {
    stage.state(checks, pc);
    calls.changed([pc]);
  };
  const row = async (pc: string) => (await calls.one('call-1'))?.rows.find((one) => one.pc === pc);
  return { clock, stage, calls, rung, written, told, held, born, state, row };
}

test('a roll call sends a hello to the scope and expects every PC of its live sites', async () => {
  const { calls, rung } = setUp();
  expect(calls.start({ scope: '', by: 'Asha' })).toEqual({ id: 'call-1' });
  expect(rung).toEqual([{ scope: '', hello: { id: 'call-1', withinMs: 45, fresh: true }, who: 'Asha' }]);
  const view = await calls.one('call-1');
  expect(view?.rows.map(({ pc }) => pc).sort()).toEqual([goa, kargil, leh]);
  expect(view).toMatchObject({ counts: { expected: 3, answered: 0, ready: 0, unknown: 3 }, finishedAt: null });
  expect(view?.endsAt).toBe((view?.startedAt ?? 0) + 28_000);
  expect(view?.states.map(({ state, expected }) => [state, expected])).toEqual([
    ['goa', 1],
    ['ladakh', 2],
  ]);
});

test.each([
  ['ladakh', [kargil, leh]],
  ['ladakh/leh', [leh]],
])('only PCs of the scope %s are called', async (scope, pcs) => {
  const { calls } = setUp();
  calls.start({ scope, by: 'Asha' });
  expect((await calls.one('call-1'))?.rows.map(({ pc }) => pc)).toEqual(pcs);
});

test('a roll call is refused while another one runs, for an unknown scope, and while the broker is offline', () => {
  const { calls, held } = setUp();
  for (const scope of ['kerala', leh]) expect(calls.start({ scope, by: 'Asha' })).toBe('unknown');
  calls.start({ scope: '', by: 'Asha' });
  expect(calls.start({ scope: '', by: 'Asha' })).toBe('busy');
  calls.drop();
  held.isOpen = false;
  expect(() => calls.start({ scope: '', by: 'Asha' })).toThrow('the ledger is being reopened');
  expect(setUp({ subscribed: false }).calls.start({ scope: '', by: 'Asha' })).toBe('deaf');
});

test('a PC has responded to a roll call once the server has the state that its birth named, or a newer state', async () => {
  const { calls, born, state, row, clock } = setUp();
  calls.start({ scope: '', by: 'Asha' });
  await clock.pass(700);
  born(leh);
  expect(await row(leh)).toMatchObject({ after: 700, readiness: 'ready', why: null, owner: null });
  born(kargil, broken, 2);
  expect(await row(kargil)).toMatchObject({ after: null, readiness: 'unknown' });
  await clock.pass(300);
  state(kargil, broken);
  expect(await row(kargil)).toMatchObject({ after: 1_000, readiness: 'not-ready', why: { fault: 'microphone.missing' }, owner: 'stanzin' });
  born(goa, broken, 2);
  state(goa, [ok('camera'), ...broken.slice(0, 1), ok('speaker', 'usb')]);
  expect(await row(goa)).toMatchObject({ after: 1_000, readiness: 'not-ready', owner: 'meera' });
});

test('a roll call ends with the last response, is written to the ledger as a whole, and only then is reported as finished', async () => {
  const { calls, born, written, told, clock } = setUp();
  calls.start({ scope: 'ladakh', by: 'Asha' });
  await clock.pass(600);
  born(leh);
  await clock.pass(100);
  born(kargil);
  await clock.pass(0);
  expect(written).toMatchObject([{ id: 'call-1', counts: { expected: 2, answered: 2, ready: 2, unknown: 0 } }]);
  expect(written[0]?.finishedAt).toBe((written[0]?.startedAt ?? 0) + 700);
  expect(told.at(-1)?.finishedAt).toBe(written[0]?.finishedAt);
  expect(told.at(-1)?.rows.map(({ pc }) => pc)).toEqual([leh, kargil]);
  expect(calls.last()).toMatchObject({ id: 'call-1', counts: { answered: 2 } });
  expect(await calls.list()).toMatchObject([{ id: 'call-1' }]);
  expect(calls.start({ scope: '', by: 'Asha' })).toEqual({ id: 'call-2' });
  expect((await calls.list()).map(({ id }) => id)).toEqual(['call-2', 'call-1']);
});

test('a roll call at its deadline lists each PC without a response with the reason, and separates a birth without checks', async () => {
  const { calls, born, stage, written, clock } = setUp();
  stage.bye(goa);
  calls.start({ scope: '', by: 'Asha' });
  born(kargil, broken, 9);
  await clock.pass(27_999);
  expect(written).toEqual([]);
  await clock.pass(1);
  const rows = written[0]?.rows.map(({ pc, after, readiness, why }) => [pc, after, readiness, why?.component, why?.reason]);
  expect(rows?.sort()).toEqual([
    [goa, null, 'unknown', 'pc', 'stopped'],
    [kargil, null, 'unknown', 'pc', 'no checks'],
    [leh, null, 'unknown', 'pc', 'silent'],
  ]);
  expect(written[0]?.counts).toEqual({ expected: 3, answered: 0, ready: 0, 'not-ready': 0, unknown: 3 });
});

test('a roll call reports progress at most every 500 ms, with the changed rows', async () => {
  const { calls, born, told, clock } = setUp();
  calls.start({ scope: '', by: 'Asha' });
  await clock.pass(500);
  expect(told.map(({ rows, counts }) => [rows.length, counts.answered])).toEqual([[0, 0]]);
  born(leh);
  born(goa);
  await clock.pass(499);
  expect(told).toHaveLength(1);
  await clock.pass(1);
  expect(told[1]?.rows.map(({ pc }) => pc)).toEqual([leh, goa]);
  expect(told[1]).toMatchObject({ finishedAt: null, counts: { answered: 2, expected: 3 } });
});

test('a roll call that is dropped, or that the ledger cannot write, leaves nothing', async () => {
  const cut = setUp();
  cut.calls.start({ scope: '', by: 'Asha' });
  cut.calls.drop();
  await cut.clock.pass(60_000);
  expect([cut.written, cut.told, cut.calls.last(), await cut.calls.one('call-1')]).toEqual([[], [], null, undefined]);
  const full = setUp();
  full.held.isWritten = false;
  full.calls.start({ scope: '', by: 'Asha' });
  await full.clock.pass(60_000);
  expect(full.told.filter(({ finishedAt }) => finishedAt !== null)).toEqual([]);
  expect(full.calls.last()).toBeNull();
});

test('R17 a roll call sends the hello again when the broker is back', async () => {
  const { calls, rung, born, clock } = setUp();
  calls.subscribed();
  calls.start({ scope: 'ladakh', by: 'Asha' });
  born(leh);
  await clock.pass(10_000);
  calls.subscribed();
  expect(rung.map(({ scope, hello }) => [scope, hello.id, hello.withinMs])).toEqual([
    ['ladakh', 'call-1', 30],
    ['ladakh', 'call-1', 15],
  ]);
});

test('F32, R18a after a receive gap the PCs are called again and have the whole time to respond', async () => {
  const { calls, rung, born, written, held, clock } = setUp();
  calls.start({ scope: 'ladakh', by: 'Asha' });
  held.provenAt = clock.now();
  await clock.pass(40_000);
  expect([written, calls.last()?.finishedAt]).toEqual([[], null]);
  held.provenAt = undefined;
  calls.subscribed();
  expect(calls.last()?.endsAt).toBe(clock.now() + 28_000);
  await clock.pass(12_000);
  born(leh);
  await clock.pass(16_000);
  // The last check before the end of the receive gap failed, so one more check is needed.
  expect(written).toEqual([]);
  await clock.pass(1_000);
  expect(written[0]?.rows.map(({ pc, after, why }) => [pc, after, why?.reason])).toEqual([
    [kargil, null, 'silent'],
    [leh, 52_000, undefined],
  ]);
  expect(rung).toHaveLength(2);
});

test('R18a a roll call is dropped without a result if the server receives nothing for 4 min', async () => {
  const { calls, held, written, clock } = setUp();
  calls.start({ scope: 'ladakh', by: 'Asha' });
  held.provenAt = clock.now();
  await clock.pass(239_000);
  expect(calls.isRunning('call-1')).toBe(true);
  await clock.pass(2_000);
  expect([calls.isRunning('call-1'), written]).toEqual([false, []]);
  expect(calls.start({ scope: '', by: 'Asha' })).toEqual({ id: 'call-2' });
});

test('after a start the last roll call of the ledger is shown', async () => {
  const { calls, written, clock } = setUp();
  calls.start({ scope: 'goa/margao', by: 'Asha' });
  await clock.pass(0);
  const { rows: _, ...old } = written[0] ?? { rows: [] };
  const next = setUp();
  next.written.push(...written);
  await next.calls.reread();
  expect(next.calls.last()).toEqual(old);
});

test('a running roll call of a state account ends only when an account with a wider scope starts one', async () => {
  const { calls, rung, clock, told, written } = setUp();
  const of = (within: string) => ({ scope: within === '' ? 'goa' : within, by: 'x', within });
  expect(calls.start(of('ladakh'))).toEqual({ id: 'call-1' });
  expect([calls.start(of('ladakh')), calls.start(of('goa')), calls.start(of('ladakh/leh'))]).toEqual(['busy', 'busy', 'busy']);
  expect(calls.start({ scope: 'goa', by: 'Meera' })).toEqual({ id: 'call-2' });
  expect(rung.map(({ scope }) => scope)).toEqual(['ladakh', 'goa']);
  expect([calls.isRunning('call-1'), calls.isRunning('call-2'), await calls.one('call-1')]).toEqual([false, true, undefined]);
  expect([calls.start(of('ladakh')), calls.start(of(''))]).toEqual(['busy', 'busy']);
  await clock.pass(60_000);
  expect([...told, ...written].map(({ id }) => id)).not.toContain('call-1');
  expect(written.map(({ id }) => id)).toEqual(['call-2']);
});
