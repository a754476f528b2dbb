/** Recurrence rules (RFC 5545). ical.js parses them. They are asked day by day, so that no rule is ever expanded without bound. */
import ICAL from 'ical.js';
import type { Rule } from '../../engine/records/meetings.ts';

/** A rule, or what is wrong with it. */
export type ReadRule = { ok: true; rule: Rule } | { ok: false; line: string };

const frequencies: readonly Rule['frequency'][] = ['DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'];
const weekdayNames = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'];
const understood = ['freq', 'interval', 'count', 'until', 'byday', 'bymonthday', 'bymonth', 'bysetpos', 'wkst'];
const intervalLimit = 1_000;
const countLimit = 1_000;
/** Days in which the last date of a COUNT is searched, some thirty years: about 2 ms for each rule. */
const countedDays = 11_000;
const dayMs = 86_400_000;

/** Reads `FREQ=WEEKLY;BYDAY=MO,WE` for a meeting with this first date. */
export function ruleOfText(text: string, start: string): ReadRule {
  try {
    return ruleOf(ICAL.Recur.fromString(text.replace(/^RRULE:/i, '')).toJSON(), start);
  } catch (error) {
    return wrong(error instanceof Error ? error.message : String(error));
  }
}

/** Reads a rule that ical.js has parsed. A COUNT is replaced by the last date, so that it is counted once. */
export function ruleOf(said: unknown, start: string): ReadRule {
  const parts = new Map(Object.entries(said ?? {}));
  const frequency = frequencies.find((one) => one === parts.get('freq'));
  if (frequency === undefined) return wrong(`it comes back ${frequencies.join(', ')}, not ${String(parts.get('freq') ?? 'so')}`);
  const unknown = [...parts.keys()].find((name) => !understood.includes(name));
  if (unknown !== undefined) return wrong(`${unknown.toUpperCase()} is not understood`);
  const days = list(parts.get('byday')).map((said): Rule['weekdays'][number] | undefined => {
    const [, nth = '', name = ''] = /^([+-]?[1-5])?([A-Z]{2})$/.exec(String(said)) ?? [];
    return weekdayNames.includes(name) ? { day: weekdayNames.indexOf(name) + 1, nth: Number(nth) } : undefined;
  });
  const weekStart = parts.get('wkst');
  const count = parts.has('count') ? Number(parts.get('count')) : null;
  const rule: Rule = {
    frequency,
    interval: Number(parts.get('interval') ?? 1),
    weekdays: days.filter((day) => day !== undefined),
    monthDays: list(parts.get('bymonthday')).map(Number),
    months: list(parts.get('bymonth')).map(Number),
    positions: list(parts.get('bysetpos')).map(Number),
    ...endOf(parts.get('until')),
    // ical.js counts from Sunday, 1, where it gives no name.
    weekStart: typeof weekStart === 'number' ? ((weekStart + 5) % 7) + 1 : Math.max(1, weekdayNames.indexOf(String(weekStart)) + 1),
  };
  const line = days.includes(undefined) ? 'BYDAY names no day of a month' : problemOf(rule, count);
  if (line !== undefined) return wrong(line);
  if (count === null) return { ok: true, rule };
  const last = lastDayOf(rule, dayOf(start), count);
  if (last === null) return wrong('COUNT reaches beyond thirty years: end it with UNTIL');
  return { ok: true, rule: { ...rule, until: `${dateOf(last)}${start.slice(10)}` } };
}

function problemOf(rule: Rule, count: number | null): string | undefined {
  const { frequency, interval, until, weekdays, monthDays, months, positions } = rule;
  if (!isFrom1(interval, intervalLimit)) return `INTERVAL is a number from 1 to ${intervalLimit}`;
  if (count !== null && !isFrom1(count, countLimit)) return `COUNT is a number from 1 to ${countLimit}`;
  if (count !== null && until !== null) return 'it ends by COUNT or by UNTIL, not by both';
  if (until !== null && !isLocal(until)) return 'UNTIL is no date';
  if ([...monthDays, ...positions].includes(0)) return 'no day has the number 0';
  if (positions.length > 0 && frequency !== 'MONTHLY') return 'BYSETPOS needs FREQ=MONTHLY';
  if (frequency === 'MONTHLY' || (frequency === 'YEARLY' && months.length > 0)) return undefined;
  return weekdays.some(({ nth }) => nth !== 0) ? 'a numbered day such as 2TU needs a month' : undefined;
}

