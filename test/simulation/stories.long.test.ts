// @module-tag long
/** Long tests with the real tabs, over hours or many sites: exact messages, persons and times. */
import { expect, test } from 'vitest';
import { cutAll, healAll, judged, pcsAt, sites, toldIn } from './causes-scene.ts';
import { allMails, lastText, mails, office, setHours, until } from './office-day.ts';
import { atRest, camera, microphone, minute, second } from './scene.ts';

test('five offices that close within three minutes notify nobody at night, and in the morning only about the office still offline', async () => {
  const world = await atRest({ further: sites('bihar', 5) });
  await setHours(world, office);
  await until(world, '2026-03-03T18:20');
  // People switch the offices off at the mains, shortly before closing time.
  for (const [at, pc] of pcsAt(world, 'bihar').entries()) world.time.later(at * 15 * second, () => pc.kill({ power: true }));
  await until(world, '2026-03-04T08:50');
  expect(toldIn(world)).toEqual([]);
  for (const pc of pcsAt(world, 'bihar').slice(1)) world.time.later(world.random.next() * 30 * minute, () => pc.start({ reboot: true }));
  await until(world, '2026-03-04T10:00');
  expect(mails(world, 'meera')).toEqual([expect.stringMatching(/^03-04T09:4[56] .*bihar\/site-1/)]);
});

/** Returns a subject about the room of the first PC. */
const inRoom = (what: string) => `This office, Ladakh: ${what}, Room pc-1`;

test('a loose USB cable that explains two notified faults adds one fault to the incident and does not worsen it', async () => {
  const world = await atRest({ components: ['usb'] });
  camera(world, 'camera.missing');
  microphone(world, 'microphone.missing');
  await world.pass(50 * second);
  world.pc(0).room.set('usb', '', 'usb.flapping');
  await world.pass(10 * minute);
  expect(lastText(world)).toEqual([
    'One more, Major: A USB device comes and goes',
    'Since 3 Mar, 14:07.',
    '1. Plug the device straight into the PC.',
    '2. If it goes on, replace its cable.',
  ]);
  for (const whole of [camera, microphone]) whole(world, null);
  world.pc(0).room.set('usb', '', null);
  await world.pass(20 * minute);
  expect(allMails(world)).toEqual([
    `03-03T14:07 asha: ${inRoom('Critical: Camera not found')}`,
    `03-03T14:08 asha: ${inRoom('One more, Major: A USB device comes and goes')}`,
    `03-03T14:22 asha: ${inRoom('Cleared: Camera not found')}`,
  ]);
  expect(await judged(world)).toEqual([]);
});

test('two PCs that are still offline after the return of their site are notified with an action for each PC', async () => {
  const world = await atRest({ further: sites('ladakh', 1, { pcs: 3 }) });
  cutAll(pcsAt(world, 'ladakh/site-1'));
  await world.pass(14 * minute);
  healAll(pcsAt(world, 'ladakh/site-1').slice(0, 1));
  await world.pass(12 * minute);
  expect(allMails(world).toSorted()).toEqual([
    '03-03T14:08 asha: Ladakh: Critical: No PC of the site answers, ladakh/site-1',
    '03-03T14:26 asha: Ladakh: Cleared: No PC of the site answers, ladakh/site-1',
    '03-03T14:26 asha: ladakh/site-1, Ladakh: Critical: PC does not answer, ladakh/site-1/pc-2',
    '03-03T14:26 asha: ladakh/site-1, Ladakh: Critical: PC does not answer, ladakh/site-1/pc-3',
  ]);
  const texts = world.centre.post.deliveries.filter(({ subject }) => /PC does not answer/.test(subject)).map(({ text }) => text);
  for (const text of texts) {
    expect(text).toContain(
      'Why: not known; another PC of the site answers.\n1. Switch the PC on.\n2. If it is on, check its network cable.',
    );
  }
  healAll(pcsAt(world, 'ladakh/site-1'));
  await world.pass(30 * minute);
  expect(await judged(world)).toEqual([]);
});
