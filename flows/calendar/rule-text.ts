/** How a meeting comes back, from what a calendar says: only what is understood whole is taken. */
import ICAL from 'ical.js';
import type { Rule } from '../records/meetings.ts';

/** A rule, or what is wrong with it. */
export type ReadRule = { ok: true; rule: Rule } | { ok: false; line: string };

const frequencies: readonly Rule['frequency'][] = ['DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'];
const weekdays = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'];
const understood = ['freq', 'interval', 'count', 'until', 'byday', 'bymonthday', 'bymonth', 'bysetpos', 'wkst'];
/** More of these are in no calendar of people. */
const partsLimit = 62;
const intervalLimit = 1_000;
const countLimit = 10_000;

/** Reads `FREQ=WEEKLY;BYDAY=MO,WE`. */
export function ruleOfText(text: string): ReadRule {
  try {
    return ruleOf(ICAL.Recur.fromString(text.replace(/^RRULE:/i, '')).toJSON());
  } catch (error) {
    return wrong(error instanceof Error ? error.message : String(error));
  }
}

/** Reads a rule as ical.js has taken it apart. */
export function ruleOf(said: unknown): ReadRule {
  const parts = new Map(Object.entries(said ?? {}));
  const frequency = frequencies.find((one) => one === parts.get('freq'));
  if (frequency === undefined) return wrong(`it comes back ${frequencies.join(', ')}, not ${String(parts.get('freq') ?? 'so')}`);
  const unknown = [...parts.keys()].find((name) => !understood.includes(name));
  if (unknown !== undefined) return wrong(`${unknown.toUpperCase()} is not understood`);
  const days = list(parts.get('byday')).map(weekdayOf);
  const rule: Rule = {
    frequency,
    interval: Number(parts.get('interval') ?? 1),
    weekdays: days.filter((day) => day !== undefined),
    monthDays: numbers(parts.get('bymonthday')),
    months: numbers(parts.get('bymonth')),
    positions: numbers(parts.get('bysetpos')),
    ...endOf(parts.get('until')),
    count: parts.has('count') ? Number(parts.get('count')) : null,
    weekStart: weekStartOf(parts.get('wkst')),
  };
  const line = days.includes(undefined) ? 'BYDAY names no day' : problemOf(rule);
  return line === undefined ? { ok: true, rule } : wrong(line);
}

function problemOf(rule: Rule): string | undefined {
  const { interval, count, until } = rule;
  if (!isFrom1(interval, intervalLimit)) return `INTERVAL is a number from 1 to ${intervalLimit}`;
  if (count !== null && !isFrom1(count, countLimit)) return `COUNT is a number from 1 to ${countLimit}`;
  if (until !== null && !isLocal(until)) return 'UNTIL is no date';
  return daysProblem(rule);
}

function daysProblem({ frequency, weekdays: days, monthDays, months, positions }: Rule): string | undefined {
  if ([days, monthDays, months, positions].some(({ length }) => length > partsLimit)) return 'it names too many days';
  const areMost = (all: readonly number[], most: number) => all.every((one) => isFrom1(Math.abs(one), most));
  if (!areMost(monthDays, 31) || !months.every((month) => isFrom1(month, 12))) return 'it names a day or month that is none';
  if (!areMost(positions, 366) || (positions.length > 0 && frequency === 'DAILY')) return 'BYSETPOS is not understood here';
  const inMonth = frequency === 'MONTHLY' || (frequency === 'YEARLY' && months.length > 0);
  if (!inMonth && days.some(({ nth }) => nth !== 0)) return 'a numbered day such as 2TU needs a month';
  return days.some(({ nth }) => Math.abs(nth) > 5) ? 'no month has a sixth week' : undefined;
}

function isFrom1(number: number, most: number): boolean {
  return Number.isInteger(number) && number >= 1 && number <= most;
}

/** True for a local time that there is. */
export function isLocal(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(text)) return false;
  const at = new Date(`${text}Z`);
  return Number.isFinite(at.getTime()) && at.toISOString().startsWith(text.slice(0, 16));
}

function weekdayOf(text: unknown): Rule['weekdays'][number] | undefined {
  const [, nth = '', name = ''] = /^([+-]?\d{1,2})?([A-Z]{2})$/.exec(String(text)) ?? [];
  const day = weekdays.indexOf(name) + 1;
  return day === 0 ? undefined : { day, nth: Number(nth) };
}

/** ical.js counts from Sunday, 1, where it does not say a name. */
function weekStartOf(said: unknown): number {
  if (typeof said === 'number') return ((said + 5) % 7) + 1;
  return Math.max(1, weekdays.indexOf(String(said)) + 1);
}

/** A date alone is the whole of that day. */
function endOf(said: unknown): Pick<Rule, 'until' | 'untilUtc'> {
  if (said === undefined || said === null) return { until: null, untilUtc: false };
  const text = String(said);
  const until = text.length === 10 ? `${text}T23:59:59` : text.replace(/Z$/, '');
  return { until, untilUtc: text.endsWith('Z') };
}

function list(said: unknown): unknown[] {
  if (said === undefined) return [];
  return Array.isArray(said) ? said : [said];
}

function numbers(said: unknown): number[] {
  return list(said).map(Number);
}

function wrong(what: string): ReadRule {
  return { ok: false, line: `the repetition cannot be used: ${what}` };
}
