// @module-tag long
/** Streams of one room through the tabs themselves: what breaks together, what one cause explains, what comes and goes; exact messages and times. */
import { expect, test } from 'vitest';
import { judged } from './causes-scene.ts';
import { allMails, lastText } from './office-day.ts';
import { atRest, camera, microphone, minute, second } from './scene.ts';
import type { World } from './world.ts';

const of = (what: string) => `This office, Ladakh: ${what}, Room pc-1`;
const usb = (world: World, fault: string | null) => world.pc(0).room.set('usb', '', fault);

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
