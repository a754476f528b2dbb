/** A simulated room, and the platform that its agent queries: devices, temperature, and faults. */
import { airAt, type Cancel, type Clock, type FaultId } from '@sabha/contracts';
import type { ClimateFigures, Part, PcFigures, Platform, SoundDevice, SoundState } from '../../agent/platform/platform.ts';
import { createUnsupported } from '../../agent/platform/unsupported.ts';
import type { Random } from '../random.ts';
import { createSupply, type PowerChange, type Supply } from './supply.ts';

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
/** The device of each kind in every room. */
export const models = { camera: 'Logitech Rally', microphone: 'Jabra Speak 750', speaker: 'Jabra Speak 750' };
export type RoomFault = (typeof roomFaults)[number];

export type Room = {
  /** Breaks or repairs something. Device changes trigger a callback at once, and figures change at the next poll. */
  set(fault: RoomFault, broken: boolean): void;
  power(change: PowerChange): void;
  /** Changes the climate; absent fields stay. */
  climate(change: RoomClimate): void;
  ups: Supply['ups'];
  boot(): void;
  platform(): Platform;
};

/** The climate of a room and what warms its PC. Degrees Celsius; humidity from 0 to 1. */
export type RoomClimate = {
  roomCelsius?: number;
  humidityRatio?: number;
  /** Degrees by which the board of the PC is warmer than its room: 0 after a night with the PC off. */
  boardRiseCelsius?: number;
  /** Factor of the heat that a dusty fan causes; 1 means clean. */
  dust?: number;
  turningDisks?: Part[];
};

/** `hasBattery`: a laptop; random by default. */
export type RoomOptions = { elevationM: number; clock: Pick<Clock, 'up'>; random: Random; hasBattery?: boolean };

/** Degrees by which the processor is warmer than its room, at rest and at full load, at sea level. */
const riseCelsius = { rest: 14, load: 30 };
const limitCelsius = 100;

type State = {
  elevationM: number;
  clock: Pick<Clock, 'up'>;
  random: Random;
  broken: Set<RoomFault>;
  watchers: Record<'sound' | 'camera', Set<() => void>>;
  weather: Required<Omit<RoomClimate, 'turningDisks'>>;
  turningDisks: Part[];
  /** Usage of an idle PC, as ratios. */
  rest: { load: number; memory: number; disk: number };
  supply: Supply;
  bootedUp: number;
  bootId: string;
};

/** Creates a room without faults whose PC is on. It has about 24 degrees in the plains, and less at higher elevation. */
export function createRoom(options: RoomOptions): Room {
  const state = stateOf(options);
  const { broken, watchers, weather, supply, clock, random } = state;
  return {
    set(fault, isBroken) {
      if (isBroken) broken.add(fault);
      else broken.delete(fault);
      if (fault.startsWith('pc.')) return;
      for (const tell of watchers[fault.startsWith('camera.') ? 'camera' : 'sound']) tell();
    },
    power: supply.change,
    climate({ turningDisks: disks, ...change }) {
      state.turningDisks = disks ?? state.turningDisks;
      Object.assign(weather, change);
    },
    ups: supply.ups,
    boot() {
      state.bootedUp = clock.up();
      state.bootId = idFrom(random);
      for (const set of Object.values(watchers)) set.clear();
    },
    platform: () => platformOf(state),
  };
}

function stateOf({ elevationM, clock, random, hasBattery }: RoomOptions): State {
  const weather = { roomCelsius: 24 - elevationM / 500 + random.next() * 4, humidityRatio: 0.4, boardRiseCelsius: 8, dust: 1 };
  const rest = { load: 0.05 + random.next() * 0.3, memory: 0.35 + random.next() * 0.3, disk: 0.3 + random.next() * 0.4 };
  const chance = random.next();
  return {
    elevationM,
    clock,
    random,
    weather,
    rest,
    broken: new Set(),
    watchers: { sound: new Set(), camera: new Set() },
    turningDisks: [],
    supply: createSupply({ clock, hasBattery: hasBattery ?? chance < 0.3, air: () => weather }),
    bootedUp: clock.up(),
    bootId: idFrom(random),
  };
}

function platformOf(state: State): Platform {
  const { bootId, broken, watchers, supply } = state;
  return {
    ...createUnsupported(),
    bootId: () => bootId,
    sound: async () => ({ known: true, value: soundOf(broken) }),
    watchSound: (changed) => added(watchers.sound, changed),
    cameras: async () => ({ known: true, value: broken.has('camera.missing') ? [] : [camera] }),
    watchCameras: (changed) => added(watchers.camera, changed),
    figures: async () => figuresOf(state),
    power: async () => supply.figures(),
    climate: async () => climateOf(state),
    hardware: async () => ({ turningDisks: state.turningDisks, models: [{ id: 'model', name: 'Simulated conferencing PC' }] }),
    inventory: async () => ({ os: { platform: 'simulated' }, system: { model: 'Simulated conferencing PC' }, memoryBytes: 8 * 2 ** 30 }),
  };
}

function loadAndWarmth({ broken, rest, random, weather, elevationM }: State): { load: number; processor: number } {
  const load = broken.has('pc.load_high') ? 0.97 : Math.min(0.8, rest.load * (0.7 + random.next() * 0.6));
  const rise = (riseCelsius.rest + riseCelsius.load * load) * weather.dust;
  return { load, processor: weather.roomCelsius + rise / airAt(elevationM).ratio };
}

function figuresOf(state: State): PcFigures {
  const { broken, rest } = state;
  const { load, processor } = loadAndWarmth(state);
  return {
    uptimeSeconds: uptimeSecondsOf(state),
    loadRatio: load,
    memoryUsedRatio: broken.has('pc.memory_low') ? 0.98 : rest.memory,
    diskUsedRatio: broken.has('pc.disk_full') ? 0.96 : rest.disk,
    temperatureCelsius: broken.has('pc.hot') ? limitCelsius - 1 : processor,
    temperatureLimitCelsius: limitCelsius,
  };
}

function climateOf(state: State): ClimateFigures {
  const { roomCelsius, boardRiseCelsius } = state.weather;
  const { load, processor } = loadAndWarmth(state);
  return {
    uptimeSeconds: uptimeSecondsOf(state),
    loadRatio: load,
    sensors: [
      { kind: 'processor', celsius: processor },
      { kind: 'board', celsius: roomCelsius + boardRiseCelsius },
    ],
    humidityRatio: null,
  };
}

function uptimeSecondsOf({ clock, bootedUp }: State): number {
  return (clock.up() - bootedUp) / 1_000;
}

function soundOf(broken: ReadonlySet<RoomFault>): SoundState {
  const microphones = [usb('microphone', broken, models.microphone), ...(broken.has('microphone.not_default') ? [builtIn] : [])];
  const sources = microphones.filter((one) => one !== undefined);
  const sinks = [usb('speaker', broken, models.speaker)].filter((one) => one !== undefined);
  return { sources, defaultSource: sources.at(-1)?.id ?? null, sinks, defaultSink: sinks[0]?.id ?? null };
}

const nobody = { known: true as const, value: [] };
const camera = { id: 'usb-camera', name: models.camera, usedBy: nobody };
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
