/** What this PC is made of, for the inventory: asked at start and once a day, never in a poll. */
import { realClock, withinTime } from '#contracts';
import type { Answer, Platform, SoundDevice, SoundState } from './platform.ts';

/** systeminformation sets no limit on the programs it starts. */
const limitMs = 10_000;

type Devices = Pick<Platform, 'sound' | 'cameras'>;

/**
 * Names and versions of the PC, its cameras, microphones and speakers. No serial number, address, user or network is read.
 * Guarantee: a part that fails or takes longer than 10 s is left out; the rest is told.
 */
export async function readInventory(devices: Devices, signal: AbortSignal): Promise<Record<string, unknown>> {
  const si = await import('systeminformation');
  const parts: Parts = {
    os: async () => pick(await si.osInfo(), ['platform', 'distro', 'release', 'kernel', 'arch']),
    system: async () => pick(await si.system(), ['manufacturer', 'model', 'version', 'virtual']),
    bios: async () => pick(await si.bios(), ['vendor', 'version', 'releaseDate']),
    cpu: async () => pick(await si.cpu(), ['manufacturer', 'brand', 'cores', 'physicalCores']),
    memoryBytes: async () => (await si.mem()).total,
    ...deviceParts(devices, signal),
  };
  return { node: process.version, ...(await readParts(parts, signal)) };
}

type Parts = Record<string, () => Promise<unknown>>;

/** Cameras, microphones and speakers by id and name, each with its reading. */
export function deviceParts(devices: Devices, signal: AbortSignal): Parts {
  return {
    cameras: async () => names(await devices.cameras(signal)),
    microphones: async () => names(side(await devices.sound(signal), 'sources')),
    speakers: async () => names(side(await devices.sound(signal), 'sinks')),
  };
}

/** Guarantee: a part that fails or takes longer than 10 s is left out; the rest is told. */
export async function readParts(parts: Parts, signal: AbortSignal): Promise<Record<string, unknown>> {
  const clock = realClock();
  const items: Record<string, unknown> = {};
  for (const [name, read] of Object.entries(parts)) {
    signal.throwIfAborted();
    const value = await withinTime({ clock, limitMs, late: undefined }, () => read().catch(() => undefined));
    if (value !== undefined) items[name] = value;
  }
  return items;
}

function pick<T extends object>(from: T, keys: (keyof T)[]): Partial<T> {
  return Object.fromEntries(keys.map((key) => [key, from[key]])) as Partial<T>;
}

function side(sound: Answer<SoundState>, which: 'sources' | 'sinks'): Answer<SoundDevice[]> {
  return sound.known ? { known: true, value: sound.value[which] } : sound;
}

function names(answer: Answer<{ id: string; name: string }[]>): { id: string; name: string }[] | undefined {
  return answer.known ? answer.value.map(({ id, name }) => ({ id, name })) : undefined;
}
