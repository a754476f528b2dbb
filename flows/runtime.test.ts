import { DatabaseSync } from 'node:sqlite';
import { command, decode, openSigned, type RollCallView, readSettings } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { centreKey, centrePublicKey } from '../test/centre-key.ts';
import { createOffers } from './notify/people/channels/offered.ts';
import { testClock } from './notify/people/people.test-helper.ts';
import { createRoster } from './notify/people/roster.ts';
import { createRuntime } from './runtime.ts';
import { openInThread } from './storage/ledger/ledger.ts';
import { LedgerError } from './storage/ledger/poison.ts';

const hour = 3_600_000;
const none = () => {};

/** Starts a runtime on an in-memory ledger. `lives` reads the commands that it sent, and `born` lets a PC send a birth. */
async function setUp({ ledger = openInThread(new DatabaseSync(':memory:')), aheadMs = 0, logged = [] as string[] } = {}) {
  const settings = readSettings('{}');
  if (!settings.ok) throw new Error('no settings');
  const clock = testClock();
  clock.jump(aheadMs);
  const sent: Buffer[] = [];
  let ids = 0;
  const runtime = createRuntime({
    ledger,
    clock,
    key: centreKey,
    site: settings.value.site,
    roster: createRoster([]),
    channels: new Map(),
    offers: createOffers(),
    tellDirectly: async () => {},
    send: (topic, payload) => void (topic.endsWith('/cmd') && sent.push(payload)),
    publish: async () => {},
    capacity: { atOncePerState: 1, atOnce: 1 },
    count: { message: none, receipt: none, commit: none, concluded: none, notified: none },
    log: { warn: (_, line) => void logged.push(line), error: (_, line) => void logged.push(line) },
    random: () => 0,
    randomId: () => `id-${++ids}`,
  });
  await runtime.openFirstPipeline();
  runtime.subscribed();
  await clock.pass(1_000);
  /** Returns for each sent command the time in ms until it expires. */
  const lives = () =>
    sent.map((payload) => {
      const read = decode('cmd', payload);
      const opened = read.ok ? openSigned(command, read.value, centrePublicKey) : undefined;
      return opened?.ok ? opened.value.expires - clock.now() : undefined;
    });
  const born = async () => {
    const [pc = ''] = runtime.sites.table().known.map((one) => one.pc);
    const spool = { id: 's1', first: 1, last: 1 };
    const birth = {
      kind: 'birth',
      boot: 'b1',
      session: 1,
      at: 1,
      digest: '0'.repeat(16),
      rev: 0,
      agent: '1',
      config: 0,
      inventory: 'i',
      spool,
    };
    runtime.take(`sabha/v1/${pc}/presence`, Buffer.from(JSON.stringify(birth)));
    await clock.pass(1_000);
  };
  return { runtime, clock, ledger, lives, born };
}

test('R29 after the clock steps back, commands are sent again, and the last roll call has not finished in the future', async () => {
  const { runtime, clock, lives, ledger, born } = await setUp({ aheadMs: 2 * hour });
  await born();
  await runtime.view.commands.issue({ to: '', verb: 'probe-now', args: {}, by: 'Asha' });
  await ledger.commit([{ op: 'rollcall', rollcall: rollCall(clock.now()) }]);
  clock.jump(-2 * hour);
  await clock.pass(1_000);
  expect(lives().at(-1)).toBe(10 * 60_000);
  expect(runtime.view.snapshot('').rollcall?.finishedAt).toBe(clock.now());
});

test('the fault of refused tabs stays open after the ledger is reopened, until its end is reported', async () => {
  const kept = openInThread(new DatabaseSync(':memory:'));
  let fails = false;
  const ledger: typeof kept = {
    ...kept,
    commit: async (ops) => (fails ? Promise.reject(new LedgerError('other', 'torn')) : kept.commit(ops)),
  };
  const { runtime, clock } = await setUp({ ledger });
  const standing = () =>
    runtime.view
      .incidents()
      .flatMap(({ over, faults }) => (over === null ? faults.filter(({ fault }) => fault === 'centre.tabs_refused') : []));
  runtime.say('centre.tabs_refused', '40-who.json: the file is empty');
  await clock.pass(1_000);
  expect(standing()).toMatchObject([{ severity: 'major' }]);
  fails = true;
  await clock.pass(2_000);
  fails = false;
  await clock.pass(60_000);
  expect(standing()).toHaveLength(1);
  runtime.say('centre.tabs_refused', null);
  await clock.pass(60_000);
  expect(standing()).toEqual([]);
  await runtime.close();
});

