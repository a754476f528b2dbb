/** Tests which PC of a site measures the link: after every change the server selects the online PC with the lowest id. */
import { expect, test } from 'vitest';
import { atRest, minute } from './scene.ts';
import type { World } from './world.ts';

const measuring = (world: World) => world.pcs.filter((pc) => pc.agent()?.rounds.measures()).map(({ path }) => path.split('/')[2]);

test('the online PC with the lowest id measures the link while other PCs are stopped, switched off or silent, and after their return', async () => {
  const world = await atRest({ pcs: 3 });
  expect(measuring(world)).toEqual(['pc-1']);
  world.pc(0).stop();
  await world.pass(5_000);
  expect(measuring(world)).toEqual(['pc-2']);
  world.pc(1).kill({ power: true });
  // The server is not notified of this end. It waits for the limit of the link class, or for the broker's keepalive and the grace period of
  // a will.
  await world.pass(5 * minute);
  expect(measuring(world)).toEqual(['pc-3']);
  world.pc(1).start({ reboot: true });
  await world.pass(minute);
  expect(measuring(world)).toEqual(['pc-2']);
  world.pc(0).start();
  await world.pass(minute);
  expect(measuring(world)).toEqual(['pc-1']);
});
