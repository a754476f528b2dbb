/** R19a: one cause of many is one message, through the tabs themselves. */
import { expect, test } from 'vitest';
import { usualNumbers } from '../../flows/engine/correlation/numbers.ts';
import { pcsAt as at, judged, toldIn as mails, sites } from './causes-scene.ts';
import { atRest, camera, minute, second } from './scene.ts';

test('R19a three PCs of one site that lose their line were twelve messages: the technician has one, and one all-clear', async () => {
  const world = await atRest({ pcs: 3, further: sites('bihar', 3) });
  for (const pc of at(world, 'ladakh/leh')) pc.cut('hole');
  await world.pass(12 * minute);
  expect(mails(world)).toEqual(['asha: Ladakh: Critical: No PC of the site answers, This office']);
  for (const pc of at(world, 'ladakh/leh')) pc.heal();
  await world.pass(20 * minute);
  expect(mails(world).slice(1)).toEqual(['asha: Ladakh: Cleared: No PC of the site answers, This office']);
  expect(await judged(world)).toEqual([]);
});

test('R19a twelve sites of one provider in two states are one message to central, one all-clear, and one for whom it did not bring back', {
  tags: ['long'],
}, async () => {
  const world = await atRest({
    further: [...sites('bihar', 6, { isp: 'Jio' }), ...sites('goa', 6, { isp: 'Jio' }), ...sites('assam', 16, { isp: 'BSNL' })],
  });
  const cut = [...at(world, 'bihar'), ...at(world, 'goa')];
  for (const pc of cut) pc.cut('hole');
  await world.pass(10 * minute);
  expect(mails(world)).toEqual(['meera: Jio: Critical: Sites of one provider do not answer']);
  const [left, ...others] = cut;
  for (const pc of others) pc.heal();
  await world.pass(20 * minute);
  expect(mails(world).slice(1).toSorted()).toEqual([
    'meera: Jio: Cleared: Sites of one provider do not answer',
    expect.stringMatching(/^meera: .+: Critical: PC does not answer, /),
  ]);
  left?.heal();
  await world.pass(20 * minute);
  expect(mails(world).at(-1)).toMatch(/^meera: .+: Cleared: PC does not answer/);
  expect(await judged(world)).toEqual([]);
});

test('R19a the numbers of the node correlate never reached the engine: where a state is no cause, its sites are told one by one', async () => {
  const world = await atRest({ further: sites('ladakh', 6) });
  world.centre.centre()?.wires.correlate({ ...usualNumbers, regionSites: 99 });
  for (const pc of world.pcs.filter(({ path }) => path.startsWith('ladakh/site-'))) pc.cut('hole');
  await world.pass(5 * minute);
  expect(mails(world)).toHaveLength(6);
  expect(mails(world).filter((one) => /राज्य की कई साइटों/.test(one))).toEqual([]);
});

test('R19a a state is told to its engineer; flows that is killed meanwhile tells nobody twice', { tags: ['long'] }, async () => {
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
  // Nobody took it: the next level.
  expect(mails(world).slice(1)).toEqual(['meera: Ladakh: Critical: Many sites of the state do not answer']);
  for (const pc of cut) pc.heal();
  await world.pass(45 * minute);
  expect(mails(world).slice(2)).toEqual([
    expect.stringMatching(/^tashi: .+राज्य की कई साइटों से जवाब नहीं आ रहा/),
    'meera: Ladakh: Cleared: Many sites of the state do not answer',
  ]);
  expect(await judged(world)).toEqual([]);
});

test('R19a one camera that fails in every room at once is one message to central, and the rooms that keep it are told after it', async () => {
  const world = await atRest({ pcs: 3, sites: 2, further: sites('bihar', 6) });
  for (const index of world.pcs.keys()) {
    world.pc(index).room.model('camera', 'Logi Rally');
    camera(world, 'camera.missing', index);
  }
  await world.pass(5 * minute);
  expect(mails(world)).toEqual(['meera: All offices: Major: The same fault in many rooms: Camera not found']);
  for (const index of world.pcs.keys()) if (index > 0) camera(world, null, index);
  await world.pass(20 * minute);
  expect(mails(world).slice(1).toSorted()).toEqual([
    expect.stringMatching(/^asha: This office, .+: \w+: Camera not found, Room pc-1/),
    expect.stringMatching(/^meera: All offices: Cleared: The same fault in many rooms: Camera not found/),
  ]);
  expect(await judged(world)).toEqual([]);
});

test('R19a more sites of a state that go while the first stay away are told to who was told of those, once, and flows that is killed meanwhile tells nobody twice', {
  tags: ['long'],
}, async () => {
  const world = await atRest({ further: sites('bihar', 20) });
  const [first, more] = [at(world, 'bihar').slice(0, 8), at(world, 'bihar').slice(8, 14)];
  for (const pc of first) pc.cut('hole');
  await world.pass(30 * minute);
  for (const pc of more) pc.cut('hole');
  await world.pass(10 * minute);
  world.centre.kill();
  await world.pass(10 * second);
  world.centre.start();
  await world.pass(10 * minute);
  const outage = 'Many sites of the state do not answer';
  expect(mails(world)).toEqual([`meera: Bihar: Critical: ${outage}`, `meera: Bihar: Got worse, Critical: ${outage}`]);
  for (const pc of [...first, ...more]) pc.heal();
  await world.pass(20 * minute);
  expect(mails(world).slice(2)).toEqual([`meera: Bihar: Cleared: ${outage}`]);
  expect(await judged(world)).toEqual([]);
});