/** True where the rule has a date on this day, its end left aside. `first` = the day of the first date, from which intervals count. */
export function fallsOn(rule: Rule, { first, day }: { first: number; day: number }): boolean {
  // RFC 5545: the first date is one whether the rule would make it or not.
  if (day <= first) return day === first;
  const parts = withDefaults(rule, first);
  if (!matches(parts, day) || (periodOf(rule, day) - periodOf(rule, first)) % rule.interval !== 0) return false;
  if (rule.positions.length === 0) return true;
  // Positions count within a month.
  const { month, date } = dateParts(day);
  const days = Array.from({ length: 31 }, (_, at) => day - date + 1 + at);
  const all = days.filter((one) => dateParts(one).month === month && matches(parts, one));
  return rule.positions.some((position) => all.at(position > 0 ? position - 1 : position) === day);
}

/** The day of the last of so many dates of a rule; null where that is too far away. */
function lastDayOf(rule: Rule, first: number, count: number): number | null {
  let left = count;
  for (let day = first; day < first + countedDays; day += 1) {
    if (fallsOn(rule, { first, day })) left -= 1;
    if (left === 0) return day;
  }
  return null;
}

/** Days since 1970 of a local time or date. */
export function dayOf(local: string): number {
  return Math.floor(Date.parse(`${local.slice(0, 10)}T00:00:00Z`) / dayMs);
}

/** The date of a day, `2027-01-15`. */
export function dateOf(day: number): string {
  return new Date(day * dayMs).toISOString().slice(0, 10);
}

/** 1 is Monday. */
export function weekdayOf(day: number): number {
  return ((((day + 3) % 7) + 7) % 7) + 1;
}

/** True for a local time that exists in the calendar. */
export function isLocal(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(text)) return false;
  const at = new Date(`${text}Z`);
  return Number.isFinite(at.getTime()) && at.toISOString().startsWith(text.slice(0, 16));
}

type Parts = Pick<Rule, 'months' | 'monthDays' | 'weekdays'>;

/** What a rule does not say it takes from its first date. */
function withDefaults({ frequency, months, monthDays, weekdays }: Rule, first: number): Parts {
  if (weekdays.length > 0 || monthDays.length > 0 || frequency === 'DAILY') return { months, monthDays, weekdays };
  if (frequency === 'WEEKLY') return { months, monthDays, weekdays: [{ day: weekdayOf(first), nth: 0 }] };
  const { month, date } = dateParts(first);
  return { months: frequency === 'YEARLY' && months.length === 0 ? [month] : months, monthDays: [date], weekdays };
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

/** The number of the day, week, month or year in which a day lies: intervals skip some of them. */
function periodOf({ frequency, weekStart }: Rule, day: number): number {
  if (frequency === 'DAILY') return day;
  // Day 4 was the first Monday.
  if (frequency === 'WEEKLY') return Math.floor((day - 4 - (weekStart - 1)) / 7);
  const { year, month } = dateParts(day);
  return frequency === 'MONTHLY' ? year * 12 + month : year;
}

function dateParts(day: number): { year: number; month: number; date: number } {
  const at = new Date(day * dayMs);
  return { year: at.getUTCFullYear(), month: at.getUTCMonth() + 1, date: at.getUTCDate() };
}

function isFrom1(number: number, most: number): boolean {
  return Number.isInteger(number) && number >= 1 && number <= most;
}

/** A date alone is the whole of that day. */
function endOf(said: unknown): Pick<Rule, 'until' | 'untilUtc'> {
  if (said === undefined || said === null) return { until: null, untilUtc: false };
  const text = String(said);
  const until = text.length === 10 ? `${text}T23:59:59` : text.replace(/Z$/, '');
  return { until, untilUtc: text.endsWith('Z') };
}

function list(said: unknown): unknown[] {
  return said === undefined ? [] : [said].flat();
}

function wrong(what: string): ReadRule {
  return { ok: false, line: `the repetition cannot be used: ${what}` };
}
