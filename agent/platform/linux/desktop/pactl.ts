/** Sound by PipeWire or PulseAudio, read through `pactl`. Nothing is recorded and no setting is changed. */

import { parseJsonAs } from '@sabha/contracts';
import * as v from 'valibot';
import { type Output, runCommand } from '../../child.ts';
import type { Answer, SoundDevice, SoundService, SoundState } from '../../platform.ts';
import { programLabels } from '../../programs.ts';
import { deviceName, shortId, shortText } from '../../text.ts';
import { type SoundServerState, testSoundServer } from './probe-socket.ts';
import { silentPipeWire } from './video-sources.ts';

/** Environment of every `pactl`. Other locales write `0,00` into its JSON and translate its text. */
export const soundEnv = { LC_ALL: 'C' };

/** Time limit for one response. A healthy sound server needs a hundredth of it. */
const answerMs = 1_500;
const noServer = 'no audio server';
const noAnswer = 'audio server does not answer';

/** Client name of the agent's own recordings, which do not count as use by a program. */
const ownName = 'sabha-agent';
/** The text that pactl writes into its JSON instead of a text that is not ASCII, such as a Hindi device name. */
const unwritable = '(null)';
/** First character of the default device on a sound server that has no session manager and therefore no devices. */
const placeholderPrefix = '@';

const sides = {
  source: { list: 'sources', streams: 'source-outputs', block: /^Source #/m, chosen: 'get-default-source' },
  sink: { list: 'sinks', streams: 'sink-inputs', block: /^Sink #/m, chosen: 'get-default-sink' },
} as const;
type SoundSide = keyof typeof sides;

const percent = v.object({ value_percent: v.pipe(v.string(), v.regex(/^\s*\d+%$/)) });
const device = v.object({
  index: v.number(),
  name: v.string(),
  description: v.optional(v.nullable(v.string())),
  mute: v.boolean(),
  volume: v.record(v.string(), percent),
  monitor_source: v.optional(v.nullable(v.string()), ''),
  active_port: v.fallback(v.nullish(v.string()), null),
  ports: v.fallback(v.optional(v.array(v.object({ name: v.string(), availability: v.optional(v.string()) })), []), []),
  properties: v.fallback(v.optional(v.record(v.string(), v.unknown()), {}), {}),
});
const card = v.object({
  name: v.string(),
  active_profile: v.optional(v.string(), ''),
  profiles: v.record(v.string(), v.object({ sources: v.optional(v.number(), 0) })),
  properties: v.optional(v.record(v.string(), v.unknown()), {}),
});
const stream = { corked: v.optional(v.boolean(), false), properties: v.optional(v.record(v.string(), v.unknown()), {}) };
const streams = { source: v.array(v.object({ ...stream, source: v.number() })), sink: v.array(v.object({ ...stream, sink: v.number() })) };
const server = v.object({ default_source_name: v.optional(v.string(), ''), default_sink_name: v.optional(v.string(), '') });
const devices = v.array(device);

type PulseDevice = v.InferOutput<typeof device>;
type PulseStream = { corked: boolean; properties: Record<string, unknown>; source?: number; sink?: number };
export type Pactl = (args: string[]) => Promise<Output>;

/**
 * Reads the sound devices of this session. While PipeWire does not answer, the result is unknown: pipewire-pulse answers from memory.
 */
export async function readSound(env: Record<string, string>, signal: AbortSignal): Promise<Answer<SoundState>> {
  const session = env['XDG_RUNTIME_DIR'];
  const heard = session && (await testSoundServer(session, AbortSignal.any([signal, AbortSignal.timeout(answerMs)])));
  if (heard === 'stalled') return { known: false, reason: silentPipeWire };
  if (heard === 'silent') return { known: false, reason: noAnswer };
  return soundFrom((args) => runCommand({ program: 'pactl', args, env: { ...env, ...soundEnv } }, signal));
}

/** Reads the sound state. Guarantee: it returns an empty list only if the sound server answered. Unreadable output is unknown. */
export async function soundFrom(pactl: Pactl): Promise<Answer<SoundState>> {
  const info = await ask(pactl, ['info'], server);
  if (!info.known) return info;
  const chosen = { source: info.value.default_source_name, sink: info.value.default_sink_name };
  const microphones = await readSide(pactl, 'source', chosen.source);
  if (!microphones.known) return microphones;
  const speakers = await readSide(pactl, 'sink', chosen.sink);
  if (!speakers.known) return speakers;
  const [sources, sinks] = [microphones.value.devices, speakers.value.devices];
  const nobodyLooks = chosen.source.startsWith(placeholderPrefix) && chosen.sink.startsWith(placeholderPrefix);
  if (nobodyLooks && (sources.length === 0 || sinks.length === 0)) return { known: false, reason: 'audio server has no session manager' };
  const cards = await ask(pactl, ['list', 'cards'], v.array(card));
  const switchedOff = (cards.known ? cards.value : [])
    .filter(({ active_profile, profiles }) => active_profile === 'off' && Object.values(profiles).some(({ sources }) => sources > 0))
    .map(({ name, properties }) => ({ id: shortId(name), name: deviceName(`${properties['device.description'] ?? ''}`, name) }));
  const state = { sources, defaultSource: microphones.value.chosen, sinks, defaultSink: speakers.value.chosen };
  return { known: true, value: { ...state, ...(switchedOff.length > 0 && { switchedOff }) } };
}

/** Ways to test the sound server. `knock` sends a request to its socket and starts no program; `pactl` runs a program. */
export type Servers = {
  knock(signal: AbortSignal): Promise<SoundServerState>;
  pactl(args: string[], signal: AbortSignal): Promise<Output>;
  isSession(): Promise<boolean>;
};

/**
 * Reads whether the sound server answers. If nobody is signed in (`isSession`), no sound server needs to run.
 * Guarantee: a sound server that cannot be tested does not count as down. While PipeWire is stalled the result is unknown.
 */
export async function readSoundService({ knock, pactl, isSession }: Servers, signal: AbortSignal): Promise<Answer<SoundService>> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(answerMs)]);
  const heard = await knock(limited);
  signal.throwIfAborted();
  if (heard === 'stalled') return { known: false, reason: silentPipeWire };
  if (heard !== 'closed') return { known: true, value: heard === 'answers' ? 'answers' : 'hung' };
  const output = await pactl(['-f', 'json', 'info'], limited);
  signal.throwIfAborted();
  if (output.ok) return { known: true, value: 'answers' };
  if (output.why === 'aborted') return { known: true, value: 'hung' };
  const reason = reasonOf(output);
  return reason === noServer && (await isSession()) ? { known: true, value: 'down' } : { known: false, reason };
}

