/** What is told of a cause of many sites that grows, through the tabs themselves: while it is quiet, at night, and to whom. */
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { nation } from '../../engine/incidents/nation.test-helper.ts';
import { fault, type Stage } from '../../engine/incidents/stage.test-helper.ts';
import type { MaintenanceDate } from '../../engine/records/maintenance.ts';
import type { Moment } from '../../sites/calendar/when.ts';
import { inThread } from '../../storage/ledger/ledger.ts';
import { openStore } from '../../storage/ledger/store.ts';
import { play } from '../replay/run.ts';
import { type StillTabs, startStillTabs } from '../replay/still-tabs.ts';
import { tabsDir } from '../tabs.test-helper.ts';
import { readTabs } from '../tabs-storage.ts';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const wide = (sites: number, from = 0) => Array.from({ length: sites }, (_, at) => at + from);

let tabs: StillTabs;
let now = 0;
/** When the offices are closed. */
let night = { from: 0, to: 0 };
const dates: MaintenanceDate[] = [];
let scene: Stage | undefined;

beforeAll(async () => {
  const read = readTabs(tabsDir);
  if (!read.ok) throw new Error(read.line);
  tabs = await startStillTabs(read.nodes, { channels: () => ['console', 'webhook'], moment, now: () => now });
});
afterAll(() => tabs.stop());
beforeEach(() => {
  night = { from: 0, to: 0 };
  dates.length = 0;
});

// The same tabs, tried on the ledger of each scene, tell the same persons the same.
afterEach(async () => {
  if (scene !== undefined) expect(await tried(scene)).toEqual(scene.outbox().map(({ key, notice }) => `${notice.kind} ${key}`));
});

async function tried(stage: Stage): Promise<string[]> {
  const db = new DatabaseSync(':memory:');
  openStore(db).commit([stage.ops]);
  const { json } = await inThread(db).past({ since: 0, after: 0 });
  const { told: all } = await play(
    JSON.parse(json),
    {
      recipients: (to, channel) => to.map((person) => ({ person, channel })),
      central: () => [],
      personNamed: (name) => name,
      place: (scope) => ({ site: { en: scope, hi: scope }, room: { en: '', hi: '' }, timeZone: 'Asia/Kolkata' }),
      facts: () => ({ link: 'fibre', elevationM: 50 }),
      setNow: (at) => {
        now = at;
      },
      decide: tabs.decide,
    },
    stage.now(),
  );
  return all.map(({ kind, key }) => `${kind} ${key}`);
}

function moment(): Moment {
  const isClosing = night.from <= now && now < night.to;
  return {
    is: 'open',
    meeting: null,
    digestAt: now,
    backAt: isClosing ? night.to : now,
    isNearClosing: isClosing,
    isClosing,
    closed: null,
    lookAt: null,
  };
}

/** A state of so many sites of one PC, whose wires are the tabs; `go`: they are lost, and time passes. */
function bihar(sites = 20, state = (_: number) => 'bihar') {
  const { stage, of } = nation({ sites, pcs: 1, state, maintenance: () => dates });
  scene = stage;
  const away = new Set<number>();
  let seen = 0;
  stage.setPath(() => 'nothing');
  const decided = async () => {
    for (let offer = stage.offers[seen]; offer !== undefined; offer = stage.offers[seen]) {
      seen += 1;
      now = stage.now();
      const end = await tabs.decide(offer.message, offer.node);
      if (end === undefined) throw new Error('it reached no conclusion');
      stage.apply({ type: 'conclude', transition: offer.message.transition.id, ...end, acts: [...end.acts] });
    }
  };
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= 10 * second) {
      stage.pass(Math.min(left, 10 * second), 10 * second);
      await decided();
      for (const site of wide(sites)) if (!away.has(site)) stage.beat(of(site)[0]);
    }
  };
  return {
    stage,
    pass,
    of,
    async go(gone: readonly number[], ms: number): Promise<void> {
      for (const site of gone) away.add(site);
      for (const pc of gone.flatMap(of)) stage.lost(pc);
      await pass(ms);
    },
    async back(come: readonly number[], ms: number, session = 2): Promise<void> {
      for (const site of come) away.delete(site);
      for (const pc of come.flatMap(of)) stage.birth(pc, { session, apartMs: minute });
      await pass(ms);
    },
    /** Maintenance of a path from now on. */
    maintain: (scope: string, ms: number) =>
      dates.push({ id: scope.replaceAll('/', '-'), scope, title: 'New line', from: stage.now(), to: stage.now() + ms }),
  };
}

/** What each person was told of the state, and how many were away by that. */
const told = (stage: Stage) =>
  stage
    .outbox()
    .filter(({ channel, notice }) => channel === 'console' && notice.scope === 'state:bihar')
    .map(({ person, notice }) => `${notice.again?.why ?? notice.kind} ${notice.many?.down} to ${person}`);
const idOf = (stage: Stage) => stage.incident('state:bihar')?.id ?? 0;

