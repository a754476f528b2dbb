import type { Profile } from '@sabha/contracts';
import { expect, it } from 'vitest';
import type { Answer, SoundService } from '../../platform/platform.ts';
import { createUnwritten } from '../../platform/unwritten.ts';
import { createSoundProbe } from './sound.ts';

const self = { roundTripMs: null, clockOffsetMs: null, spool: { waiting: 0, bytes: 0, droppedInLastDay: 0 }, failing: [] };
const check = { component: 'sound', device: '' };

/** Asks one probe again and again; what the service says is what is known, or a reason. */
function room(expected: Profile['expected'] = { microphone: [{}] }) {
  const probe = createSoundProbe();
  const profile: Profile = { link: 'fibre', elevationM: 0, expected };
  return async (said: SoundService | Error) => {
    const answer: Answer<SoundService> = said instanceof Error ? { known: false, reason: said.message } : { known: true, value: said };
    const platform = { ...createUnwritten(), soundService: async () => answer };
    return (await probe.run({ platform, profile, self, signal: AbortSignal.timeout(1_000) })).checks;
  };
}

it('one that hangs is not known at the first look and a fault at the second', async () => {
  const ask = room();
  expect(await ask('hung')).toEqual([{ ...check, status: 'unknown', fault: null, reason: 'audio server does not answer' }]);
  expect(await ask('hung')).toEqual([{ ...check, status: 'fault', fault: 'sound.service_down', reason: 'audio server does not answer' }]);
  expect(await ask('answers')).toMatchObject([{ status: 'ok' }]);
  expect(await ask('hung')).toMatchObject([{ status: 'unknown' }]);
});

it('a PC that need not be heard, or whose sound was never known, has no check of it; what was known becomes unknown', async () => {
  expect(await room({ microphone: [], speaker: [] })('down')).toEqual([]);
  expect(await room({})('down')).toEqual([]);
  expect(await room()(new Error('PipeWire does not answer'))).toMatchObject([{ status: 'unknown', reason: 'PipeWire does not answer' }]);
  const ask = room();
  expect(await ask(new Error('pactl is not installed'))).toEqual([]);
  await ask('answers');
  expect(await ask(new Error('no audio server'))).toEqual([{ ...check, status: 'unknown', fault: null, reason: 'no audio server' }]);
});
