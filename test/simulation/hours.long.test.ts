// @module-tag long
/** Meetings and hours of offices through the real tabs, under virtual time: when somebody is told, and when nobody is. */
import { expect, test } from 'vitest';
import { hour, importMeetings, lastText, mails, office, setHours, until } from './office-day.ts';
import { rowsOf } from './rows.ts';
import { atRest, camera, complaints, microphone, minute, second } from './scene.ts';

const review = 'review,Review,ladakh/leh,2026-03-04 11:00,12:00,,';

test('a microphone that breaks at two in the morning is in the list of nine o’clock; one that is repaired by then is told to nobody; flows restarts in between', async () => {
  const world = await atRest({ pcs: 4 });
  await setHours(world, office);
  await until(world, '2026-03-04T02:00');
  for (const pc of [0, 1, 2]) microphone(world, 'microphone.missing', pc);
  await world.pass(hour);
  world.centre.kill();
  await world.pass(10 * second);
  world.centre.start();
  await world.pass(hour);
  microphone(world, null, 2);
  await until(world, '2026-03-04T08:59');
  expect(mails(world)).toEqual([]);
  await until(world, '2026-03-04T09:02');
  expect(mails(world)).toEqual(['03-04T09:00 2 alerts of the night']);
  expect(world.centre.post.deliveries.at(-1)?.text).toMatch(/• .*Room pc-[12]: Microphone not found\. Critical/);
  // Nobody acknowledges: the state hears of both in one message too, a quarter of an hour after the list and not after the fault.
  await until(world, '2026-03-04T09:20');
  expect(mails(world, 'tashi')).toEqual([expect.stringMatching(/^03-04T09:1[56] रात के 2 अलर्ट$/)]);
  expect(await complaints(world)).toEqual([]);
});

test.each([
  ['02:00', '03:00'],
  ['22:40', '08:52'],
  ['08:55', '08:58'],
])('a second fault of a room that breaks at night, at %s and %s, stands in the same message of the morning', async (first, second_) => {
  const world = await atRest();
  await setHours(world, office);
  await until(world, `2026-03-0${first > '12' ? 3 : 4}T${first}`);
  microphone(world, 'microphone.missing');
  await until(world, `2026-03-04T${second_}`);
  camera(world, 'camera.missing');
  await until(world, '2026-03-04T09:14');
  expect(mails(world)).toEqual([expect.stringMatching(/^03-04T09:0[01] 2 alerts of the night$/)]);
  expect(lastText(world).filter((line) => line.startsWith('•'))).toHaveLength(2);
});

test('half an hour before a meeting of its room a fault is critical at once, also in the night, and also where it was told before as less', async () => {
  const world = await atRest({ pcs: 2 });
  await setHours(world, office);
  await importMeetings(world, review, 'early,Call,ladakh/leh/pc-2,2026-03-04 05:00,05:30,,');
  const minor = (fault: string | null, pc: number) => world.pc(pc).room.set('microphone', 'expected-1', fault);
  await until(world, '2026-03-04T02:00');
  minor('microphone.muted', 1);
  await until(world, '2026-03-04T04:29');
  expect(mails(world)).toEqual([]);
  await until(world, '2026-03-04T04:32');
  expect(mails(world)).toEqual([expect.stringMatching(/^03-04T04:30 .+: Critical: /)]);
  minor(null, 1);
  await until(world, '2026-03-04T09:45');
  minor('microphone.muted', 0);
  await until(world, '2026-03-04T10:29');
  const before = mails(world).length;
  expect(mails(world).at(-1)).not.toMatch(/Critical/);
  await until(world, '2026-03-04T10:32');
  expect(mails(world).slice(before)).toEqual([expect.stringMatching(/^03-04T10:30 .+: Critical: /)]);
});

test('a meeting that a later import cancels changes it back, in the middle and after a restart', async () => {
  const world = await atRest({ pcs: 1 });
  await setHours(world, office);
  await importMeetings(world, review);
  await until(world, '2026-03-04T10:35');
  world.pc(0).room.set('microphone', 'expected-1', 'microphone.muted');
  await world.pass(3 * minute);
  expect(mails(world)).toEqual([expect.stringMatching(/^03-04T10:3\d .+: Critical: /)]);
  const severity = () => rowsOf(world).incidents.at(-1)?.severity;
  expect(severity()).toBe('critical');
  world.centre.kill();
  world.centre.start();
  await world.pass(minute);
  await importMeetings(world, `${review}cancelled`);
  await world.pass(5 * second);
  expect(severity()).not.toBe('critical');
  // What had become critical for it goes to no higher level any more.
  await until(world, '2026-03-04T11:30');
  expect([mails(world).length, mails(world, 'tashi')]).toEqual([1, []]);
});
