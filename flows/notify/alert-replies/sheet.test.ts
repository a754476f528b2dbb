import type { MessageLanguage } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { isClearing, needsAction } from '../../../dashboards/wall/live/model.js';
import { createStage, type EngineStage, fault, ok, pc } from '../../engine/incidents/stage.test-helper.ts';
import type { Incident } from '../../engine/records/incidents.ts';
import type { Notice } from '../../engine/records/notices.ts';
import { createSiteTable } from '../../sites/table.ts';
import { incidentRow, type View } from '../../view/live.ts';
import { render } from '../people/words.ts';
import { sheetOf } from './sheet.ts';

const minute = 60_000;
const other = 'la/leh/room-2';
const known = [pc, other].map((one) => ({ pc: one, link: 'fibre', elevationM: 3_524, alerts: true }) as const);

function site(): EngineStage {
  const stage = createStage({ known: [...known], at: Date.UTC(2026, 2, 3, 8, 30) });
  stage.subscribe();
  for (const one of known) {
    stage.birth(one.pc);
    stage.state([ok('camera'), ok('microphone'), ok('pc')], one.pc);
  }
  return stage;
}

/** Advances the clock. Only the PCs in `heard` send beats meanwhile. */
function pass(stage: EngineStage, ms: number, heard: readonly string[] = [pc, other]): void {
  for (let left = ms; left > 0; left -= 20_000) {
    stage.pass(Math.min(left, 20_000));
    for (const one of heard) stage.beat(one);
  }
}

function sheet(stage: EngineStage, changes = {}, language: MessageLanguage = 'en') {
  const incident = stage.incident();
  if (incident === undefined) throw new Error('there is no incident');
  const place = () => ({ site: { en: 'Leh', hi: 'लेह' }, room: { en: 'Room', hi: 'कमरा' }, timeZone: 'Asia/Kolkata' });
  const table = () => ({ ...createSiteTable([]), pcsOf: () => [pc, other] });
  const review = { id: 'm', title: 'Review', from: Date.UTC(2026, 2, 3, 10), to: Date.UTC(2026, 2, 3, 11) };
  const at = { memory: stage.engine.memory, time: stage.now, place, table, next: () => [review].filter(({ to }) => to > stage.now()) };
  const person = { id: 'bina', name: 'Bina', language, role: 'technician', scope: '', webhook: false, addresses: {} } as const;
  return sheetOf(at, { ...incident, ...changes }, { person, link: 'b1', pcs: [pc], check: undefined });
}
const read = (...asked: Parameters<typeof sheet>) => sheet(...asked).live;

test('the answer page about a silent PC says whether another PC of the site is online', () => {
  const stage = site();
  pass(stage, 10 * minute, [other]);
  const outage = { cause: 'undetermined', confidence: 0.5, from: stage.now() - 9 * minute, to: null };
  expect(stage.incident()?.faults[0]?.fault).toBe('pc.silent');
  expect(read(stage, { outage })).toMatchObject({
    why: ['Why: not known; another PC of the site answers.'],
    steps: ['Switch the PC on.', 'If it is on, check its network cable.', 'Then restart it.'],
  });
  pass(stage, 10 * minute, []);
  expect(read(stage, { outage }).why).toEqual(['Why: not known yet, the site cannot be reached.']);
});

test('the answer page of an ended incident names in the past tense who had acknowledged it', () => {
  const stage = site();
  stage.state([fault('camera.missing'), ok('microphone')]);
  const incident = stage.incident()?.id ?? 0;
  stage.apply({ type: 'answer', incident, person: 'bina', by: 'Bina', word: 'going' });
  expect(read(stage).holder).toBe('You have it since 14:00.');
  stage.state([ok('camera'), ok('microphone')]);
  pass(stage, 15 * minute);
  expect([read(stage).cure, read(stage).holder]).toEqual(['over', 'You had it from 14:00.']);
  expect([read(stage, {}, 'hi').holder, read(stage, {}, 'mr').holder]).toEqual(['14:00 से यह आपके पास था।', '14:00 पासून हे तुमच्याकडे होते.']);
});

