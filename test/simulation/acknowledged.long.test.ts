// @module-tag long
/** R21: what follows an acknowledgement, over the real tabs and hours of virtual time. */
import { expect, test } from 'vitest';
import { rowsOf } from './rows.ts';
import { atRest, complaints, microphone, minute, order } from './scene.ts';

test('R21 an acknowledgement was followed by 26 h of silence: who gave it is told after four hours, then state and central, over the tabs', async () => {
  const world = await atRest();
  const from = world.time.now();
  microphone(world, 'microphone.missing');
  await world.pass(2 * minute);
  const id = rowsOf(world).incidents[0]?.id ?? 0;
  await order(world, (view) => view.acknowledge(id, 'Asha'));
  await world.pass(3 * 60 * minute);
  world.centre.kill();
  world.centre.start();
  await world.pass(2 * 60 * minute);
  const again = world.centre.post.deliveries
    .filter(({ channel }) => channel === 'email')
    .map(({ at, person }) => [Math.round((at - from) / minute), person]);
  expect(again).toEqual([
    [0, 'asha'],
    [242, 'asha'],
    [257, 'tashi'],
    [287, 'meera'],
  ]);
  expect(await complaints(world)).toEqual([]);
});
