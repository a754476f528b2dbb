import { expect, test } from 'vitest';
import { readSettings, type StreamFrame } from '#contracts';
import type { Desk } from './desk.ts';
import { createStage, fault, pc as room } from './incidents/stage.test-helper.ts';
import { testClock } from './people/people.test-helper.ts';
import { createRoster } from './people/roster.ts';
import { createShow } from './show.ts';
import { siteTable } from './site-table.ts';

const [state = '', id = '', pc = ''] = room.split('/');

function setUp() {
  const settings = readSettings(JSON.stringify({ site: { state, id, pcs: [{ id: pc, room: { en: 'Room' } }] } }));
  if (!settings.ok) throw new Error(settings.line);
  const stage = createStage();
  stage.subscribe();
  stage.birth();
  const clock = testClock();
  const told: unknown[] = [];
  const desk = {
    book: stage.engine.book,
    time: stage.now,
    isSubscribed: () => true,
    tell: async (...said: unknown[]) => void told.push(said),
  } as unknown as Desk;
  const held: { desk: Desk | undefined } = { desk };
  const show = createShow({ clock, table: siteTable(settings.value), roster: createRoster([]), desk: () => held.desk, ready: () => true });
  const frames: StreamFrame[] = [];
  return { stage, clock, show, frames, held, told, listen: () => show.view.onChange((frame) => frames.push(frame)) };
}

test('changes come together, at most every 250 ms, and only while somebody listens', async () => {
  const { stage, clock, show, frames, listen } = setUp();
  show.changed({ pcs: [room], incidents: [] });
  await clock.pass(1_000);
  const leave = listen();
  stage.state([fault('microphone.missing')]);
  show.changed({ pcs: [room], incidents: [1] });
  show.changed({ pcs: [room], incidents: [1] });
  await clock.pass(249);
  expect(frames).toEqual([]);
  await clock.pass(1);
  expect(frames).toMatchObject([{ pcs: [{ pc: room, incident: 1 }], incidents: [{ id: 1, told: [{ person: 'technician' }] }] }]);
  leave();
  show.changed({ pcs: [room], incidents: [1] });
  await clock.pass(1_000);
  expect(frames).toHaveLength(1);
  show.close();
});

test('a PC that says nothing new is shown anew every 15 s, so that its last word ages truly', async () => {
  const { clock, show, frames, listen } = setUp();
  listen();
  await clock.pass(46_000);
  expect(frames.length).toBe(3);
  show.close();
  await clock.pass(60_000);
  expect(frames.length).toBe(3);
});

test('while the ledger is opened anew nothing is known, and nothing can be done', async () => {
  const { show, held } = setUp();
  held.desk = undefined;
  expect(show.view.snapshot()).toMatchObject({ subscribed: false, pcs: [], incidents: [] });
  expect(show.view.incident(1)).toBeUndefined();
  expect(await show.view.acknowledge(1, 'Asha')).toBe('missing');
  show.close();
});

test('acknowledge and note reach the open incident with a row for the audit, and not one that is over', async () => {
  const { stage, show, told } = setUp();
  stage.state([fault('microphone.missing')]);
  expect(await show.view.acknowledge(1, 'Asha')).toBe('done');
  expect(await show.view.note(1, 'Asha', 'going')).toBe('done');
  expect(await show.view.note(2, 'Asha', 'going')).toBe('missing');
  expect(told).toEqual([
    [
      { type: 'acknowledge', by: 'Asha', incident: 1 },
      { who: 'Asha', what: 'acknowledge', about: 'incident 1' },
    ],
    [
      { type: 'note', by: 'Asha', text: 'going', incident: 1 },
      { who: 'Asha', what: 'note', about: 'incident 1' },
    ],
  ]);
  stage.state([]);
  expect(await show.view.acknowledge(1, 'Asha')).toBe('over');
  show.close();
});
