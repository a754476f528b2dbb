/** What PipeWire has of cameras, and which programs look through it: one `pw-dump`. No camera is opened. */

import { type Clock, readJson } from '@sabha/contracts';
import * as v from 'valibot';
import type { Output } from '../../child.ts';
import type { Answer } from '../../platform.ts';
import { deviceName, shortId } from '../../text.ts';
import { type Follow, keepAlive } from './kept-alive.ts';

/** A source of pictures. */
export type VideoSource = {
  id: string;
  name: string;
  /** The kernel's node that it stands for, such as `video0`; null where the kernel has none. */
  node: string | null;
  /** The binaries that look at it now. */
  programs: string[];
  isVirtual: boolean;
};

/** Why nothing is known of PipeWire where none runs: no program can have a camera by it then. */
export const noPipeWire = 'no PipeWire';
/** Why nothing is known of one that takes our words and says nothing. */
export const silentPipeWire = 'PipeWire does not answer';
/** It answers in a twentieth of a second; the kernel's cameras do not wait for one that hangs. */
export const limitMs = 3_000;

const text = v.optional(v.fallback(v.optional(v.string()), undefined));
const number = v.optional(v.fallback(v.optional(v.number()), undefined));
/** An object of PipeWire, as `pw-dump` writes it, as far as it says something of cameras. */
export const thing = v.object({
  id: v.number(),
  type: v.string(),
  info: v.nullish(
    v.object({
      state: text,
      'output-node-id': number,
      'input-node-id': number,
      props: v.nullish(
        v.object({
          'media.class': text,
          'media.role': text,
          'node.name': text,
          'node.description': text,
          'api.v4l2.path': text,
          'object.path': text,
          'client.id': number,
          'application.name': text,
          'application.process.binary': text,
        }),
      ),
    }),
  ),
});
export type Thing = v.InferOutput<typeof thing>;

/** Guarantee: an answer that cannot be read is none, and so is one that does not come. */
export async function readVideoSources(run: (signal: AbortSignal) => Promise<Output>, signal: AbortSignal): Promise<Answer<VideoSource[]>> {
  const output = await run(AbortSignal.any([signal, AbortSignal.timeout(limitMs)]));
  signal.throwIfAborted();
  if (!output.ok) return { known: false, reason: output.why === 'aborted' ? silentPipeWire : noPipeWire };
  const things = readJson(v.array(thing), output.text);
  return things === undefined ? { known: false, reason: 'pw-dump: answer cannot be read' } : { known: true, value: sourcesOf(things) };
}

/** The sources of pictures among these objects. */
function sourcesOf(things: readonly Thing[]): VideoSource[] {
  const sources: VideoSource[] = [];
  for (const { id, info } of things) {
    const props = info?.props;
    if (props?.['media.class'] !== 'Video/Source' || (props['media.role'] ?? 'Camera') !== 'Camera') continue;
    const said = props['node.name'] ?? `${id}`;
    const twin = sources.some((other) => other.id === shortId(said));
    const name = deviceName(props['node.description'], said);
    const [, node = null] = /^(?:v4l2:)?\/dev\/(video\d+)$/.exec(props['api.v4l2.path'] ?? props['object.path'] ?? '') ?? [];
    sources.push({
      id: shortId(twin ? `${said}-${id}` : said),
      name,
      node,
      programs: things.flatMap((link) => lookingBy(things, link, id)),
      isVirtual: /\bobs\b|virtual.?camera/i.test(name),
    });
  }
  return sources;
}

/** The binary of the client at the other end of a link from this source, where pictures run through it. */
function lookingBy(things: readonly Thing[], { info: link }: Thing, source: number): string[] {
  if (link?.['output-node-id'] !== source || link.state !== 'active') return [];
  const propsOf = (id: number | undefined) => things.find((one) => one.id === id)?.info?.props;
  const stream = propsOf(link['input-node-id']);
  const client = propsOf(stream?.['client.id']);
  const said = client ?? stream;
  return [said?.['application.process.binary'] ?? said?.['application.name'] ?? ''];
}

/** What watching the pictures needs of the system; `isThere`: whether PipeWire has its socket, without which no program is started. */
export type VideoWatch = { env: Record<string, string>; clock: Clock; isThere(): boolean; follow?: Follow };
/** `sources`: as PipeWire last told; undefined where it tells of nothing now. */
export type VideoWatching = ReturnType<typeof watchVideo>;

/** First all objects are written, then those that changed; of one that is gone only its number. */
const changes = v.array(v.object({ ...thing.entries, type: v.optional(v.string(), '') }));

/** Calls back when a camera of PipeWire comes or goes, or somebody begins or ceases to look through one. */
export function watchVideo({ env, clock, isThere, follow }: VideoWatch, changed: () => void) {
  const things = new Map<number, Thing>();
  let lines: string[] = [];
  let told: string | undefined;
  let sources: VideoSource[] | undefined;
  const take = (found: VideoSource[] | undefined) => {
    sources = found;
    const now = found && JSON.stringify(found);
    const isNews = now !== told;
    told = now;
    if (isNews) changed();
  };
  const forget = () => {
    things.clear();
    lines = [];
    take(undefined);
  };
  const command = { program: 'pw-dump', args: ['--monitor'], env };
  const stop = keepAlive(
    { command, clock, follow, isDue: isThere },
    {
      line(text) {
        lines.push(text);
        // Only a whole list ends at the margin.
        if (text !== ']') return;
        const read = readJson(changes, lines.join('\n'));
        lines = [];
        if (read === undefined) return forget();
        for (const one of read) keep(things, one);
        take(sourcesOf([...things.values()]));
      },
      found: () => undefined,
      lost: forget,
    },
  );
  return { stop, sources: (): VideoSource[] | undefined => sources };
}

/** Of all that PipeWire has, only what may be a camera, or lead from one to a program. */
function keep(things: Map<number, Thing>, one: Thing): void {
  const [, kind] = /:(Node|Link|Client)$/.exec(one.type) ?? [];
  const isKept = one.info != null && kind !== undefined && (kind !== 'Node' || /Video/.test(one.info.props?.['media.class'] ?? ''));
  if (isKept) things.set(one.id, one);
  else things.delete(one.id);
}
