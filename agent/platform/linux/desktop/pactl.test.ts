import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Output } from '../../child.ts';
import { readSoundService, soundFrom } from './pactl.ts';
import type { SoundServerState } from './probe-socket.ts';

const record = (file: string) => readFileSync(new URL(`../../../../test/fixtures/linux/${file}`, import.meta.url), 'utf8');

/** Creates a fake `pactl` whose output for each request is a recorded file, by its name, or the given output. */
function pactl(answers: Record<string, string | Output>) {
  return async (args: string[]): Promise<Output> => {
    const answer = answers[args.join(' ')] ?? answers[args.slice(2).join(' ')] ?? { ok: false, why: 'failed', text: `not asked: ${args}` };
    return typeof answer === 'string' ? { ok: true, text: record(answer) } : answer;
  };
}

const c920 = 'alsa_input.usb-Logitech_C920-02.analog-stereo';
const idle = {
  info: 'pactl-info.json',
  'list sources': 'pactl-sources-idle.json',
  'list source-outputs': 'pactl-source-outputs-idle.json',
  'list sinks': 'pactl-sinks.json',
  'list sink-inputs': { ok: true, text: '[]' } as Output,
};
const printed = (text: string): Output => ({ ok: true, text });
const feed = { id: 'micfeed', name: 'MicFeed', muted: false, volume: 1, gainDb: 0, usedBy: [] };
const speaker = { ...feed, id: 'conf_spk', name: 'ConfSpeaker' };

it('the sound reader of Linux reads the loudspeakers, and the microphones without the monitors of loudspeakers', async () => {
  expect(await soundFrom(pactl(idle))).toEqual({
    known: true,
    value: {
      sources: [{ id: c920, name: 'Virtual C920 mic', muted: false, volume: 1, gainDb: 0, usedBy: [] }],
      defaultSource: c920,
      sinks: [feed, speaker],
      defaultSink: 'alsa_output.usb-Jabra',
    },
  });
});

it('the sound reader of Linux reads the mute state of each loudspeaker, and the programs that play to it', async () => {
  const playing = (sink: number, binary: string, corked = false) => ({
    sink,
    corked,
    properties: { 'application.process.binary': binary },
  });
  const inputs = printed(JSON.stringify([playing(56, 'zoom'), playing(50, 'firefox'), playing(56, 'vlc', true)]));
  const sound = await soundFrom(pactl({ ...idle, 'list sinks': 'pactl-sinks-muted.json', 'list sink-inputs': inputs }));
  expect(sound.known && sound.value.sinks).toEqual([
    { ...feed, usedBy: ['firefox'] },
    { ...speaker, muted: true, usedBy: ['zoom'] },
  ]);
});

it('the sound reader of Linux reads vendor and product of a microphone, an empty socket, and cards with microphones that are switched off', async () => {
  const [one] = JSON.parse(record('pactl-sources-idle.json'));
  const ports = [
    { name: 'front', availability: 'not available' },
    { name: 'rear', availability: 'availability unknown' },
  ];
  const read = async (more: object, cards: unknown = []) => {
    const listed = printed(JSON.stringify([{ ...one, ...more }]));
    const sound = await soundFrom(pactl({ ...idle, 'list sources': listed, 'list cards': printed(JSON.stringify(cards)) }));
    if (!sound.known) throw new Error(sound.reason);
    return { ...sound.value.sources[0], off: sound.value.switchedOff };
  };
  for (const properties of [{ 'alsa.components': 'USB046D:082d' }, { 'device.vendor.id': '0x046d', 'device.product.id': '0x082d' }])
    expect((await read({ properties })).model).toBe('046d:082d');
  expect(await read({ properties: { 'alsa.components': 'HDA:10ec0256' }, ports: [{ nonsense: 1 }] })).not.toHaveProperty('model');
  expect(await read({ ports, active_port: 'front' })).toMatchObject({ isUnplugged: true });
  expect(await read({ ports, active_port: 'rear' })).not.toHaveProperty('isUnplugged');
  const card = (active_profile: string, sources: number) => ({
    name: 'alsa_card.usb-Jabra',
    active_profile,
    profiles: { off: { sources: 0 }, duplex: { sources } },
    properties: { 'device.description': 'Jabra Speak' },
  });
  expect((await read({}, [card('off', 1)])).off).toEqual([{ id: 'alsa_card.usb-Jabra', name: 'Jabra Speak' }]);
  for (const cards of [[card('duplex', 1)], [card('off', 0)], [], 'nonsense', [{}]]) expect((await read({}, cards)).off).toBeUndefined();
});

