import { type Profile, readinessOf } from '@sabha/contracts';
import { expect, it } from 'vitest';
import type { Answer, SoundDevice, SoundState } from '../../platform/platform.ts';
import { createUnsupported } from '../../platform/unsupported.ts';
import { createMicrophoneProbe } from './microphone.ts';
import { pcOf, plugged } from './usb.test-helper.ts';

const room: SoundDevice = { id: 'room', name: 'RoomMic', muted: false, volume: 0.7, usedBy: [] };
/** A loudspeaker with faults, which the microphone probe must ignore. */
const silent: SoundDevice = { id: 'spk', name: 'Room speaker', muted: true, volume: 0, usedBy: ['vlc'] };
const head: SoundDevice = { ...room, id: 'head', name: 'Headset' };
const self = { roundTripMs: null, clockOffsetMs: null, spool: { waiting: 0, bytes: 0, droppedInLastDay: 0 }, failing: [] };

async function ask(answer: Answer<SoundState>, expected: NonNullable<Profile['expected']['microphone']> = [{ match: 'room' }]) {
  const platform = { ...createUnsupported(), sound: async () => answer };
  const profile: Profile = { link: 'fibre', elevationM: 0, expected: { microphone: expected } };
  return (await createMicrophoneProbe().run({ platform, profile, self, signal: AbortSignal.timeout(1_000) })).checks;
}
const known = (sources: SoundDevice[], defaultSource: string | null = 'room'): Answer<SoundState> => ({
  known: true,
  value: { sources, defaultSource, sinks: [silent], defaultSink: 'other' },
});

it('the microphone probe reports a microphone as ok if it is present, default, unmuted and loud, with the programs that use it', async () => {
  expect(await ask(known([room, head]))).toEqual([
    { component: 'microphone', device: 'expected-1', status: 'ok', fault: null, reason: null, name: 'RoomMic' },
  ]);
  expect(await ask(known([{ ...room, usedBy: ['zoom'] }]))).toMatchObject([{ status: 'ok', reason: 'in use by zoom' }]);
});

it('the microphone probe reports only the most severe fault: muted before not default before too quiet', async () => {
  const bad = { ...room, muted: true, volume: 0.1, usedBy: ['teams'] };
  expect(await ask(known([bad, head], 'head'))).toMatchObject([{ fault: 'microphone.muted', reason: 'in use by teams' }]);
  const open = { ...bad, muted: false };
  expect(await ask(known([open, head], 'head'))).toMatchObject([{ fault: 'microphone.not_default', reason: 'chosen: Headset' }]);
  expect(await ask(known([open, head]))).toMatchObject([{ fault: 'microphone.volume_low', reason: 'in use by teams' }]);
});

it('the microphone probe reports a volume up to 5 per cent, or a silent channel, as a fault that makes the room not ready', async () => {
  for (const volume of [0, 0.01, 0.05]) {
    const checks = await ask(known([{ ...room, volume, gainDb: 60 * Math.log10(volume) }]));
    expect(checks).toMatchObject([{ fault: 'microphone.volume_off', reason: null }]);
    expect(readinessOf({ presence: 'online', checks }).readiness).toBe('not-ready');
  }
  const oneSided = await ask(known([{ ...room, hasDeadChannel: true }]));
  expect(oneSided).toMatchObject([{ fault: 'microphone.volume_off', reason: 'one channel is at 0 %' }]);
  expect(readinessOf({ presence: 'online', checks: oneSided }).readiness).toBe('not-ready');
});

it('the microphone probe reports a gain below -30 dB as low volume, which leaves the room ready', async () => {
  for (const [gainDb, expected] of [
    [-30, null],
    [-30.1, 'microphone.volume_low'],
    [-41.9, 'microphone.volume_low'],
    [-77, 'microphone.volume_low'],
  ] as const) {
    const checks = await ask(known([{ ...room, volume: 0.4, gainDb }]));
    expect(checks).toMatchObject([{ fault: expected, reason: null }]);
    expect(readinessOf({ presence: 'online', checks }).readiness).toBe('ready');
  }
});

