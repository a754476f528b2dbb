/** Whether a meeting that comes back is held on a day. Asked day by day, so that no rule, however strange, is ever expanded without bound. */
import type { Rule } from '../records/meetings.ts';

const dayMs = 86_400_000;
/** A count is counted over so many days at most, some thirty years: what comes back more seldom has ended by then. */
const countedDays = 11_000;

/** Days since 1970 of a local time or date. */
export function dayOf(local: string): number {
  return Math.floor(Date.parse(`${local.slice(0, 10)}T00:00:00Z`) / dayMs);
}

/** The date of a day, `2027-01-15`. */
export function dateOf(day: number): string {
  return new Date(day * dayMs).toISOString().slice(0, 10);
}

/** True where the rule has a date on this day, its count and its end left aside. `first` = the day of the first date, from which intervals count. */
export function fallsOn(rule: Rule, first: number, day: number): boolean {
  if (day < first) return false;
  // RFC 5545: the first date is one whether the rule would make it or not.
  if (day === first) return true;
  if ((periodOf(rule, day) - periodOf(rule, first)) % rule.interval !== 0) return false;
  if (!matches(rule, first, day)) return false;
  return rule.positions.length === 0 || hasPosition(rule, first, day);
}

/** The last day of a rule with a count; null where it has none. */
export function lastDayOf(rule: Rule, first: number): number | null {
  if (rule.count === null) return null;
  let left = rule.count;
  for (let day = first; day < first + countedDays; day++) {
    if (fallsOn(rule, first, day)) left -= 1;
    if (left === 0) return day;
  }
  return first + countedDays;
}

/** 1 is Monday. */
export function weekdayOf(day: number): number {
  return ((((day + 3) % 7) + 7) % 7) + 1;
}

type Parts = { year: number; month: number; date: number; ofMonth: number };

function partsOf(day: number): Parts {
  const at = new Date(day * dayMs);
  const [year, month] = [at.getUTCFullYear(), at.getUTCMonth() + 1];
  return { year, month, date: at.getUTCDate(), ofMonth: new Date(Date.UTC(year, month, 0)).getUTCDate() };
}

/** The number of the day, week, month or year in which a day lies: intervals skip some of them. */
function periodOf({ frequency, weekStart }: Rule, day: number): number {
  if (frequency === 'DAILY') return day;
  // Day 4 was the first Monday.
  if (frequency === 'WEEKLY') return Math.floor((day - 4 - (weekStart - 1)) / 7);
  const { year, month } = partsOf(day);
  return frequency === 'MONTHLY' ? year * 12 + month : year;
}

function matches(rule: Rule, first: number, day: number): boolean {
  const { month, date, ofMonth } = partsOf(day);
  const { months, monthDays, weekdays } = withDefaults(rule, first);
  if (months.length > 0 && !months.includes(month)) return false;
  if (monthDays.length > 0 && !monthDays.includes(date) && !monthDays.includes(date - ofMonth - 1)) return false;
  const nth = Math.ceil(date / 7);
  const fromEnd = -Math.ceil((ofMonth - date + 1) / 7);
  const isDay = (one: Rule['weekdays'][number]) => one.day === weekdayOf(day) && [0, nth, fromEnd].includes(one.nth);
  return weekdays.length === 0 || weekdays.some(isDay);
}

/** What a rule does not say it takes from its first date. */
function withDefaults({ frequency, months, monthDays, weekdays }: Rule, first: number): Pick<Rule, 'months' | 'monthDays' | 'weekdays'> {
  if (weekdays.length > 0 || monthDays.length > 0) return { months, monthDays, weekdays };
  if (frequency === 'WEEKLY') return { months, monthDays, weekdays: [{ day: weekdayOf(first), nth: 0 }] };
  if (frequency === 'DAILY') return { months, monthDays, weekdays };
  const { month, date } = partsOf(first);
  return { months: frequency === 'YEARLY' && months.length === 0 ? [month] : months, monthDays: [date], weekdays };
}

/** Positions count within a period: a week, a month or a year, never more than 366 days. */
function hasPosition(rule: Rule, first: number, day: number): boolean {
  const period = periodOf(rule, day);
  let from = day;
  while (periodOf(rule, from - 1) === period) from -= 1;
  const all: number[] = [];
  for (let one = from; periodOf(rule, one) === period; one++) if (matches(rule, first, one)) all.push(one);
  const at = all.indexOf(day);
  return rule.positions.some((position) => (position > 0 ? position - 1 : all.length + position) === at);
}
