// @module-tag long
/** What is said of an outage when other things go wrong meanwhile: a restart of flows, a wrong clock, a disk put back, another machine. */
import { expect, test } from 'vitest';
import { absenceOf, outageAt } from './absences.ts';
import { rowsOf } from './rows.ts';
import { atRest, complaints, minute, second } from './scene.ts';
import { epochMs } from './time.ts';
import type { World } from './world.ts';

function powerCut(world: World): number {
  for (const pc of world.pcs) pc.kill({ power: true });
  return epochMs + world.time.now();
}

function powerOn(world: World): void {
  for (const pc of world.pcs) world.time.later(world.random.next() * minute, () => pc.start({ reboot: true }));
}

const causes = (world: World) => world.pcs.map(({ path }) => absenceOf(world, path)?.cause);
/** The mails of the one who reads English. */
const texts = (world: World) =>
  world.centre.post.deliveries.filter((one) => one.channel === 'email' && one.person === 'asha').map(({ text }) => text);
const audited = (world: World) =>
  world.centre
    .db()
    .prepare("SELECT about FROM steps WHERE what = 'outage' ORDER BY id")
    .all()
    .map(({ about }) => String(about));

test('R9 a power cut is found by the others that are back: the incident of the first, over by then, is labelled anew, and nobody has another mail', async () => {
  const world = await atRest({ pcs: 3 });
  const cutAt = powerCut(world);
  await world.pass(20 * minute);
  expect(outageAt(world, world.pc(0).path)).toMatchObject({ cause: 'undetermined', confidence: 0.5 });
  world.pc(0).start({ reboot: true });
  await world.pass(3 * minute);
  const before = texts(world);
  const first = absenceOf(world, world.pc(0).path);
  expect(first).toMatchObject({ cause: 'undetermined', incident: expect.any(Number) });
  for (const other of [1, 2]) world.pc(other).start({ reboot: true });
  await world.pass(5 * minute);
  const { incidents } = rowsOf(world);
  expect(incidents.map(({ over, outage }) => [over, outage?.cause, outage?.confidence])).toEqual([
    ['cleared', 'power-cut', 0.85],
    ['cleared', 'power-cut', 0.85],
    ['cleared', 'power-cut', 0.85],
    ['cleared', 'power-cut', 0.85],
  ]);
  for (const { outage } of incidents) expect(Math.abs((outage?.from ?? 0) - cutAt)).toBeLessThanOrEqual(30 * second);
  expect(audited(world)).toContainEqual(expect.stringContaining(`incident ${first?.incident}: power-cut 0.85, was `));
  expect(before.at(-1)).not.toContain('power cut');
  expect(texts(world).slice(before.length)).toEqual([expect.stringMatching(/^From .* to .*\nWhy: probably power cut\.$/m)]);
  expect(await complaints(world)).toEqual([]);
});

test('a power cut in the time when flows was down is found from the returns alone', async () => {
  const world = await atRest({ pcs: 2 });
  world.centre.kill();
  await world.pass(minute);
  powerCut(world);
  await world.pass(5 * minute);
  world.centre.start();
  await world.pass(10 * minute);
  powerOn(world);
  await world.pass(5 * minute);
  expect(causes(world)).toEqual(['power-cut', 'power-cut']);
});
