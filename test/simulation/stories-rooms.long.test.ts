// @module-tag long
/** Streams of one room through the tabs themselves: what breaks together, what one cause explains, what comes and goes; exact messages and times. */
import { expect, test } from 'vitest';
import { fewAnHour } from './audit-pace.ts';
import { judged } from './causes-scene.ts';
import { allMails, lastText } from './office-day.ts';
import { rowsOf } from './rows.ts';
import { atRest, camera, microphone, minute, second } from './scene.ts';
import type { World } from './world.ts';

const of = (what: string) => `This office, Ladakh: ${what}, Room pc-1`;
const usb = (world: World, fault: string | null) => world.pc(0).room.set('usb', '', fault);

test('a hub that was unplugged was a message for each device, and "Got better" without an all-clear for an hour: it is one message and one all-clear', async () => {
  // With this seed both probes run within the two seconds in which faults are one message.
  const world = await atRest({ seed: 3 });
  camera(world, 'camera.missing');
  await world.pass(second);
  microphone(world, 'microphone.missing');
  await world.pass(10 * minute);
  expect(lastText(world)).toEqual([
    'Critical: Camera not found',
    'Also: Microphone not found',
    'Since 3 Mar, 14:07.',
    '1. Unplug the camera cable and plug it in again.',
    '2. If it is still not found, try another USB port.',
  ]);
  microphone(world, null);
  await world.pass(2 * second);
  camera(world, null);
  await world.pass(10 * minute);
  expect(allMails(world)).toEqual([
    `03-03T14:07 asha: ${of('Critical: Camera not found')}`,
    `03-03T14:17 asha: ${of('Cleared: Camera not found')}`,
  ]);
  expect(lastText(world)[1]).toBe('Also: Microphone not found');
  expect(await judged(world)).toEqual([]);
});

test('of two devices that broke together one is well again: that is said, and the other one later', async () => {
  const world = await atRest();
  camera(world, 'camera.missing');
  microphone(world, 'microphone.missing');
  await world.pass(10 * minute);
  camera(world, null);
  await world.pass(5 * minute);
  microphone(world, null);
  await world.pass(10 * minute);
  expect(allMails(world)).toEqual([
    `03-03T14:07 asha: ${of('Critical: Camera not found')}`,
    `03-03T14:17 asha: ${of('Got better: Camera not found')}`,
    `03-03T14:22 asha: ${of('Cleared: Camera not found')}`,
  ]);
});

test('a muted microphone that vanishes is worse, and its return muted is better; the all-clear names both', async () => {
  const world = await atRest();
  microphone(world, 'microphone.muted');
  await world.pass(10 * minute);
  microphone(world, 'microphone.missing');
  await world.pass(10 * minute);
  microphone(world, null);
  await world.pass(30 * minute);
  expect(allMails(world)).toEqual([
    `03-03T14:07 asha: ${of('Major: Microphone muted in the sound settings')}`,
    `03-03T14:17 asha: ${of('Got worse, Critical: Microphone not found')}`,
    `03-03T14:27 asha: ${of('Cleared: Microphone not found')}`,
  ]);
  expect(lastText(world).slice(1, 3)).toEqual(['Also: Microphone muted in the sound settings', 'From 3 Mar, 14:17 to 3 Mar, 14:27.']);
  expect(await judged(world)).toEqual([]);
});

test('a USB cable that is loose explains camera and microphone that were told before it: it was called worse, though it is the cause', async () => {
  const world = await atRest({ components: ['usb'] });
  camera(world, 'camera.missing');
  microphone(world, 'microphone.missing');
  await world.pass(50 * second);
  usb(world, 'usb.flapping');
  await world.pass(10 * minute);
  expect(lastText(world)).toEqual([
    'One more, Major: A USB device comes and goes',
    'Since 3 Mar, 14:07.',
    '1. Plug the device straight into the PC.',
    '2. If it goes on, replace its cable.',
  ]);
  for (const whole of [camera, microphone, usb]) whole(world, null);
  await world.pass(20 * minute);
  expect(allMails(world)).toEqual([
    `03-03T14:07 asha: ${of('Critical: Camera not found')}`,
    `03-03T14:08 asha: ${of('One more, Major: A USB device comes and goes')}`,
    `03-03T14:22 asha: ${of('Cleared: Camera not found')}`,
  ]);
  expect(await judged(world)).toEqual([]);
});