/** Replaces "no audio server" if this process runs outside the session of the signed-in user, where the server may be healthy. */
export async function ofThisSession<T>(answer: Answer<T>, isSession: () => Promise<boolean>): Promise<Answer<T>> {
  if (answer.known || answer.reason !== noServer || (await isSession())) return answer;
  return { known: false, reason: 'only the session at the PC knows its sound' };
}

async function readSide(pactl: Pactl, side: SoundSide, chosen: string): Promise<Answer<{ devices: SoundDevice[]; chosen: string | null }>> {
  const list = await ask(pactl, ['list', sides[side].list], devices);
  if (!list.known) return list;
  const used: Answer<PulseStream[]> = await ask(pactl, ['list', sides[side].streams], streams[side]);
  if (!used.known) return used;
  const real = await named(
    pactl,
    side,
    list.value.filter((one) => isDevice(one) && (side === 'sink' || !isMonitor(one))),
  );
  const found = real.map((one) =>
    toDevice(
      one,
      used.value.filter((stream) => stream[side] === one.index),
    ),
  );
  const id = await chosenName(pactl, side, chosen);
  return { known: true, value: { devices: found, chosen: id === null ? null : shortId(id) } };
}

async function ask<S extends v.GenericSchema>(pactl: Pactl, args: string[], schema: S): Promise<Answer<v.InferOutput<S>>> {
  const output = await pactl(['-f', 'json', ...args]);
  if (!output.ok) return { known: false, reason: reasonOf(output) };
  const value = parseJsonAs(schema, output.text);
  if (value !== undefined) return { known: true, value };
  return { known: false, reason: `pactl ${args.join(' ')}: answer cannot be read` };
}

