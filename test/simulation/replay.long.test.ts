// @module-tag long
/** Tests `sabha tabs try`: replays a simulation through the same tabs and through edited ones. */

import { realClock, type TabsTrial } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { createReplay, type ReplayOptions } from '../../flows/node-red/replay/replay.ts';
import { lintFlows, releaseTabs } from '../../flows/node-red/tabs.ts';
import { type FlowNode, readTabs } from '../../flows/node-red/tabs-storage.ts';
import { createRoster } from '../../flows/notify/people/roster.ts';
import { openInThread } from '../../flows/storage/ledger/ledger.ts';
import { people } from './people.ts';
import { rowsOf } from './rows.ts';
import { atRest, camera, microphone, minute, second } from './scene.ts';
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
    ledger: openInThread(world.centre.db()),
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

/** Plays a morning with all kinds of transitions: notified, ended early, escalated, acknowledged, flapping, and a shared cause. */
async function morning(): Promise<World> {
  const world = await atRest({
    pcs: 4,
    sites: 2,
    further: [1, 2, 3].map((n) => ({ path: `bihar/site-${n}`, link: n === 1 ? 'geo' : 'fibre', pcs: 2 }) as const),
  });
  microphone(world, 'microphone.missing');
  await world.pass(minute);
  const seen = world.centre.centre()?.view.act(1, 'Anil', { type: 'acknowledge' });
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

test('a replay through unchanged tabs returns the same messages, and one through edited tabs lists additional, missing and later messages', async () => {
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
