/** Reads the cameras of PipeWire, and the programs that use them, from `pw-dump`. It opens no camera. */

import { type Clock, parseJsonAs } from '@sabha/contracts';
import * as v from 'valibot';
import type { Output } from '../../child.ts';
import type { Answer } from '../../platform.ts';
import { deviceName, shortId } from '../../text.ts';
import { type Follow, keepAlive } from './kept-alive.ts';

export type VideoSource = {
  id: string;
  name: string;
  /** Kernel node of the camera, such as `video0`; null without one. */
  node: string | null;
  /** Binaries of the programs that use the camera now. */
  programs: string[];
  isVirtual: boolean;
};

/** Reason if PipeWire does not run. No program can then use a camera through PipeWire. */
export const noPipeWire = 'no PipeWire';
/** Reason if PipeWire accepts a request and does not answer. */
export const silentPipeWire = 'PipeWire does not answer';
/** Time limit for PipeWire, which normally answers in 50 ms. The list of kernel cameras waits for this response. */
export const videoLimitMs = 3_000;

const text = v.optional(v.fallback(v.optional(v.string()), undefined));
const number = v.optional(v.fallback(v.optional(v.number()), undefined));
/** Schema of a PipeWire object as `pw-dump` prints it, limited to the properties that matter for cameras. */
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
export type PipeWireObject = v.InferOutput<typeof thing>;

/** Reads PipeWire's cameras. Guarantee: an unreadable or missing output is unknown. */
export async function readVideoSources(run: (signal: AbortSignal) => Promise<Output>, signal: AbortSignal): Promise<Answer<VideoSource[]>> {
  const output = await run(AbortSignal.any([signal, AbortSignal.timeout(videoLimitMs)]));
  signal.throwIfAborted();
  if (!output.ok) return { known: false, reason: output.why === 'aborted' ? silentPipeWire : noPipeWire };
  const things = parseJsonAs(v.array(thing), output.text);
  return things === undefined ? { known: false, reason: 'pw-dump: answer cannot be read' } : { known: true, value: sourcesOf(things) };
}

function sourcesOf(things: readonly PipeWireObject[]): VideoSource[] {
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
      programs: things.flatMap((link) => programOnLink(things, link, id)),
      isVirtual: /\bobs\b|virtual.?camera/i.test(name),
    });
  }
  return sources;
}

/** Returns the binary of the program that receives the picture over `link`, if the link is active and starts at `source`. */
function programOnLink(things: readonly PipeWireObject[], { info: link }: PipeWireObject, source: number): string[] {
  if (link?.['output-node-id'] !== source || link.state !== 'active') return [];
  const propsOf = (id: number | undefined) => things.find((one) => one.id === id)?.info?.props;
  const stream = propsOf(link['input-node-id']);
  const client = propsOf(stream?.['client.id']);
  const said = client ?? stream;
  return [said?.['application.process.binary'] ?? said?.['application.name'] ?? ''];
}

/** Options of the watch. `isThere`: whether PipeWire's socket exists; without it no program is started. */
export type VideoWatchOptions = { env: Record<string, string>; clock: Clock; isThere(): boolean; follow?: Follow };
/** `sources`: the last known cameras; undefined if PipeWire reports none now. */
export type VideoWatch = ReturnType<typeof watchVideo>;

/** Schema of the output: first all objects, then changed ones. A removed object has only its number. */
const changes = v.array(v.object({ ...thing.entries, type: v.optional(v.string(), '') }));

/** Calls back when a PipeWire camera appears or disappears, or its use begins or ends. */
export function watchVideo({ env, clock, isThere, follow }: VideoWatchOptions, changed: () => void) {
  const things = new Map<number, PipeWireObject>();
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
        // A `]` without indentation ends a complete list.
        if (text !== ']') return;
        const read = parseJsonAs(changes, lines.join('\n'));
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

/** Stores an object that may be a camera, or that connects a camera to a program. Deletes a removed object. */
function keep(things: Map<number, PipeWireObject>, one: PipeWireObject): void {
  const [, kind] = /:(Node|Link|Client)$/.exec(one.type) ?? [];
  const isKept = one.info != null && kind !== undefined && (kind !== 'Node' || /Video/.test(one.info.props?.['media.class'] ?? ''));
  if (isKept) things.set(one.id, one);
  else things.delete(one.id);
}
