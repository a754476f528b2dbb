/** A mark on the disk that this boot is alive, so that the next one can tell when and how it ended. */

import { type Clock, type MainsGone, mainsGone, type Previous, previous, readJson } from '@sabha/contracts';
import * as v from 'valibot';
import type { Memory } from './data-folder.ts';

/** What the next boot will know of this one. */
export type Marker = ReturnType<typeof openMarker>;

/** What is known of the power: `onMains` is null where nobody knows. */
export type Power = { onMains: boolean | null; isEnding: boolean };

/** Where the mark is kept, and which boot this is. */
export type MarkerOptions = {
  memory: Memory;
  clock: Pick<Clock, 'now' | 'up'>;
  boot: string;
  /** Whether the system wrote down a crash of the boot before; asked once, and only after a new boot. */
  crashedBefore(): boolean;
  /** What the system has begun that ends this boot, such as `update`; null for nothing. */
  endBegun(): string | null;
};

const everyMs = 30_000;
const word = 'alive';

/** In the words of the contract, so that nothing kept can make a birth that the centre does not read. */
const content = v.object({
  ...v.omit(previous, ['crashed', 'gone', 'begun']).entries,
  gone: v.optional(v.nullable(mainsGone), null),
  begun: v.optional(v.nullable(previous.entries.begun.wrapped), null),
  previous: v.nullable(previous),
});
type Content = v.InferOutput<typeof content>;

/**
 * Guarantee: the start of an outage is known within 30 s; how a boot ended is carried over restarts of the agent until the centre has
 * acknowledged it.
 */
export function openMarker({ memory, clock, boot, crashedBefore, endBegun }: MarkerOptions) {
  // A damaged text counts as none: the end of the last boot is then not known.
  let held = begun(readJson(content, memory.recall(word)), { at: clock.now(), boot, crashedBefore });
  let savedUp = clock.up();
  const save = (next: Partial<Content>) => {
    held = { ...held, ...next };
    savedUp = clock.up();
    memory.remember(word, JSON.stringify(held));
  };
  save({});
  return {
    /** Called often; writes at most once in 30 s, or at once where the mains came or went, the battery ends, or the system begins what ends a boot. */
    alive({ onMains, isEnding }: Power): void {
      const next = { aliveAt: clock.now(), mains: onMains, gone: goneAfter(held, { onMains, isEnding }, clock.now()), begun: endBegun() };
      const isNews = (onMains !== null && onMains !== held.mains) || next.gone !== held.gone || next.begun !== held.begun;
      if (isNews || clock.up() - savedUp >= everyMs) save(next);
    },
    /** The goodbye that is said now. */
    bye: (reason: string): void => save({ aliveAt: clock.now(), bye: reason }),
    /** How the boot before this one ended, as long as the centre has not been told. */
    previous: (): Previous | undefined => held.previous ?? undefined,
    told(): void {
      if (held.previous !== null) save({ previous: null });
    },
    /** When the mains were last away in this boot. */
    gone: (): MainsGone | undefined => held.gone ?? undefined,
  };
}

/** The same object where nothing new is known. */
function goneAfter({ gone }: Content, { onMains, isEnding }: Power, now: number): Content['gone'] {
  const isAway = gone !== null && gone.to === null;
  if (onMains === null || onMains === !isAway) return isAway && isEnding && !gone.ending ? { ...gone, ending: true } : gone;
  return isAway ? { ...gone, to: now } : { from: now, to: null, ending: isEnding };
}

function begun(kept: Content | undefined, { at, boot, crashedBefore }: { at: number; boot: string; crashedBefore(): boolean }): Content {
  const now = { boot, aliveAt: at, mains: null, bye: null, gone: null, begun: null };
  if (kept === undefined) return { ...now, previous: null };
  // A goodbye of an earlier process of this boot is none of this one.
  if (kept.boot === boot) return { ...now, gone: kept.gone, previous: kept.previous };
  return { ...now, previous: previousOf(kept, crashedBefore) };
}

function previousOf({ previous: _earlier, gone, begun: what, ...last }: Content, crashedBefore: () => boolean): Previous {
  const more = { ...(gone !== null && { gone }), ...(what !== null && { begun: what }) };
  return { ...last, ...more, crashed: last.bye === null && crashedBefore() };
}
