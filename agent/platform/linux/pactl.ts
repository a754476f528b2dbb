/** Sound by PipeWire or PulseAudio, asked through `pactl`. Nothing is recorded and no setting is changed. */
import * as v from 'valibot';
import type { Answer, SoundSource, SoundState } from '../platform.ts';
import { programLabels } from '../programs.ts';
import { shortId, shortText } from '../text.ts';
import { type Output, runCommand } from './child.ts';

/** Environment of every `pactl`: other locales write `0,00` into its JSON and translate its text. */
export const soundEnv = { LC_ALL: 'C' };

/** The name by which our own recordings, if any, are known; they are no use by a program. */
const ownName = 'sabha-agent';
/** What pactl writes in JSON for every text that is not plain ASCII: all names of a Hindi desktop. */
const unwritable = '(null)';
/** How the name begins that a server without a session manager gives as its default: nobody there finds devices. */
const noneChosen = '@';

const percent = v.object({ value_percent: v.pipe(v.string(), v.regex(/^\s*\d+%$/)) });
const source = v.object({
  index: v.number(),
  name: v.string(),
  description: v.optional(v.nullable(v.string())),
  mute: v.boolean(),
  volume: v.record(v.string(), percent),
  monitor_source: v.optional(v.nullable(v.string()), ''),
});
const recording = v.object({
  source: v.number(),
  corked: v.optional(v.boolean(), false),
  properties: v.optional(v.record(v.string(), v.unknown()), {}),
});
const server = v.object({ default_source_name: v.optional(v.string(), '') });
const sources = v.array(source);
const recordings = v.array(recording);

type Source = v.InferOutput<typeof source>;
type Recording = v.InferOutput<typeof recording>;

/** How `pactl` is run: its arguments, and what it printed. */
export type Pactl = (args: string[]) => Promise<Output>;

/** The microphones of this session as the sound server has them now. */
export function readSound(env: Record<string, string>, signal: AbortSignal): Promise<Answer<SoundState>> {
  return soundFrom((args) => runCommand({ program: 'pactl', args, env: { ...env, ...soundEnv } }, signal));
}

/** Guarantee: no source is "no microphone" only where the server itself answered; whatever cannot be read is not known. */
export async function soundFrom(pactl: Pactl): Promise<Answer<SoundState>> {
  const info = await ask(pactl, ['info'], server);
  if (!info.known) return info;
  const list = await ask(pactl, ['list', 'sources'], sources);
  if (!list.known) return list;
  const used = await ask(pactl, ['list', 'source-outputs'], recordings);
  if (!used.known) return used;
  const microphones = await named(pactl, list.value.filter(isMicrophone));
  if (microphones.length === 0 && info.value.default_source_name.startsWith(noneChosen))
    return { known: false, reason: 'audio server has no session manager' };
  const chosen = await defaultName(pactl, info.value.default_source_name);
  return {
    known: true,
    value: { sources: microphones.map((one) => toSource(one, used.value)), defaultSource: chosen === null ? null : shortId(chosen) },
  };
}

async function ask<S extends v.GenericSchema>(pactl: Pactl, args: string[], schema: S): Promise<Answer<v.InferOutput<S>>> {
  const output = await pactl(['-f', 'json', ...args]);
  if (!output.ok) return { known: false, reason: reasonOf(output) };
  const result = v.safeParse(schema, parseJson(output.text));
  if (result.success) return { known: true, value: result.output };
  return { known: false, reason: `pactl ${args.join(' ')}: answer cannot be read` };
}

function reasonOf(output: Output & { ok: false }): string {
  if (output.why === 'missing') return 'pactl is not installed';
  if (output.why === 'aborted') return 'audio server does not answer';
  if (output.why === 'oversized') return 'answer of pactl is too long';
  if (/connection (failure|refused)|connection terminated/i.test(output.text)) return 'no audio server';
  return shortText(`pactl failed: ${output.text}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A monitor records what a loudspeaker plays; `auto_null` stands where there is no device at all. */
function isMicrophone(one: Source): boolean {
  return !one.monitor_source && !one.name.endsWith('.monitor') && !one.name.startsWith('auto_null');
}

function toSource(one: Source, used: Recording[]): SoundSource {
  const levels = Object.values(one.volume).map((channel) => Number.parseInt(channel.value_percent, 10) / 100);
  return {
    id: shortId(one.name),
    name: shortText(one.description || one.name),
    muted: one.mute,
    volume: Math.max(0, ...levels),
    usedBy: programLabels(used.filter((stream) => stream.source === one.index && isUse(stream)).map(programOf)),
  };
}

function isUse(stream: Recording): boolean {
  return !stream.corked && stream.properties['application.name'] !== ownName;
}

function programOf(stream: Recording): string {
  return String(stream.properties['application.process.binary'] ?? stream.properties['application.name'] ?? '');
}

/** Names that the JSON could not write are taken from the text form, by the number of the source. */
async function named(pactl: Pactl, list: Source[]): Promise<Source[]> {
  if (!list.some((one) => one.name === unwritable || one.description === unwritable)) return list;
  const output = await pactl(['list', 'sources']);
  const texts = output.ok ? readNames(output.text) : new Map<number, { name?: string; description?: string }>();
  return list.map((one) => ({ ...one, ...texts.get(one.index) }));
}

function readNames(text: string): Map<number, { name?: string; description?: string }> {
  const blocks = text.split(/^Source #/m).slice(1);
  return new Map(
    blocks.map((block) => {
      const [, name] = /^\tName: (.*)$/m.exec(block) ?? [];
      const [, description] = /^\tDescription: (.*)$/m.exec(block) ?? [];
      return [Number.parseInt(block, 10), { ...(name && { name }), ...(description && { description }) }];
    }),
  );
}

async function defaultName(pactl: Pactl, name: string): Promise<string | null> {
  if (name === '' || name.startsWith(noneChosen)) return null;
  if (name !== unwritable) return name;
  const output = await pactl(['get-default-source']);
  return output.ok ? output.text.trim() : null;
}
