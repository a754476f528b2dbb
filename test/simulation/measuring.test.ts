/** Of a site one PC measures the link: whatever comes and goes, the centre's word settles on the lowest id that is online. */
import { expect, test } from 'vitest';
import { atRest, minute } from './scene.ts';
import type { World } from './world.ts';

const measuring = (world: World) => world.pcs.filter((pc) => pc.agent()?.rounds.measures()).map(({ path }) => path.split('/')[2]);

test('the duty moves when its PC stops, is switched off or falls silent, and back when it returns; two never have it for long', async () => {
  const world = await atRest({ pcs: 3 });
  expect(measuring(world)).toEqual(['pc-1']);
  world.pc(0).stop();
  await world.pass(5_000);
  expect(measuring(world)).toEqual(['pc-2']);
  world.pc(1).kill({ power: true });
  // Nobody tells the centre: it takes the limit of the class, or the broker's keepalive and the time that a will is given.
  await world.pass(5 * minute);
  expect(measuring(world)).toEqual(['pc-3']);
  world.pc(1).start({ reboot: true });
  await world.pass(minute);
  expect(measuring(world)).toEqual(['pc-2']);
  world.pc(0).start();
  await world.pass(minute);
  expect(measuring(world)).toEqual(['pc-1']);
});
