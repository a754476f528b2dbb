import { faultOf, type Profile } from '@sabha/contracts';
import { expect, it } from 'vitest';
import type { Answer, SoundDevice, SoundState } from '../../platform/platform.ts';
import { createUnsupported } from '../../platform/unsupported.ts';
import { createSpeakerProbe } from './speaker.ts';

const bar: SoundDevice = { id: 'bar', name: 'SoundBar', muted: false, volume: 0.7, usedBy: [] };
const screen: SoundDevice = { ...bar, id: 'hdmi', name: 'HDMI screen' };
/** A microphone with faults, which the speaker probe must ignore. */
const microphone: SoundDevice = { id: 'mic', name: 'SoundBar mic', muted: true, volume: 0, usedBy: ['zoom'] };
const self = { roundTripMs: null, clockOffsetMs: null, spool: { waiting: 0, bytes: 0, droppedInLastDay: 0 }, failing: [] };

async function ask(answer: Answer<SoundState>, speaker: NonNullable<Profile['expected']['speaker']> = [{ match: 'bar' }]) {
  const platform = { ...createUnsupported(), sound: async () => answer };
  const profile: Profile = { link: 'fibre', elevationM: 0, expected: { speaker } };
  return (await createSpeakerProbe().run({ platform, profile, self, signal: AbortSignal.timeout(1_000) })).checks;
}
const known = (sinks: SoundDevice[], defaultSink: string | null = 'bar'): Answer<SoundState> => ({
  known: true,
  value: { sources: [microphone], defaultSource: 'mic', sinks, defaultSink },
});

it('the speaker probe reports only the most severe fault (muted, then not default, then too quiet), each from the catalogue', async () => {
  const bad = { ...bar, muted: true, volume: 0.1 };
  const open = { ...bad, muted: false };
  const told = [
    await ask(known([bad, screen], 'hdmi')),
    await ask(known([open, screen], 'hdmi')),
    await ask(known([open, screen])),
    await ask(known([screen])),
  ].flat();
  expect(told.map((one) => one.fault)).toEqual(['speaker.muted', 'speaker.not_default', 'speaker.volume_low', 'speaker.missing']);
  expect(told.map((one) => faultOf(one.fault ?? '')?.severity)).toEqual(['major', 'major', 'minor', 'critical']);
  expect(told[1]?.reason).toBe('chosen: HDMI screen');
});

it('the speaker probe reports a speaker at 3 per cent, or with one channel at 0 per cent, as a major fault', async () => {
  for (const quiet of [{ volume: 0.03 }, { volume: 0 }, { hasDeadChannel: true }])
    expect(await ask(known([{ ...bar, ...quiet }]))).toMatchObject([{ fault: 'speaker.volume_off' }]);
  expect(faultOf('speaker.volume_off')?.severity).toBe('major');
});