test('S19 the name of a person who was deleted while the server runs is not written again from its memory', async () => {
  const words = { ids: ['asha'], texts: ['Asha Kumari'], alias: 'forgotten-1' };
  const { runtime, clock, ledger } = await setUp();
  runtime.say('centre.tabs_refused', 'a file is empty');
  await clock.pass(1_000);
  const incident = runtime.view.incidents()[0]?.id ?? 0;
  await runtime.ingest()?.tell({ type: 'note', incident, by: 'asha', text: 'Asha Kumari looks at it' });
  expect(await ledger.person(words)).not.toEqual([]);
  const done = runtime.apart(() => ledger.forget({ words, by: 'meera', at: clock.now() }));
  await expect(runtime.apart(async () => {})).rejects.toThrow('the ledger is being reopened');
  await clock.pass(2_000);
  expect(await done).toMatchObject({ audit: 0 });
  await runtime.ingest()?.tell({ type: 'note', incident, by: 'ravi', text: 'it is full again' });
  const notes = runtime.ingest()?.memory.incidents.get(incident)?.notes;
  expect(notes).toMatchObject([{ by: 'forgotten-1', text: 'forgotten-1 looks at it' }, { by: 'ravi' }]);
  expect(await ledger.person(words)).toEqual([]);
  await runtime.close();
});

test('readiness names a full disk until there is space, even if a small commit succeeds', async () => {
  const { runtime, clock } = await setUp();
  runtime.started();
  runtime.full('the disk of /data is 100 % full, 0 MiB are free');
  runtime.say('centre.tabs_refused', 'a file is empty');
  await clock.pass(1_000);
  expect(runtime.view.incidents()).toHaveLength(1);
  expect(runtime.view.unready()).toBe('the disk of /data is 100 % full, 0 MiB are free');
  runtime.full(null);
  expect(runtime.view.unready()).toBeUndefined();
  await runtime.close();
});

test('F5 a full disk is logged once a minute, and once when commits succeed again', async () => {
  const kept = openInThread(new DatabaseSync(':memory:'));
  let full = false;
  const ledger: typeof kept = {
    ...kept,
    commit: async (ops) => (full ? Promise.reject(new LedgerError('full', 'database or disk is full')) : kept.commit(ops)),
  };
  const logged: string[] = [];
  const { runtime, clock } = await setUp({ ledger, logged });
  full = true;
  for (let second = 0; second < 120; second += 1) {
    void runtime.record([]);
    runtime.started();
    await clock.pass(1_000);
  }
  // The test has no broker, and the runtime logs that too.
  const ofTheDisk = logged.filter((line) => !line.includes('the broker'));
  expect(new Set(ofTheDisk)).toEqual(new Set(['the ledger stored nothing: database or disk is full']));
  expect(ofTheDisk.length).toBeLessThanOrEqual(3);
  expect(runtime.view.unready()).toContain('the disk is full');
  full = false;
  await clock.pass(120_000);
  await runtime.record([]);
  expect(logged).toContain('the ledger stores data again');
  await runtime.close();
});

test('R29 after a restart with a corrected clock, commands are sent again, and the last roll call has not finished in the future', async () => {
  const first = await setUp({ aheadMs: 2 * hour });
  const { clock, ledger } = first;
  await first.born();
  await first.runtime.view.commands.issue({ to: '', verb: 'probe-now', args: {}, by: 'Asha' });
  await ledger.commit([{ op: 'rollcall', rollcall: rollCall(clock.now()) }]);
  await first.runtime.close();
  const next = await setUp({ ledger });
  await next.born();
  expect(next.lives()).toEqual([10 * 60_000 - 2_000]);
  expect(next.runtime.view.snapshot('').rollcall?.finishedAt).toBeLessThanOrEqual(next.clock.now());
});

function rollCall(at: number): RollCallView {
  const counts = { expected: 0, answered: 0, ready: 0, 'not-ready': 0, unknown: 0 };
  return { id: 'call', scope: '', by: 'Asha', startedAt: at, endsAt: at, finishedAt: at, counts, states: [], rows: [] };
}
