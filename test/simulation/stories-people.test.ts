/** Streams of one fault and the people about it, through the tabs themselves: who has it, who is away, whose it is; exact messages and times. */
import { expect, test } from 'vitest';
import { memberOf } from '../../flows/notify/roster/book.ts';
import { pcsAt, sites } from './causes-scene.ts';
import { allMails, hour, importMeetings, lastText, office, setHours, until } from './office-day.ts';
import { rowsOf } from './rows.ts';
import { atRest, camera, microphone, minute, order } from './scene.ts';
import type { World } from './world.ts';

const of = (what: string, room = 'Room pc-1') => `This office, Ladakh: ${what}, ${room}`;
const hindi = (what: string, room = 'Room pc-1') => `यह दफ़्तर, Ladakh: ${what}, ${room}`;
const technician = (id: string, scope: string) =>
  memberOf({ id, name: id, role: 'technician', scope, language: 'en', email: `${id}@office.test`, webhook: false, addresses: {} });

function incidentOf(world: World, pc: number): number {
  return rowsOf(world).incidents.find(({ scope }) => scope === world.pc(pc).path)?.id ?? 0;
}

test('a quiet that ends while the fault stands is told to who wanted it, with what joined, and then the next levels hear of it', async () => {
  const world = await atRest();
  microphone(world, 'microphone.missing');
  await world.pass(2 * minute);
  await order(world, (view) => view.snooze(incidentOf(world, 0), 'Asha', view.now() + hour));
  await world.pass(30 * minute);
  camera(world, 'camera.held');
  await world.pass(90 * minute);
  expect(allMails(world)).toEqual([
    `03-03T14:07 asha: ${of('Critical: Microphone not found')}`,
    `03-03T15:09 asha: ${of('Still there, Critical: Microphone not found')}`,
    `03-03T15:24 tashi: ${hindi('दिक्कत अब भी है, बहुत ज़रूरी: माइक नहीं मिल रहा')}`,
    `03-03T15:54 meera: ${of('Still there, Critical: Microphone not found')}`,
  ]);
  expect(lastText(world, 'tashi').slice(1, 4)).toEqual([
    'साथ में: कैमरा घंटों से किसी प्रोग्राम में खुला है',
    '3 मार्च, 14:07 बजे से।',
    'Asha ने अब तक अलर्ट रोका हुआ था।',
  ]);
});

test('the technician of a group of sites is told of its sites and of no other', async () => {
  const bihar = sites('bihar', 3).map((site, at) => (at < 2 ? { ...site, groups: ['magadh'] } : site));
  const world = await atRest({ further: bihar });
  world.centre.roster.use([technician('ravi', 'group:magadh')]);
  for (const pc of pcsAt(world, 'bihar')) pc.room.set('microphone', 'expected-1', 'microphone.missing');
  await world.pass(2 * minute);
  const missing = (site: string) => `${site}: Critical: Microphone not found, ${site}/pc-1`;
  expect(allMails(world).toSorted()).toEqual([
    `03-03T14:07 meera: ${missing('bihar/site-3')}`,
    `03-03T14:07 ravi: ${missing('bihar/site-1')}`,
    `03-03T14:07 ravi: ${missing('bihar/site-2')}`,
  ]);
});

test('a meeting makes what is minor critical in its own room alone, half an hour before, and the higher levels hear of it in time', {
  tags: ['long'],
}, async () => {
  const world = await atRest({ pcs: 2 });
  await setHours(world, office);
  await importMeetings(world, 'review,Review,ladakh/leh/pc-1,2026-03-03 16:00,17:00,,');
  for (const pc of [0, 1]) camera(world, 'camera.held', pc);
  await until(world, '2026-03-03T17:30');
  const held = 'Camera held by a program for hours';
  expect(allMails(world).toSorted()).toEqual([
    `03-03T14:08 asha: ${of(`Minor: ${held}`)}`,
    `03-03T14:08 asha: ${of(`Minor: ${held}`, 'Room pc-2')}`,
    `03-03T15:30 asha: ${of(`Critical: ${held}`)}`,
    `03-03T15:45 tashi: ${hindi('बहुत ज़रूरी: कैमरा घंटों से किसी प्रोग्राम में खुला है')}`,
    `03-03T16:15 meera: ${of(`Critical: ${held}`)}`,
  ]);
  expect(lastText(world)[2]).toBe('Meeting at 16:00.');
});
