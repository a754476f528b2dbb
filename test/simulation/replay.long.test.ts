// @module-tag long
/** `sabha tabs try`: what a world did is played once more, through the same tabs and through edited ones. */

import { realClock, type TabsTrial } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { lintFlows } from '../../flows/node-red/lint.ts';
import { createReplay, type ReplayOptions } from '../../flows/node-red/replay/replay.ts';
import { releaseTabs } from '../../flows/node-red/tabs.ts';
import { type FlowNode, readTabs } from '../../flows/node-red/tabs-storage.ts';
import { createRoster } from '../../flows/notify/people/roster.ts';
import { createMaintenanceOrders } from '../../flows/sites/maintenance/maintenance.ts';
import { inThread } from '../../flows/storage/ledger/ledger.ts';
import { randomFrom } from '../random.ts';
import { people } from './people.ts';
import { rowsOf } from './rows.ts';
import { atRest, camera, microphone, minute, order, second } from './scene.ts';
import { epochMs } from './time.ts';
import type { World } from './world.ts';

const read = readTabs(releaseTabs);
if (!read.ok) throw new Error(read.line);
const shipped = read.nodes;
const edited = (id: string, fields: object): FlowNode[] => shipped.map((node) => (node.id === id ? { ...node, ...fields } : node));

function replayOf(world: World, change: Partial<ReplayOptions> = {}) {
  const centre = world.centre.centre();
  const process = world.centre.process();
  if (centre === undefined || process === undefined) throw new Error('the centre does not run');
  return createReplay({
    ledger: inThread(world.centre.db()),
    tabs: { running: () => shipped, lint: lintFlows },
    table: centre.sites.table,
    roster: createRoster(people),
    channels: world.centre.post.channels(process),
    clock: realClock(),
    now: () => epochMs + world.time.now(),
    ...change,
  });
}

async function report(tried: ReturnType<ReturnType<typeof createReplay>['tryNodes']>): Promise<TabsTrial> {
  const found = await tried;
  if (!found.ok) throw new Error(found.line);
  return found.value;
}

/** A morning of many kinds: what was told, what was over before, what escalated, what was acknowledged, what flapped, and one cause of many. */
async function morning(): Promise<World> {
  const world = await atRest({
    pcs: 4,
    sites: 2,
    further: [1, 2, 3].map((n) => ({ path: `bihar/site-${n}`, link: n === 1 ? 'geo' : 'fibre', pcs: 2 }) as const),
  });
  microphone(world, 'microphone.missing');
  await world.pass(minute);
  const seen = world.centre.centre()?.view.acknowledge(1, 'Anil');
  camera(world, 'camera.missing', 1);
  await world.pass(8 * second);
  await seen;
  camera(world, null, 1);
  microphone(world, 'microphone.missing', 3);
  camera(world, 'camera.missing', 9);
  await world.pass(18 * minute);
  microphone(world, null);
  microphone(world, null, 3);
  await world.pass(2 * minute);
  for (let turn = 0; turn < 4; turn += 1) {
    microphone(world, turn % 2 === 0 ? 'microphone.missing' : null, 8);
    await world.pass(90 * second);
  }
  const gone = world.pcs.filter(({ path }) => path.startsWith('bihar/site-2/'));
  for (const pc of gone) pc.cut('hole');
  world.pc(2).cut('hole');
  await world.pass(8 * minute);
  for (const pc of gone) pc.heal();
  world.pc(2).heal();
  await world.pass(10 * minute);
  return world;
}

test('unchanged tabs reproduce the log of what was sent, message by message; edited ones say what would have been more, fewer, missed or later', async () => {
  const world = await morning();
  const { outbox } = rowsOf(world);
  const sent = outbox.flatMap(({ transition, key }) => (transition === null ? [] : [key]));
  expect(sent.length).toBeGreaterThan(15);
  const replay = replayOf(world);
  const same = await report(replay.tryNodes(shipped, 30));
  expect(same).toMatchObject({
    more: 0,
    fewer: 0,
    people: [],
    missed: [],
    later: [],
    unfinished: 0,
    before: sent.length,
    after: sent.length,
  });
  expect(same.log).toEqual({ sent: sent.length, reproduced: sent.length });

  const other = edited('faults-hold', { duration: '30', durationType: 'min' });
  const slower = await report(
    replay.tryNodes(
      other.map((node) => (node.id === 'who-technician' ? { ...node, to: ['meera'] } : node)),
      1,
    ),
  );
  expect(slower.people.map(({ person }) => person)).toEqual(['asha', 'meera', 'tashi']);
  expect(slower.fewer).toBeGreaterThan(0);
  expect(slower.missed.map(({ fault }) => fault)).toContain('microphone.missing');
  expect(slower.later).toContainEqual(expect.objectContaining({ fault: 'camera.missing', byMs: expect.any(Number) }));
  expect(slower.after).toBeLessThan(slower.before);

  expect(rowsOf(world).outbox.length).toBe(outbox.length);
});

