/** Reads the inventory of this PC: its parts, devices and versions. The agent reads it at start and once a day. */
import { realClock, withTimeout } from '@sabha/contracts';
import type { Answer, Platform, SoundDevice, SoundState } from './platform.ts';

const limitMs = 10_000;
const machineLimitMs = 30_000;

type ReadMachine = (signal: AbortSignal) => Promise<Record<string, unknown>>;
type DeviceReaders = Pick<Platform, 'sound' | 'cameras'>;

/**
 * Reads names and versions of the PC, its cameras, microphones and speakers. `machine` reads the parts that depend on the system.
 * Guarantee: a part that fails or takes longer than 10 s (the machine 30 s) is left out, and the other parts are returned.
 */
export async function readInventory(machine: ReadMachine, devices: DeviceReaders, signal: AbortSignal): Promise<Record<string, unknown>> {
  const parts: Record<string, () => Promise<unknown>> = {
    cameras: async () => names(await devices.cameras(signal)),
    microphones: async () => names(side(await devices.sound(signal), 'sources')),
    speakers: async () => names(side(await devices.sound(signal), 'sinks')),
  };
  const clock = realClock();
  const ofMachine = await machine(AbortSignal.any([signal, AbortSignal.timeout(machineLimitMs)])).catch(() => ({}));
  const items: Record<string, unknown> = { node: process.version, ...ofMachine };
  for (const [name, read] of Object.entries(parts)) {
    signal.throwIfAborted();
    const value = await withTimeout({ clock, limitMs, timeoutValue: undefined }, () => read().catch(() => undefined));
    if (value !== undefined) items[name] = value;
  }
  return items;
}

function side(sound: Answer<SoundState>, which: 'sources' | 'sinks'): Answer<SoundDevice[]> {
  return sound.known ? { known: true, value: sound.value[which] } : sound;
}

function names(answer: Answer<{ id: string; name: string }[]>): { id: string; name: string }[] | undefined {
  return answer.known ? answer.value.map(({ id, name }) => ({ id, name })) : undefined;
}
