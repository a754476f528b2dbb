import type { Profile } from '@sabha/contracts';
import { expect, it } from 'vitest';
import type { Answer, SoundService } from '../../platform/platform.ts';
import { createUnsupported } from '../../platform/unsupported.ts';
import { createSoundProbe } from './sound.ts';

const self = { roundTripMs: null, clockOffsetMs: null, spool: { waiting: 0, bytes: 0, droppedInLastDay: 0 }, failing: [] };
const check = { component: 'sound', device: '' };

/** Creates a sound probe for repeated runs. The test defines the state of the sound service, or the reason why it is unknown. */
function room(expected: Profile['expected'] = { microphone: [{}] }) {
  const probe = createSoundProbe();
  const profile: Profile = { link: 'fibre', elevationM: 0, expected };
  return async (said: SoundService | Error) => {
    const answer: Answer<SoundService> = said instanceof Error ? { known: false, reason: said.message } : { known: true, value: said };
    const platform = { ...createUnsupported(), soundService: async () => answer };
    return (await probe.run({ platform, profile, self, signal: AbortSignal.timeout(1_000) })).checks;
  };
}

it('the sound probe reports a hanging sound service as unknown at the first run and as a fault at the second', async () => {
  const ask = room();
  expect(await ask('hung')).toEqual([{ ...check, status: 'unknown', fault: null, reason: 'audio server does not answer' }]);
  expect(await ask('hung')).toEqual([{ ...check, status: 'fault', fault: 'sound.service_down', reason: 'audio server does not answer' }]);
  expect(await ask('answers')).toMatchObject([{ status: 'ok' }]);
  expect(await ask('hung')).toMatchObject([{ status: 'unknown' }]);
});

it('the sound probe has no check without expected devices or a known sound service, and reports unknown if a known one is unreadable', async () => {
  expect(await room({ microphone: [], speaker: [] })('down')).toEqual([]);
  expect(await room({})('down')).toEqual([]);
  expect(await room()(new Error('PipeWire does not answer'))).toMatchObject([{ status: 'unknown', reason: 'PipeWire does not answer' }]);
  const ask = room();
  expect(await ask(new Error('pactl is not installed'))).toEqual([]);
  await ask('answers');
  expect(await ask(new Error('no audio server'))).toEqual([{ ...check, status: 'unknown', fault: null, reason: 'no audio server' }]);
});
