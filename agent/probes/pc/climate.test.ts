import { expect, it } from 'vitest';
import { type HandClock, handClock } from '../../checks/agent.test-helper.ts';
import type { UpsAnswer } from '../../link/net/nut.ts';
import type { ClimateFigures, Hardware, PowerFigures, Sensor } from '../../platform/platform.ts';
import { createUnsupported } from '../../platform/unsupported.ts';
import { createClimateProbe } from './climate.ts';

const self = { roundTripMs: null, clockOffsetMs: null, spool: { waiting: 0, bytes: 0, droppedInLastDay: 0 }, failing: [] };
const lehM = 3_524;

type ClimateRoom = {
  clock: HandClock;
  figures: Partial<ClimateFigures>;
  power: Partial<PowerFigures>;
  hardware: Partial<Hardware>;
  cameras: string[];
  /** Response of the UPS daemon (upsd); null = the profile names no UPS. */
  ups: UpsAnswer | Record<string, string> | null;
  looks: number;
};

/** Creates a PC in Leh that has run for an hour, with the climate probe. */
function pcIn(given: Partial<ClimateRoom> = {}, elevationM = lehM) {
  const room: ClimateRoom = { clock: handClock(), figures: {}, power: {}, hardware: {}, cameras: [], ups: null, looks: 0, ...given };
  const platform = {
    ...createUnsupported(),
    climate: async () => ({ uptimeSeconds: 3_600, loadRatio: 0.1, sensors: [], humidityRatio: null, ...room.figures }),
    power: async () => ({ ...(await createUnsupported().power(AbortSignal.abort())), ...room.power }),
    hardware: async () => {
      room.looks += 1;
      return { turningDisks: [], models: [], ...room.hardware };
    },
    sound: () => Promise.reject(new Error('no sound')),
    cameras: async () => ({ known: true as const, value: room.cameras.map((name) => ({ id: 'usb-1', name, usedBy: unknownUse })) }),
  };
  const answer = (): UpsAnswer => {
    if (room.ups === null) throw new Error('no UPS is named');
    if ('known' in room.ups && typeof room.ups['known'] === 'boolean') return room.ups as UpsAnswer;
    return { known: true, variables: new Map(Object.entries(room.ups as Record<string, string>)) };
  };
  const probe = createClimateProbe({ clock: room.clock, ask: async () => answer() });
  const words = new Map<string, string>();
  const memory = {
    recall: (key: string) => words.get(key),
    remember: (key: string, value: string) => words.set(key, value).has(key),
  };
  const ask = async ({ remembers = true } = {}) => {
    const profile = {
      link: 'geo' as const,
      elevationM,
      expected: {},
      ...(room.ups && { ups: { name: 'room', host: 'localhost', port: 3493 } }),
    };
    const { checks, numbers } = await probe.run({
      platform,
      profile,
      self,
      signal: AbortSignal.timeout(1_000),
      ...(remembers && { memory }),
    });
    return {
      lines: checks.map(({ device, status, fault, reason }) => [device, fault ?? status, reason].filter(Boolean).join(' ')),
      numbers,
      checks,
    };
  };
  return { room, ask };
}
const unknownUse = { known: false as const, reason: 'not asked' };
const sensors = (...list: [Sensor['kind'], number][]) => ({ sensors: list.map(([kind, celsius]) => ({ kind, celsius })) });

it('the climate probe reports temperature and humidity of the room from the sensor of the UPS, with their values', async () => {
  const ups = { 'ups.status': 'OL', 'ambient.temperature': '21', 'ambient.humidity': '40' };
  const { room, ask } = pcIn({ ups });
  expect(await ask()).toMatchObject({ lines: ['room ok', 'air ok', 'battery ok'], numbers: { room: 21, rh: 0.4 } });
  room.ups = { ...ups, 'ambient.temperature': '27', 'ambient.humidity': '8' };
  expect((await ask()).lines).toEqual(['room climate.room_hot', 'air climate.dry_air drier than 10 %', 'battery ok']);
});

it('the climate probe reports unknown for the check of a sensor that disappears', async () => {
  const { room, ask } = pcIn({ ups: { 'ambient.temperature': '30', 'ambient.humidity': '40' } });
  expect((await ask()).lines).toEqual(['room climate.room_hot', 'air ok', 'battery ok']);
  room.ups = { known: false, lost: false, reason: 'upsd does not answer' };
  expect((await ask()).lines).toEqual(['room', 'air', 'battery'].map((device) => `${device} unknown no sensor measures it now`));
});

