// @module-tag long
/** Tests the named cause of an outage whose PCs return one after another. */
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

/** Returns the mails to the recipient who reads English. */
const texts = (world: World) =>
  world.centre.post.deliveries.filter((one) => one.channel === 'email' && one.person === 'asha').map(({ text }) => text);
const audited = (world: World) =>
  world.centre
    .db()
    .prepare("SELECT about FROM steps WHERE what = 'outage' ORDER BY id")
    .all()
    .map(({ about }) => String(about));

test("R9 a power cut that later PCs prove changes the cause of the first PC's closed incident, without another mail", async () => {
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
