/** Shared part of the sound probes: is the room's device present, default, unmuted and loud? It records and plays nothing. */

import type { Probe } from '../../checks/probe.ts';
import { fault, ok, unknown, type Verdict } from '../../link/analysis/verdict.ts';
import type { Answer, Platform, SoundDevice, SoundState } from '../../platform/platform.ts';
import { shortText } from '../../platform/text.ts';
import { createExpected, inUse } from './expected.ts';

/** Volume up to which a device counts as silent, 0 to 1. */
const volumeOff = 0.05;
/** Least gain at which a person far from the microphone is understood. `volume` applies if the system does not report the gain. */
const quiet = { gainDb: -30, volume: 0.2 };

export type SoundKind = 'microphone' | 'speaker';
/** The devices of one kind. `chosen`: the id of the default device. */
export type SoundDevices = { devices: SoundDevice[]; chosen: string | null };

/** Rules of one kind of device: why it is absent, why it is unusable, and a fault of the default. */
export type OwnRules = {
  absent(match: string): Verdict | undefined;
  judgeUnusable(device: SoundDevice): Verdict | undefined;
  /** Returns a fault of the default device. It is called only for the first device of the room. */
  chosen(state: SoundState): Verdict | undefined;
};

/** Options of a sound probe: its kind, its side of the sound state, and its rules. */
export type SoundKindOptions = {
  kind: SoundKind;
  sideOf: (state: SoundState) => SoundDevices;
  rules?: (platform: Platform, state: SoundState, signal: AbortSignal) => Promise<OwnRules>;
};

const noRules: OwnRules = { absent: () => undefined, judgeUnusable: () => undefined, chosen: () => undefined };

/** Creates the probe of one kind of sound device. Guarantee: if no sound server answers, each check is `unknown` with the reason. */
export function createSoundDeviceProbe({ kind, sideOf, rules: rulesOf }: SoundKindOptions): Probe {
  const expected = createExpected<SoundDevice>();
  return {
    name: kind,
    everyMs: 30_000, // The watch reports changes; this interval finds missed ones.
    timeoutMs: 5_000,
    async run({ platform, profile, signal }) {
      const sound = await platform.sound(signal);
      const side = sound.known ? sideOf(sound.value) : { devices: [], chosen: null };
      const rules = (sound.known && (await rulesOf?.(platform, sound.value, signal))) || noRules;
      const answer: Answer<SoundDevice[]> = sound.known ? { known: true, value: chosenFirst(side) } : sound;
      const absent = (match: string) => rules.absent(match) ?? fault(`${kind}.missing`);
      const judge = (device: SoundDevice, ours: readonly SoundDevice[]): Verdict => {
        // Any device of the room may be the default. If none is, only the check of the first one reports the fault.
        const isFirst = ours[0] === device;
        const other = isFirst && side.chosen !== null && !ours.some(({ id }) => id === side.chosen) ? side : undefined;
        const split = sound.known && isFirst ? rules.chosen(sound.value) : undefined;
        return rules.judgeUnusable(device) ?? judgeOpen(kind, device, { other, split });
      };
      return { checks: expected({ kind, profile, answer, judge, absent }) };
    },
    watch: (platform, changed) => platform.watchSound(changed),
  };
}

/** Sorts the default device first, so that it is assigned to an expected device without a name. */
export function chosenFirst({ devices, chosen }: SoundDevices): SoundDevice[] {
  return devices.toSorted((a, b) => Number(b.id === chosen) - Number(a.id === chosen));
}

/** Returns the most severe verdict of a present device. `other`: the default device, if it is none of the room's devices. */
function judgeOpen(
  kind: SoundKind,
  device: SoundDevice,
  { other, split }: { other?: SoundDevices | undefined; split: Verdict | undefined },
): Verdict {
  const used = inUse(device.usedBy);
  if (device.muted) return fault(`${kind}.muted`, used);
  if (other?.chosen?.endsWith('.monitor')) return fault('microphone.monitor_chosen');
  if (other) return fault(`${kind}.not_default`, chosenInstead(kind, other));
  if (split) return split;
  if (device.isUnread) return unknown('the system does not say whether it is muted');
  if (device.volume <= volumeOff) return fault(`${kind}.volume_off`, used);
  if (device.hasDeadChannel) return fault(`${kind}.volume_off`, 'one channel is at 0 %');
  if (device.gainDb === undefined ? device.volume < quiet.volume : device.gainDb < quiet.gainDb) return fault(`${kind}.volume_low`, used);
  return { ...ok, reason: used };
}

function chosenInstead(kind: SoundKind, { devices, chosen }: SoundDevices): string {
  const other = devices.find((one) => one.id === chosen);
  return other ? shortText(`chosen: ${other.name}`) : `chosen: no ${kind}`;
}
