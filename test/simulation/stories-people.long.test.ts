// @module-tag long
/** Streams of a night and more about the people of a fault, through the tabs themselves; exact messages and times. */
import { expect, test } from 'vitest';
import { memberOf } from '../../flows/notify/roster/book.ts';
import { judged } from './causes-scene.ts';
import { allMails, hour, lastText, until } from './office-day.ts';
import { people } from './people.ts';
import { rowsOf } from './rows.ts';
import { atRest, camera, microphone, minute, order } from './scene.ts';
import type { World } from './world.ts';

const of = (what: string, room = 'Room pc-1') => `This office, Ladakh: ${what}, ${room}`;
const asha = memberOf(people.find(({ id }) => id === 'asha') as (typeof people)[number]);
const technician = (id: string, scope: string) =>
  memberOf({ id, name: id, role: 'technician', scope, language: 'en', email: `${id}@office.test`, webhook: false, addresses: {} });

function incidentOf(world: World, pc: number): number {
  return rowsOf(world).incidents.find(({ scope }) => scope === world.pc(pc).path)?.id ?? 0;
}

test('an acknowledgement of what is less than critical expires after a day, also where flows was started meanwhile: who gave it is asked, then central', async () => {
  const world = await atRest({ pcs: 2 });
  for (const pc of [0, 1]) microphone(world, 'microphone.muted', pc);
  await world.pass(5 * minute);
  for (const pc of [0, 1]) await order(world, (view) => view.acknowledge(incidentOf(world, pc), 'Asha'));
  await world.pass(2 * hour);
  microphone(world, null, 1);
  await world.pass(18 * hour);
  world.centre.kill();
  world.centre.start();
  await world.pass(7 * hour);
  const muted = 'Microphone muted in the sound settings';
  expect(allMails(world).toSorted()).toEqual([
    `03-03T14:07 asha: ${of(`Major: ${muted}`)}`,
    `03-03T14:07 asha: ${of(`Major: ${muted}`, 'Room pc-2')}`,
    `03-03T16:12 asha: ${of(`Cleared: ${muted}`, 'Room pc-2')}`,
    `03-04T14:12 asha: ${of(`Still there, Major: ${muted}`)}`,
    `03-04T15:12 meera: ${of(`Still there, Major: ${muted}`)}`,
  ]);
  expect(lastText(world, 'meera')[2]).toBe('Asha was on it; nobody is now.');
});

test('while a technician has days off the deputy is told, of the end too; from the next day on it is the technician again', async () => {
  const world = await atRest({ pcs: 2 });
  world.centre.roster.use([{ ...asha, leave: [{ from: '2026-03-03', to: '2026-03-03' }], deputy: 'ravi' }, technician('ravi', 'goa')]);
  camera(world, 'camera.held');
  await until(world, '2026-03-04T00:01');
  camera(world, 'camera.held', 1);
  await world.pass(5 * minute);
  camera(world, null);
  await world.pass(15 * minute);
  const held = 'Camera held by a program for hours';
  expect(allMails(world)).toEqual([
    `03-03T14:08 ravi: ${of(`Minor: ${held}`)}`,
    `03-04T00:02 asha: ${of(`Minor: ${held}`, 'Room pc-2')}`,
    `03-04T00:06 ravi: ${of(`Cleared: ${held}`)}`,
  ]);
  expect(await judged(world)).toEqual([]);
});
