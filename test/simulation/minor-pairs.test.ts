/** Tests how many messages a technician gets for a minor fault that comes and goes all day. */
import { expect, test } from 'vitest';
import { mails, office, setHours, until } from './office-day.ts';
import { atRest, camera, microphone, minute } from './scene.ts';

test.each([
  ['each hour beside a standing minor one', 'pc.load_high', 20, 40],
  ['each 45 minutes beside a standing minor one', 'pc.load_high', 10, 35],
  ['each 90 minutes beside a standing minor one', 'pc.load_high', 55, 35],
  ['each hour alone', null, 25, 35],
] as const)(
  'a minor fault that comes and goes %s causes at most six messages a working day, and a critical fault is notified at once',
  {
    tags: ['long'],
  },
  async (_, standing, upMinutes, downMinutes) => {
    const world = await atRest();
    await setHours(world, office);
    await until(world, '2026-03-04T09:40');
    if (standing !== null) world.pc(0).room.set('pc', 'load', standing);
    await world.pass(20 * minute);
    for (let passed = 0; passed < 420; passed += upMinutes + downMinutes) {
      camera(world, 'camera.held');
      await world.pass(upMinutes * minute);
      camera(world, null);
      await world.pass(downMinutes * minute);
    }
    const told = mails(world);
    expect(told.length).toBeGreaterThan(3);
    expect(told.length).toBeLessThanOrEqual(6);
    microphone(world, 'microphone.missing');
    await world.pass(2 * minute);
    expect(mails(world).slice(told.length)).toEqual([expect.stringContaining('Critical: Microphone not found')]);
  },
);
