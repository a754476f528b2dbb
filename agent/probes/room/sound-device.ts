/** What the probes of sound devices share: is the room's device there, chosen, open and loud enough? Nothing is recorded or played. */

import { fault, ok, type Verdict } from '../../analysis/verdict.ts';
import type { Probe } from '../../checks/probe.ts';
import type { Answer, SoundDevice, SoundState } from '../../platform/platform.ts';
import { shortText } from '../../platform/text.ts';
import { createExpected, inUse } from './expected.ts';

/** Below this nobody is heard. */
const volumeLow = 0.2;

/** The two kinds of sound device, by the names of their components. */
export type SoundKind = 'microphone' | 'speaker';
/** The devices of one kind, and the id of the one that is chosen. */
export type Side = { devices: SoundDevice[]; chosen: string | null };

/** The probe of one kind of sound device. Guarantee: where no sound server answers, every check is `unknown` with its reason. */
export function createSoundDeviceProbe(kind: SoundKind, sideOf: (state: SoundState) => Side): Probe {
  const expected = createExpected<SoundDevice>();
  return {
    name: kind,
    everyMs: 30_000, // a change is told by the watch; this only finds what it missed, and each look costs five runs of pactl
    timeoutMs: 5_000,
    async run({ platform, profile, signal }) {
      const sound = await platform.sound(signal);
      const side = sound.known ? sideOf(sound.value) : { devices: [], chosen: null };
      const answer: Answer<SoundDevice[]> = sound.known ? { known: true, value: chosenFirst(side) } : sound;
      return { checks: expected({ kind, profile, answer, judge: (device, ours) => judge(kind, device, otherChosen(side, ours, device)) }) };
    },
    watch: (platform, changed) => platform.watchSound(changed),
  };
}

/** Where any device will do, the one that is chosen does. */
function chosenFirst({ devices, chosen }: Side): SoundDevice[] {
  return devices.toSorted((a, b) => Number(b.id === chosen) - Number(a.id === chosen));
}

/** The worst that is wrong; `other` is given where one that is not of the room is chosen. */
function judge(kind: SoundKind, device: SoundDevice, other: Side | undefined): Verdict {
  const used = inUse(device.usedBy);
  if (device.muted) return fault(`${kind}.muted`, used);
  if (other) return fault(`${kind}.not_default`, chosenInstead(kind, other));
  if (device.volume < volumeLow) return fault(`${kind}.volume_low`, used);
  return { ...ok, reason: used };
}

/** Of several of the room any may be chosen; where none of them is, that is said of the first alone. */
function otherChosen(side: Side, ours: readonly SoundDevice[], device: SoundDevice): Side | undefined {
  const isOther = side.chosen !== null && !ours.some(({ id }) => id === side.chosen);
  return isOther && ours[0] === device ? side : undefined;
}

function chosenInstead(kind: SoundKind, { devices, chosen }: Side): string {
  const other = devices.find((one) => one.id === chosen);
  return other ? shortText(`chosen: ${other.name}`) : `chosen: no ${kind}`;
}
