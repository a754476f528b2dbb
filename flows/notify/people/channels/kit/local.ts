/** The clock on the wall of whoever reads a message. */
import { isTimeZone, zonedAt } from '@sabha/contracts';

/** What calendar and clock of a zone say; a zone that this machine does not know is UTC, and a time that is none is 1970. */
export function localOf(atMs: number, timeZone: string): Temporal.ZonedDateTime {
  const at = Number.isFinite(atMs) ? Math.min(Math.max(Math.round(atMs), 0), latestMs) : 0;
  return zonedAt(at, isTimeZone(timeZone) ? timeZone : 'UTC');
}

/** The time of day alone. */
export function clockOf(atMs: number, timeZone: string): string {
  return localOf(atMs, timeZone).toPlainTime().toString({ smallestUnit: 'minute' });
}

/** The end of the year 9999: nobody sends a message about a later one. */
const latestMs = 253_402_300_799_000;
