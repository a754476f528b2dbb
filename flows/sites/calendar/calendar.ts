/** The meetings of all rooms, and the dates of each meeting. */
import ICAL from 'ical.js';
import type { Meeting, Occurrence, Rule, SiteTable } from '../../engine/records/sites.ts';

export type Calendar = ReturnType<typeof createCalendar>;

/** Creates the calendar. It computes dates on demand and caches them for some days. */
export function createCalendar(meetings: Iterable<Meeting>, table: () => Pick<SiteTable, 'resolve'>) {
  const byId = new Map([...meetings].map((meeting) => [meeting.id, meeting]));
  const parts = [...byId.values()].flatMap(partsOf);
  const byScope = Map.groupBy(
    parts.flatMap((meeting) => meeting.scopes.map((scope) => ({ scope, meeting }))),
    ({ scope }) => scope,
  );
  const inSite = Map.groupBy(
    [...byScope].filter(([scope]) => scope.split('/').length === 3),
    ([scope]) => scope.slice(0, scope.lastIndexOf('/')),
  );
  const datesOf = createDateCache();

  /**
   * Returns the meetings of a room: its own and those of its site, its state and the nation. For a site, the meetings of its rooms are
   * included.
   */
  function meetingsOf(scope: string): Meeting[] {
    const names = scope.split('/');
    const above = names.map((_, at) => names.slice(0, at + 1).join('/'));
    const own = ['', ...above].flatMap((path) => (byScope.get(path) ?? []).map(({ meeting }) => meeting));
    const below = (inSite.get(scope) ?? []).flatMap(([, all]) => all.map(({ meeting }) => meeting));
    return [...new Set([...own, ...below])];
  }

  const zoneOf = (scope: string) => table().resolve(scope).timeZone;
  const ahead = (dates: readonly Occurrence[], now: number) => dates.filter(({ from, to }) => to > now && from <= now + horizonMs);

  return {
    all: (): ReadonlyMap<string, Meeting> => byId,
    /** Returns the meetings as rooms see them. A date that moved to other rooms is a separate meeting. */
    parts: (): readonly Meeting[] => parts,
    /** Returns the dates of a scope that end in the future and begin within the next days, sorted. */
    next(scope: string, now: number): Occurrence[] {
      const meetings = meetingsOf(scope);
      if (meetings.length === 0) return [];
      const zone = zoneOf(scope);
      const dates = meetings.flatMap((meeting) => datesOf(meeting, zone, now));
      return ahead(dates, now).sort((a, b) => a.from - b.from);
    },
    datesOf: (meeting: Meeting, now: number): Occurrence[] => ahead(datesOf(meeting, zoneOf(meeting.scopes[0] ?? ''), now), now),
  };
}

function partsOf(meeting: Meeting): Meeting[] {
  const [elsewhere, here] = [meeting.moved.filter(({ scopes }) => scopes), meeting.moved.filter(({ scopes }) => !scopes)];
  if (elsewhere.length === 0) return [meeting];
  const except = [...meeting.except, ...elsewhere.map(({ of }) => of)];
  const once = { id: meeting.id, title: meeting.title, rule: null, except: [], moved: [] };
  const own = elsewhere.map(({ scopes = [], start, zone, minutes }) => ({ ...once, scopes, start, zone, minutes }));
  return [{ ...meeting, except, moved: here }, ...own];
}

const minuteMs = 60_000;
const dayMs = 86_400_000;
/** Longest window for which dates are computed. */
const windowDays = 62;
/** Dates that ended less than this ago are kept, because a small correction of the clock may make them current again. */
export const lingerMs = 120_000;

/** Returns the time of a local time in a zone. A local time skipped by a clock change moves later; a repeated one means the first. */
export function atOf(local: string, zone: string): number {
  return Temporal.PlainDateTime.from(local).toZonedDateTime(zone, { disambiguation: 'compatible' }).epochMilliseconds;
}

/**
 * Returns the dates of a meeting that overlap a window, sorted. `zone` is that of the site, for a meeting without a zone.
 * Guarantee: the cost depends only on the window and the length of the meeting, not on its start or rule.
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

/** Time ahead for which dates must always be known. */
const horizonMs = 8 * dayMs;
/** Time ahead for which dates are computed at once, so that the cache lasts some days. */
const aheadMs = 15 * dayMs;

/** Compares by the next date, then by id. Entries without a date come last. */
export function byNextDate(a: WithNext, b: WithNext): number {
  const last = Number.MAX_SAFE_INTEGER;
  return (a.next?.from ?? last) - (b.next?.from ?? last) || (a.id < b.id ? -1 : 1);
}

type WithNext = { id: string; next: { from: number } | null };

