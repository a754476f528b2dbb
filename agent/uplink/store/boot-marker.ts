/** Boot marker: a text on disk that shows that this boot is alive. The next boot reads from it when and how this boot ended. */

import { type Clock, type LastBoot, mainsGone, type PowerCut, parseJsonAs, previous } from '@sabha/contracts';
import * as v from 'valibot';
import type { KeyValueStore } from './data-folder.ts';

export type Marker = ReturnType<typeof openMarker>;

/** Power source of the PC; `onMains` is null if unknown. */
export type Power = { onMains: boolean | null; isEnding: boolean };

export type MarkerOptions = {
  memory: KeyValueStore;
  clock: Pick<Clock, 'now' | 'up'>;
  boot: string;
  /** Returns whether the operating system recorded a crash of the previous boot. Called once, only after a new boot. */
  crashedBefore(): boolean;
  /** Returns why the operating system is ending this boot, such as `update`; null if it is not. */
  readEnd(): string | null;
};

const everyMs = 30_000;
const memoryKey = 'alive';

/** Schema of the stored text. It uses the schemas of the contract, so that stored data cannot make the birth invalid. */
const content = v.object({
  ...v.omit(previous, ['crashed', 'gone', 'begun']).entries,
  gone: v.optional(v.nullable(mainsGone), null),
  begun: v.optional(v.nullable(previous.entries.begun.wrapped), null),
  previous: v.nullable(previous),
});
type Marked = v.InferOutput<typeof content>;

/**
 * Opens the marker of this boot.
 * Guarantee: the time of an outage is known to 30 s. The report on the previous boot survives restarts of the agent until the server
 * acknowledges it.
 */
export function openMarker({ memory, clock, boot, crashedBefore, readEnd }: MarkerOptions) {
  // A damaged text counts as absent; the end of the previous boot is then unknown.
  let held = begun(parseJsonAs(content, memory.recall(memoryKey)), { at: clock.now(), boot, crashedBefore });
  let savedUp = clock.up();
  const save = (next: Partial<Marked>) => {
    held = { ...held, ...next };
    savedUp = clock.up();
    memory.remember(memoryKey, JSON.stringify(held));
  };
  save({});
  return {
    /**
     * Records that the boot is alive; to be called often. It writes at most every 30 s. A change of the mains, the end of the battery and
     * the end of the boot are written at once.
     */
    alive({ onMains, isEnding }: Power): void {
      const next = { aliveAt: clock.now(), mains: onMains, gone: outageAfter(held, { onMains, isEnding }, clock.now()), begun: readEnd() };
      const isNews = (onMains !== null && onMains !== held.mains) || next.gone !== held.gone || next.begun !== held.begun;
      if (isNews || clock.up() - savedUp >= everyMs) save(next);
    },
    bye: (reason: string): void => save({ aliveAt: clock.now(), bye: reason }),
    /** Returns how the previous boot ended; undefined once the server has acknowledged it. */
    previous: (): LastBoot | undefined => held.previous ?? undefined,
    told(): void {
      if (held.previous !== null) save({ previous: null });
    },
    gone: (): PowerCut | undefined => held.gone ?? undefined,
  };
}

/** Returns the outage after a power reading; returns the same object if nothing changed. */
function outageAfter({ gone }: Marked, { onMains, isEnding }: Power, now: number): Marked['gone'] {
  const isAway = gone !== null && gone.to === null;
  if (onMains === null || onMains === !isAway) return isAway && isEnding && !gone.ending ? { ...gone, ending: true } : gone;
  return isAway ? { ...gone, to: now } : { from: now, to: null, ending: isEnding };
}

function begun(kept: Marked | undefined, { at, boot, crashedBefore }: { at: number; boot: string; crashedBefore(): boolean }): Marked {
  const now = { boot, aliveAt: at, mains: null, bye: null, gone: null, begun: null };
  if (kept === undefined) return { ...now, previous: null };
  // Ignores the bye of an earlier agent process in the same boot.
  if (kept.boot === boot) return { ...now, gone: kept.gone, previous: kept.previous };
  return { ...now, previous: previousOf(kept, crashedBefore) };
}

function previousOf({ previous: _earlier, gone, begun: what, ...last }: Marked, crashedBefore: () => boolean): LastBoot {
  const more = { ...(gone !== null && { gone }), ...(what !== null && { begun: what }) };
  return { ...last, ...more, crashed: last.bye === null && crashedBefore() };
}
