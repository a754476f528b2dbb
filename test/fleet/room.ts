/** A room and its PC as the platform of the agent sees them: what is plugged in, how warm it is, and what goes wrong with it. */
import type { Cancel, Clock, FaultId } from '#contracts';
import type { PcFigures, Platform, SoundDevice } from '../../agent/platform/platform.ts';
import { noOrders } from '../../agent/platform/unwritten.ts';
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
  mains(on: boolean): void;
  /** A new boot: another boot id, its uptime begins. */
  boot(): void;
  /** The PC of this boot. */
  platform(): Platform;
};

export type RoomOptions = { elevationM: number; clock: Pick<Clock, 'up'>; random: Random };

/** Air per volume at an elevation, sea level = 1 (ISA): thin air carries less heat away. */
function densityAt(elevationM: number): number {
  const kelvin = 288.15 - 0.0065 * elevationM;
  return (kelvin / 288.15) ** 4.255877;
}

/** What the processor of a PC at rest and under full load is warmer than its room, at sea level. */
const riseCelsius = { rest: 14, load: 30 };
const limitCelsius = 100;
const batteryLastsMs = 40 * 60_000;

export function createRoom({ elevationM, clock, random }: RoomOptions): Room {
  const broken = new Set<RoomFault>();
  const watchers = { sound: new Set<() => void>(), camera: new Set<() => void>() };
  // About 24 degrees in the plains, and colder rooms the higher they are.
  const roomCelsius = 24 - elevationM / 500 + random.next() * 4;
  const rest = { load: 0.05 + random.next() * 0.3, memory: 0.35 + random.next() * 0.3, disk: 0.3 + random.next() * 0.4 };
  const hasBattery = random.next() < 0.3;
  let bootedUp = clock.up();
  let bootId = idFrom(random);
  let offMainsUp: number | null = null;

  function figures(): PcFigures {
    const has = (fault: RoomFault) => broken.has(fault);
    const load = has('pc.load_high') ? 0.97 : Math.min(0.8, rest.load * (0.7 + random.next() * 0.6));
    const warm = roomCelsius + (riseCelsius.rest + riseCelsius.load * load) / densityAt(elevationM);
    const away = offMainsUp === null ? 0 : clock.up() - offMainsUp;
    return {
      uptimeSeconds: (clock.up() - bootedUp) / 1_000,
      loadRatio: load,
      memoryUsedRatio: has('pc.memory_low') ? 0.98 : rest.memory,
      diskUsedRatio: has('pc.disk_full') ? 0.96 : rest.disk,
      temperatureCelsius: has('pc.hot') ? limitCelsius - 1 : warm,
      temperatureLimitCelsius: limitCelsius,
      onMains: hasBattery ? offMainsUp === null : null,
      batteryChargeRatio: hasBattery ? Math.max(0, 1 - away / batteryLastsMs) : null,
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
    mains(on) {
      offMainsUp = on ? null : (offMainsUp ?? clock.up());
    },
    boot() {
      bootedUp = clock.up();
      bootId = idFrom(random);
      for (const set of Object.values(watchers)) set.clear();
    },
    platform() {
      const id = bootId;
      return {
        ...noOrders,
        bootId: () => id,
        sound: async () => ({ known: true, value: sound() }),
        watchSound: (changed) => added(watchers.sound, changed),
        cameras: async () => ({ known: true, value: cameras() }),
        card: async () => ({ known: false, reason: 'not simulated' }),
        watchCameras: (changed) => added(watchers.camera, changed),
        figures: async () => figures(),
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
