/** Shifts of one person in a period, as absolute times, so that clock changes do not matter. */
import { zonedAt } from '@sabha/contracts';
import type { Leave, Member } from '../../engine/records/sites.ts';
import type { Book } from './book.ts';

/** `for`: name of the person replaced; null for an own shift. */
export type Shift = TimeSpan & { for: string | null };
type TimeSpan = { from: number; to: number };

const dayMinutes = 24 * 60;

/**
 * Returns the shifts of a person in order. These are the own hours without days off, shifts taken over, and hours of persons on leave whose
 * deputy this person is.
 * `now`: start of a takeover.
 */
export function shiftsOf({ members }: Pick<Book, 'members'>, member: Member, { now, ...within }: TimeSpan & { now: number }): Shift[] {
  const { relief } = member;
  const own = without(hoursOf(member, within), leaveSpans(member.leave, member.zone));
  const here = joined(relief === undefined ? own : without(own, [{ from: now, to: relief.until }]));
  const others = members.filter((one) => one !== member);
  const standing = others.flatMap((one): Shift[] => {
    const away = one.deputy === member.id ? cutTo(hoursOf(one, within), leaveSpans(one.leave, one.zone)) : [];
    const taken = one.relief?.by === member.id ? cutTo([{ from: now, to: one.relief.until }], [within]) : [];
    return joined([...cutTo(away, here), ...taken]).map((span) => ({ ...span, for: one.name }));
  });
  return [...here.map((span) => ({ ...span, for: null })), ...standing].sort((a, b) => a.from - b.from);
}

export function dayOf({ zone }: Pick<Member, 'zone'>, now: number): TimeSpan {
  const today = dayAt(now, zone);
  return { from: timeOn(today, 0, zone), to: timeOn(today, dayMinutes, zone) };
}

/** Returns the hours of duty of a person as time spans, including those on days off. */
function hoursOf({ duty, zone }: Member, within: TimeSpan): TimeSpan[] {
  if (duty === null) return [within];
  const first = dayAt(within.from, zone).subtract({ days: 1 });
  const spans: TimeSpan[] = [];
  for (let day = first; timeOn(day, 0, zone) < within.to; day = day.add({ days: 1 }))
    for (const { days, from, to } of duty)
      if (days.includes(day.dayOfWeek)) spans.push({ from: timeOn(day, from, zone), to: timeOn(day, to, zone) });
  return cutTo(joined(spans), [within]);
}

function leaveSpans(leave: readonly Leave[], zone: string): TimeSpan[] {
  const start = (day: string) => timeOn(Temporal.PlainDate.from(day), 0, zone);
  return joined(leave.map(({ from, to }) => ({ from: start(from), to: timeOn(Temporal.PlainDate.from(to), dayMinutes, zone) })));
}

function dayAt(at: number, zone: string): Temporal.PlainDate {
  return zonedAt(at, zone).toPlainDate();
}

/** Returns the absolute time of a minute of a local day. A minute above 1,440 is on the next day. */
function timeOn(day: Temporal.PlainDate, minute: number, zone: string): number {
  const date = day.add({ days: Math.floor(minute / dayMinutes) });
  const rest = minute % dayMinutes;
  const plainTime = new Temporal.PlainTime(Math.floor(rest / 60), rest % 60);
  return date.toZonedDateTime({ timeZone: zone, plainTime }).epochMilliseconds;
}

/** Sorts the spans and merges those that touch. */
function joined(spans: readonly TimeSpan[]): TimeSpan[] {
  const all: TimeSpan[] = [];
  for (const span of spans.toSorted((a, b) => a.from - b.from)) {
    const last = all.at(-1);
    if (last !== undefined && span.from <= last.to) last.to = Math.max(last.to, span.to);
    else if (span.from < span.to) all.push({ ...span });
  }
  return all;
}

function cutTo(spans: readonly TimeSpan[], within: readonly TimeSpan[]): TimeSpan[] {
  const cut = spans.flatMap((one) =>
    within.map(({ from, to }) => ({ from: Math.max(one.from, from), to: Math.min(one.to, to) })).filter(({ from, to }) => from < to),
  );
  return joined(cut);
}

function without(spans: readonly TimeSpan[], gone: readonly TimeSpan[]): TimeSpan[] {
  const edges = [Number.NEGATIVE_INFINITY, ...gone.flatMap(({ from, to }) => [from, to]), Number.POSITIVE_INFINITY];
  const kept = edges.flatMap((from, at) => (at % 2 === 0 ? [{ from, to: edges[at + 1] ?? Number.POSITIVE_INFINITY }] : []));
  return cutTo(spans, kept);
}
