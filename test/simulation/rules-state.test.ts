/** R10 to R15: only what is true now raises and clears, and both ends come to hold the same. */

import { digestOf, encode, pcTopic } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { rowsOf } from './rows.ts';
import { atRest, camera, checksAt, complaints, listen, mailTo, microphone, minute, presenceAt, second, transitionsOf } from './scene.ts';
import type { World } from './world.ts';

function holdsTheSame(world: World): boolean {
  return digestOf(checksAt(world)) === world.pc(0).agent()?.table.digest();
}

test('R10 R11 a PC that starts again with the same answers has the same digest, and nobody asks for its state', async () => {
  const world = await atRest();
  const before = digestOf(checksAt(world));
  const [presence, acks] = [listen(world, 'presence'), [] as string[]];
  world.broker.intercept((topic, payload) => {
    if (topic.endsWith('/ack')) acks.push(String(payload));
    return false;
  });
  world.pc(0).kill();
  world.pc(0).machine.jump(60 * minute);
  world.pc(0).start({ reboot: true });
  await world.pass(5 * minute);
  expect(presence.flatMap(({ message }) => (message.kind === 'birth' ? [message.digest] : []))).toContain(before);
  expect(acks.filter((ack) => ack.includes('"want":["state"'))).toEqual([]);
  expect(transitionsOf(world, world.pc(0).path)).toEqual([]);
});

test('R12 states that cross each other on the way, or come twice, leave the last one standing', async () => {
  const world = await atRest();
  world.pc(0).link.disorder = 0.6;
  world.broker.state.duplicate = 0.6;
  for (let turn = 0; turn < 40; turn += 1) {
    microphone(world, turn % 3 === 0 ? 'microphone.muted' : null);
    camera(world, turn % 2 === 0 ? 'camera.held' : null);
    await world.pass(3 * second);
  }
  camera(world, 'camera.missing');
  world.pc(0).link.disorder = 0;
  world.broker.state.duplicate = 0;
  await world.pass(2 * minute);
  expect(holdsTheSame(world)).toBe(true);
  expect(checksAt(world).find(({ component, device }) => component === 'camera' && device !== '')?.fault).toBe('camera.missing');
});

test('R12 R16 a state and a will from before, that come once more, change nothing', async () => {
  const world = await atRest();
  const old: [string, Buffer][] = [];
  world.broker.intercept((topic, payload) => {
    if (topic.endsWith('/state')) old.push([topic, payload]);
    return false;
  });
  microphone(world, 'microphone.missing');
  await world.pass(10 * second);
  world.pc(0).cut('reset');
  world.pc(0).heal();
  await world.pass(minute);
  microphone(world, null);
  await world.pass(10 * second);
  const [before, session] = [checksAt(world), old.map(([, payload]) => JSON.parse(String(payload)).session)[0]];
  old.push([pcTopic(world.pc(0).path, 'presence'), encode('presence', { kind: 'lost', boot: 'boot-1', session })]);
  for (const [topic, payload] of old) world.centre.centre()?.take(topic, payload);
  await world.pass(second);
  expect(old.length).toBeGreaterThan(2);
  expect(checksAt(world)).toEqual(before);
  expect(presenceAt(world)).toBe('online');
});

test('R13 a state that is lost on the way is noticed by the next beat and asked for, at most once in 10 s', async () => {
  const world = await atRest();
  const stop = world.broker.intercept((topic) => topic.endsWith('/state'));
  const wants: number[] = [];
  world.broker.intercept((topic, payload) => {
    if (topic.endsWith('/ack') && payload.includes('"state"')) wants.push(world.time.now());
    return false;
  });
  microphone(world, 'microphone.missing');
  await world.pass(3 * minute);
  expect(holdsTheSame(world)).toBe(false);
  expect(wants.length).toBeGreaterThan(1);
  for (const [index, at] of wants.slice(1).entries()) expect(at - (wants[index] ?? 0)).toBeGreaterThan(9.9 * second);
  stop();
  await world.pass(70 * second);
  expect(holdsTheSame(world)).toBe(true);
  expect(await complaints(world)).toEqual([]);
});

test('R14 while a probe cannot answer, its incident neither clears nor escalates, and it goes on when it can', async () => {
  const world = await atRest();
  microphone(world, 'microphone.missing');
  await world.pass(minute);
  world.pc(0).room.fail('microphone', 'hangs');
  await world.pass(40 * minute);
  const [incident] = rowsOf(world).incidents;
  expect(incident?.over).toBe(null);
  expect(incident?.faults[0]?.unknownSince).not.toBe(null);
  expect(mailTo(world, 'tashi')).toEqual([]);
  world.pc(0).room.fail('microphone', null);
  await world.pass(15 * minute);
  expect(mailTo(world, 'tashi')).toHaveLength(1);
  microphone(world, null);
  await world.pass(minute);
  expect(rowsOf(world).incidents[0]?.over).toBe('cleared');
  expect(await complaints(world)).toEqual([]);
});

test('R15 a check that is no longer made closes its incident, and whoever was told of it hears why', async () => {
  const world = await atRest();
  microphone(world, 'microphone.missing');
  await world.pass(minute);
  world.pc(0).room.set('microphone', 'expected-1', 'absent');
  await world.pass(minute);
  expect(rowsOf(world).incidents[0]).toMatchObject({ over: 'closed', closedBecause: 'no longer checked' });
  expect(mailTo(world, 'asha')).toEqual([expect.stringMatching(/: Critical: Microphone/), expect.stringMatching(/: Closed: Microphone/)]);
});
