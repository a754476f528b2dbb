/** Whether the clock of the machine can be right: it is not behind what the ledger knows, and something sets it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** `newestAt` = a time that was reached when the ledger was written; `now` and `up` are of the machine. */
export type ClockJudgeOptions = {
  newestAt: number;
  now(): number;
  up(): number;
  /** Undefined where nobody can say. */
  isSynchronised(): boolean | undefined;
};

const minuteMs = 60_000;
/** What is less is set little by little. */
const toleranceMs = minuteMs;
/** After its start a machine has this long until its clock is set. */
const unsetMs = 10 * minuteMs;
/** Longer than a day a clock is not behind: what the ledger knows was written by one that was ahead. */
const believedForMs = 24 * 60 * minuteMs;

/**
 * To be asked now and then; answers what is wrong with the clock, in one line, or null. One that is set while the centre runs is followed (R29),
 * since nobody knows whether it was right before or is now: it is the start that is compared with the ledger.
 */
export function createClockJudge({ newestAt, now, up, isSynchronised }: ClockJudgeOptions): () => string | null {
  const startedUp = up();
  let newest = newestAt;
  return () => {
    const behindMs = newest - now();
    // It has caught up, was set, or has been so for a day.
    if (behindMs <= toleranceMs || up() - startedUp > believedForMs) newest = 0;
    else return `the clock of this machine is ${spanOf(behindMs)} behind what the ledger has written already`;
    if (up() - startedUp > unsetMs && isSynchronised() === false)
      return 'nothing sets the clock of this machine: systemd-timesyncd has reached no time server yet';
    return null;
  };
}

/** By what systemd-timesyncd leaves; a machine whose clock another program sets does not say. */
export function isSynchronised(run = '/run/systemd/timesync'): boolean | undefined {
  return existsSync(run) ? existsSync(join(run, 'synchronized')) : undefined;
}

function spanOf(ms: number): string {
  const minutes = Math.round(ms / minuteMs);
  if (minutes < 120) return `${minutes} min`;
  return minutes < 48 * 60 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 60 / 24)} days`;
}
