/** The clock on the wall of a time zone. */

/** As far from 1970 as calendars go (ECMA-262, Time Values), less a year: whoever asks counts on from there. */
const farthestMs = 8.64e15 - 366 * 86_400_000;

/**
 * What calendar and clock of a zone say at a moment (Unix ms): in its whole millisecond, since the moments of PCs and of a clock that runs faster
 * have fractions, and of one that no calendar has near the end of calendars. Throws where the zone is none.
 */
export function zonedAt(atMs: number, zone: string): Temporal.ZonedDateTime {
  const at = Number.isNaN(atMs) ? 0 : Math.min(Math.max(Math.floor(atMs), -farthestMs), farthestMs);
  return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone);
}
