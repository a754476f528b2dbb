import { type CommandAnswer, commandLifeMs, measureRefusals, siteOf, stateOf } from '@sabha/contracts';
import { expect, test } from 'vitest';
import type { PcRecord } from '../../engine/records/incidents.ts';
import type { Op } from '../../engine/records/ops.ts';
import type { TreeNode } from '../../engine/records/sites.ts';
import type { Ingest } from '../../ingest/ingest.ts';
import { testClock } from '../../notify/people/people.test-helper.ts';
import { node } from '../../sites/sites.test-helper.ts';
import { createSiteTable } from '../../sites/table.ts';
import { type CommandOrder, type CommandsView, createMeasureQueue, scheduleName } from './commands.ts';

const minuteMs = 60_000;
const hourMs = 3_600_000;

type Given = {
  sites?: [path: string, link: 'fibre' | 'geo' | 'floor', stage?: 'live' | 'planned'][];
  limits?: { atOncePerState: number; atOnce: number };
};
type SentOrder = CommandOrder & { id: string; at: number };

/** Each site has `vc-1`, which can measure, and `vc-2`. While a site is in `away`, none of its PCs can measure. */
function setUp({ sites = someSites(3, ['goa']), limits = { atOncePerState: 2, atOnce: 10 } }: Given = {}) {
  const clock = testClock();
  const states = [...new Set(sites.map(([path]) => stateOf(path)))];
  const nodes: TreeNode[] = [
    ...['', ...states].map((path) => node(path)),
    ...sites.flatMap(([path, link, stage = 'live']) => [node(path, { link }, { stage }), node(`${path}/vc-1`), node(`${path}/vc-2`)]),
  ];
  let table = createSiteTable(nodes);
  const goLive = (path: string) => {
    table = createSiteTable(nodes.map((one) => (one.path === path ? node(path, { link: 'geo' }, { stage: 'live' }) : one)));
  };
  const away = new Set<string>();
  const at = { subscribed: true, committed: true, refused: '' };
  const sent: SentOrder[] = [];
  const audit: Op[] = [];
  let ids = 0;
  const commands: CommandsView = {
    async issue(ordering) {
      if (at.refused !== '') return { ok: false, missing: false, line: at.refused };
      const id = `c-${sent.length + 1}`;
      sent.push({ ...ordering, id, at: clock.now() });
      return { ok: true, id };
    },
    list: async () => [],
    one: async () => undefined,
  };
  const neverConnected = new Set<string>();
  const presenceOf = (pc: string) => ({ presence: neverConnected.has(pc) ? 'never' : 'online' }) as PcRecord;
  const ingest = {
    table: () => table,
    memory: { pcs: { get: presenceOf } } as unknown as Ingest['memory'],
    measurer: (site: string) => (away.has(site) ? undefined : `${site}/vc-1`),
    isSubscribed: () => at.subscribed,
    time: clock.now,
    async record(ops: readonly Op[]) {
      audit.push(...ops);
      return at.committed;
    },
  };
  const queue = createMeasureQueue({
    clock,
    commands,
    ingest: () => ingest,
    limits,
    randomId: () => `r-${++ids}`,
    log: { warn: () => {} },
  });
  const answered = new Set<string>();
  const open = () => sent.filter(({ id }) => !answered.has(id));
  const answer = async (one: SentOrder | undefined, said: Partial<CommandAnswer> = {}) => {
    if (one === undefined) throw new Error('nobody was asked');
    answered.add(one.id);
    const body: CommandAnswer = { id: one.id, verb: 'measure-link', outcome: 'done', reason: null, ...said };
    queue.noteReport({ pc: one.to, ops: [{ op: 'command-answer', pc: one.to, at: clock.now(), answer: body }] });
    await clock.pass(0);
  };
  const begin = async (to: string, by = 'Asha') => {
    const issued = await queue.view.issue({ to, verb: 'measure-link', args: {}, by });
    await clock.pass(0);
    return issued.ok ? issued.id : issued.line;
  };
  return { clock, queue, away, neverConnected, at, sent, audit, open, answer, begin, goLive };
}

function someSites(count: number, states: string[]): NonNullable<Given['sites']> {
  return states.flatMap((state) =>
    Array.from({ length: count }, (_, site): NonNullable<Given['sites']>[number] => [`${state}/site-${site}`, 'geo']),
  );
}

test('an order for a scope becomes one command per site with the name of its author, and the audit log names the round of measurements', async () => {
  const { begin, sent, open, answer, queue, audit } = setUp();
  const id = await begin('goa');
  expect(audit).toMatchObject([{ op: 'audit', who: 'Asha', what: 'command measure-link', about: 'goa: r-1, 3 sites' }]);
  while (open().length > 0) await answer(open()[0], { lines: ['up: 2.00 Mbit/s'] });
  expect(sent.map(({ to, verb, by }) => [to, verb, by])).toEqual(
    [0, 1, 2].map((site) => [`goa/site-${site}/vc-1`, 'measure-link', 'Asha']),
  );
  expect(await queue.view.one(id)).toMatchObject({
    state: 'answered',
    to: 'goa',
    missing: [],
    answers: sent.map(({ to }) => ({ pc: to, outcome: 'done' })),
  });
  expect(await queue.view.list()).toMatchObject([{ id, verb: 'measure-link', by: 'Asha', to: 'goa' }]);
});

