/** Tests R19a with the real tabs: a cause of many outages is one message. */
import { expect, test } from 'vitest';
import { judged, toldIn as mails, sites } from './causes-scene.ts';
import { atRest, minute, second } from './scene.ts';

test('R19a an outage of a state notifies its engineer once, also when flows is killed during the outage', { tags: ['long'] }, async () => {
  const world = await atRest({ further: sites('ladakh', 6) });
  const cut = world.pcs.filter(({ path }) => path.startsWith('ladakh/site-'));
  for (const pc of cut) pc.cut('hole');
  await world.pass(5 * minute);
  expect(mails(world)).toEqual([expect.stringMatching(/^tashi: .+राज्य की कई साइटों से जवाब नहीं आ रहा/)]);
  for (const whenMs of [0, 25 * minute]) {
    await world.pass(whenMs);
    world.centre.kill();
    await world.pass(10 * second);
    world.centre.start();
  }
  await world.pass(20 * minute);
  // Nobody acknowledges the incident, so the next level is notified.
  expect(mails(world).slice(1)).toEqual(['meera: Ladakh: Critical: Many sites of the state do not answer']);
  for (const pc of cut) pc.heal();
  await world.pass(45 * minute);
  expect(mails(world).slice(2)).toEqual([
    expect.stringMatching(/^tashi: .+राज्य की कई साइटों से जवाब नहीं आ रहा/),
    'meera: Ladakh: Cleared: Many sites of the state do not answer',
  ]);
  expect(await judged(world)).toEqual([]);
});
