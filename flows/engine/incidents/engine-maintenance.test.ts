import { maintenanceScope } from '@sabha/contracts';
import { expect, test } from 'vitest';
import type { MaintenanceDate } from '../records/sites.ts';
import { contentsAfter, createStage, type EngineStage, fault, hour, minute, ok, pc } from './stage.test-helper.ts';

const begun = 1_000_000;
const site = 'la/leh';
const other = 'la/nubra/room-1';
const rooms = ['room-1', 'room-2'].map((room) => `${site}/${room}`);
const known = [...rooms, other].map((one) => ({ pc: one, link: 'fibre' as const, elevationM: 0, alerts: true }));

/** A maintenance of one site that begins ten minutes after the start of the test and lasts an hour. */
const planned = (edit: Partial<MaintenanceDate> = {}): MaintenanceDate => ({
  id: 'm-1',
  scope: site,
  title: 'New UPS',
  from: begun + 10 * minute,
  to: begun + 70 * minute,
  ...edit,
});

type Opened = { dates?: MaintenanceDate[]; stage?: EngineStage };

/** Creates an engine with the planned maintenance, and brings all PCs online without faults. */
function opened({ dates = [planned()], stage = createStage({ known, maintenance: () => dates }) }: Opened = {}): EngineStage {
  stage.apply({ type: 'started' });
  stage.subscribe();
  for (const { pc: who } of known) {
    stage.birth(who);
    stage.state([ok('microphone'), ok('camera')], who);
  }
  return stage;
}

/** Lets time pass with beats of the PCs that are online. */
function live(stage: EngineStage, ms: number, who: readonly string[] = [...rooms, other]): void {
  for (let left = ms; left > 0; left -= 30_000) {
    stage.pass(Math.min(30_000, left));
    for (const one of who) stage.beat(one);
  }
}

/** Returns the messages about a scope as text: kind, reason of a repeated notification, and faults. */
const toldOf = (stage: EngineStage, scope: string) =>
  stage
    .outbox()
    .filter(({ notice }) => notice.scope === scope)
    .map(({ notice }) => `${notice.kind}${notice.again ? ` ${notice.again.why}` : ''}: ${notice.faults.map((one) => one.fault).join(' ')}`);
const own = maintenanceScope(site);

test('people are notified once of the start and once of the end of a maintenance, with its purpose and its end', () => {
  const stage = opened();
  live(stage, 9 * minute);
  expect(stage.outbox()).toEqual([]);
  live(stage, 2 * minute);
  expect(stage.outbox().map(({ notice }) => notice)).toMatchObject([
    { kind: 'raised', scope: own, severity: 'minor', until: begun + 70 * minute, faults: [{ name: 'New UPS' }] },
  ]);
  live(stage, 2 * hour);
  expect(toldOf(stage, own)).toEqual(['raised: maintenance.planned', 'cleared: maintenance.planned']);
  expect(stage.outbox()).toHaveLength(2);
});

test('people are not notified of a fault during a maintenance, but once at its end if the fault is still present', () => {
  const stage = opened();
  live(stage, 15 * minute);
  const [first = '', second = ''] = rooms;
  stage.state([fault('microphone.missing'), ok('camera')], first);
  stage.state([ok('microphone'), fault('camera.missing')], second);
  live(stage, 30 * minute);
  expect(stage.incident(first)).toMatchObject({ over: null, told: [], faults: [{ fault: 'microphone.missing' }] });
  stage.state([ok('microphone'), ok('camera')], second);
  live(stage, 2 * hour);
  expect(toldOf(stage, first)).toEqual(['raised maintained: microphone.missing']);
  expect(toldOf(stage, second)).toEqual([]);
  expect(toldOf(stage, own)).toEqual(['raised: maintenance.planned', 'cleared: maintenance.planned']);
});

test('people are notified again after a maintenance of a fault that began before it, and at once of the end of a fault during it', () => {
  const stage = opened();
  const [first = '', second = ''] = rooms;
  stage.state([fault('microphone.missing'), ok('camera')], first);
  stage.state([fault('microphone.missing'), ok('camera')], second);
  live(stage, 15 * minute);
  stage.state([ok('microphone'), ok('camera')], second);
  live(stage, 30 * minute);
  expect([toldOf(stage, first), toldOf(stage, second)]).toEqual([
    ['raised: microphone.missing'],
    ['raised: microphone.missing', 'cleared: microphone.missing'],
  ]);
  live(stage, 2 * hour);
  expect(toldOf(stage, first)).toEqual(['raised: microphone.missing', 'raised maintained: microphone.missing']);
});

test('a site that goes offline during a maintenance causes one message at the end of the maintenance, and no messages about its rooms', () => {
  const stage = opened();
  live(stage, 15 * minute);
  for (const room of rooms) stage.lost(room);
  live(stage, 30 * minute, [other]);
  expect(stage.outbox().map(({ notice }) => notice.scope)).toEqual([own]);
  live(stage, 40 * minute, [other]);
  expect(toldOf(stage, `site:${site}`)).toEqual(['raised maintained: outage.site']);
  expect(rooms.flatMap((room) => toldOf(stage, room))).toEqual([]);
});

test('R20 a restart during and after a maintenance neither repeats its start nor loses its end or the remaining faults', () => {
  const stage = opened();
  live(stage, 15 * minute);
  stage.state([fault('microphone.missing'), ok('camera')]);
  live(stage, 5 * minute);
  const again = (from: EngineStage, at: number) =>
    createStage({ known, maintenance: () => [planned()], contents: contentsAfter(from.ops), at });
  const within = again(stage, stage.now() + minute);
  within.apply({ type: 'started' });
  within.pass(5_000);
  expect(within.outbox()).toEqual([]);
  const after = again(stage, stage.now() + 3 * hour);
  after.apply({ type: 'started' });
  after.pass(5_000);
  expect(toldOf(after, own)).toEqual(['cleared: maintenance.planned']);
  expect(toldOf(after, pc)).toEqual(['raised maintained: microphone.missing']);
});

test('a maintenance that is deleted while it runs ends at once, and people are notified of the remaining faults', () => {
  const dates = [planned()];
  const stage = opened({ dates });
  live(stage, 15 * minute);
  stage.state([fault('microphone.missing'), ok('camera')]);
  live(stage, 5 * minute);
  dates.length = 0;
  stage.apply({ type: 'look-again' });
  expect([toldOf(stage, own), toldOf(stage, pc)]).toEqual([
    ['raised: maintenance.planned', 'cleared: maintenance.planned'],
    ['raised maintained: microphone.missing'],
  ]);
});

test('a maintenance that starts three times because the clock is set ends at its planned time', () => {
  const dates = [planned()];
  const stage = opened({ dates, stage: createStage({ known, maintenance: () => dates }) });
  live(stage, 10 * minute);
  for (let time = 0; time < 3; time += 1) {
    const [date] = dates.splice(0);
    live(stage, 10 * minute);
    if (date) dates.push(date);
    live(stage, 5 * minute);
  }
  live(stage, 30 * minute);
  expect(toldOf(stage, own).at(-1)).toBe('cleared: maintenance.planned');
});