it('the climate probe reports climate.cold if a board or disk is below 5 degrees, and ignores the processor', async () => {
  const { room, ask } = pcIn({ figures: sensors(['processor', 2], ['board', 12], ['disk', 4.9]) });
  expect((await ask()).lines).toEqual(['board climate.cold']);
  room.figures = sensors(['processor', 2], ['board', 12], ['disk', 5]);
  expect((await ask()).lines).toEqual(['board ok']);
});

it('the climate probe reports climate.cold_start after a start below 0 degrees, until the PC reaches 10 degrees', async () => {
  const { room, ask } = pcIn({ figures: { ...sensors(['board', -3]), uptimeSeconds: 60 } });
  expect((await ask()).lines).toEqual(['board climate.cold_start']);
  room.figures = { ...sensors(['board', 9]), uptimeSeconds: 2_000 };
  expect((await ask()).lines).toEqual(['board climate.cold_start']);
  room.figures = { ...sensors(['board', 10]), uptimeSeconds: 3_000 };
  expect((await ask()).lines).toEqual(['board ok']);
  room.figures = { ...sensors(['board', -3]), uptimeSeconds: 4_000 };
  expect((await ask()).lines).toEqual(['board climate.cold']);
});

it('the climate probe reports climate.charge_cold if the battery of the PC or of the UPS is charged below 0 degrees', async () => {
  const own = pcIn({ power: { batteryChargeRatio: 0.5, isCharging: true, batteryCelsius: -2 } });
  expect((await own.ask()).lines).toEqual(['battery climate.charge_cold']);
  const ups = pcIn({ ups: { 'ups.status': 'OL CHRG', 'battery.temperature': '-1' } });
  expect((await ups.ask()).lines).toEqual(['battery climate.charge_cold']);
  ups.room.ups = { 'ups.status': 'OL', 'battery.temperature': '-1' };
  expect((await ups.ask()).lines).toEqual(['battery ok']);
});

it('the climate probe reports climate.hdd_altitude for a hard disk in Leh under the name of the disk, and nothing at low altitude', async () => {
  const hardware = { turningDisks: [{ id: 'disk-1a2b3c4d', name: 'ST1000DM010' }] };
  const { checks } = await pcIn({ hardware }).ask();
  expect(checks).toEqual([
    { component: 'climate', device: 'disk-1a2b3c4d', status: 'fault', fault: 'climate.hdd_altitude', reason: null, name: 'ST1000DM010' },
  ]);
  expect((await pcIn({ hardware }, 3_048).ask()).checks).toEqual([]);
});

it('the climate probe reports a device above its rated altitude, reads the devices once an hour, and skips unreadable ones', async () => {
  const hardware = { models: [{ id: 'model', name: 'Dell Inc. OptiPlex 7010' }] };
  const { room, ask } = pcIn({ hardware, cameras: ['Logitech Rally'] });
  expect((await ask()).lines).toEqual(['model climate.device_altitude made for at most 3048 m']);
  await room.clock.pass(3_599_000);
  await ask();
  expect(room.looks).toBe(1);
  await room.clock.pass(1_000);
  await ask();
  expect(room.looks).toBe(2);
});

it('the climate probe reports climate.rise_high if the processor is warmer than usual for this PC, with the ratio', async () => {
  const { room, ask } = pcIn({ figures: sensors(['processor', 45], ['room', 20]) });
  const live = async (minutes: number) => {
    for (let n = 0; n < minutes; n += 1) {
      await room.clock.pass(60_000);
      await ask();
    }
  };
  for (let day = 0; day < 4; day += 1) {
    await live(30);
    await room.clock.pass(23.5 * 3_600_000);
  }
  await live(12);
  expect(await ask()).toMatchObject({ lines: ['room ok', 'rise ok'], numbers: { rise: expect.closeTo(1, 3) } });
  room.figures = sensors(['processor', 60], ['room', 20]);
  await live(15);
  expect(await ask()).toMatchObject({ lines: ['room ok', 'rise climate.rise_high'], numbers: { rise: expect.closeTo(1.6, 2) } });
});
