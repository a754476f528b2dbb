/** What the seat in the session said last of its room, in a file: for `check`, which sits in no session. */

import { type Check, type Clock, readJson, state } from '@sabha/contracts';
import * as v from 'valibot';
import type { Probe } from './probe.ts';

/** Which components the seat in the session answers for. */
type OfRoom = (probe: Pick<Probe, 'name'>) => boolean;
/** Where the last word is kept, and what belongs into it. `hasSpoken`: a seat has answered before, so that a file is there. */
export type LastWordOptions = { clock: Pick<Clock, 'now' | 'up'>; isOfRoom: OfRoom; hasSpoken: boolean; save(text: string): boolean };
/** What was found written, and when it is read. */
export type Written = { text: string | undefined; now: number; isOfRoom: OfRoom };

const renewedEveryMs = 60_000;
/** What is older was written by a `run` that ended, or stands still. */
const believedMs = 2.5 * renewedEveryMs;
const lastWord = v.object({ at: v.number(), checks: state.entries.checks });

/**
 * Writes what is known of the room when it changes, and each minute, so that its age can be judged. A room that became unknown is written too:
 * after a sign-out the old answers would be read as those of now, and `check` cannot ask a session that is gone.
 */
export function createLastWord({ clock, isOfRoom, hasSpoken, save }: LastWordOptions): (checks: readonly Check[]) => void {
  let last: { said: string; up: number } | undefined;
  let isSpoken = hasSpoken;
  return (all) => {
    const checks = all.filter(({ component: name }) => isOfRoom({ name }));
    isSpoken ||= checks.some(({ status }) => status !== 'unknown');
    if (!isSpoken) return;
    const said = JSON.stringify(checks);
    if (said === last?.said && clock.up() - last.up < renewedEveryMs) return;
    if (save(JSON.stringify({ at: clock.now(), checks }))) last = { said, up: clock.up() };
  };
}

/** Of these probes, those of the room say what their seat said last. They are asked themselves where nothing of now is written. */
export function withLastWord(probes: readonly Probe[], { text, now, isOfRoom }: Written): readonly Probe[] {
  const read = readJson(lastWord, text);
  if (read === undefined || Math.abs(now - read.at) > believedMs) return probes;
  const said = (name: string) => read.checks.filter(({ component }) => component === name);
  return probes.map((probe) => (isOfRoom(probe) ? { ...probe, run: async () => ({ checks: said(probe.name) }) } : probe));
}
