/** Does the sound service of this PC answer? Without it nobody is heard, whatever microphone and speaker are plugged in. */

import type { Probe } from '../../checks/probe.ts';
import { fault, ok, unknown, type Verdict } from '../../link/analysis/verdict.ts';
import type { Answer, SoundService } from '../../platform/platform.ts';

/**
 * Asked every 5.5 s, since a service that hangs tells nobody: within 10 s it and the devices are unknown. What is silent once is not known, what stays silent is at fault.
 * Guarantee: a PC that need not be heard, and one whose sound was never known, have no check of it; a service that is there and does not answer is
 * unknown from the first look.
 */
export function createSoundProbe(): Probe {
  let isKnown = false;
  let wasHung = false;
  return {
    name: 'sound',
    everyMs: 5_500,
    timeoutMs: 1_800,
    async run({ platform, profile: { expected }, signal }) {
      if (!expected.microphone?.length && !expected.speaker?.length) return { checks: [] };
      const service = await platform.soundService(signal);
      const verdict = judge(service, wasHung);
      wasHung = service.known && service.value === 'hung';
      isKnown ||= service.known || /does not answer$/.test(service.reason);
      return { checks: isKnown ? [{ component: 'sound', device: '', ...verdict }] : [], ...(wasHung && { soonMs: 1_000 }) };
    },
    watch: (platform, changed) => platform.watchSound(changed),
  };
}

function judge(service: Answer<SoundService>, wasHung: boolean): Verdict {
  if (!service.known) return unknown(service.reason);
  if (service.value === 'answers') return ok;
  if (service.value === 'down') return fault('sound.service_down', 'no audio server');
  return wasHung ? fault('sound.service_down', 'audio server does not answer') : unknown('audio server does not answer');
}
