// @module-tag long
/** What is said of an outage when other things go wrong meanwhile: a restart of flows, a wrong clock, a disk put back, another machine. */
import { expect, test } from 'vitest';
import { replacePc } from '../../flows/sites/life.ts';
import { absenceOf, outageAt } from './absences.ts';
import type { Pc } from './pc.ts';
import { rowsOf } from './rows.ts';
import { atRest, complaints, listen, minute, presenceAt, second, transitionsOf } from './scene.ts';
import { epochMs } from './time.ts';
import type { World } from './world.ts';

const hour = 60 * minute;

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

test('flows that is started anew in the middle goes on with the same verdict and ends with the right one', async () => {
  const world = await atRest({ pcs: 2 });
  world.pc(0).kill({ power: true });
  await world.pass(10 * minute);
  const before = outageAt(world, world.pc(0).path);
  expect(before).toMatchObject({ cause: 'pc-off', confidence: 0.8 });
  world.centre.kill();
  await world.pass(minute);
  world.centre.start();
  await world.pass(10 * minute);
  expect(outageAt(world, world.pc(0).path)).toEqual(before);
  world.pc(0).crash();
  world.pc(0).start({ reboot: true });
  await world.pass(2 * minute);
  expect(absenceOf(world, world.pc(0).path)).toMatchObject({ cause: 'crash', confidence: 0.95 });
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

test.each([
  ['falls to 1970 with the power', (world: World) => world.pcs.forEach(({ machine }) => void machine.setWall(0))],
  ['jumps ahead by three hours with the power', (world: World) => world.pcs.forEach(({ machine }) => void machine.jump(3 * hour))],
  ['was three hours ahead all the time', () => {}],
] as const)('a clock that %s does not hide a power cut, nor make it a broken line', async (name, jump) => {
  const world = await atRest({ pcs: 2 });
  if (name.startsWith('was')) for (const { machine } of world.pcs) machine.jump(3 * hour);
  await world.pass(2 * minute);
  const cutAt = powerCut(world);
  jump(world);
  await world.pass(15 * minute);
  powerOn(world);
  await world.pass(5 * minute);
  expect(causes(world)).toEqual(['power-cut', 'power-cut']);
  for (const { path } of world.pcs) expect(Math.abs((absenceOf(world, path)?.from ?? 0) - cutAt)).toBeLessThanOrEqual(90 * second);
});

test('a disk that is put back says nothing of the outage: the cause stays open, and the absence ends', async () => {
  const world = await atRest();
  const image = world.pc(0).record.image();
  await world.pass(20 * minute);
  world.pc(0).cut('reset');
  world.pc(0).heal();
  await world.pass(2 * minute);
  world.pc(0).kill({ power: true });
  await world.pass(10 * minute);
  world.pc(0).record.restore(image);
  world.pc(0).start({ reboot: true });
  await world.pass(10 * minute);
  expect(presenceAt(world)).toBe('online');
  expect(absenceOf(world, world.pc(0).path)).toMatchObject({ cause: 'undetermined', to: expect.any(Number) });
});

test('a PC that is replaced while it is away: its incident closes with what was known, and the new machine inherits no absence', async () => {
  const world = await atRest({ pcs: 2 });
  const { path } = world.pc(0);
  world.pc(0).kill({ power: true });
  await world.pass(10 * minute);
  const sites = world.centre.centre()?.sites;
  const plan = sites && replacePc(sites.table(), { pc: path, newToken: () => 'token' }, 'meera');
  if (!plan?.ok) throw new Error('refused');
  void sites?.apply(plan.change);
  await world.pass(minute);
  world.renew(0, path);
  await world.pass(5 * minute);
  const [incident] = rowsOf(world).incidents;
  expect(incident).toMatchObject({ over: 'closed', closedBecause: 'replaced', outage: { cause: 'pc-off', to: null } });
  expect(presenceAt(world)).toBe('online');
  expect(absenceOf(world, path)).toBeNull();
});

test('a PC that said that it restarts and is not back in 10 minutes is told of, with that reason; back, it was switched off in order', async () => {
  const world = await atRest({ pcs: 2 });
  const { path } = world.pc(0);
  world.pc(0).stop('restart');
  await world.pass(9 * minute);
  expect(transitionsOf(world, path)).toEqual([]);
  expect(outageAt(world, path)).toMatchObject({ cause: 'intended', confidence: 0.99 });
  await world.pass(2 * minute);
  expect(presenceAt(world)).toBe('silent');
  expect(texts(world)[0]).toMatch(
    /\nCritical: PC does not answer \(not back after a restart\)\n(?:.*\n)*Why: probably only this PC is away\.\n/,
  );
  world.pc(0).start({ reboot: true });
  await world.pass(2 * minute);
  expect(rowsOf(world).incidents[0]).toMatchObject({ over: 'cleared', outage: { cause: 'intended', confidence: 0.99 } });
  world.pc(1).stop('shutdown');
  await world.pass(24 * hour);
  expect(transitionsOf(world, world.pc(1).path)).toEqual([]);
});

test('the verdict of an open incident changes without a new mail', async () => {
  const world = await atRest({ pcs: 2, link: 'geo' });
  const heardAt = () => world.centre.centre()?.view.pcs('all')[1]?.heardAt;
  for (const before = heardAt(); heardAt() === before; ) await world.pass(second);
  world.pc(0).kill();
  await world.pass(3 * minute);
  expect(rowsOf(world).incidents[0]?.outage).toMatchObject({ cause: 'undetermined' });
  await world.pass(5 * minute);
  expect(rowsOf(world).incidents[0]?.outage).toMatchObject({ cause: 'pc-off', confidence: 0.8, to: null });
  expect(texts(world).filter((text) => text.includes('does not answer'))).toHaveLength(1);
});

test('the power is back before the line: marks that went on after the loss say that it was the line', async () => {
  const world = await atRest({ pcs: 2 });
  for (const pc of world.pcs) pc.cut('hole');
  await world.pass(20 * minute);
  for (const pc of world.pcs) pc.kill({ power: true });
  await world.pass(minute);
  for (const pc of world.pcs) pc.heal();
  powerOn(world);
  await world.pass(5 * minute);
  expect(causes(world)).toEqual(['link-down', 'link-down']);
  expect(absenceOf(world, world.pc(0).path)?.confidence).toBe(0.8);
});

test('a gasp is told at once, and forgotten when the power is back', async () => {
  const world = await atRest({ further: [{ path: 'ladakh/nubra', link: 'geo', pcs: 1, battery: true }] });
  const [, pc] = world.pcs as [Pc, Pc];
  const gasps = listen(world, 'presence');
  pc.power({ onMains: false, runtimeMs: 90 * second });
  await world.pass(minute);
  expect(gasps.map(({ message }) => message)).toMatchObject([{ kind: 'gasp', runtimeMs: 90 * second }]);
  pc.power({ onMains: true, runtimeMs: null });
  await world.pass(2 * minute);
  pc.cut('hole');
  await world.pass(10 * minute);
  expect(outageAt(world, pc.path)).toMatchObject({ cause: 'undetermined' });
});
