/** Tests R10 (sources of incidents) to R15 (close): only the current state raises and clears, and server and PC agree in the end. */

import { digestOf } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { atRest, camera, checksAt, complaints, listen, microphone, minute, second, transitionsOf } from './scene.ts';
import type { World } from './world.ts';

function holdsTheSame(world: World): boolean {
  return digestOf(checksAt(world)) === world.pc(0).agent()?.table.digest();
}

test('R10 R11 a restarted PC with the same results has the same digest, and the server does not request its state', async () => {
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

test('R12 the newest state counts after reordered and duplicated states', async () => {
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

test('R13 the next beat reveals a lost state, and the server requests the state at most once in 10 s', async () => {
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
