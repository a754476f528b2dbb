/** What this PC is made of, for the inventory: asked at start and once a day, never in a poll. */
import { realClock, withinTime } from '#contracts';
import type { Answer, Platform, SoundDevice, SoundState } from './platform.ts';

const limitMs = 10_000;

type Parts = Record<string, () => Promise<unknown>>;
type Devices = Pick<Platform, 'sound' | 'cameras'>;

/**
 * Names and versions of the PC, its cameras, microphones and speakers; `machine` are those parts that each system reads in its own way.
 * Guarantee: a part that fails or takes longer than 10 s is left out; the rest is told.
 */
export async function readInventory(machine: Parts, devices: Devices, signal: AbortSignal): Promise<Record<string, unknown>> {
  const parts: Parts = {
    ...machine,
    cameras: async () => names(await devices.cameras(signal)),
    microphones: async () => names(side(await devices.sound(signal), 'sources')),
    speakers: async () => names(side(await devices.sound(signal), 'sinks')),
  };
  const clock = realClock();
  const items: Record<string, unknown> = { node: process.version };
  for (const [name, read] of Object.entries(parts)) {
    signal.throwIfAborted();
    const value = await withinTime({ clock, limitMs, late: undefined }, () => read().catch(() => undefined));
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
