/** Tests R20 (one transaction per batch) to R26 (outbox delivery): a fault becomes one message to the right person, despite kills. */
import { expect, test } from 'vitest';
import { fewDuplicates, noGoodNewsForStrangers, nothingWaits } from './audit.ts';
import { rowsOf } from './rows.ts';
import { atRest, complaints, killedAt, mailTo, microphone, minute, second, transitionsOf } from './scene.ts';
import type { World } from './world.ts';

const raised = expect.stringMatching(/: Critical: Microphone not found/);

function mails(world: World): { at: number; person: string; key: string; subject: string }[] {
  return world.centre.post.deliveries.filter(({ channel }) => channel === 'email');
}

test('R20 a full disk discards the memory and notifies central once without the outbox, and the server catches up later', async () => {
  const world = await atRest();
  world.centre.fill();
  for (let turn = 0; turn < 40; turn += 1) {
    microphone(world, turn % 2 === 0 ? 'microphone.missing' : null);
    await world.pass(10 * second);
  }
  expect(world.centre.seen.failedCommits).toBeGreaterThan(2);
  expect(mails(world).filter(({ key }) => key.startsWith('direct/disk_full'))).toHaveLength(1);
  microphone(world, 'microphone.missing');
  world.centre.free();
  await world.pass(5 * minute);
  expect(mailTo(world, 'asha')).toContainEqual(raised);
  expect(await complaints(world)).toEqual([]);
});

test('R20 a hanging disk notifies central once without the ledger, readiness gives the reason, and nothing is lost', async () => {
  const world = await atRest();
  const direct = () => mails(world).filter(({ key }) => key.startsWith('direct/'));
  const because = () => world.centre.centre()?.view.unready();
  world.centre.hang(minute);
  microphone(world, 'microphone.missing');
  await world.pass(4 * second);
  expect([direct().length, because()]).toEqual([0, undefined]);
  await world.pass(26 * second);
  expect(direct().map(({ key }) => key.split('/')[1])).toEqual(['commit_slow']);
  expect(because()).toBe('the ledger has stored nothing for more than 5 s: the disk is slow or does not respond');
  expect(world.centre.centre()?.commitMs()).toBeGreaterThan(5 * second);
  await world.pass(5 * minute);
  expect([direct().length, because()]).toEqual([1, undefined]);
  expect(mailTo(world, 'asha')).toContainEqual(raised);
  expect(await complaints(world)).toEqual([]);
});

for (const point of ['before a commit of the ledger', 'after a commit of the ledger', 'publish']) {
  test(`R20 R23 R24 flows killed at any pass of "${point}" loses no event and no notification`, { tags: ['long'] }, async () => {
    for (let pass = 1; pass <= 14; pass += 1) {
      const world = await atRest();
      await killedAt(world, { point, pass }, () => microphone(world, 'microphone.missing'));
      microphone(world, null);
      await world.pass(12 * minute);
      expect(mailTo(world, 'asha'), `pass ${pass}`).toContainEqual(raised);
      expect(mailTo(world, 'asha').at(-1), `pass ${pass}`).toMatch(/: Cleared/);
      expect([...(await complaints(world)), ...fewDuplicates(world)], `pass ${pass}`).toEqual([]);
    }
  });
}

test('R18 R22 a clock that steps back an hour while flows is down delays no hold, no clear time and no silence', async () => {
  const world = await atRest({ pcs: 2 });
  const from = world.time.now();
  microphone(world, 'microphone.missing');
  await world.pass(5 * second);
  world.centre.kill();
  world.centre.machine.jump(-60 * minute);
  world.centre.start();
  world.pc(1).link.up = false;
  world.pc(1).cut('hole');
  await world.pass(4 * minute);
  expect(mails(world).map(({ at, subject }) => [at - from < 4 * minute, subject])).toEqual([
    [true, raised],
    [true, expect.stringMatching(/: Critical: PC does not answer, Room pc-2/)],
  ]);
  microphone(world, null);
  await world.pass(minute);
  expect(mails(world)).toHaveLength(3);
});

test('R24 a missing wire before conclude makes the default route notify central within 25 s, and the message names the tab', async () => {
  const world = await atRest();
  world.centre.deploy('cut');
  const from = world.time.now();
  microphone(world, 'microphone.missing');
  await world.pass(3 * minute);
  const [first] = mails(world);
  expect(first).toMatchObject({ person: 'meera', key: expect.stringMatching(/^default-/) });
  expect((first?.at ?? 0) - from).toBeLessThanOrEqual(25 * second);
  expect(transitionsOf(world, 'centre')[0]).toMatch(/^raised/);
  world.centre.deploy(null);
  await world.pass(5 * minute);
  expect([...(await complaints(world)), ...noGoodNewsForStrangers(rowsOf(world))]).toEqual([]);
});

test('R25 a wait whose node is removed before its time ends goes to the first node of the tabs, which notifies', async () => {
  const world = await atRest();
  microphone(world, 'microphone.missing');
  await world.pass(5 * second);
  world.centre.deploy('no-waits');
  await world.pass(minute);
  expect(mailTo(world, 'asha')).toEqual([raised]);
});

for (const point of ['before a send', 'after a send']) {
  test(`R26 flows killed ${point} delivers the message, with at most one duplicate on each channel`, { tags: ['long'] }, async () => {
    for (let pass = 1; pass <= 4; pass += 1) {
      const world = await atRest();
      microphone(world, 'microphone.missing');
      world.centre.process()?.trap(point, pass);
      await world.pass(30 * second);
      microphone(world, null);
      await world.pass(30 * second);
      world.centre.start();
      await world.pass(2 * minute);
      expect(mailTo(world, 'asha'), `pass ${pass}`).toContainEqual(raised);
      expect([...fewDuplicates(world), ...nothingWaits(world, rowsOf(world))], `pass ${pass}`).toEqual([]);
    }
  });
}

test('R26 a mail server that fails for a while only delays messages, and no message arrives twice', async () => {
  const world = await atRest({ pcs: 3 });
  world.centre.post.trouble = 'retry';
  for (const [index] of world.pcs.entries()) microphone(world, 'microphone.missing', index);
  await world.pass(4 * minute);
  world.centre.post.trouble = 'hangs';
  await world.pass(4 * minute);
  expect(mailTo(world, 'asha')).toEqual([]);
  world.centre.post.trouble = null;
  await world.pass(20 * minute);
  expect(mailTo(world, 'asha')).toEqual(['Late alerts: 3']);
  expect([...fewDuplicates(world), ...(await complaints(world))]).toEqual([]);
});
