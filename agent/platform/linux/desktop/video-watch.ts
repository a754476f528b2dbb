/** The cameras of PipeWire and who looks through them, as it tells of each change: `pw-dump --monitor`, kept alive. */
import * as v from 'valibot';
import { type Clock, readJson } from '#contracts';
import { type Follow, keepAlive } from './kept-alive.ts';
import { sourcesOf, type Thing, thing, type VideoSource } from './video-sources.ts';

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
