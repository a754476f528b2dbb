/** A room and its PC as the platform of the agent sees them: what is plugged in, how warm it is, and what goes wrong with it. */
import { airAt, type Cancel, type Clock, type FaultId } from '#contracts';
import type { ClimateFigures, Part, PcFigures, Platform, SoundDevice } from '../../agent/platform/platform.ts';
import { createUnwritten } from '../../agent/platform/unwritten.ts';
import type { Random } from '../random.ts';
import { createSupply, type PowerChange, type Supply } from './supply.ts';

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
  power(change: PowerChange): void;
  /** Another weather: what is not named stays as it was. */
  climate(change: RoomClimate): void;
  ups: Supply['ups'];
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

/** What the processor of a PC at rest and under full load is warmer than its room, at sea level. */
const riseCelsius = { rest: 14, load: 30 };
const limitCelsius = 100;

export function createRoom({ elevationM, clock, random, ...given }: RoomOptions): Room {
  const broken = new Set<RoomFault>();
  const watchers = { sound: new Set<() => void>(), camera: new Set<() => void>() };
  // About 24 degrees in the plains, and colder rooms the higher they are.
  const weather = { roomCelsius: 24 - elevationM / 500 + random.next() * 4, humidityRatio: 0.4, boardRiseCelsius: 8, dust: 1 };
  let turningDisks: Part[] = [];
  const rest = { load: 0.05 + random.next() * 0.3, memory: 0.35 + random.next() * 0.3, disk: 0.3 + random.next() * 0.4 };
  const chance = random.next();
  const supply = createSupply({ clock, hasBattery: given.hasBattery ?? chance < 0.3, air: () => weather });
  let bootedUp = clock.up();
  let bootId = idFrom(random);

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
    power: supply.change,
    climate({ turningDisks: disks, ...change }) {
      turningDisks = disks ?? turningDisks;
      Object.assign(weather, change);
    },
    ups: supply.ups,
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
        card: async () => ({ known: false, reason: 'not simulated' }),
        watchCameras: (changed) => added(watchers.camera, changed),
        figures: async () => figures(),
        power: async () => supply.figures(),
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
