/** Whether a meeting that comes back is held on a day. Asked day by day, so that no rule, however strange, is ever expanded without bound. */
import type { Rule } from '../records/meetings.ts';

const dayMs = 86_400_000;
/** A count is counted over so many days at most, some thirty years: what comes back more seldom has ended by then. */
const countedDays = 11_000;

/** What judging may still cost: each day that is looked at takes one. Below nothing it is over. */
export type Steps = { left: number };
const unbounded = (): Steps => ({ left: Number.POSITIVE_INFINITY });

/** Days since 1970 of a local time or date. */
export function dayOf(local: string): number {
  return Math.floor(Date.parse(`${local.slice(0, 10)}T00:00:00Z`) / dayMs);
}

/** The date of a day, `2027-01-15`. */
export function dateOf(day: number): string {
  return new Date(day * dayMs).toISOString().slice(0, 10);
}

/** True where the rule has a date on this day, its count and its end left aside. `first` = the day of the first date, from which intervals count. */
export function fallsOn(rule: Rule, { first, day }: { first: number; day: number }, steps = unbounded()): boolean {
  if (day < first) return false;
  steps.left -= 1;
  // RFC 5545: the first date is one whether the rule would make it or not.
  if (day === first) return true;
  const ready = readyOf(rule, first);
  if (!matches(ready.parts, day)) return false;
  if ((periodOf(rule, day) - ready.from) % rule.interval !== 0) return false;
  return rule.positions.length === 0 || positionsAround(rule, { ready, day }, steps).has(day);
}

/** The last day of a rule with a count; null where it has none. It counts as long as there are steps. */
export function lastDayOf(rule: Rule, first: number, steps = unbounded()): number | null {
  if (rule.count === null) return null;
  const end = first + countedDays;
  // The first date is one.
  let left = rule.count - 1;
  if (left === 0) return first;
  let day = first + 1;
  if (isEven(rule)) {
    const cycle = 7 * rule.interval;
    const inOne = Array.from({ length: cycle }, (_, at) => day + at).filter((one) => fallsOn(rule, { first, day: one }, steps)).length;
    const times = inOne === 0 ? 0 : Math.floor((left - 1) / inOne);
    day += times * cycle;
    left -= times * inOne;
  }
  for (; day < end && steps.left >= 0; day++) {
    if (fallsOn(rule, { first, day }, steps)) left -= 1;
    if (left === 0) return day;
  }
  return end;
}

/** True where its weeks are all alike, interval by interval: months and years are not. */
function isEven({ frequency, months, monthDays, positions, weekdays }: Rule): boolean {
  const isByWeek = frequency === 'WEEKLY' || frequency === 'DAILY';
  return isByWeek && months.length + monthDays.length + positions.length === 0 && weekdays.every(({ nth }) => nth === 0);
}

/** 1 is Monday. */
export function weekdayOf(day: number): number {
  return ((((day + 3) % 7) + 7) % 7) + 1;
}

/** What a look at some days costs beside them: the positions of a period are counted once. */
export function lookSteps({ positions, frequency }: Rule): number {
  return positions.length === 0 ? 0 : { DAILY: 1, WEEKLY: 7, MONTHLY: 31, YEARLY: 366 }[frequency];
}

type Parts = Pick<Rule, 'months' | 'monthDays' | 'weekdays'>;
/** What is asked of a rule day by day: its days with what its first date says, the period of that, and the dates of the period looked at last. */
type Ready = { first: number; parts: Parts; from: number; period: number; dates: ReadonlySet<number | undefined> };

const readyRules = new WeakMap<Rule, Ready>();

function readyOf(rule: Rule, first: number): Ready {
  const held = readyRules.get(rule);
  if (held?.first === first) return held;
  const ready: Ready = { first, parts: withDefaults(rule, first), from: periodOf(rule, first), period: Number.NaN, dates: new Set() };
  readyRules.set(rule, ready);
  return ready;
}

function dateParts(day: number): { year: number; month: number; date: number } {
  const at = new Date(day * dayMs);
  return { year: at.getUTCFullYear(), month: at.getUTCMonth() + 1, date: at.getUTCDate() };
}

/** The number of the day, week, month or year in which a day lies: intervals skip some of them. */
function periodOf({ frequency, weekStart }: Rule, day: number): number {
  if (frequency === 'DAILY') return day;
  // Day 4 was the first Monday.
  if (frequency === 'WEEKLY') return Math.floor((day - 4 - (weekStart - 1)) / 7);
  const { year, month } = dateParts(day);
  return frequency === 'MONTHLY' ? year * 12 + month : year;
}

/** The weekday is asked first: it needs no calendar. */
function matches({ months, monthDays, weekdays }: Parts, day: number): boolean {
  const named = weekdays.filter((one) => one.day === weekdayOf(day));
  if (weekdays.length > 0 && named.length === 0) return false;
  const isEach = named.some(({ nth }) => nth === 0) || weekdays.length === 0;
  if (isEach && months.length + monthDays.length === 0) return true;
  const { year, month, date } = dateParts(day);
  if (months.length > 0 && !months.includes(month)) return false;
  const toEnd = new Date(Date.UTC(year, month, 0)).getUTCDate() - date + 1;
  if (monthDays.length > 0 && !monthDays.includes(date) && !monthDays.includes(-toEnd)) return false;
  return isEach || named.some(({ nth }) => nth === Math.ceil(date / 7) || nth === -Math.ceil(toEnd / 7));
}

/** What a rule does not say it takes from its first date. */
function withDefaults({ frequency, months, monthDays, weekdays }: Rule, first: number): Parts {
  if (weekdays.length > 0 || monthDays.length > 0) return { months, monthDays, weekdays };
  if (frequency === 'WEEKLY') return { months, monthDays, weekdays: [{ day: weekdayOf(first), nth: 0 }] };
  if (frequency === 'DAILY') return { months, monthDays, weekdays };
  const { month, date } = dateParts(first);
  return { months: frequency === 'YEARLY' && months.length === 0 ? [month] : months, monthDays: [date], weekdays };
}

/** Positions count within a period: a week, a month or a year, never more than 366 days. */
function positionsAround(rule: Rule, { ready, day }: { ready: Ready; day: number }, steps: Steps): Ready['dates'] {
  const period = periodOf(rule, day);
  if (ready.period === period) return ready.dates;
  let from = day;
  while (periodOf(rule, from - 1) === period) from -= 1;
  const all: number[] = [];
  let one = from;
  for (; periodOf(rule, one) === period; one++) if (matches(ready.parts, one)) all.push(one);
  steps.left -= one - from;
  ready.period = period;
  ready.dates = new Set(rule.positions.map((position) => all.at(position > 0 ? position - 1 : position)));
  return ready.dates;
}
