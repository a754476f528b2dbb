import type { Profile } from '@sabha/contracts';
import { expect, it } from 'vitest';
import type { Answer, SoundService } from '../../platform/platform.ts';
import { createUnsupported } from '../../platform/unsupported.ts';
import { createSoundProbe } from './sound.ts';

const self = { roundTripMs: null, clockOffsetMs: null, spool: { waiting: 0, bytes: 0, droppedInLastDay: 0 }, failing: [] };
const check = { component: 'sound', device: '' };

/** Runs one probe repeatedly. The test gives the answer of the sound service, or an error as the reason. */
function room(expected: Profile['expected'] = { microphone: [{}] }) {
  const probe = createSoundProbe();
  const profile: Profile = { link: 'fibre', elevationM: 0, expected };
  return async (said: SoundService | Error) => {
    const answer: Answer<SoundService> = said instanceof Error ? { known: false, reason: said.message } : { known: true, value: said };
    const platform = { ...createUnsupported(), soundService: async () => answer };
    return (await probe.run({ platform, profile, self, signal: AbortSignal.timeout(1_000) })).checks;
  };
}

it('a sound service that hangs is unknown at the first run and a fault at the second', async () => {
  const ask = room();
  expect(await ask('hung')).toEqual([{ ...check, status: 'unknown', fault: null, reason: 'audio server does not answer' }]);
  expect(await ask('hung')).toEqual([{ ...check, status: 'fault', fault: 'sound.service_down', reason: 'audio server does not answer' }]);
  expect(await ask('answers')).toMatchObject([{ status: 'ok' }]);
  expect(await ask('hung')).toMatchObject([{ status: 'unknown' }]);
});

it('without expected sound devices or a known service there is no sound check, and a known service that becomes unreadable is unknown', async () => {
  expect(await room({ microphone: [], speaker: [] })('down')).toEqual([]);
  expect(await room({})('down')).toEqual([]);
  expect(await room()(new Error('PipeWire does not answer'))).toMatchObject([{ status: 'unknown', reason: 'PipeWire does not answer' }]);
  const ask = room();
  expect(await ask(new Error('pactl is not installed'))).toEqual([]);
  await ask('answers');
  expect(await ask(new Error('no audio server'))).toEqual([{ ...check, status: 'unknown', fault: null, reason: 'no audio server' }]);
});
