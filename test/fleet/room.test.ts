import { expect, test } from 'vitest';
import { handClock } from '../../agent/agent.test-helper.ts';
import type { ProbeContext } from '../../agent/probe.ts';
import { probes } from '../../agent/probes/index.ts';
import { randomFrom } from '../random.ts';
import { expected } from './nation.ts';
import { probesOf } from './pc.ts';
import { createRoom, type Room, roomFaults } from './room.ts';

const self = { roundTripMs: 1, clockOffsetMs: 0, spool: { waiting: 0, bytes: 0, droppedInLastDay: 0 }, failing: [] };

async function faultsIn(room: Room, elevationM = 200): Promise<(string | null)[]> {
  const context = {
    profile: { link: 'fibre', elevationM, expected },
    self,
    centre: { host: '127.0.0.1', port: 1883, anchors: [] },
    platform: room.platform(),
    signal: new AbortController().signal,
  };
  const answers = await Promise.all(probesOf(handClock()).map((probe) => probe.run(context as ProbeContext)));
  const checks = answers.flatMap(({ checks }) => checks);
  expect(checks.filter(({ status }) => status === 'unknown')).toEqual([]);
  return checks.flatMap(({ fault }) => (fault === null ? [] : [fault]));
}

const roomAt = (elevationM: number, seed = 1) => createRoom({ elevationM, clock: handClock(), random: randomFrom(seed) });

test('a simulated PC asks what the agent asks', () => {
  expect(probesOf(handClock()).map(({ name }) => name)).toEqual(probes.map(({ name }) => name));
});

test.each([0, 3_524, 5_000])('nothing is wrong in a room at %i m, whatever the seed', async (elevationM) => {
  for (let seed = 1; seed <= 50; seed += 1) expect(await faultsIn(roomAt(elevationM, seed), elevationM)).toEqual([]);
});

test.each(roomFaults)('the probes find %s and nothing else, until it is mended', async (fault) => {
  const room = roomAt(200);
  room.set(fault, true);
  expect(await faultsIn(room)).toEqual([fault]);
  room.set(fault, false);
  expect(await faultsIn(room)).toEqual([]);
});

test('a cable that is pulled is told at once, to who watches', () => {
  const room = roomAt(200);
  const told: string[] = [];
  room.platform().watchSound(() => told.push('sound'));
  const unwatch = room.platform().watchCameras(() => told.push('camera'));
  room.set('microphone.missing', true);
  room.set('camera.missing', true);
  unwatch();
  room.set('camera.missing', false);
  room.set('pc.hot', true);
  expect(told).toEqual(['sound', 'camera']);
});

test('thin air carries less heat away: the PC is further above its room in Leh than in the plains', async () => {
  const warm = async (elevationM: number) => {
    const figures = await roomAt(elevationM).platform().figures(new AbortController().signal);
    const room = 24 - elevationM / 500;
    return (figures.temperatureCelsius ?? 0) - room;
  };
  const ratio = (await warm(3_524)) / (await warm(0));
  expect(ratio).toBeGreaterThan(1.2);
  expect(ratio).toBeLessThan(1.45);
});

test('a new boot has another id and no uptime', async () => {
  const clock = handClock();
  const room = createRoom({ elevationM: 0, clock, random: randomFrom(1) });
  const before = room.platform();
  await clock.pass(60_000);
  room.boot();
  const after = room.platform();
  expect(after.bootId()).not.toBe(before.bootId());
  expect((await after.figures(new AbortController().signal)).uptimeSeconds).toBe(0);
});

test('off the mains a PC with a battery says so, and its charge sinks; on them it is full', async () => {
  const clock = handClock();
  const rooms = Array.from({ length: 20 }, (_, seed) => createRoom({ elevationM: 0, clock, random: randomFrom(seed) }));
  const power = async (room: Room) => {
    const { onMains, batteryChargeRatio } = await room.platform().figures(new AbortController().signal);
    return [onMains, batteryChargeRatio];
  };
  const before = await Promise.all(rooms.map(power));
  const at = before.findIndex(([onMains]) => onMains === true);
  expect(before.some(([onMains]) => onMains === null)).toBe(true);
  const room = rooms[at] as Room;
  room.mains(false);
  await clock.pass(10 * 60_000);
  expect(await power(room)).toEqual([false, 0.75]);
  room.mains(true);
  expect(await power(room)).toEqual([true, 1]);
});
