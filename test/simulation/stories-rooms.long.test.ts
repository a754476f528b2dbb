// @module-tag long
/** Streams of one room through the tabs themselves: what breaks together, what one cause explains, what comes and goes; exact messages and times. */
import { expect, test } from 'vitest';
import { judged } from './causes-scene.ts';
import { allMails, lastText } from './office-day.ts';
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
