/** Checks whether the sound service of this PC answers. Without it no microphone or speaker works. */

import type { Probe } from '../../checks/probe.ts';
import { fault, ok, unknown, type Verdict } from '../../link/analysis/verdict.ts';
import type { Answer, SoundService } from '../../platform/platform.ts';

/**
 * Creates the sound probe. It runs every 5.5 s, because a service that hangs sends no event. A service that does not answer is unknown
 * at the first run, and a fault at the second.
 * Guarantee: without expected sound devices, or if the state of the service was never known, there is no check.
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
      return { checks: isKnown ? [{ component: 'sound', device: '', ...verdict }] : [], ...(wasHung && { nextRunMs: 1_000 }) };
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