/** A day's work, drawn from a seed: what breaks and is mended, what people do about it, maintenance, and a start of flows. */
async function worked(seed: number): Promise<World> {
  const world = await atRest({ seed, pcs: 3, sites: 1 });
  const random = randomFrom(seed);
  const later = (least: number, most: number) => world.pass((least + random.below(most - least)) * minute);
  const rooms = [0, 1, 2].toSorted(() => random.next() - 0.5);
  const [one = 0, two = 1, three = 2] = rooms;
  const openOf = (pc: number) =>
    rowsOf(world).incidents.findLast(({ scope, over }) => scope === world.pc(pc).path && over === null)?.id ?? 0;
  const until = () => epochMs + world.time.now() + (30 + random.below(30)) * minute;

  microphone(world, 'microphone.missing', one);
  camera(world, 'camera.missing', two);
  await later(2, 5);
  await order(world, (view) => view.acknowledge(openOf(one), 'Asha'));
  await order(world, (view) => view.snooze(openOf(two), 'Asha', until()));
  await later(3, 8);
  camera(world, 'camera.privacy', three);
  await later(2, 4);
  await order(world, (view) => view.assign(openOf(three), 'Meera', 'tashi'));
  await later(5, 10);
  world.centre.kill();
  await world.pass(20 * second);
  world.centre.start();
  await later(2, 4);
  await order(world, (view) => view.fixed(openOf(three), 'Tashi'));
  await later(70, 90);
  await plan(world, 30 + random.below(20));
  await later(4, 8);
  microphone(world, 'microphone.missing', two);
  await later(80, 100);
  camera(world, null, two);
  camera(world, null, three);
  await later(100, 120);
  microphone(world, null, one);
  microphone(world, null, two);
  await later(5, 10);
  return world;
}

async function plan(world: World, minutes: number): Promise<void> {
  const centre = world.centre.centre();
  if (centre === undefined) throw new Error('the centre does not run');
  const from = Temporal.Instant.fromEpochMilliseconds(epochMs + world.time.now() + 2 * minute).toZonedDateTimeISO('Asia/Kolkata');
  const asked = { scope: 'ladakh/leh', title: 'New UPS', from: from.toPlainDateTime().toString().slice(0, 16), minutes, by: 'meera' };
  const done = createMaintenanceOrders(centre.maintenance).add(asked);
  await world.pass(second);
  expect(await done).toMatchObject({ ok: true });
}

test('unchanged tabs did not give again what was told once more, was quiet, maintained, asked or said to be fixed: they do, message by message', async () => {
  const world = await worked(14);
  const { outbox, transitions, incidents } = rowsOf(world);
  const again = new Set(transitions.flatMap((one) => (one.again !== undefined && one.sent.length > 0 ? [one.again.why] : [])));
  expect([...again].toSorted()).toEqual(['assigned', 'awake', 'lapsed', 'maintained', 'reopened']);
  const deeds = new Set(incidents.flatMap((one) => one.deeds ?? []).map(({ did }) => did));
  expect([...deeds].toSorted()).toEqual(['acknowledged', 'assigned', 'awake', 'fixed', 'lapsed', 'reopened', 'snoozed']);
  const sent = outbox.flatMap(({ transition, key }) => (transition === null ? [] : [key]));
  const same = await report(replayOf(world).tryNodes(shipped, 30));
  expect(same.log).toEqual({ sent: sent.length, reproduced: sent.length });
  expect(same).toMatchObject({ before: sent.length, after: sent.length, more: 0, fewer: 0, unfinished: 0 });
});

test('what cannot be tried is one clear line: broken tabs, an empty ledger, a span longer than kept, and what takes too long or too much', async () => {
  const world = await atRest();
  const lineOf = async (nodes: readonly FlowNode[], days = 30, change: Partial<ReplayOptions> = {}) => {
    const tried = await replayOf(world, change).tryNodes(nodes, days);
    return tried.ok ? 'tried' : tried.line;
  };
  expect(await lineOf(edited('who-minor', { wires: [[]] }))).toBe('who-minor (minor: the technician): output 1 leads nowhere');
  expect(await lineOf(shipped, 36)).toBe('the ledger keeps what PCs said for 35 days: from 1 to 35 can be tried');
  expect(await lineOf(shipped)).toBe('nothing happened in the last 30 days: the ledger has no incident to try');
  microphone(world, 'microphone.missing');
  await world.pass(minute);
  const slow = { limits: { ms: 1, heapMiB: 256 } };
  expect(await lineOf(shipped, 30, slow)).toBe('the tabs that run cannot be played: it takes longer than 0.001 s: try fewer days');
  const replay = replayOf(world);
  const first = replay.tryNodes(shipped, 1);
  expect(await replay.tryNodes(shipped, 1)).toEqual({ ok: false, line: 'tabs are being tried already: wait until that is done' });
  expect((await first).ok).toBe(true);
  const text = '[{"id":"tab-x","type":"tab","label":"x"}';
  expect(await replay.tryFiles({ texts: [{ name: '40-who.json', text }], whole: false }, 1)).toMatchObject({
    ok: false,
    line: expect.stringMatching(/^40-who\.json: not JSON: /),
  });
});
