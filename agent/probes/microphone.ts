/** Are the room's microphones there, chosen, open and loud enough? Nothing is recorded. */
import type { Check } from '#contracts';
import type { SoundSource, SoundState } from '../platform/platform.ts';
import { shortText } from '../platform/text.ts';
import type { Probe } from '../probe.ts';
import { createExpected, inUse, type Verdict } from './expected.ts';

/** Below this nobody is heard at the other end. */
const volumeLow = 0.2;

/** Guarantee: where no sound server answers, every check is `unknown` with its reason. */
export function createMicrophoneProbe(): Probe {
  const expected = createExpected<SoundSource>();
  return {
    name: 'microphone',
    everyMs: 15_000,
    timeoutMs: 5_000,
    seat: 'room',
    async run({ platform, profile, signal }) {
      const sound = await platform.sound(signal);
      const single = profile.expected.microphone?.length === 1;
      const checks: Check[] = expected({
        kind: 'microphone',
        profile,
        answer: sound.known ? { known: true, value: chosenFirst(sound.value) } : sound,
        judge: (source) => judge(source, sound.known && single ? sound.value : undefined),
      });
      return { checks };
    },
    watch: (platform, changed) => platform.watchSound(changed),
  };
}

/** Where any microphone will do, the one that is chosen does. */
function chosenFirst({ sources, defaultSource }: SoundState): SoundSource[] {
  return sources.toSorted((a, b) => Number(b.id === defaultSource) - Number(a.id === defaultSource));
}

/** The worst that is wrong. Which one is chosen matters only where the room has one microphone: `state` is then given. */
function judge(source: SoundSource, state: SoundState | undefined): Verdict {
  const used = inUse(source.usedBy);
  if (source.muted) return fault('microphone.muted', used);
  if (state?.defaultSource && state.defaultSource !== source.id) return fault('microphone.not_default', chosen(state));
  if (source.volume < volumeLow) return fault('microphone.volume_low', used);
  return { status: 'ok', fault: null, reason: used };
}

function fault(id: string, reason: string | null): Verdict {
  return { status: 'fault', fault: id, reason };
}

function chosen({ sources, defaultSource }: SoundState): string {
  const other = sources.find((one) => one.id === defaultSource);
  return other ? shortText(`chosen: ${other.name}`) : 'chosen: no microphone';
}