/** Caches the dates of a meeting from a day ago to beyond the horizon. Computes them again after some days. */
export function createDateCache() {
  const known = new WeakMap<Meeting, Map<string, { from: number; to: number; dates: Occurrence[] }>>();
  return (meeting: Meeting, zone: string, now: number): readonly Occurrence[] => {
    const zones = known.getOrInsertComputed(meeting, () => new Map());
    const held = zones.get(zone);
    if (held !== undefined && held.from <= now - lingerMs && now + horizonMs <= held.to) return held.dates;
    const window = { from: now - dayMs, to: now + aheadMs };
    const dates = occurrencesIn(meeting, window, zone);
    zones.set(zone, { ...window, dates });
    return dates;
  };
}

/**
 * Returns the local starts that may lie in a window. One more day on each side is searched, because a day begins at different times in
 * different zones.
 */
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

/** Returns true if a meeting has a regular date at this local start, moves ignored. */
export function isStart(meeting: Meeting, local: string): boolean {
  const zone = meeting.zone ?? 'UTC';
  const at = atOf(local, zone);
  return occurrencesIn({ ...meeting, moved: [] }, { from: at, to: at + 1 }, zone).some(({ from }) => from === at);
}

export function endsAt(meeting: Meeting, zone: string): number | null {
  const { rule, minutes, start } = meeting;
  const own = meeting.zone ?? zone;
  const ends = meeting.moved.map((one) => atOf(one.start, one.zone ?? zone) + one.minutes * minuteMs);
  if (rule === null) return Math.max(atOf(start, own) + minutes * minuteMs, ...ends);
  if (rule.until === null) return null;
  return Math.max(atOf(rule.until, rule.untilUtc ? 'UTC' : own) + minutes * minuteMs, ...ends);
}

export type ReadRule = { ok: true; rule: Rule } | { ok: false; line: string };

const frequencies: readonly Rule['frequency'][] = ['DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'];
const weekdayNames = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'];
const supportedParts = ['freq', 'interval', 'count', 'until', 'byday', 'bymonthday', 'bymonth', 'bysetpos', 'wkst'];
const intervalLimit = 1_000;
const countLimit = 1_000;
/** Number of days in which the last date of a COUNT is searched: about thirty years, which takes 2 ms per rule. */
const countedDays = 11_000;

/** Reads `FREQ=WEEKLY;BYDAY=MO,WE` for a meeting with this first date. */
export function ruleOfText(text: string, start: string): ReadRule {
  // ical.js drops a COUNT of 0, and the rule would never end.
  if (/COUNT=0*(;|$)/i.test(text)) return refuseRule(`COUNT is a number from 1 to ${countLimit}`);
  try {
    return ruleOf(ICAL.Recur.fromString(text.replace(/^RRULE:/i, '')).toJSON(), start);
  } catch (error) {
    return refuseRule(error instanceof Error ? error.message : String(error));
  }
}

/** Reads a rule that ical.js has parsed. A COUNT is replaced by the last date, so that the dates are counted only once. */
export function ruleOf(said: unknown, start: string): ReadRule {
  const parts = new Map(Object.entries(said ?? {}));
  const frequency = frequencies.find((one) => one === parts.get('freq'));
  if (frequency === undefined)
    return refuseRule(`it can repeat ${frequencies.join(', ')}, not ${String(parts.get('freq') ?? 'otherwise')}`);
  const unknown = [...parts.keys()].find((name) => !supportedParts.includes(name));
  if (unknown !== undefined) return refuseRule(`${unknown.toUpperCase()} is not understood`);
  const days = asList(parts.get('byday')).map((said): Rule['weekdays'][number] | undefined => {
    const [, nth = '', name = ''] = /^([+-]?[1-5])?([A-Z]{2})$/.exec(String(said)) ?? [];
    return weekdayNames.includes(name) ? { day: weekdayNames.indexOf(name) + 1, nth: Number(nth) } : undefined;
  });
  const weekStart = parts.get('wkst');
  const count = parts.has('count') ? Number(parts.get('count')) : null;
  const rule: Rule = {
    frequency,
    interval: Number(parts.get('interval') ?? 1),
    weekdays: days.filter((day) => day !== undefined),
    monthDays: asList(parts.get('bymonthday')).map(Number),
    months: asList(parts.get('bymonth')).map(Number),
    positions: asList(parts.get('bysetpos')).map(Number),
    ...endOf(parts.get('until')),
    // ical.js gives the number of a weekday from Sunday = 1, or its name.
    weekStart: typeof weekStart === 'number' ? ((weekStart + 5) % 7) + 1 : Math.max(1, weekdayNames.indexOf(String(weekStart)) + 1),
  };
  const line = days.includes(undefined) ? 'BYDAY names no day of a month' : problemOf(rule, count);
  if (line !== undefined) return refuseRule(line);
  if (count === null) return { ok: true, rule };
  const last = lastDayOf(rule, dayOf(start), count);
  if (last === null) return refuseRule('COUNT reaches beyond thirty years: end it with UNTIL');
  return { ok: true, rule: { ...rule, until: `${dateOf(last)}${start.slice(10)}` } };
}

