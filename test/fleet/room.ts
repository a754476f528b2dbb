/** A room and its PC as the platform of the agent sees them: what is plugged in, how warm it is, and what goes wrong with it. */
import { airAt, type Cancel, type Clock, type FaultId, type PcPath } from '#contracts';
import type { ClimateFigures, Part, PcFigures, Platform, PowerFigures, SoundDevice } from '../../agent/platform/platform.ts';
import { createUnwritten } from '../../agent/platform/unwritten.ts';
import type { AskUps } from '../../agent/power/nut.ts';
import type { Random } from '../random.ts';

/** What can go wrong in a room, by the fault that the agent must then find. */
export const roomFaults = [
  'microphone.missing',
  'microphone.muted',
  'microphone.not_default',
  'microphone.volume_low',
  'speaker.missing',
  'speaker.muted',
  'camera.missing',
  'pc.load_high',
  'pc.memory_low',
  'pc.disk_full',
  'pc.hot',
] as const satisfies readonly FaultId[];
export type RoomFault = (typeof roomFaults)[number];

export type Room = {
  /** Breaks a thing or mends it; what has a cable is noticed at once, figures at the next look. */
  set(fault: RoomFault, broken: boolean): void;
  /** Mains come and go; a UPS is put there (its battery lasts so long), loses its cable, or is taken away. */
  power(change: { mains?: boolean; ups?: { lastsMs: number } | 'lost' | null }): void;
  /** Another weather: what is not named stays as it was. */
  climate(change: RoomClimate): void;
  /** What the server of the room's UPS answers, whatever the profile calls it. */
  ups: AskUps;
  /** A new boot: another boot id, its uptime begins. */
  boot(): void;
  /** The PC of this boot. */
  platform(): Platform;
};

export type RoomClimate = {
  roomCelsius?: number;
  humidityRatio?: number;
  /** How far the board is above its room: 0 after a night with the PC off. */
  boardRiseCelsius?: number;
  /** How much worse the fan cools than a clean one, 1 = clean. */
  dust?: number;
  turningDisks?: Part[];
};

/** `hasBattery`: it is a laptop; by chance where nobody says. */
export type RoomOptions = { elevationM: number; clock: Pick<Clock, 'up'>; random: Random; hasBattery?: boolean };

/** About three in ten PCs of the nation are laptops, always the same ones. */
export function isLaptop(path: PcPath): boolean {
  return [...path].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 1_000, 7) < 300;
}

/** What the processor of a PC at rest and under full load is warmer than its room, at sea level. */
const riseCelsius = { rest: 14, load: 30 };
const limitCelsius = 100;
const batteryLastsMs = 40 * 60_000;