it('the microphone probe reports microphone.monitor_chosen if the default source is a monitor of a speaker', async () => {
  for (const monitor of ['speaker.monitor', 'auto_null.monitor', 'alsa_output.usb-Jabra.analog-stereo.monitor'])
    expect(await ask(known([room, head], monitor))).toMatchObject([{ fault: 'microphone.monitor_chosen', reason: null }]);
});

async function askWith(entries: Record<string, string>, state: Partial<SoundState>, match?: string) {
  const { platform } = pcOf(entries);
  const value = { sources: [], defaultSource: null, sinks: [], defaultSink: null, ...state };
  const sound = { ...platform, sound: async () => ({ known: true as const, value }) };
  const profile: Profile = { link: 'fibre', elevationM: 0, expected: { microphone: [match === undefined ? {} : { match }] } };
  const { checks } = await createMicrophoneProbe().run({ platform: sound, profile, self, signal: AbortSignal.timeout(5_000) });
  return checks.map(({ fault, status, reason }) => [fault ?? status, reason])[0];
}

it('the microphone probe reports microphone.disabled if the card is off, its USB device is not authorised, or its socket is empty', async () => {
  const card = { id: 'alsa_card.usb-Jabra', name: 'Jabra Speak' };
  const off = ['microphone.disabled', 'switched off: Jabra Speak'];
  expect(await askWith({}, { switchedOff: [card] })).toEqual(off);
  expect(await askWith({}, { switchedOff: [card] }, 'jabra')).toEqual(off);
  expect(await askWith({}, { switchedOff: [card] }, 'Rally')).toEqual(['microphone.missing', null]);
  const audio = (authorized: string) =>
    plugged({ model: '0b0e:0420', files: { product: 'Jabra Speak' }, functions: [{ class: '01', authorized }] });
  expect(await askWith(audio('0'), {}, '0b0e:0420')).toEqual(off);
  expect(await askWith(audio('1'), {}, '0b0e:0420')).toEqual(['microphone.missing', null]);
  const camera = plugged({ functions: [{ class: '0e', authorized: '0' }, { class: '01' }] });
  expect(await askWith(camera, {})).toEqual(['microphone.missing', null]);
  expect(await askWith({}, { sources: [{ ...room, isUnplugged: true }] })).toEqual(['microphone.disabled', 'nothing is plugged in']);
});

it('the microphone probe reports microphone.privacy for a built-in microphone if the privacy key is on, and not for another microphone', async () => {
  const key = { 'sys/bus/wmi/devices/6932965F-1671-4CEB-B988-D3AB0A901919/dell_privacy_current_state': '[Microphone] [muted]\n' };
  const own = { ...room, id: 'alsa_input.pci-0000_00_1f.3.analog-stereo' };
  expect(await askWith(key, { sources: [own] })).toEqual(['microphone.privacy', null]);
  expect(await askWith({}, { sources: [own] })).toEqual(['ok', null]);
  expect(await askWith(key, { sources: [{ ...room, id: 'alsa_input.usb-Jabra' }] })).toEqual(['ok', null]);
  expect(await askWith(key, {})).toEqual(['microphone.missing', null]);
});

it('the microphone probe reports microphone.roles_split if the system uses another microphone for calls', async () => {
  const sources = [room, head];
  const split = (defaultCallSource: string | null) => askWith({}, { sources, defaultSource: 'room', defaultCallSource }, 'room');
  expect(await split('head')).toEqual(['microphone.roles_split', 'calls take: Headset']);
  expect(await split('gone')).toEqual(['microphone.roles_split', null]);
  for (const well of ['room', null]) expect(await split(well)).toEqual(['ok', null]);
  expect(await askWith({}, { sources, defaultSource: 'head', defaultCallSource: 'room' }, 'room')).toEqual([
    'microphone.not_default',
    'chosen: Headset',
  ]);
});