function problemOf(rule: Rule, count: number | null): string | undefined {
  const { frequency, interval, until, weekdays, monthDays, months, positions } = rule;
  if (!isFrom1(interval, intervalLimit)) return `INTERVAL is a number from 1 to ${intervalLimit}`;
  if (count !== null && !isFrom1(count, countLimit)) return `COUNT is a number from 1 to ${countLimit}`;
  if (count !== null && until !== null) return 'it ends by COUNT or by UNTIL, not by both';
  if (until !== null && !isLocal(until)) return 'UNTIL is not a date';
  if ([...monthDays, ...positions].includes(0)) return 'no day has the number 0';
  if (positions.length > 0 && frequency !== 'MONTHLY') return 'BYSETPOS needs FREQ=MONTHLY';
  if (frequency === 'MONTHLY' || (frequency === 'YEARLY' && months.length > 0)) return undefined;
  return weekdays.some(({ nth }) => nth !== 0) ? 'a numbered day such as 2TU needs a month' : undefined;
}

/** Returns true if the rule has a date on this day, its end ignored. Intervals count from `first`, the day of the first date. */
function fallsOn(rule: Rule, { first, day }: { first: number; day: number }): boolean {
  // RFC 5545: the first date always counts, even if the rule does not match it.
  if (day <= first) return day === first;
  const parts = withDefaults(rule, first);
  if (!matches(parts, day) || (periodOf(rule, day) - periodOf(rule, first)) % rule.interval !== 0) return false;
  if (rule.positions.length === 0) return true;
  // BYSETPOS counts within a month.
  const { month, date } = dateParts(day);
  const days = Array.from({ length: 31 }, (_, at) => day - date + 1 + at);
  const all = days.filter((one) => dateParts(one).month === month && matches(parts, one));
  return rule.positions.some((position) => all.at(position > 0 ? position - 1 : position) === day);
}

/** Returns the day of the last of `count` dates; null if it is beyond the search limit. */
function lastDayOf(rule: Rule, first: number, count: number): number | null {
  let left = count;
  for (let day = first; day < first + countedDays; day += 1) {
    if (fallsOn(rule, { first, day })) left -= 1;
    if (left === 0) return day;
  }
  return null;
}

/** Returns the days since 1970 of a local time or date. */
export function dayOf(local: string): number {
  return Math.floor(Date.parse(`${local.slice(0, 10)}T00:00:00Z`) / dayMs);
}

/** Returns the date of a day, `2027-01-15`. */
export function dateOf(day: number): string {
  return new Date(day * dayMs).toISOString().slice(0, 10);
}

/** Returns the weekday; 1 is Monday. */
export function weekdayOf(day: number): number {
  return ((((day + 3) % 7) + 7) % 7) + 1;
}

/** Returns true for a local time that exists in the calendar. */
export function isLocal(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(text)) return false;
  const at = new Date(`${text}Z`);
  return Number.isFinite(at.getTime()) && at.toISOString().startsWith(text.slice(0, 16));
}

type RuleParts = Pick<Rule, 'months' | 'monthDays' | 'weekdays'>;

/** Fills the missing parts of a rule from its first date. */
function withDefaults({ frequency, months, monthDays, weekdays }: Rule, first: number): RuleParts {
  if (weekdays.length > 0 || monthDays.length > 0 || frequency === 'DAILY') return { months, monthDays, weekdays };
  if (frequency === 'WEEKLY') return { months, monthDays, weekdays: [{ day: weekdayOf(first), nth: 0 }] };
  const { month, date } = dateParts(first);
  return { months: frequency === 'YEARLY' && months.length === 0 ? [month] : months, monthDays: [date], weekdays };
}

/** Checks the weekday first, because that needs no calendar. */
function matches({ months, monthDays, weekdays }: RuleParts, day: number): boolean {
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

/** Returns the number of the day, week, month or year that contains a day. Intervals count these periods. */
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

/** Reads the end of a rule. A date without a time includes that whole day. */
function endOf(said: unknown): Pick<Rule, 'until' | 'untilUtc'> {
  if (said === undefined || said === null) return { until: null, untilUtc: false };
  const text = String(said);
  const until = text.length === 10 ? `${text}T23:59:59` : text.replace(/Z$/, '');
  return { until, untilUtc: text.endsWith('Z') };
}

function asList(said: unknown): unknown[] {
  return said === undefined ? [] : [said].flat();
}

function refuseRule(what: string): ReadRule {
  return { ok: false, line: `the repetition cannot be used: ${what}` };
}