export function createRoom({ elevationM, clock, random, ...given }: RoomOptions): Room {
  const broken = new Set<RoomFault>();
  const watchers = { sound: new Set<() => void>(), camera: new Set<() => void>() };
  // About 24 degrees in the plains, and colder rooms the higher they are.
  const weather = { roomCelsius: 24 - elevationM / 500 + random.next() * 4, humidityRatio: 0.4, boardRiseCelsius: 8, dust: 1 };
  let turningDisks: Part[] = [];
  const rest = { load: 0.05 + random.next() * 0.3, memory: 0.35 + random.next() * 0.3, disk: 0.3 + random.next() * 0.4 };
  const chance = random.next();
  const hasBattery = given.hasBattery ?? chance < 0.3;
  let bootedUp = clock.up();
  let bootId = idFrom(random);
  let offMainsUp: number | null = null;
  let ups: { lastsMs: number } | 'lost' | null = null;
  const left = (lastsMs: number) => Math.max(0, lastsMs - (offMainsUp === null ? 0 : clock.up() - offMainsUp));

  function loadAndWarmth(): { load: number; processor: number } {
    const load = broken.has('pc.load_high') ? 0.97 : Math.min(0.8, rest.load * (0.7 + random.next() * 0.6));
    const rise = (riseCelsius.rest + riseCelsius.load * load) * weather.dust;
    return { load, processor: weather.roomCelsius + rise / airAt(elevationM).ratio };
  }

  function figures(): PcFigures {
    const has = (fault: RoomFault) => broken.has(fault);
    const { load, processor } = loadAndWarmth();
    return {
      uptimeSeconds: (clock.up() - bootedUp) / 1_000,
      loadRatio: load,
      memoryUsedRatio: has('pc.memory_low') ? 0.98 : rest.memory,
      diskUsedRatio: has('pc.disk_full') ? 0.96 : rest.disk,
      temperatureCelsius: has('pc.hot') ? limitCelsius - 1 : processor,
      temperatureLimitCelsius: limitCelsius,
    };
  }

  function power(): PowerFigures {
    const onMains = offMainsUp === null;
    const none = { isCharging: false, runtimeMs: null, batteryCelsius: null };
    if (!hasBattery) return { ...none, onMains: null, batteryChargeRatio: null };
    return {
      ...none,
      onMains,
      batteryChargeRatio: left(batteryLastsMs) / batteryLastsMs,
      runtimeMs: onMains ? null : left(batteryLastsMs),
    };
  }

  function climate(): ClimateFigures {
    const { load, processor } = loadAndWarmth();
    return {
      uptimeSeconds: (clock.up() - bootedUp) / 1_000,
      loadRatio: load,
      sensors: [
        { kind: 'processor', celsius: processor },
        { kind: 'board', celsius: weather.roomCelsius + weather.boardRiseCelsius },
      ],
      humidityRatio: null,
    };
  }

  const askUps: AskUps = async () => {
    if (ups === null) return { known: false, lost: false, reason: 'upsd does not answer' };
    if (ups === 'lost') return { known: false, lost: true, reason: 'the UPS says nothing any more' };
    return { known: true, variables: upsVariables(ups.lastsMs, left(ups.lastsMs), { ...weather, onMains: offMainsUp === null }) };
  };

  const sound = () => {
    const microphones = [usb('microphone', broken, 'Jabra Speak 750'), ...(broken.has('microphone.not_default') ? [builtIn] : [])];
    const sources = microphones.filter((one) => one !== undefined);
    const sinks = [usb('speaker', broken, 'Jabra Speak 750')].filter((one) => one !== undefined);
    return { sources, defaultSource: sources.at(-1)?.id ?? null, sinks, defaultSink: sinks[0]?.id ?? null };
  };
  const cameras = () => (broken.has('camera.missing') ? [] : [{ id: 'usb-camera', name: 'Logitech Rally', usedBy: nobody }]);

  return {
    set(fault, isBroken) {
      if (isBroken) broken.add(fault);
      else broken.delete(fault);
      if (fault.startsWith('pc.')) return;
      for (const tell of watchers[fault.startsWith('camera.') ? 'camera' : 'sound']) tell();
    },
    power(change) {
      if (change.mains !== undefined) offMainsUp = change.mains ? null : (offMainsUp ?? clock.up());
      if (change.ups !== undefined) ups = change.ups;
    },
    climate({ turningDisks: disks, ...change }) {
      turningDisks = disks ?? turningDisks;
      Object.assign(weather, change);
    },
    ups: askUps,
    boot() {
      bootedUp = clock.up();
      bootId = idFrom(random);
      for (const set of Object.values(watchers)) set.clear();
    },
    platform() {
      const id = bootId;
      return {
        ...createUnwritten(),
        bootId: () => id,
        sound: async () => ({ known: true, value: sound() }),
        watchSound: (changed) => added(watchers.sound, changed),
        cameras: async () => ({ known: true, value: cameras() }),
        watchCameras: (changed) => added(watchers.camera, changed),
        figures: async () => figures(),
        power: async () => power(),
        climate: async () => climate(),
        hardware: async () => ({ turningDisks, models: [{ id: 'model', name: 'Simulated conferencing PC' }] }),
        inventory: async () => ({
          os: { platform: 'simulated' },
          system: { model: 'Simulated conferencing PC' },
          memoryBytes: 8 * 2 ** 30,
        }),
      };
    },
  };
}

type Seen = { onMains: boolean; roomCelsius: number; humidityRatio: number };

/** As Network UPS Tools name them; at a tenth of its charge the UPS calls it low. */
function upsVariables(lastsMs: number, leftMs: number, { onMains, roomCelsius, humidityRatio }: Seen): Map<string, string> {
  const ratio = leftMs / lastsMs;
  const status = onMains ? 'OL' : ratio <= 0.1 ? 'OB LB' : 'OB DISCHRG';
  return new Map([
    ['ups.status', status],
    ['battery.charge', String(Math.round(ratio * 100))],
    ['battery.runtime', String(Math.round(leftMs / 1_000))],
    ['ambient.temperature', roomCelsius.toFixed(1)],
    ['ambient.humidity', (humidityRatio * 100).toFixed(0)],
  ]);
}

const nobody = { known: true as const, value: [] };
const builtIn: SoundDevice = { id: 'built-in', name: 'Built-in microphone', muted: false, volume: 0.7, usedBy: [] };

function usb(kind: 'microphone' | 'speaker', broken: ReadonlySet<RoomFault>, name: string): SoundDevice | undefined {
  if (broken.has(`${kind}.missing`)) return undefined;
  const quiet = kind === 'microphone' && broken.has('microphone.volume_low');
  return { id: `usb-${kind}`, name, muted: broken.has(`${kind}.muted`), volume: quiet ? 0.1 : 0.7, usedBy: [] };
}

function added(set: Set<() => void>, changed: () => void): Cancel {
  set.add(changed);
  return () => set.delete(changed);
}

function idFrom(random: Random): string {
  return Math.floor(random.next() * 2 ** 48).toString(36);
}
