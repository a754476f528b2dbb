/** Maintenance through the whole centre, under virtual time: what is planned stands in the ledger, and what is told goes over the wires. */
import { expect, test } from 'vitest';
import { createMaintenanceOrders } from '../../flows/sites/maintenance/maintenance.ts';
import { until } from './office-day.ts';
import { atRest, camera, complaints, mailTo, microphone, minute, second, transitionsOf } from './scene.ts';
import type { World } from './world.ts';

async function plan(world: World, from: string, minutes: number): Promise<void> {
  const centre = world.centre.centre();
  if (centre === undefined) throw new Error('no centre');
  const asked = { scope: 'ladakh/leh', title: 'New UPS', from, minutes, by: 'meera' };
  const done = createMaintenanceOrders(centre.maintenance).add(asked);
  await world.pass(second);
  expect(await done).toMatchObject({ ok: true });
}

test('R20 R29 flows is killed and its clock is set within maintenance: its beginning, its end and what is left are a mail each', {
  tags: ['long'],
}, async () => {
  const world = await atRest({ pcs: 2 });
  await plan(world, '2026-03-03T14:20', 60);
  await until(world, '2026-03-03T14:22');
  microphone(world, 'microphone.missing', 0);
  camera(world, 'camera.missing', 1);
  await world.pass(5 * minute);
  world.centre.kill();
  await world.pass(5 * second);
  world.centre.start();
  await world.pass(5 * minute);
  world.centre.step(-20 * second);
  await world.pass(5 * minute);
  camera(world, null, 1);
  await world.pass(15 * minute);
  expect(mailTo(world, 'asha')).toEqual([expect.stringMatching(/Begun: Maintenance/)]);
  await until(world, '2026-03-03T15:30');
  const rest = mailTo(world, 'asha').slice(1);
  expect(rest).toHaveLength(2);
  expect(rest).toContainEqual(expect.stringMatching(/Over: Maintenance/));
  expect(rest).toContainEqual(expect.stringMatching(/Still there, Critical: Microphone not found/));
  expect(transitionsOf(world, 'maintenance:ladakh/leh').map((one) => one.split(':')[0])).toEqual(['raised', 'cleared']);
  expect(await complaints(world)).toEqual([]);
});
