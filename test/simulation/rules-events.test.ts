/** Tests R1 (event identity) to R9 (replayed events): events are numbered, durable, acknowledged and never lost. */
import { expect, test } from 'vitest';
import { atRest, auditOf, camera, complaints, eventsOf, microphone, minute, second, transitionsOf } from './scene.ts';
import type { World } from './world.ts';

/** Creates events: changes a fault between present and gone `times` times. */
async function blink(world: World, times: number): Promise<void> {
  for (let turn = 0; turn < times; turn += 1) {
    microphone(world, turn % 2 === 0 ? 'microphone.muted' : null);
    await world.pass(10 * second);
  }
}

test('R1 numbers continue across kills and reboots, and the first event of a rebuilt spool says that the spool is new', async () => {
  const world = await atRest();
  await blink(world, 2);
  world.pc(0).kill();
  world.pc(0).start();
  await world.pass(minute);
  world.pc(0).kill({ power: true });
  world.pc(0).start({ reboot: true });
  await world.pass(4 * minute);
  const events = eventsOf(world);
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, at) => at + 1));
  expect(new Set(events.map(({ spool }) => spool)).size).toBe(1);
  expect([...new Set(events.map(({ boot }) => boot))]).toEqual(['boot-1', 'boot-2']);

  world.pc(0).kill();
  world.pc(0).record.lose();
  world.pc(0).start();
  await world.pass(4 * minute);
  const fresh = eventsOf(world).slice(events.length);
  expect(fresh[0]).toMatchObject({ seq: 1, kind: 'spool-new', body: '{"from":null,"reason":"new"}' });
  expect(fresh[0]?.spool).not.toBe(events[0]?.spool);
  expect(await complaints(world)).toEqual([]);
});

for (const point of ['before a commit of the spool', 'after a commit of the spool', 'publish']) {
  test(`R2 a PC killed at any pass of "${point}" has sent only events that are on its disk, and loses none of them`, {
    tags: ['long'],
  }, async () => {
    for (let pass = 1; pass <= 8; pass += 1) {
      const world = await atRest();
      world.pc(0).process()?.trap(point, pass);
      await blink(world, 3);
      world.pc(0).start();
      world.pc(0).process()?.trap(point, 0);
      await world.pass(4 * minute);
      expect(await complaints(world), `pass ${pass}`).toEqual([]);
    }
  });
}

test('R4 R5 a ledger restored from a copy receives again what the server had acknowledged since the copy, without a delay of new events', async () => {
  const world = await atRest();
  const image = world.centre.db().serialize();
  await blink(world, 4);
  world.centre.kill();
  world.centre.restoreLedger(image);
  world.centre.start();
  await world.pass(2 * minute);
  await blink(world, 2);
  await world.pass(20 * minute);
  expect(await complaints(world)).toEqual([]);
  expect(await auditOf(world)).toMatchObject({ gaps: 0, dropped: 0 });
});

test('R7 a PC with a restored disk image forks: it opens a new spool, and no event is lost or applied twice', async () => {
  const world = await atRest();
  const image = world.pc(0).record.image();
  await blink(world, 4);
  world.pc(0).kill();
  world.pc(0).record.restore(image);
  world.pc(0).link.up = false;
  world.pc(0).start({ reboot: true });
  await blink(world, 6);
  world.pc(0).heal();
  await world.pass(10 * minute);
  const names = new Set(eventsOf(world).map(({ spool }) => spool));
  expect(names.size).toBe(2);
  expect(eventsOf(world).some(({ kind, body }) => kind === 'spool-new' && JSON.parse(body).from !== null)).toBe(true);
  expect(await complaints(world)).toEqual([]);
});

test('R8 a full spool drops the oldest events and declares each drop, and the server acknowledges later events', async () => {
  const world = await atRest({ spoolLimitBytes: 6_000 });
  world.pc(0).cut('reset');
  await blink(world, 60);
  world.pc(0).heal();
  await world.pass(10 * minute);
  expect(await auditOf(world)).toMatchObject({ gaps: 0, forks: 0 });
  expect((await auditOf(world)).dropped).toBeGreaterThan(10);
  expect(await complaints(world)).toEqual([]);
});

test('R8 an event that is never acknowledged is quarantined and reported, and later events still flow', async () => {
  const world = await atRest();
  const { last = 0 } = world.pc(0).agent()?.spool.range() ?? {};
  world.broker.intercept((_, payload) => payload.includes(`"seq":${last + 1},"boot"`));
  await blink(world, 4);
  for (let turn = 0; turn < 30; turn += 1) {
    camera(world, turn % 2 === 0 ? 'camera.held' : null);
    await world.pass(30 * second);
  }
  await world.pass(10 * minute);
  const kinds = eventsOf(world).map(({ kind }) => kind);
  expect(kinds.filter((kind) => kind === 'quarantined')).toHaveLength(1);
  expect(await auditOf(world)).toMatchObject({ gaps: 0, dropped: 1 });
  const spool = world.pc(0).agent()?.spool;
  expect(spool?.acked()).toBe(spool?.range().last);
});

test('R9 R10 events after a cut link have their own times and raise no incident, but a fault that persists raises one', async () => {
  const world = await atRest();
  const cutAt = world.time.now();
  world.pc(0).cut('reset');
  microphone(world, 'microphone.missing');
  await world.pass(40 * second);
  microphone(world, null);
  await world.pass(10 * second);
  camera(world, 'camera.missing');
  await world.pass(10 * second);
  world.pc(0).heal();
  await world.pass(3 * minute);
  const history = eventsOf(world).filter(({ kind, body }) => kind === 'check' && body.includes('microphone.missing'));
  expect(history).toHaveLength(2);
  expect((history[0]?.at ?? 0) - (eventsOf(world)[0]?.at ?? 0)).toBeLessThan(cutAt + 10 * second);
  const said = transitionsOf(world, world.pc(0).path);
  expect(said).toEqual([expect.stringMatching(/^raised: on hold/)]);
  expect(world.centre.post.deliveries.some(({ subject }) => subject.includes('Microphone'))).toBe(false);
  expect(world.centre.post.deliveries.some(({ subject }) => subject.includes('Camera not found'))).toBe(true);
});
