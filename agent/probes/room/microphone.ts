/** Checks whether the room's microphones are present, default, unmuted and loud, and why one is absent. */
import { type Clock, realClock } from '@sabha/contracts';
import type { Probe } from '../../checks/probe.ts';
import { fault, type Verdict } from '../../link/analysis/verdict.ts';
import type { SoundState } from '../../platform/platform.ts';
import { type BlockedDevices, createPrivacyQuery } from '../../platform/questions/privacy.ts';
import { isOf, type UsbDevice, usb } from '../../platform/questions/usb.ts';
import { shortText } from '../../platform/text.ts';
import { fits } from './expected.ts';
import { createSoundDeviceProbe, type OwnRules } from './sound-device.ts';

/** Creates the microphone probe. It runs every 30 s and at a change. */
export function createMicrophoneProbe(clock: Pick<Clock, 'up'> = realClock()): Probe {
  const askPrivacy = createPrivacyQuery('microphone', clock);
  return createSoundDeviceProbe({
    kind: 'microphone',
    sideOf: ({ sources, defaultSource }) => ({ devices: sources, chosen: defaultSource }),
    async rules(platform, state, signal) {
      const [taken, bus] = [await askPrivacy(platform, signal), await platform.ask(usb, signal)];
      return rulesOf(state, taken.known ? taken.value.microphone : null, bus.known ? bus.value.devices : []);
    },
  });
}

function rulesOf({ switchedOff = [] }: SoundState, blocked: BlockedDevices, devices: readonly UsbDevice[]): OwnRules {
  return {
    absent(match) {
      if (blocked === 'all') return fault('microphone.privacy');
      const disabledDevices = devices.filter(
        (one) => isOf('audio', one) && (!one.isAllowed || one.functions.some(({ kind, isAllowed }) => kind === 'audio' && !isAllowed)),
      );
      const off = [...switchedOff, ...disabledDevices].find((one) => fits({ match }, one));
      return off && fault('microphone.disabled', shortText(`switched off: ${off.name}`));
    },
    judgeUnusable({ id, isUnplugged }) {
      if (blocked === 'all' || (blocked === 'built-in' && /^alsa_input\.(pci|platform)-/.test(id))) return fault('microphone.privacy');
      return isUnplugged ? fault('microphone.disabled', 'nothing is plugged in') : undefined;
    },
    chosen: judgeRoles,
  };
}

/** Judges the two defaults of a system that has a separate default for calls. A call may get a headset instead of the room microphone. */
function judgeRoles({ sources, defaultSource, defaultCallSource }: SoundState): Verdict | undefined {
  if (!defaultCallSource || defaultCallSource === defaultSource) return undefined;
  const other = sources.find(({ id }) => id === defaultCallSource);
  return fault('microphone.roles_split', other ? shortText(`calls take: ${other.name}`) : null);
}
