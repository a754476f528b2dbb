/** What the seat in the session said last of its room, in a file: for `check`, which sits in no session. */
import * as v from 'valibot';
import { type Check, type Clock, state } from '#contracts';
import type { Probe } from './probe.ts';

/** Which components the seat in the session answers for. */
type OfRoom = (probe: Pick<Probe, 'name'>) => boolean;
/** Where the last word is kept, and what belongs into it. */
export type LastWordOptions = { clock: Pick<Clock, 'now' | 'up'>; isOfRoom: OfRoom; save(text: string): boolean };
/** What was found written, and when it is read. */
export type Written = { text: string | undefined; now: number; isOfRoom: OfRoom };

const renewedEveryMs = 60_000;
/** What is older was written by a `run` that ended, or stands still. */
const believedMs = 2.5 * renewedEveryMs;
const lastWord = v.pipe(v.string(), v.parseJson(), v.object({ at: v.number(), checks: state.entries.checks }));

/** Writes what is known of the room when it is something else, and each minute, so that it is seen to be of now. */
export function createLastWord({ clock, isOfRoom, save }: LastWordOptions): (checks: readonly Check[]) => void {
  let last: { said: string; up: number } | undefined;
  return (all) => {
    const checks = all.filter(({ component: name }) => isOfRoom({ name }));
    if (!isKnown(checks)) return;
    const said = JSON.stringify(checks);
    if (said === last?.said && clock.up() - last.up < renewedEveryMs) return;
    if (save(JSON.stringify({ at: clock.now(), checks }))) last = { said, up: clock.up() };
  };
}

/** Of these probes, those of the room say what their seat said last. They are asked themselves where nothing of now is written. */
export function withLastWord(probes: readonly Probe[], { text, now, isOfRoom }: Written): readonly Probe[] {
  const read = v.safeParse(lastWord, text);
  if (!read.success || !isKnown(read.output.checks) || Math.abs(now - read.output.at) > believedMs) return probes;
  const said = (name: string) => read.output.checks.filter(({ component }) => component === name);
  return probes.map((probe) => (isOfRoom(probe) ? { ...probe, run: async () => ({ checks: said(probe.name) }) } : probe));
}

/** No seat has said anything where all is unknown. */
function isKnown(checks: readonly Check[]): boolean {
  return checks.some(({ status }) => status !== 'unknown');
}