test('central, who was told of eight sites by escalation, heard of fourteen long after the state or never; and nobody hears of them twice', {
  tags: ['long'],
}, async () => {
  const { stage, go, pass } = bihar();
  await go(wide(8), 60 * minute);
  await go(wide(6, 8), 10 * minute);
  expect(told(stage)).toEqual(['raised 8 to state', 'raised 8 to central', 'worsened 14 to state', 'worsened 14 to central']);
  await pass(3 * hour);
  expect(told(stage)).toHaveLength(4);
});

test('of what grew before the next level was due central was told twice: it hears of it as it is by then', async () => {
  const { stage, go } = bihar();
  await go(wide(8), 20 * minute);
  await go(wide(6, 8), 2 * hour);
  expect(told(stage)).toEqual(['raised 8 to state', 'worsened 14 to state', 'raised 14 to central']);
});

test('more sites of a state under maintenance are told at its end, once, if they are still away', { tags: ['long'] }, async () => {
  const { stage, go, back, maintain, pass } = bihar();
  await go(wide(8), 20 * minute);
  maintain('bihar', hour);
  await pass(minute);
  await go(wide(6, 8), 20 * minute);
  await back([8, 9], 30 * minute);
  expect(told(stage)).toEqual(['raised 8 to state']);
  await pass(30 * minute);
  expect(told(stage).slice(1)).toEqual(['maintained 12 to state']);
  await pass(2 * hour);
  expect(told(stage).slice(2)).toEqual(['maintained 12 to central']);
});

test('two waves that waited for the morning were two messages of the same sites', { tags: ['long'] }, async () => {
  const { stage, go, pass } = bihar(40);
  await go(wide(12), 20 * minute);
  stage.apply({ type: 'acknowledge', incident: idOf(stage), by: 'asha' });
  night = { from: stage.now(), to: stage.now() + 3 * hour };
  await go(wide(9, 12), 20 * minute);
  await go(wide(8, 21), 20 * minute);
  expect(told(stage)).toEqual(['raised 12 to state']);
  await pass(2.5 * hour);
  expect(told(stage).slice(1)).toEqual(['worsened 29 to state']);
});

test('at the end of a quiet who was told hears how many are away by then; who took the incident keeps it when it grows', async () => {
  const { stage, go, back, pass } = bihar();
  await go(wide(8), 60 * minute);
  stage.apply({ type: 'acknowledge', incident: idOf(stage), by: 'state' });
  stage.apply({ type: 'snooze', incident: idOf(stage), by: 'state', until: stage.now() + hour });
  await go(wide(6, 8), 20 * minute);
  await back([8], 20 * minute);
  expect(told(stage)).toHaveLength(2);
  await pass(hour);
  expect(told(stage).slice(2)).toEqual(['awake 13 to state', 'awake 13 to central']);
  await go(wide(4, 14), 20 * minute);
  expect(told(stage).slice(4)).toEqual(['worsened 17 to state', 'worsened 17 to central']);
  expect(stage.incident('state:bihar')?.acknowledged?.by).toBe('state');
});

test('R27 wave after wave are three messages in an hour to each, and then one of all that went since', async () => {
  const { stage, go, pass } = bihar(40);
  await go(wide(12), 46 * minute);
  await pass(20 * minute);
  let gone = 12;
  for (const wave of [9, 6, 4, 3]) {
    await go(wide(wave, gone), 7 * minute);
    gone += wave;
  }
  await pass(90 * minute);
  const each = (person: string) => told(stage).flatMap((one) => (one.endsWith(` ${person}`) ? Number(one.split(' ')[1]) : []));
  expect([each('state'), each('central')]).toEqual([
    [12, 21, 27, 31, 34],
    [12, 21, 27, 31, 34],
  ]);
});

test('one fault that grows from six rooms of one state to three states is sent to central and the states once, and no room is sent to a level above', async () => {
  const { stage, of, pass } = bihar(17, (site) => (['bihar', 'goa', 'assam'] as const)[Math.min(2, Math.floor(site / 6))] ?? '');
  const broken = { ...fault('camera.missing'), name: 'MeetUp' };
  for (const pc of wide(6).flatMap(of)) stage.state([broken], pc);
  await pass(20 * minute);
  for (const pc of wide(11, 6).flatMap(of)) stage.state([broken], pc);
  await pass(5 * minute);
  const all = () => stage.outbox().filter(({ channel }) => channel === 'console');
  const lines = () => all().map(({ person, notice }) => `${notice.kind} ${notice.many?.down ?? notice.scope} to ${person}`);
  expect(lines()).toEqual(['raised 6 to state', 'raised 17 to central']);
  // The stage begins at 05:46 of its zone: the rooms of the first are told at eight.
  await pass(5 * hour);
  expect(lines().filter((line) => !line.endsWith(' to technician'))).toEqual(['raised 6 to state', 'raised 17 to central']);
  expect(lines().filter((line) => line.endsWith(' to technician')).length).toBe(17);
  // The ledger does not hold that all rooms were of one state at first.
  scene = undefined;
});