it('the sound reader of Linux returns the louder of two channels, its gain by the cubic curve, and whether one channel is at 0 %', async () => {
  const read = async (left: number, right: number) => {
    const one = JSON.parse(record('pactl-sources-idle.json'));
    one[0].volume['front-left'].value_percent = `${left}%`;
    one[0].volume['front-right'].value_percent = `${right}%`;
    const sound = await soundFrom(pactl({ ...idle, 'list sources': printed(JSON.stringify(one)) }));
    return sound.known ? sound.value.sources[0] : undefined;
  };
  expect(await read(3, 100)).toMatchObject({ volume: 1, gainDb: 0 });
  expect((await read(3, 100))?.hasDeadChannel).toBeUndefined();
  // Measured with `pactl get-source-volume`: 50 % is -18.06 dB, 31 % -30.52 dB, 20 % -41.94 dB.
  for (const [percent, gainDb] of [
    [50, -18.06],
    [31, -30.52],
    [20, -41.94],
  ] as const)
    expect((await read(percent, 1))?.gainDb).toBeCloseTo(gainDb, 1);
  expect(await read(0, 70)).toMatchObject({ volume: 0.7, hasDeadChannel: true });
  expect(await read(0, 0)).toMatchObject({ volume: 0, gainDb: Number.NEGATIVE_INFINITY });
  expect((await read(0, 0))?.hasDeadChannel).toBeUndefined();
});

it('the sound reader of Linux returns empty lists if the server answers and has no device', async () => {
  const devices = { 'list sources': 'pactl-sources-no-device.json', 'list sinks': 'pactl-sinks-no-device.json' };
  const none = { ...idle, info: 'pactl-info-no-device.json', ...devices };
  expect(await soundFrom(pactl(none))).toMatchObject({ known: true, value: { sources: [], sinks: [] } });
  const lost = { ...idle, info: 'pactl-info-default-lost.json', 'list sources': 'pactl-sources-mic-unplugged.json' };
  expect(await soundFrom(pactl(lost))).toMatchObject({ known: true, value: { sources: [], defaultSource: 'conf_spk.monitor' } });
});

it('the sound reader of Linux returns the reason if the server gives no answer', async () => {
  const reason = async (output: Output) => soundFrom(async () => output);
  const refused = 'Connection failure: Connection refused\npa_context_connect() failed: Connection refused\n';
  expect(await reason({ ok: false, why: 'failed', text: refused })).toEqual({ known: false, reason: 'no audio server' });
  expect(await reason({ ok: false, why: 'missing', text: '' })).toEqual({ known: false, reason: 'pactl is not installed' });
  expect(await reason({ ok: false, why: 'aborted', text: '' })).toEqual({ known: false, reason: 'audio server does not answer' });
  expect(await reason({ ok: false, why: 'oversized', text: '' })).toEqual({ known: false, reason: 'pactl: answer is too long' });
  const long = await reason({ ok: false, why: 'failed', text: 'e'.repeat(4_000) });
  expect(!long.known && long.reason.length).toBe(256);
});

it('the sound reader of Linux reports a refusing server as down if someone is signed in, else as unknown, and a silent one as hung', async () => {
  const service = (output: Output, isSession = true) =>
    readSoundService(
      { knock: async () => 'closed', pactl: async () => output, isSession: async () => isSession },
      new AbortController().signal,
    );
  const refused: Output = { ok: false, why: 'failed', text: 'Connection failure: Connection refused\n' };
  expect(await service(printed('{}'))).toEqual({ known: true, value: 'answers' });
  expect(await service(refused)).toEqual({ known: true, value: 'down' });
  expect(await service(refused, false)).toEqual({ known: false, reason: 'no audio server' });
  expect(await service({ ok: false, why: 'aborted', text: '' })).toEqual({ known: true, value: 'hung' });
  expect(await service({ ok: false, why: 'missing', text: '' })).toEqual({ known: false, reason: 'pactl is not installed' });
  expect(await service({ ok: false, why: 'failed', text: 'no such option' })).toEqual({
    known: false,
    reason: 'pactl failed: no such option',
  });
});

it('the sound reader of Linux starts no program if the server answers at its socket or is silent there', async () => {
  const never = async () => {
    throw new Error('asked');
  };
  const service = (heard: SoundServerState) =>
    readSoundService({ knock: async () => heard, pactl: never, isSession: never }, new AbortController().signal);
  expect(await service('answers')).toEqual({ known: true, value: 'answers' });
  expect(await service('silent')).toEqual({ known: true, value: 'hung' });
  expect(await service('stalled')).toEqual({ known: false, reason: 'PipeWire does not answer' });
});

it.each(['', 'not json', '{}', '[{"index":1}]', '[{"index":1,"name":"m","mute":"no","volume":{}}]'])(
  'the sound reader of Linux returns unknown for an unreadable output of pactl: %j',
  async (text) => {
    for (const list of ['list sources', 'list source-outputs', 'list sinks', 'list sink-inputs']) {
      expect(await soundFrom(pactl({ ...idle, [list]: printed(text) })), list).toMatchObject({ known: false });
    }
  },
);

it('the sound reader of Linux reads a device name that pactl cannot write as JSON from the text output of pactl', async () => {
  const hindi = { ...idle, 'list sources': 'pactl-sources-hindi.json' };
  const ask = async (args: string[]) => pactl(args[0] === 'list' ? { 'list sources': 'pactl-sources-hindi.txt' } : hindi)(args);
  const sound = await soundFrom(ask);
  expect(sound.known && sound.value.sources.map((one) => one.name)).toEqual(['$(reboot)"</script> सभा माइक', 'Plain']);
});