test('an order is refused in one line if no PC of its scope has ever connected', async () => {
  const { begin, neverConnected, audit, sent, queue } = setUp({
    sites: [
      ['goa/site-0', 'geo'],
      ['kerala/site-1', 'geo'],
    ],
  });
  for (const pc of ['vc-1', 'vc-2']) neverConnected.add(`goa/site-0/${pc}`);
  expect(await begin('goa')).toBe('never connected: goa/site-0/vc-1, goa/site-0/vc-2');
  expect([sent, audit, await queue.view.list()]).toEqual([[], [], []]);
});

test('at most two measurements run in a state and ten in total, and each site is measured once', async () => {
  const states = Array.from({ length: 8 }, (_, state) => `state-${state}`);
  const { begin, sent, open, answer } = setUp({ sites: someSites(7, states) });
  await begin('');
  let most = 0;
  for (let turn = 0; open().length > 0; turn += 1) {
    const now = open();
    most = Math.max(most, now.length);
    const ofState = Map.groupBy(now, ({ to }) => stateOf(to));
    for (const some of ofState.values()) expect(some.length).toBeLessThanOrEqual(2);
    expect(now.length).toBeLessThanOrEqual(10);
    await answer(now[(turn * 7) % now.length]);
  }
  expect(most).toBe(10);
  expect(new Set(sent.map(({ to }) => to)).size).toBe(56);
  expect(sent).toHaveLength(56);
});

test('R27 a site is measured once for all waiting rounds that include it, and an 11th open round is refused', async () => {
  const { queue, clock, sent, open, answer } = setUp({ sites: someSites(8, ['goa', 'kerala', 'punjab', 'bihar', 'assam']) });
  const order = () => queue.view.issue({ to: '', verb: 'measure-link', args: {}, by: 'Asha' });
  const issued = await Promise.all(Array.from({ length: 1_000 }, order));
  await clock.pass(0);
  const taken = issued.flatMap((one) => (one.ok ? [one.id] : []));
  expect(taken).toHaveLength(10);
  expect(issued.at(-1)).toEqual({
    ok: false,
    missing: false,
    line: '10 rounds of measurements are not over yet: wait for one of them',
  });
  while (open().length > 0) await answer(open()[0]);
  for (const id of taken) expect(await queue.view.one(id)).toMatchObject({ state: 'answered', missing: [] });
  // Sites that were being measured when later rounds arrived are measured once more.
  expect(sent.length).toBeLessThanOrEqual(40 + 10);
  expect(await order()).toMatchObject({ ok: true });
});

test.each(['meeting', 'budget', 'busy', 'running', 'crowded'] as const)(
  'a measurement postponed by the PC (%s) is retried after 15 min, and its reason is shown',
  async (why) => {
    const { begin, open, answer, queue, clock, sent } = setUp();
    const id = await begin('goa/site-0');
    await answer(open()[0], { outcome: 'failed', reason: measureRefusals[why] });
    expect(await queue.view.one(id)).toMatchObject({
      state: 'open',
      missing: [],
      answers: [{ outcome: 'failed', reason: measureRefusals[why] }],
    });
    await clock.pass(14 * minuteMs);
    expect(sent).toHaveLength(1);
    await clock.pass(2 * minuteMs);
    await answer(open()[0]);
    expect(await queue.view.one(id)).toMatchObject({ state: 'answered', answers: [{ outcome: 'done' }] });
  },
);

test('a measurement ends when its command expires without a response, and a late response is ignored', async () => {
  const { begin, open, answer, queue, clock, sent } = setUp();
  const id = await begin('goa');
  const silent = open();
  expect(silent).toHaveLength(2);
  await clock.pass(commandLifeMs - 10_000);
  expect(sent).toHaveLength(2);
  await clock.pass(20_000);
  expect(sent).toHaveLength(3);
  await answer(silent[0]);
  await answer(sent[2]);
  expect(await queue.view.one(id)).toMatchObject({
    state: 'answered',
    answers: [{ reason: 'it did not answer' }, { reason: 'it did not answer' }, { outcome: 'done' }],
  });
});

test('the schedule measures each live site once per interval of its link class, spread over time, and none at the start', async () => {
  const fibre = Array.from({ length: 60 }, (_, site): [string, 'fibre'] => [`state-${site % 10}/fibre-${site}`, 'fibre']);
  const { sent, clock, open, answer } = setUp({
    sites: [...fibre, ['ladakh/leh', 'geo'], ['ladakh/nubra', 'floor'], ['ladakh/kargil', 'fibre', 'planned']],
  });
  const startedAt = clock.now();
  await clock.pass(2 * minuteMs);
  expect(sent.length).toBeLessThan(10);
  while (clock.now() < startedAt + 24 * hourMs) {
    await clock.pass(30_000);
    for (const one of open()) await answer(one);
  }
  const counts = Map.groupBy(sent, ({ to }) => siteOf(to));
  for (const [site] of fibre) expect([3, 4, 5]).toContain(counts.get(site)?.length);
  expect(counts.get('ladakh/leh')?.length ?? 0).toBeLessThanOrEqual(1);
  expect([counts.get('ladakh/nubra'), counts.get('ladakh/kargil')]).toEqual([undefined, undefined]);
  expect(new Set(sent.map(({ by }) => by))).toEqual(new Set([scheduleName]));
  const quarters = Map.groupBy(sent, ({ at }) => Math.floor((at % hourMs) / (15 * minuteMs)));
  for (const some of quarters.values()) expect(some.length).toBeGreaterThan(35);
});
