import type { Profile } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { handClock } from '../../agent/checks/agent.test-helper.ts';
import type { ProbeContext } from '../../agent/checks/probe.ts';
import { notWritten } from '../../agent/platform/platform.ts';
import { createPowerProbe } from '../../agent/probes/pc/power.ts';
import { createProbes } from '../../agent/probes/probes.ts';
import { randomFrom } from '../random.ts';
import { expected } from './nation.ts';
import { createRoom, type Room, roomFaults } from './room.ts';

const self = { connected: true, roundTripMs: 1, clockOffsetMs: 0, spool: { waiting: 0, bytes: 0, droppedInLastDay: 0 }, failing: [] };

function contextOf(room: Room, ups: Profile['ups'], elevationM = 200): ProbeContext {
  const profile = { link: 'fibre' as const, elevationM, expected, ...(ups && { ups }) };
  const centre = { host: '127.0.0.1', port: 1883, anchors: [] };
  return { profile, self, centre, platform: room.platform(), signal: new AbortController().signal };
}

async function faultsIn(room: Room, elevationM = 200, ups?: Profile['ups']): Promise<(string | null)[]> {
  const answers = await Promise.all(
    createProbes({ clock: handClock(), ask: room.ups }).map((probe) => probe.run(contextOf(room, ups, elevationM))),
  );
  const checks = answers.flatMap(({ checks }) => checks);
  // What no simulated room answers yet is unknown by itself.
  expect(checks.filter(({ status, reason }) => status === 'unknown' && reason !== notWritten.reason)).toEqual([]);
  return checks.flatMap(({ fault }) => (fault === null ? [] : [fault]));
}

const roomAt = (elevationM: number, seed = 1) => createRoom({ elevationM, clock: handClock(), random: randomFrom(seed) });

test('a simulated PC asks what the agent asks', () => {
  const simulated = createProbes({ clock: handClock(), ask: roomAt(0).ups });
  expect(simulated.map(({ name }) => name)).toEqual(createProbes().map(({ name }) => name));
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
    const { onMains, batteryChargeRatio } = await room.platform().power(new AbortController().signal);
    return [onMains, batteryChargeRatio];
  };
  const before = await Promise.all(rooms.map(power));
  const at = before.findIndex(([onMains]) => onMains === true);
  expect(before.some(([onMains]) => onMains === null)).toBe(true);
  const room = rooms[at] as Room;
  room.power({ mains: false });
  await clock.pass(10 * 60_000);
  expect(await power(room)).toEqual([false, 0.75]);
  room.power({ mains: true });
  expect(await power(room)).toEqual([true, 1]);
});

const ups: Profile['ups'] = { name: 'ups', host: '127.0.0.1', port: 3493 };

test('a room with a UPS goes on in a power cut, says so, and says that it ends when two minutes are left', async () => {
  const clock = handClock();
  const room = createRoom({ elevationM: 3_524, clock, random: randomFrom(1), hasBattery: false });
  room.power({ ups: { lastsMs: 600_000 } });
  expect(await faultsIn(room, 3_524, ups)).toEqual([]);
  room.power({ mains: false });
  expect(await faultsIn(room, 3_524, ups)).toEqual(['power.on_battery']);
  await clock.pass(490_000);
  expect(await faultsIn(room, 3_524, ups)).toEqual(['power.on_battery', 'power.battery_low']);
  room.power({ mains: true });
  expect(await faultsIn(room, 3_524, ups)).toEqual([]);
  expect((await createPowerProbe(room.ups).run(contextOf(room, ups))).numbers).toEqual({ ac: 1, uc: 1, ur: 600 });
});

test('the weather of a room is felt: too warm for Leh, dry, frozen, and a disk that turns', async () => {
  const room = createRoom({ elevationM: 3_524, clock: handClock(), random: randomFrom(1), hasBattery: false });
  room.power({ ups: { lastsMs: 600_000 } });
  room.climate({ roomCelsius: 28, humidityRatio: 0.12 });
  expect(await faultsIn(room, 3_524, ups)).toEqual(['climate.room_hot', 'climate.dry_air']);
  expect(await faultsIn(room, 200, ups)).toEqual(['climate.dry_air']);
  room.climate({ roomCelsius: -6, boardRiseCelsius: 0, humidityRatio: 0.4, turningDisks: [{ id: 'disk-1', name: 'ST1000' }] });
  expect(await faultsIn(room, 3_524, ups)).toEqual(['climate.cold_start', 'climate.hdd_altitude']);
});
