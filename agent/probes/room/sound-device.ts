/** What the probes of sound devices share: is the room's device there, chosen, open and loud enough? Nothing is recorded or played. */

import type { Probe } from '../../checks/probe.ts';
import { fault, ok, unknown, type Verdict } from '../../link/analysis/verdict.ts';
import type { Answer, Platform, SoundDevice, SoundState } from '../../platform/platform.ts';
import { shortText } from '../../platform/text.ts';
import { createExpected, inUse } from './expected.ts';

/** Up to this volume nobody is heard. */
const volumeOff = 0.05;
/** Below this gain people far from the device are not understood, in dB; as a volume, where the system does not tell the gain. */
const quiet = { gainDb: -30, volume: 0.2 };

/** The two kinds of sound device, by the names of their components. */
export type SoundKind = 'microphone' | 'speaker';
/** The devices of one kind, and the id of the one that is chosen. */
export type Side = { devices: SoundDevice[]; chosen: string | null };

/** What one kind alone is judged by: what keeps a device from being there or open, and what is wrong where all else is well. */
export type OwnRules = {
  absent(match: string): Verdict | undefined;
  shut(device: SoundDevice): Verdict | undefined;
  /** Of the first of the room's devices only. */
  chosen(state: SoundState): Verdict | undefined;
};

/** One kind of sound device: what of the sound is its own, and its rules if it has any. */
export type SoundKindOptions = {
  kind: SoundKind;
  sideOf: (state: SoundState) => Side;
  rules?: (platform: Platform, state: SoundState, signal: AbortSignal) => Promise<OwnRules>;
};

const noRules: OwnRules = { absent: () => undefined, shut: () => undefined, chosen: () => undefined };

/** The probe of one kind of sound device. Guarantee: where no sound server answers, every check is `unknown` with its reason. */
export function createSoundDeviceProbe({ kind, sideOf, rules: rulesOf }: SoundKindOptions): Probe {
  const expected = createExpected<SoundDevice>();
  return {
    name: kind,
    everyMs: 30_000, // a change is told by the watch; this only finds what it missed
    timeoutMs: 5_000,
    async run({ platform, profile, signal }) {
      const sound = await platform.sound(signal);
      const side = sound.known ? sideOf(sound.value) : { devices: [], chosen: null };
      const rules = (sound.known && (await rulesOf?.(platform, sound.value, signal))) || noRules;
      const answer: Answer<SoundDevice[]> = sound.known ? { known: true, value: chosenFirst(side) } : sound;
      const absent = (match: string) => rules.absent(match) ?? fault(`${kind}.missing`);
      const judge = (device: SoundDevice, ours: readonly SoundDevice[]): Verdict => {
        // Of several of the room any may be chosen; where none of them is, that is said of the first alone.
        const isFirst = ours[0] === device;
        const other = isFirst && side.chosen !== null && !ours.some(({ id }) => id === side.chosen) ? side : undefined;
        const split = sound.known && isFirst ? rules.chosen(sound.value) : undefined;
        return rules.shut(device) ?? judgeOpen(kind, device, { other, split });
      };
      return { checks: expected({ kind, profile, answer, judge, absent }) };
    },
    watch: (platform, changed) => platform.watchSound(changed),
  };
}

/** Where any device will do, the one that is chosen does. */
export function chosenFirst({ devices, chosen }: Side): SoundDevice[] {
  return devices.toSorted((a, b) => Number(b.id === chosen) - Number(a.id === chosen));
}

/** The worst that is wrong; `other` is given where one that is not of the room is chosen. */
function judgeOpen(
  kind: SoundKind,
  device: SoundDevice,
  { other, split }: { other?: Side | undefined; split: Verdict | undefined },
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

function chosenInstead(kind: SoundKind, { devices, chosen }: Side): string {
  const other = devices.find((one) => one.id === chosen);
  return other ? shortText(`chosen: ${other.name}`) : `chosen: no ${kind}`;
}