function reasonOf(output: Output & { ok: false }): string {
  if (output.why === 'missing') return 'pactl is not installed';
  if (output.why === 'aborted') return noAnswer;
  if (output.why === 'oversized') return 'pactl: answer is too long';
  if (/connection (failure|refused)|connection terminated/i.test(output.text)) return noServer;
  return shortText(`pactl failed: ${output.text}`);
}

/** A monitor is a source that records the output of a loudspeaker; it is no microphone. */
const isMonitor = (one: PulseDevice) => Boolean(one.monitor_source) || one.name.endsWith('.monitor');

/** The sound server lists the placeholder `auto_null` if it has no device. */
function isDevice(one: PulseDevice): boolean {
  return !one.name.startsWith('auto_null');
}

function toDevice(one: PulseDevice, used: PulseStream[]): SoundDevice {
  const model = modelOf(one.properties);
  const isUnplugged = one.ports.some(({ name, availability }) => name === one.active_port && availability === 'not available');
  const levels = Object.values(one.volume).map((channel) => Number.parseInt(channel.value_percent, 10) / 100);
  const volume = Math.max(0, ...levels);
  return {
    id: shortId(one.name),
    name: deviceName(one.description, one.name),
    muted: one.mute,
    volume,
    // Both servers have a cubic volume: https://www.freedesktop.org/software/pulseaudio/doxygen/volume_8h.html
    gainDb: 60 * Math.log10(volume),
    usedBy: programLabels(programsOf(used)),
    ...(model !== undefined && { model }),
    ...(isUnplugged && { isUnplugged }),
    ...(volume > 0 && levels.includes(0) && { hasDeadChannel: true }),
  };
}

function programsOf(streams: PulseStream[]): string[] {
  const used = streams.filter(({ corked, properties }) => !corked && properties['application.name'] !== ownName);
  return used.map(({ properties }) => String(properties['application.process.binary'] ?? properties['application.name'] ?? ''));
}

/** Returns USB vendor and product as `046d:082d`. PipeWire and PulseAudio report them in different formats. */
function modelOf(properties: Record<string, unknown>): string | undefined {
  const said = `${properties['alsa.components']} ${properties['device.vendor.id']}:${properties['device.product.id']}`;
  return /(?:USB|\b)([0-9a-f]{4}:[0-9a-f]{4})\b/i.exec(said.replaceAll('0x', ''))?.[1]?.toLowerCase();
}

/** Replaces names that pactl could not write as JSON by the names of its text output, which are found by device number. */
async function named(pactl: Pactl, side: SoundSide, list: PulseDevice[]): Promise<PulseDevice[]> {
  if (!list.some((one) => one.name === unwritable || one.description === unwritable)) return list;
  const output = await pactl(['list', sides[side].list]);
  const texts = output.ok ? readNames(output.text.split(sides[side].block).slice(1)) : new Map<number, Partial<PulseDevice>>();
  return list.map((one) => ({ ...one, ...texts.get(one.index) }));
}

function readNames(blocks: string[]): Map<number, Partial<PulseDevice>> {
  return new Map(
    blocks.map((block) => {
      const [, name] = /^\tName: (.*)$/m.exec(block) ?? [];
      const [, description] = /^\tDescription: (.*)$/m.exec(block) ?? [];
      return [Number.parseInt(block, 10), { ...(name && { name }), ...(description && { description }) }];
    }),
  );
}

async function chosenName(pactl: Pactl, side: SoundSide, name: string): Promise<string | null> {
  if (name === '' || name.startsWith(placeholderPrefix)) return null;
  if (name !== unwritable) return name;
  const output = await pactl([sides[side].chosen]);
  return output.ok ? output.text.trim() : null;
}
