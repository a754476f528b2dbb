/** When a room that is one of many is told of all the same; pure. */
import { zonedAt } from '#contracts';

/** Before the list of nine o'clock is made, so that it stands in it; an office that names no hours hears it then. */
const at = '08:00';
/** What began so little before is the news of this morning, and waits for the next. */
const leastMs = 3_600_000;

/**
 * The first morning in this zone that begins an hour or more after `since`: by then whoever was told of the cause has had his time, and who
 * goes to the room has to know what awaits him there.
 */
export function morningAfter(since: number, timeZone: string): number {
  const local = zonedAt(since + leastMs, timeZone);
  const today = local.withPlainTime(at);
  const next = Temporal.ZonedDateTime.compare(today, local) >= 0 ? today : local.add({ days: 1 }).withPlainTime(at);
  return next.epochMilliseconds;
}
