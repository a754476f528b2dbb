import type { Profile } from '@sabha/contracts';
import { expect, it } from 'vitest';
import type { Probe } from '../../checks/probe.ts';
import { createMicrophoneProbe } from '../../probes/room/microphone.ts';
import { createSoundProbe } from '../../probes/room/sound.ts';
import { createSpeakerProbe } from '../../probes/room/speaker.ts';
import { endpoint, type Fake, fakeWindows, soundOf } from './fake.test-helper.ts';

const profile: Profile = { link: 'fibre', elevationM: 0, expected: { microphone: [{ match: 'meetup' }], speaker: [{ match: 'meetup' }] } };
const self = { roundTripMs: null, clockOffsetMs: null, spool: { waiting: 0, bytes: 0, droppedInLastDay: 0 }, failing: [] };
const headset = endpoint({ id: '{0.0.1.00000000}.{headset}', name: 'Headset', device: null });
const loud = endpoint({ id: '{0.0.0.00000000}.{loud}', flow: 'render', name: 'Lautsprecher (MeetUp)' });

async function look(probe: Probe, fake: Fake) {
  const { checks } = await probe.run({ platform: fakeWindows(fake).platform, profile, self, signal: AbortSignal.timeout(5_000) });
  return checks.map(({ status, fault, reason }) => [fault ?? status, ...(reason ? [reason] : [])].join(': '));
}
const microphone = async (...of: Parameters<typeof soundOf>) =>
  (await look(createMicrophoneProbe(), { calls: { sound: () => soundOf(...of) } }))[0];
const speaker = async (...of: Parameters<typeof soundOf>) =>
  (await look(createSpeakerProbe(), { calls: { sound: () => soundOf(...of) } }))[0];

it('the microphone probe reports by Core Audio whether a microphone is ok, muted, too quiet or missing', async () => {
  expect(await microphone([endpoint()])).toBe('ok');
  expect(await microphone([endpoint({ muted: true })])).toBe('microphone.muted');
  expect(await microphone([endpoint({ volume: 0.1 })])).toBe('microphone.volume_low');
  expect(await microphone([headset])).toBe('microphone.missing');
  expect(await microphone([endpoint({ state: 4 })])).toBe('microphone.missing');
});

it('the microphone probe reports microphone.disabled if Windows lists the endpoint as disabled or its socket as empty', async () => {
  expect(await microphone([endpoint({ state: 2, muted: null, volume: null })])).toBe(
    'microphone.disabled: switched off: Mikrofon (MeetUp)',
  );
  expect(await microphone([endpoint({ state: 0x1000_0002 })])).toBe('microphone.disabled: switched off: Mikrofon (MeetUp)');
  expect(await microphone([endpoint({ state: 8, muted: null, volume: null })])).toBe('microphone.disabled: nothing is plugged in');
});

it('the microphone probe on Windows reports another default microphone, or microphone.roles_split if only calls use another one', async () => {
  const both = [endpoint(), headset];
  const other = { console: headset.id, call: headset.id };
  expect(await microphone(both, { capture: other })).toBe('microphone.not_default: chosen: Headset');
  expect(await microphone(both, { capture: { console: endpoint().id, call: headset.id } })).toBe(
    'microphone.roles_split: calls take: Headset',
  );
});

it('the sound reader of Windows labels programs from the list, and ignores parts of Windows', async () => {
  const programs = ['C:\\Program Files\\Zoom\\bin\\Zoom.exe', 'D:\\Tagebuch\\privat.exe', 'C:\\WINDOWS\\System32\\svchost.exe', ''];
  expect(await microphone([endpoint({ programs })])).toBe('ok: in use by another program, zoom');
  expect(await microphone([endpoint({ programs: null })])).toBe('ok');
});

it('the sound probe on Windows reports a stopped sound service as sound.service_down, and an unreadable one as unknown', async () => {
  const fails: Fake['calls'] = {
    sound: () => {
      throw new Error('CoCreateInstance: 800706ba');
    },
  };
  // The probe omits a check that was never known.
  expect(await look(createSoundProbe(), { calls: { ...fails, service: () => 4 } })).toEqual([]);
  expect(await look(createSoundProbe(), { calls: { ...fails, service: () => 1 } })).toEqual(['sound.service_down: no audio server']);
  expect(await look(createSoundProbe(), {})).toEqual(['ok']);
  expect((await look(createMicrophoneProbe(), { calls: fails }))[0]).toBe('unknown: CoCreateInstance: 800706ba');
});

it('the microphone probe on Windows reports a microphone without a mute state or volume as unknown', async () => {
  const reason = 'the system does not say whether it is muted';
  expect(await microphone([endpoint({ muted: null, volume: null })])).toBe(`unknown: ${reason}`);
  expect(await speaker([{ ...loud, volume: null }])).toBe(`unknown: ${reason}`);
  const other = { console: headset.id, call: headset.id };
  expect(await microphone([endpoint({ muted: null }), headset], { capture: other })).toBe('microphone.not_default: chosen: Headset');
});

it('the sound reader of Windows returns unknown outside the console session, as in a Remote Desktop session', async () => {
  const fake = { calls: { isAtConsole: () => false, sound: () => soundOf([{ ...headset, name: 'Remote Audio' }]) } };
  const unknown = ['unknown: only the session at the PC knows its sound'];
  expect(await look(createMicrophoneProbe(), fake)).toEqual(unknown);
  expect(await look(createSpeakerProbe(), fake)).toEqual(unknown);
  expect(await look(createSoundProbe(), fake)).toEqual(['ok']);
});
