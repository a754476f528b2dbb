/** Tests R16 (sessions and births) to R19 (outages of the server): sessions have an order, and silence needs proof. */
import { expect, test } from 'vitest';
import { absenceOf } from './absences.ts';
import { noFalseSilence } from './audit-silence.ts';
import { pcsAt, sites } from './causes-scene.ts';
import { rowsOf } from './rows.ts';
import { atRest, complaints, mailTo, minute, presenceAt, second, transitionsOf } from './scene.ts';
import { epochMs } from './time.ts';

test('R16, F23 a last will that arrives after a message of the next session is ignored', async () => {
  const world = await atRest();
  world.broker.state.lateWillMs = 40 * second;
  world.pc(0).kill();
  world.pc(0).start();
  await world.pass(10 * minute);
  expect(presenceAt(world)).toBe('online');
  expect(transitionsOf(world, world.pc(0).path)).toEqual([]);
});

test('R16, F23 a new session of a connected PC causes no silence, although the broker publishes the last will of the old one', async () => {
  const world = await atRest();
  world.pc(0).cut('half');
  world.pc(0).heal();
  await world.pass(10 * minute);
  expect(world.log.some((line) => line.includes('will of'))).toBe(true);
  expect(presenceAt(world)).toBe('online');
  expect(transitionsOf(world, world.pc(0).path)).toEqual([]);
});

test('R16 last wills that the broker wrongly publishes for connected PCs raise nothing', {
  tags: ['long'],
}, async () => {
  const world = await atRest({ pcs: 20 });
  world.broker.tellWills();
  await world.pass(30 * minute);
  expect(world.pcs.map((_, index) => presenceAt(world, index))).toEqual(world.pcs.map(() => 'online'));
  expect(rowsOf(world).transitions).toEqual([]);
  world.pc(0).kill();
  await world.pass(2 * minute);
  expect(presenceAt(world)).toBe('silent');
});

for (const order of ['flows before the broker', 'the broker before flows', 'both while the PCs are away'] as const) {
  test(`R17 after a restart of broker and flows every PC is online within 80 s: ${order}`, async () => {
    const world = await atRest({ pcs: 5 });
    world.broker.kill({ flush: false });
    world.centre.kill();
    if (order === 'both while the PCs are away') for (const pc of world.pcs) pc.link.up = false;
    if (order === 'flows before the broker') world.centre.start();
    await world.pass(20 * second);
    world.broker.start();
    await world.pass(20 * second);
    world.centre.start();
    for (const pc of world.pcs) pc.heal();
    await world.pass(80 * second);
    expect(world.pcs.map((_, index) => presenceAt(world, index))).toEqual(world.pcs.map(() => 'online'));
    expect(await complaints(world)).toEqual([]);
  });
}

test('R18 a killed PC is silent 90 s after its will, a PC with a cut link after its class limit, a stopped PC never', async () => {
  // Enough PCs remain that the two silent ones do not count as a dark site.
  const world = await atRest({ pcs: 6 });
  world.pc(0).kill();
  world.pc(1).cut('hole');
  world.pc(2).stop();
  await world.pass(89 * second);
  expect(mailTo(world, 'asha')).not.toContainEqual(expect.stringContaining('Room pc-1'));
  await world.pass(3 * second);
  expect(mailTo(world, 'asha')).toContainEqual(expect.stringContaining('Room pc-1'));
  await world.pass(60 * minute);
  const silent = rowsOf(world).transitions.filter(({ kind, about }) => kind === 'raised' && about[0]?.fault === 'pc.silent');
  expect(silent).toHaveLength(2);
  expect(presenceAt(world, 2)).toBe('stopped');
  expect(noFalseSilence(world, rowsOf(world))).toEqual([]);
});

test('R18a without returning canaries no silence is judged, and an outage in the gap is reported after its full limit', async () => {
  const world = await atRest({ pcs: 3 });
  const over = world.broker.intercept(() => true);
  world.pc(0).kill({ power: true });
  await world.pass(5 * minute);
  expect(transitionsOf(world, world.pc(0).path)).toEqual([]);
  expect(transitionsOf(world, 'centre/unheard')).toEqual([]);
  over();
  await world.pass(80 * second);
  expect(['online', 'lost']).toContain(presenceAt(world, 0));
  expect([presenceAt(world, 1), presenceAt(world, 2)]).toEqual(['online', 'online']);
  await world.pass(20 * second);
  expect(presenceAt(world, 0)).toBe('silent');
  expect(rowsOf(world).transitions.filter(({ kind, about }) => kind === 'raised' && about[0]?.fault !== 'centre.broker_lost')).toHaveLength(
    1,
  );
});

test('R19 a PC whose line broke while flows was down is reported as offline since the break, with the cause "link down"', async () => {
  const world = await atRest({ further: sites('goa', 1, { battery: true }) });
  await world.pass(180 * minute);
  const [pc] = pcsAt(world, 'goa');
  if (pc === undefined) throw new Error('no PC');
  world.centre.kill();
  await world.pass(10 * second);
  const cutAt = epochMs + world.time.now();
  pc.cut('hole');
  await world.pass(50 * second);
  world.centre.start();
  await world.pass(15 * minute);
  pc.heal();
  await world.pass(5 * minute);
  const absence = absenceOf(world, pc.path);
  expect(absence).toMatchObject({ cause: 'link-down', confidence: 0.95 });
  expect(Math.abs((absence?.from ?? 0) - cutAt)).toBeLessThan(3 * minute);
});
