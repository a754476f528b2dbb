import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Output } from './child.ts';
import { soundFrom } from './pactl.ts';

const record = (file: string) => readFileSync(new URL(`../../../test/fixtures/linux/${file}`, import.meta.url), 'utf8');

/** A `pactl` that prints recordings: a file name, or a whole output. */
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
};
const printed = (text: string): Output => ({ ok: true, text });

it('reads the microphones and leaves out the monitors of loudspeakers', async () => {
  expect(await soundFrom(pactl(idle))).toEqual({
    known: true,
    value: { sources: [{ id: c920, name: 'Virtual C920 mic', muted: false, volume: 1, usedBy: [] }], defaultSource: c920 },
  });
});

it('reads mute and volume', async () => {
  const sound = await soundFrom(pactl({ ...idle, 'list sources': 'pactl-sources-muted.json' }));
  expect(sound).toMatchObject({ known: true, value: { sources: [{ muted: true, volume: 0.4 }] } });
});

it('takes the louder of two channels', async () => {
  const one = JSON.parse(record('pactl-sources-idle.json'));
  one[0].volume['front-left'].value_percent = '3%';
  const sound = await soundFrom(pactl({ ...idle, 'list sources': printed(JSON.stringify(one)) }));
  expect(sound).toMatchObject({ value: { sources: [{ volume: 1 }] } });
});

it('tells a use by the binary and not by the name that the program gives itself', async () => {
  const inUse = { ...idle, 'list sources': 'pactl-sources-inuse.json', 'list source-outputs': 'pactl-source-outputs-inuse.json' };
  expect(await soundFrom(pactl(inUse))).toMatchObject({ value: { sources: [{ usedBy: ['another program'] }] } });
});

it('counts neither a paused stream nor our own as a use', async () => {
  const [stream] = JSON.parse(record('pactl-source-outputs-inuse.json'));
  const own = { ...stream, properties: { 'application.name': 'sabha-agent' } };
  const quiet = printed(JSON.stringify([{ ...stream, corked: true }, own]));
  const sound = await soundFrom(pactl({ ...idle, 'list sources': 'pactl-sources-inuse.json', 'list source-outputs': quiet }));
  expect(sound).toMatchObject({ value: { sources: [{ usedBy: [] }] } });
});

it('says no microphone where the server answers and has none', async () => {
  const none = { ...idle, info: 'pactl-info-no-device.json', 'list sources': 'pactl-sources-no-device.json' };
  expect(await soundFrom(pactl(none))).toMatchObject({ known: true, value: { sources: [] } });
  const lost = { ...idle, info: 'pactl-info-default-lost.json', 'list sources': 'pactl-sources-mic-unplugged.json' };
  expect(await soundFrom(pactl(lost))).toEqual({ known: true, value: { sources: [], defaultSource: 'conf_spk.monitor' } });
});

it('does not know what microphones there are while no session manager looks for them', async () => {
  const away = { ...idle, info: printed('{"default_source_name":"@DEFAULT_SOURCE@"}'), 'list sources': printed('[]') };
  expect(await soundFrom(pactl(away))).toEqual({ known: false, reason: 'audio server has no session manager' });
});

it('says the reason where there is no answer', async () => {
  const reason = async (output: Output) => soundFrom(async () => output);
  const refused = 'Connection failure: Connection refused\npa_context_connect() failed: Connection refused\n';
  expect(await reason({ ok: false, why: 'failed', text: refused })).toEqual({ known: false, reason: 'no audio server' });
  expect(await reason({ ok: false, why: 'missing', text: '' })).toEqual({ known: false, reason: 'pactl is not installed' });
  expect(await reason({ ok: false, why: 'aborted', text: '' })).toEqual({ known: false, reason: 'audio server does not answer' });
  expect(await reason({ ok: false, why: 'oversized', text: '' })).toEqual({ known: false, reason: 'answer of pactl is too long' });
  const long = await reason({ ok: false, why: 'failed', text: 'e'.repeat(4_000) });
  expect(!long.known && long.reason.length).toBe(256);
});

it.each(['', 'not json', '{}', '[{"index":1}]', '[{"index":1,"name":"m","mute":"no","volume":{}}]'])(
  'never takes an answer that cannot be read for "no microphone": %j',
  async (text) => {
    expect(await soundFrom(pactl({ ...idle, 'list sources': printed(text) }))).toMatchObject({ known: false });
    expect(await soundFrom(pactl({ ...idle, 'list source-outputs': printed(text || '{') }))).toMatchObject({ known: false });
  },
);

it('takes a name that pactl cannot write into JSON from its text', async () => {
  const hindi = { ...idle, 'list sources': 'pactl-sources-hindi.json' };
  const ask = async (args: string[]) => pactl(args[0] === 'list' ? { 'list sources': 'pactl-sources-hindi.txt' } : hindi)(args);
  const sound = await soundFrom(ask);
  expect(sound.known && sound.value.sources.map((one) => one.name)).toEqual(['$(reboot)"</script> सभा माइक', 'Plain']);
});
