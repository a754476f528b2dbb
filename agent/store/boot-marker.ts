/** A mark on the disk that this boot is alive, so that the next one can tell when and how it ended. */
import * as v from 'valibot';
import { type Clock, type Previous, previous } from '#contracts';
import type { Memory } from './memory.ts';

/** What the next boot will know of this one. */
export type Marker = {
  /** Called often; writes at most once in 30 s, or at once where the mains came or went. */
  alive(mains: boolean | null): void;
  /** The goodbye that is said now. */
  bye(reason: string): void;
  /** How the boot before this one ended, as long as the centre has not been told. */
  previous(): Previous | undefined;
  told(): void;
};

/** Where the mark is kept, and which boot this is. */
export type MarkerOptions = {
  memory: Memory;
  clock: Pick<Clock, 'now' | 'up'>;
  boot: string;
  /** Whether the system wrote down a crash of the boot before; asked once, and only after a new boot. */
  crashedBefore(): boolean;
};

const everyMs = 30_000;
const word = 'alive';

/** In the words of the contract, so that nothing kept can make a birth that the centre does not read. */
const content = v.object({ ...v.omit(previous, ['crashed']).entries, previous: v.nullable(previous) });
type Content = v.InferOutput<typeof content>;

/**
 * Guarantee: the start of an outage is known within 30 s; how a boot ended is carried over restarts of the agent until the centre has
 * acknowledged it.
 */
export function openMarker({ memory, clock, boot, crashedBefore }: MarkerOptions): Marker {
  let held = begun(load(memory), { at: clock.now(), boot, crashedBefore });
  let savedUp = clock.up();
  const save = (next: Partial<Content>) => {
    held = { ...held, ...next };
    savedUp = clock.up();
    memory.remember(word, JSON.stringify(held));
  };
  save({});
  return {
    alive(mains) {
      if (clock.up() - savedUp >= everyMs || (mains !== null && mains !== held.mains)) save({ aliveAt: clock.now(), mains });
    },
    bye: (reason) => save({ aliveAt: clock.now(), bye: reason }),
    previous: () => held.previous ?? undefined,
    told() {
      if (held.previous !== null) save({ previous: null });
    },
  };
}

function begun(kept: Content | undefined, { at, boot, crashedBefore }: { at: number; boot: string; crashedBefore(): boolean }): Content {
  const now = { boot, aliveAt: at, mains: null, bye: null };
  if (kept === undefined) return { ...now, previous: null };
  if (kept.boot === boot) return { ...now, previous: kept.previous };
  const { previous: _earlier, ...last } = kept;
  return { ...now, previous: { ...last, crashed: last.bye === null && crashedBefore() } };
}

/** What was damaged is as good as none: nobody then says how the last boot ended. */
function load(memory: Memory): Content | undefined {
  const read = v.safeParse(v.pipe(v.string(), v.parseJson(), content), memory.recall(word));
  return read.success ? read.output : undefined;
}
