/** Outer calls that failed although they promise not to: each is counted and told, and ends nothing. */
import { type Clock, messageOf, oneLine } from '#contracts';
import type { Log } from './log.ts';

/** Told what failed, and how. */
export type OnSlip = (what: string, error: unknown) => void;

/** By which clock, and who is told. */
export type SlipsOptions = {
  clock: Pick<Clock, 'up'>;
  log: Pick<Log, 'warn'>;
  /** Writes it down for the centre, with how many there were since the start. */
  record(body: { what: string; error: string; count: number }): void;
};

/** What fails again and again is not to fill the spool: each event carries the count. */
const toldEveryMs = 60_000;
const errorLength = 200;

/** Guarantee: it never throws, and counts each. */
export function countSlips({ clock, log, record }: SlipsOptions): OnSlip {
  let count = 0;
  let toldUp = Number.NEGATIVE_INFINITY;
  return (what, thrown) => {
    count += 1;
    if (clock.up() - toldUp < toldEveryMs) return;
    toldUp = clock.up();
    const error = oneLine(messageOf(thrown), errorLength);
    log.warn({ count }, `${what} failed: ${error}`);
    record({ what, error, count });
  };
}
