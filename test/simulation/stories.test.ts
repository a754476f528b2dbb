/**
 * Tests eight documented cases, and some cases with an interruption, with the real tabs: exact messages and recipients.
 * stories.long.test.ts tests whole nations and nights.
 */
import { expect, test } from 'vitest';
import { cutAll, healAll, pcsAt, sites, toldIn } from './causes-scene.ts';
import { atRest, minute, second } from './scene.ts';
import type { World } from './world.ts';

async function restart(world: World, afterMs = 10 * second): Promise<void> {
  world.centre.kill();
  await world.pass(afterMs);
  world.centre.start();
}
const site = (pcs: number) => sites('ladakh', 1, { pcs });

test('F19 8 of 20 sites of a state lost in 40 s cause one message, to the engineer of the state', async () => {
  const world = await atRest({ further: sites('ladakh', 20) });
  for (const [at, pc] of pcsAt(world, 'ladakh').slice(1, 9).entries()) world.time.later(at * 5 * second, () => pc.cut('hole'));
  await world.pass(10 * minute);
  expect(toldIn(world)).toEqual([expect.stringMatching(/^tashi: .+राज्य की कई साइटों से जवाब नहीं आ रहा/)]);
});

test('a PC that stays silent after a shared cause ended while flows was down is notified once, five minutes after the start', {
  tags: ['long'],
}, async () => {
  const world = await atRest({ further: sites('bihar', 8) });
  const pcs = pcsAt(world, 'bihar').slice(0, 6);
  cutAll(pcs);
  await world.pass(6 * minute);
  world.centre.kill();
  healAll(pcs.slice(1));
  await world.pass(2 * minute);
  world.centre.start();
  await world.pass(30 * minute);
  expect(toldIn(world).toSorted()).toEqual([
    expect.stringMatching(/^meera: .*Cleared: Many sites of the state do not answer/),
    expect.stringMatching(/^meera: .*Critical: Many sites of the state do not answer/),
    expect.stringMatching(/^meera: .*Critical: PC does not answer/),
  ]);
});

test('R19 flows killed before it reported a dark site notifies central in its one list of silent PCs', {
  tags: ['long'],
}, async () => {
  const world = await atRest({ further: [...site(3), ...sites('bihar', 3)] });
  // A PC cut in its first measurement publishes its will at once, so the test waits for the end of that measurement.
  await world.pass(10 * minute);
  cutAll(pcsAt(world, 'ladakh/site-1'));
  await world.pass(50 * second);
  await restart(world, 5 * second);
  await world.pass(30 * minute);
  expect(toldIn(world)).toEqual([expect.stringMatching(/^meera: .*Critical: PCs that do not answer the server/)]);
});

test('a room whose battery runs out: technician, state and central are notified that its PC does not answer', async () => {
  const world = await atRest({ further: sites('ladakh', 1, { battery: true }) });
  const [pc] = pcsAt(world, 'ladakh/site-1');
  pc?.power({ onMains: false, runtimeMs: 6 * minute, batteryChargeRatio: 0.5 });
  await world.pass(4 * minute);
  pc?.power({ runtimeMs: minute, batteryChargeRatio: 0.05 });
  await world.pass(90 * second);
  pc?.kill({ power: true });
  await world.pass(70 * minute);
  expect(toldIn(world)).toEqual([
    expect.stringMatching(/^asha: .*Major: Running on battery/),
    expect.stringMatching(/^asha: .*Critical: PC does not answer/),
    expect.stringMatching(/^tashi: .*PC से जवाब नहीं आ रहा/),
    expect.stringMatching(/^meera: .*Critical: PC does not answer/),
  ]);
});