test('mail, answer page and wall all show a flapping incident without a present fault as well at the moment', () => {
  const stage = site();
  const turn = (camera: boolean, microphone: boolean, forMs: number) => {
    stage.state([camera ? ok('camera') : fault('camera.missing'), microphone ? ok('microphone') : fault('microphone.missing')]);
    pass(stage, forMs);
  };
  for (let nth = 0; nth < 3; nth += 1) {
    turn(true, false, 20_000);
    turn(true, true, 1_000);
  }
  turn(false, true, minute);
  turn(true, true, minute);
  expect(stage.incident()).toMatchObject({ over: null, flapping: true });
  expect(read(stage).cure).toBe('well');
  const eased = stage.outbox().findLast(({ notice }) => notice.kind === 'eased')?.notice;
  expect(eased?.faults).toMatchObject([{ fault: 'camera.missing' }]);
  expect(render(eased as Notice, 'en').text).toContain('\nThis is over.\n');
  const { memory } = stage.engine;
  const place = () => ({ site: { en: 'Leh', hi: '' }, room: { en: 'Room', hi: '' }, timeZone: 'Asia/Kolkata' });
  const row = incidentRow({ memory, place, personName: (id: string) => id } as unknown as View, stage.incident() as Incident);
  expect([isClearing(row), needsAction(row)]).toEqual([true, false]);
});

test('the answer page has the heading "cleared" while a flapping fault is gone', () => {
  const stage = site();
  for (const one of [fault, ok, fault, ok, fault, ok]) {
    stage.state([one === fault ? fault('camera.missing') : ok('camera'), ok('microphone')]);
    pass(stage, 40_000);
  }
  const { flapping } = stage.incident() ?? {};
  const now = sheet(stage);
  expect([flapping, now.live.cure]).toEqual([true, 'well']);
  expect(now.live).toMatchObject({
    what: 'Cleared: Camera not found',
    since: expect.stringMatching(/^From 3 Mar, 14:0\d to 3 Mar, 14:0\d\.$/),
  });
  expect(now.live.status).toBe('Works again since 14:03. You need not wait: you get a message when it is over.');
  expect(sheet(stage, {}, 'hi').live.what).toBe('ठीक हो गया: कैमरा नहीं मिल रहा');
});

test('the answer page lists further faults of the room, cleared faults and the next meeting', () => {
  const stage = site();
  stage.state([fault('camera.missing'), ok('microphone')]);
  pass(stage, 2 * minute);
  stage.state([fault('camera.missing'), { ...fault('microphone.missing'), name: 'RoomMic' }]);
  expect(read(stage)).toMatchObject({
    what: 'Critical: Camera not found',
    beside: ['Also: Microphone not found: RoomMic (since 14:02)', 'Meeting at 15:30.'],
  });
  expect(read(stage, {}, 'hi').beside[0]).toBe('साथ में: माइक नहीं मिल रहा: RoomMic (14:02 से)');
  stage.state([ok('camera'), { ...fault('microphone.missing'), name: 'RoomMic' }]);
  expect(read(stage)).toMatchObject({
    what: 'Critical: Microphone not found: RoomMic',
    beside: ['Camera not found: works again since 14:02.', 'Meeting at 15:30.'],
  });
  stage.state([ok('camera'), ok('microphone')]);
  expect(read(stage)).toMatchObject({ cure: 'well', beside: ['Also: Microphone not found: RoomMic'] });
});

test('the answer page says that nothing remains to do if the room has no other fault', () => {
  const stage = site();
  stage.state([fault('camera.missing'), ok('microphone')]);
  stage.state([ok('camera'), ok('microphone')]);
  pass(stage, 15 * minute);
  expect(read(stage).status).toMatch(/^Over since 3 Mar, 14:0\d\. No fault is left in the room\. Nothing more to do\.$/);
  stage.state([fault('microphone.missing'), ok('camera')]);
  const old = stage.engine.memory.incidents.get(1);
  // After a new fault in the room the page no longer says that the room is well.
  expect(read(stage, old).status).toMatch(/^Over since 3 Mar, 14:0\d\.$/);
});