test('a microphone that is muted and unmuted for two hours is told twice, once to central, and ends once', async () => {
  const world = await atRest();
  for (let turn = 0; turn < 12; turn += 1) {
    microphone(world, 'microphone.muted');
    await world.pass(5 * minute);
    microphone(world, null);
    await world.pass(5 * minute);
  }
  await world.pass(30 * minute);
  const muted = 'Microphone muted in the sound settings';
  expect(allMails(world)).toEqual([
    `03-03T14:07 asha: ${of(`Major: ${muted}`)}`,
    `03-03T14:12 asha: ${of(`Cleared: ${muted}`)}`,
    `03-03T14:17 asha: ${of(`Major: ${muted}`)}`,
    `03-03T15:17 meera: ${of(`Major: ${muted}`)}`,
    `03-03T16:12 asha: ${of(`Cleared: ${muted}`)}`,
    `03-03T16:12 meera: ${of(`Cleared: ${muted}`)}`,
  ]);
  expect(await judged(world)).toEqual([]);
});

test('R27 a centre that was killed each ten minutes told of a room three more after each start: of one room it is three an hour', async () => {
  const world = await atRest({ components: ['speaker'] });
  const things = [
    ['microphone', 'microphone.muted'],
    ['camera', 'camera.held'],
    ['speaker', 'speaker.muted'],
    ['camera', 'camera.slow_port'],
    ['speaker', 'speaker.not_default'],
  ] as const;
  for (let turn = 0; turn < 15; turn += 1) {
    const [component, fault] = things[turn % things.length] ?? things[0];
    world.pc(0).room.set(component, '', fault);
    await world.pass(5 * minute);
    world.pc(0).room.set(component, '', null);
    await world.pass(5 * minute - 10 * second);
    world.centre.kill();
    await world.pass(10 * second);
    world.centre.start();
  }
  await world.pass(2 * 60 * minute);
  expect(fewAnHour(world, rowsOf(world))).toEqual([]);
  expect(world.centre.seen.kills).toBe(15);
  // Neither is it silence: the last word of what was told is true.
  expect(allMails(world).filter((line) => line.includes('Room pc-1')).length).toBeGreaterThanOrEqual(6);
  expect(await judged(world)).toEqual([]);
});

test('a room in which ever another thing is touched is three messages in an hour; the fourth says how much was only counted', async () => {
  const world = await atRest({ components: ['speaker'] });
  const touch = async (component: string, fault: string) => {
    world.pc(0).room.set(component, '', fault);
    await world.pass(4 * minute);
    world.pc(0).room.set(component, '', null);
    await world.pass(4 * minute);
  };
  await touch('microphone', 'microphone.muted');
  await touch('camera', 'camera.held');
  await touch('speaker', 'speaker.muted');
  await touch('camera', 'camera.slow_port');
  await touch('speaker', 'speaker.not_default');
  expect(allMails(world)).toHaveLength(3);
  microphone(world, 'microphone.missing');
  await world.pass(minute);
  expect(lastText(world).slice(0, 2)).toEqual(['Critical: Microphone not found', 'Since 3 Mar, 14:47. Only counted in this hour: 3 more.']);
  await world.pass(10 * minute);
  microphone(world, null);
  await world.pass(90 * minute);
  const held = 'Camera held by a program for hours';
  expect(allMails(world)).toEqual([
    `03-03T14:07 asha: ${of('Major: Microphone muted in the sound settings')}`,
    `03-03T14:11 asha: ${of('Cleared: Microphone muted in the sound settings')}`,
    `03-03T14:16 asha: ${of(`Minor: ${held}`)}`,
    // What is critical and new is told besides.
    `03-03T14:47 asha: ${of('Critical: Microphone not found')}`,
    `03-03T15:11 asha: ${of(`Cleared: ${held}`)}`,
    `03-03T15:16 asha: ${of('Cleared: Microphone not found')}`,
  ]);
  expect(await judged(world)).toEqual([]);
});
