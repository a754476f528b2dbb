// @module-tag long
/** Tests meetings and office hours with the real tabs under virtual time: when people are notified, and when not. */
import { expect, test } from 'vitest';
import { hour, importMeetings, lastText, mails, office, setHours, until } from './office-day.ts';
import { rowsOf } from './rows.ts';
import { atRest, camera, complaints, microphone, minute, second } from './scene.ts';

const review = 'review,Review,ladakh/leh,2026-03-04 11:00,12:00,,';

test('a fault at 2:00 is in the list of 9:00, and a fault repaired by then is not, also across a restart of flows', async () => {
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
  // Nobody acknowledges the list, so state operations also get one message, 15 min after the list.
  await until(world, '2026-03-04T09:20');
  expect(mails(world, 'tashi')).toEqual([expect.stringMatching(/^03-04T09:1[56] रात के 2 अलर्ट$/)]);
  expect(await complaints(world)).toEqual([]);
});

test.each([
  ['02:00', '03:00'],
  ['22:40', '08:52'],
  ['08:55', '08:58'],
])('two faults of one room at night, at %s and %s, share one message in the morning', async (first, second_) => {
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

test('a fault is critical half an hour before a meeting in its room, at night and after an earlier notification too', async () => {
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

test('an import that cancels a meeting lowers the severity again, also after a restart of flows', async () => {
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
  // After the cancellation nothing escalates to a higher level.
  await until(world, '2026-03-04T11:30');
  expect([mails(world).length, mails(world, 'tashi')]).toEqual([1, []]);
});
