/** The dates of a meeting in a window of days, never more. */
import type { Meeting, Occurrence } from '../../engine/records/meetings.ts';
import { dateOf, dayOf, fallsOn } from './rule.ts';

const minuteMs = 60_000;
const dayMs = 86_400_000;
/** The longest window that is looked at. */
const windowDays = 62;
/** Dates that ended less than this ago are known too: a clock that is set back by little brings them back. */
export const lingerMs = 120_000;

/** The time of a local time in a zone. What a clock that is set forward leaves out is as much later; what comes twice is the first. */
export function atOf(local: string, zone: string): number {
  return Temporal.PlainDateTime.from(local).toZonedDateTime(zone, { disambiguation: 'compatible' }).epochMilliseconds;
}

/**
 * The dates of a meeting that overlap a window, in order. `zone` is that of the site, for a meeting that names none.
 * Guarantee: looks at the days of the window and of the meeting's length only, whenever it began and however it comes back.
 */
export function occurrencesIn(meeting: Meeting, window: { from: number; to: number }, zone: string): Occurrence[] {
  const { id, title, minutes } = meeting;
  const to = Math.min(window.to, window.from + windowDays * dayMs);
  const make = (local: string, own: string | null, long: number): Occurrence => {
    const from = atOf(local, own ?? zone);
    return { id, title, from, to: from + long * minuteMs };
  };
  const moved = new Set(meeting.moved.map((one) => one.of));
  const out = new Set(meeting.except);
  const backMs = minutes * minuteMs;
  const regular = startsIn(meeting, { from: window.from - backMs, to, zone: meeting.zone ?? zone })
    .filter((local) => !moved.has(local) && !out.has(local))
    .map((local) => make(local, meeting.zone, minutes));
  const single = meeting.moved.filter(({ of }) => !out.has(of)).map((one) => make(one.start, one.zone, one.minutes));
  const within = [...regular, ...single].filter((one) => one.to > window.from && one.from < to);
  return within.sort((a, b) => a.from - b.from);
}

/** So many days ahead dates are known at least. */
export const horizonMs = 8 * dayMs;
/** So many days ahead dates are worked out at once. */
const aheadMs = 15 * dayMs;

/** What has a date to come first, by that date; then by id. */
export function byNextDate(a: WithNext, b: WithNext): number {
  const last = Number.MAX_SAFE_INTEGER;
  return (a.next?.from ?? last) - (b.next?.from ?? last) || (a.id < b.id ? -1 : 1);
}

type WithNext = { id: string; next: { from: number } | null };

/** The dates of a meeting from a day ago until the horizon or later, worked out once in some days. */
export function createDateCache() {
  const known = new WeakMap<Meeting, Map<string, { from: number; to: number; dates: Occurrence[] }>>();
  return (meeting: Meeting, zone: string, now: number): readonly Occurrence[] => {
    const zones = known.get(meeting) ?? new Map();
    known.set(meeting, zones);
    const held = zones.get(zone);
    if (held !== undefined && held.from <= now - lingerMs && now + horizonMs <= held.to) return held.dates;
    const window = { from: now - dayMs, to: now + aheadMs };
    const dates = occurrencesIn(meeting, window, zone);
    zones.set(zone, { ...window, dates });
    return dates;
  };
}

/** The local starts that may lie in a window: a day more on each side, since days begin at another time in another zone. */
function startsIn({ start, rule }: Meeting, { from, to, zone }: { from: number; to: number; zone: string }): string[] {
  const first = dayOf(start);
  if (rule === null) return [start];
  const last = Math.floor(to / dayMs) + 1;
  const found: string[] = [];
  for (let day = Math.max(first, Math.floor(from / dayMs) - 1); day <= last; day++) {
    if (!fallsOn(rule, { first, day })) continue;
    const local = `${dateOf(day)}${start.slice(10)}`;
    const { until, untilUtc } = rule;
    const isOver = until !== null && (untilUtc ? atOf(local, zone) > atOf(until, 'UTC') : local > until);
    if (!isOver) found.push(local);
  }
  return found;
}

/** True where a meeting would be held at this local start, were it not moved. */
export function isStart(meeting: Meeting, local: string): boolean {
  const zone = meeting.zone ?? 'UTC';
  const at = atOf(local, zone);
  return occurrencesIn({ ...meeting, moved: [] }, { from: at, to: at + 1 }, zone).some(({ from }) => from === at);
}

/** When the last date of a meeting is over; null where it goes on. */
export function endsAt(meeting: Meeting, zone: string): number | null {
  const { rule, minutes, start } = meeting;
  const own = meeting.zone ?? zone;
  const ends = meeting.moved.map((one) => atOf(one.start, one.zone ?? zone) + one.minutes * minuteMs);
  if (rule === null) return Math.max(atOf(start, own) + minutes * minuteMs, ...ends);
  if (rule.until === null) return null;
  return Math.max(atOf(rule.until, rule.untilUtc ? 'UTC' : own) + minutes * minuteMs, ...ends);
}
