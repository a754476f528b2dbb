// @module-tag long
/** Streams through the tabs themselves that take hours of a day, or many sites: exact messages, persons and times. */
import { expect, test } from 'vitest';
import { pcsAt, sites, toldIn } from './causes-scene.ts';
import { importMeetings, mails, office, setHours, until } from './office-day.ts';
import { atRest, minute, second } from './scene.ts';
import type { World } from './world.ts';

const firstEvening = '2026-03-03T18:20';
/** Five offices of one state, of whose PCs all are switched off at the wall within three minutes, a little before closing time. */
async function closeTogether(...meetings: string[]): Promise<World> {
  const world = await atRest({ further: sites('bihar', 5) });
  await setHours(world, office);
  if (meetings.length > 0) await importMeetings(world, ...meetings);
  await until(world, firstEvening);
  for (const [at, pc] of pcsAt(world, 'bihar').entries()) world.time.later(at * 15 * second, () => pc.kill({ power: true }));
  await until(world, '2026-03-04T08:50');
  return world;
}

test('five offices that close within three minutes were told as a state that is gone: nobody hears of it, and in the morning only of who is missing', async () => {
  const world = await closeTogether();
  expect(toldIn(world)).toEqual([]);
  for (const pc of pcsAt(world, 'bihar').slice(1)) world.time.later(world.random.next() * 30 * minute, () => pc.start({ reboot: true }));
  await until(world, '2026-03-04T10:00');
  expect(mails(world, 'meera')).toEqual([expect.stringMatching(/^03-04T09:4[56] .*bihar\/site-1/)]);
});

test('five offices that do not open again are one message, when they should be open', async () => {
  const world = await closeTogether();
  await until(world, '2026-03-04T09:55');
  expect(mails(world, 'meera')).toEqual([expect.stringMatching(/^03-04T09:4\d .*Many sites of the state do not answer/)]);
});
