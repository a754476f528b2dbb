import { maintenanceScope } from '@sabha/contracts';
import { expect, test } from 'vitest';
import type { MaintenanceDate } from '../records/sites.ts';
import { contentsAfter, createStage, fault, hour, minute, ok, pc, type Stage } from './stage.test-helper.ts';

const begun = 1_000_000;
const site = 'la/leh';
const other = 'la/nubra/room-1';
const rooms = ['room-1', 'room-2'].map((room) => `${site}/${room}`);
const known = [...rooms, other].map((one) => ({ pc: one, link: 'fibre' as const, elevationM: 0, alerts: true }));

/** From ten minutes after the beginning, for an hour. */
const planned = (edit: Partial<MaintenanceDate> = {}): MaintenanceDate => ({
  id: 'm-1',
  scope: site,
  title: 'New UPS',
  from: begun + 10 * minute,
  to: begun + 70 * minute,
  ...edit,
});

type Opened = { dates?: MaintenanceDate[]; stage?: Stage };

/** All PCs online and well, with what is planned. */
function opened({ dates = [planned()], stage = createStage({ known, maintenance: () => dates }) }: Opened = {}): Stage {
  stage.apply({ type: 'started' });
  stage.subscribe();
  for (const { pc: who } of known) {
    stage.birth(who);
    stage.state([ok('microphone'), ok('camera')], who);
  }
  return stage;
}

/** Lets time pass, with beats of all PCs that are there. */
function live(stage: Stage, ms: number, who: readonly string[] = [...rooms, other]): void {
  for (let left = ms; left > 0; left -= 30_000) {
    stage.pass(Math.min(30_000, left));
    for (const one of who) stage.beat(one);
  }
}

/** What was told of a scope, in order. */
const toldOf = (stage: Stage, scope: string) =>
  stage
    .outbox()
    .filter(({ notice }) => notice.scope === scope)
    .map(({ notice }) => `${notice.kind}${notice.again ? ` ${notice.again.why}` : ''}: ${notice.faults.map((one) => one.fault).join(' ')}`);
const own = maintenanceScope(site);

test('its beginning and its end are told once each, with what for and until when', () => {
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

test('what comes within it is recorded and told to nobody; what is still bad at the end is told once, and what is well by then never', () => {
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

test('what was told before it is told once more at its end, its end within it is told at once', () => {
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

test('a site that goes dark within it is one message at its end, and its rooms none', () => {
  const stage = opened();
  live(stage, 15 * minute);
  for (const room of rooms) stage.lost(room);
  live(stage, 30 * minute, [other]);
  expect(stage.outbox().map(({ notice }) => notice.scope)).toEqual([own]);
  live(stage, 40 * minute, [other]);
  expect(toldOf(stage, `site:${site}`)).toEqual(['raised maintained: outage.site']);
  expect(rooms.flatMap((room) => toldOf(stage, room))).toEqual([]);
});

test('R20 a start within it and one after it neither tell its beginning twice nor forget its end or what is left', () => {
  const stage = opened();
  live(stage, 15 * minute);
  stage.state([fault('microphone.missing'), ok('camera')]);
  live(stage, 5 * minute);
  const again = (from: Stage, at: number) => createStage({ known, maintenance: () => [planned()], contents: contentsAfter(from.ops), at });
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

test('what is removed while it goes on ends at once, with what is left', () => {
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

test('a date that begins three times, as when the clock of the server is set, still ends when it is over', () => {
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
