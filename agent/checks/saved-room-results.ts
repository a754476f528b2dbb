/** Saves the last room results of the session helper to a file, for `check`, which runs outside the session. */

import { type Check, type Clock, parseJsonAs, state } from '@sabha/contracts';
import * as v from 'valibot';
import type { Probe } from './probe.ts';

/** Returns true for the components that the session helper checks. */
type IsRoomProbe = (probe: Pick<Probe, 'name'>) => boolean;
/** `hasReported`: the helper has reported before, so a file exists. */
export type RoomWriterOptions = {
  clock: Pick<Clock, 'now' | 'up'>;
  isRoomProbe: IsRoomProbe;
  hasReported: boolean;
  save(text: string): boolean;
};
export type SavedRoomResults = { text: string | undefined; now: number; isRoomProbe: IsRoomProbe };

const renewedEveryMs = 60_000;
/** An older file is from a `run` that has ended or hangs. */
const maxAgeMs = 2.5 * renewedEveryMs;
const savedResults = v.object({ at: v.number(), checks: state.entries.checks });

/**
 * Saves the room checks when they change, and every minute, so that their age shows. An unknown room is saved too: after a sign-out
 * old results would look current. `check` cannot reach a session that has ended.
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

/** Replaces room probes by the saved results of the helper. Without recent results the probes run themselves. */
export function withSavedRoomResults(probes: readonly Probe[], { text, now, isRoomProbe }: SavedRoomResults): readonly Probe[] {
  const read = parseJsonAs(savedResults, text);
  if (read === undefined || Math.abs(now - read.at) > maxAgeMs) return probes;
  const said = (name: string) => read.checks.filter(({ component }) => component === name);
  return probes.map((probe) => (isRoomProbe(probe) ? { ...probe, run: async () => ({ checks: said(probe.name) }) } : probe));
}
