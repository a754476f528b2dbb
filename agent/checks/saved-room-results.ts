/** Saves the last room results of the session helper to a file. `sabha-agent check`, which runs outside the session, reads them. */

import { type Check, type Clock, parseJsonAs, state } from '@sabha/contracts';
import * as v from 'valibot';
import type { Probe } from './probe.ts';

/** Returns true if the session helper runs this probe. */
type IsRoomProbe = (probe: Pick<Probe, 'name'>) => boolean;
/** `hasReported`: the session helper has reported before, so a file exists. */
export type RoomWriterOptions = {
  clock: Pick<Clock, 'now' | 'up'>;
  isRoomProbe: IsRoomProbe;
  hasReported: boolean;
  save(text: string): boolean;
};
export type SavedRoomResults = { text: string | undefined; now: number; isRoomProbe: IsRoomProbe };

const renewedEveryMs = 60_000;
/** Older results are ignored: the agent process that saved them has ended or hangs. */
const maxAgeMs = 2.5 * renewedEveryMs;
const savedResults = v.object({ at: v.number(), checks: state.entries.checks });

/**
 * Saves the room checks when they change, and every minute to show their age. Unknown checks are saved too; otherwise old results would
 * look current after a sign-out.
 */
export function createRoomResultWriter({ clock, isRoomProbe, hasReported, save }: RoomWriterOptions): (checks: readonly Check[]) => void {
  let last: { said: string; up: number } | undefined;
  let isSpoken = hasReported;
  return (all) => {
    const checks = all.filter(({ component: name }) => isRoomProbe({ name }));
    isSpoken ||= checks.some(({ status }) => status !== 'unknown');
    if (!isSpoken) return;
    const said = JSON.stringify(checks);
    if (said === last?.said && clock.up() - last.up < renewedEveryMs) return;
    if (save(JSON.stringify({ at: clock.now(), checks }))) last = { said, up: clock.up() };
  };
}

/** Replaces the room probes by the saved results. If the results are too old, the probes run themselves. */
export function withSavedRoomResults(probes: readonly Probe[], { text, now, isRoomProbe }: SavedRoomResults): readonly Probe[] {
  const read = parseJsonAs(savedResults, text);
  if (read === undefined || Math.abs(now - read.at) > maxAgeMs) return probes;
  const said = (name: string) => read.checks.filter(({ component }) => component === name);
  return probes.map((probe) => (isRoomProbe(probe) ? { ...probe, run: async () => ({ checks: said(probe.name) }) } : probe));
}
