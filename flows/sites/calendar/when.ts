/** Decides for the node *when* whether an office is in a meeting, in its hours or closed. */
import { causeKindOf, meetingComponents, pathOfScope, zonedAt } from '@sabha/contracts';
import type { Act, HoursFields, WireMessage } from '../../engine/records/incidents.ts';
import type { DayHours, Occurrence, OfficeHours, SiteTable } from '../../engine/records/sites.ts';
import { atOf, type Calendar, dateOf, dayOf, weekdayOf } from './calendar.ts';

/** An office that is closed for longer than this says nothing that could be waited for. */
const closedDays = 15;

/** The numbers of the node *when*. `digest` is in minutes after midnight. */
export type WhenRules = { beforeMs: number; digest: number; nearMs: number; graceMs: number };
/** The office that is asked about. `hours` is null where nobody named any: then it is always open. */
export type Office = { timeZone: string; hours: OfficeHours | null };

/**
 * `meeting` one runs; `soon` one begins within the time of the rules; `open` people may be told; `closed` until the next digest, by day;
 * `night` the same, between midnight and morning or late.
 */
export type Moment = {
  is: 'meeting' | 'soon' | 'open' | 'closed' | 'night';
  /** The meeting of `meeting` and `soon`. */
  meeting: Occurrence | null;
  /** When what is less urgent may be told: now, or the next digest. */
  digestAt: number;
  /** When a PC that was switched off at closing time should be there again: now where it should be. */
  backAt: number;
  /** The office closes within the time of the rules, or has closed. */
  isNearClosing: boolean;
  /** It closes within the time of the rules, or has closed within it: its PCs may be switched off one by one, or all at once. */
  isClosing: boolean;
  /** Before its PCs should be there again: when those went that were switched off with it, from near its last closing until its day began. Else null. */
  closed: { from: number; to: number } | null;
  /** When to look again: the next meeting comes near, or the one that runs ends; null where none is known. */
  lookAt: number | null;
};

/** Judges a time. `dates` are those of the room that are not over, the first first. */
export function momentOf(at: { office: Office; dates: readonly Occurrence[]; rules: WhenRules; now: number }): Moment {
  const { office, dates, rules, now } = at;
  const near = dates.filter(({ from, to }) => from - rules.beforeMs <= now && to > now);
  const later = dates.find(({ from }) => from - rules.beforeMs > now);
  const running = near.find(({ from }) => from <= now) ?? null;
  const digestAt = tellableAt(office, rules, now);
  const today = localDay(now, office.timeZone);
  const closings = [today - 1, today].flatMap((day) => {
    const span = spanOn(office.hours, day);
    return span === null || span.goesOn ? [] : timeOn(day, span.to, office.timeZone);
  });
  const closing = closings.find((at) => now < at && at - now <= rules.nearMs) ?? null;
  const backAt = openAt(office, rules, closing ?? now);
  const ends = Math.max(...near.map(({ to }) => to));
  const lookAt = near.length > 0 ? ends : later === undefined ? null : later.from - rules.beforeMs;
  const quiet = digestAt > now;
  const isNearClosing = quiet || closing !== null;
  const is = running ? 'meeting' : near.length > 0 ? 'soon' : quiet ? quietKind(office, now) : 'open';
  const isClosing = closings.some((at) => Math.abs(now - at) <= rules.nearMs);
  const closed = quiet ? null : lastNight(office, rules, now);
  return { is, meeting: running ?? near[0] ?? null, digestAt, backAt, isNearClosing, isClosing, closed, lookAt };
}

/**
 * What many offices are together: always open, unless most of them close. Then most are back at the middle of their mornings, and the first
 * meeting of any of them counts.
 */
export function momentOfMany(moments: readonly Moment[], open: Moment): Moment {
  const closing = moments.filter(({ isClosing }) => isClosing);
  if (closing.length * 2 <= moments.length) return open;
  const backs = closing.map(({ backAt }) => backAt).toSorted((a, b) => a - b);
  const backAt = backs[backs.length >> 1] ?? open.backAt;
  const looks = moments.flatMap(({ lookAt }) => lookAt ?? []);
  const { is, meeting } = moments.find((one) => one.meeting !== null) ?? open;
  return { ...open, is, meeting, backAt, isNearClosing: true, isClosing: true, lookAt: looks.length > 0 ? Math.min(...looks) : null };
}

/** The next time at which the digest goes out, in the zone of the office: on the next of its days, after `at`. */
export function nextDigestAt(at: number, { timeZone, hours }: Office, digest: number): number {
  for (const day of daysFrom(at, timeZone)) {
    const time = timeOn(day, digest, timeZone);
    if (time > at && (hours === null || spanOn(hours, day) !== null)) return time;
  }
  return timeOn(localDay(at, timeZone) + 1, digest, timeZone);
}

/** Now within the day of the office, in which the digest lies; else the next digest. */
function tellableAt(office: Office, { digest }: WhenRules, now: number): number {
  const { hours, timeZone } = office;
  if (hours === null) return now;
  const day = localDay(now, timeZone);
  const span = spanOn(hours, day);
  const isWithin = (from: number, to: number) => now >= timeOn(day, from, timeZone) && now < timeOn(day, to, timeZone);
  if (span !== null && isWithin(Math.min(span.from, digest), Math.max(span.to, digest + 1))) return now;
  return nextDigestAt(now, office, digest);
}

/** When the rooms of the office are switched on again, with the grace that people have for it. */
function openAt(office: Office, { graceMs }: WhenRules, now: number): number {
  const { hours, timeZone } = office;
  if (hours === null) return now;
  for (const day of daysFrom(now, timeZone)) {
    const span = spanOn(hours, day);
    if (span !== null && now < timeOn(day, span.to, timeZone))
      return Math.max(now, timeOn(day, span.from, timeZone) + (span.goesOnFromBefore ? 0 : graceMs));
  }
  return nextDigestAt(now, office, 0);
}

/** From near the last closing of an earlier day until this day began; null once all should be there, and where nothing says when that was. */
function lastNight({ hours, timeZone }: Office, { nearMs, digest, graceMs }: WhenRules, now: number): Moment['closed'] {
  const today = localDay(now, timeZone);
  const span = spanOn(hours, today);
  if (span === null || span.goesOnFromBefore || now >= timeOn(today, span.from, timeZone) + graceMs) return null;
  for (let day = today - 1; day >= today - closedDays; day -= 1) {
    const last = spanOn(hours, day);
    if (last !== null) return { from: timeOn(day, last.to, timeZone) - nearMs, to: timeOn(today, Math.min(span.from, digest), timeZone) };
  }
  return null;
}

/** From eight in the evening to six, by the clock on the wall. */
function quietKind({ timeZone }: Office, now: number): 'closed' | 'night' {
  const { hour } = zonedAt(now, timeZone);
  return hour >= 20 || hour < 6 ? 'night' : 'closed';
}

type Minutes = Pick<DayHours, 'from' | 'to'>;
const midnight = 24 * 60;
/** The day of an office in minutes. Where the next day opens as this one ends nobody goes home between them. Null on a day that is none. */
function spanOn(hours: OfficeHours | null, day: number): (Minutes & { goesOn: boolean; goesOnFromBefore: boolean }) | null {
  const [before, span, next] = [minutesOn(hours, day - 1), minutesOn(hours, day), minutesOn(hours, day + 1)];
  if (span === null) return null;
  const goesOn = isOneDay(span, next);
  return { from: span.from, to: goesOn ? midnight : span.to, goesOn, goesOnFromBefore: isOneDay(before, span) };
}

/** People write 23:59 too where they mean the end of the day. */
function isOneDay(span: Minutes | null, next: Minutes | null): boolean {
  return span !== null && next !== null && span.to >= midnight - 1 && next.from === 0;
}

/** From its first hour to its last, or until its people go home. */
function minutesOn(hours: OfficeHours | null, day: number): Minutes | null {
  if (hours === null) return null;
  const today = weekdayOf(day);
  const spans = hours.vc?.filter(({ days }) => days.includes(today)) ?? [{ from: dayBegins, to: dayBegins + 1 }];
  if (spans.length === 0) return null;
  const to = Math.max(...spans.map((one) => one.to), hours.closes ?? 0);
  return { from: Math.min(...spans.map((one) => one.from)), to: hours.vc === null ? (hours.closes ?? midnight) : to };
}

/** Where only the closing time is named, the day begins at this minute. */
const dayBegins = 9 * 60;

/** A minute of a local day as a time: by the clock on the wall, whatever the zone does on that day. */
function timeOn(day: number, minute: number, zone: string): number {
  const [date, rest] = minute >= midnight ? [dateOf(day + 1), minute - midnight] : [dateOf(day), minute];
  const clock = `${String(Math.floor(rest / 60)).padStart(2, '0')}:${String(rest % 60).padStart(2, '0')}`;
  return atOf(`${date}T${clock}:00`, zone);
}

function localDay(at: number, zone: string): number {
  return dayOf(zonedAt(at, zone).toPlainDate().toString());
}

function daysFrom(at: number, zone: string): number[] {
  const today = localDay(at, zone);
  return Array.from({ length: closedDays }, (_, ahead) => today + ahead);
}

type MomentsOptions = {
  calendar(): Calendar;
  /** Undefined while the ledger is opened anew. */
  table(): SiteTable | undefined;
  /** The sites of a cause of many. */
  members(scope: string): readonly string[];
  now(): number;
};

/**
 * Answers what time it is at a scope, from the calendar and the site table as they are now.
 * Guarantee: a whole site has the meetings and the hours of its office, many sites what most of theirs have in the evening; what is in no
 * site, as all else of the centre's own, and an office that names no hours, is always open: it waits for nothing.
 */
export function createMoments({ calendar, table, members, now }: MomentsOptions): (scope: string, rules: WhenRules) => Moment {
  const momentAt = (scope: string, rules: WhenRules) => {
    const places = table();
    const isPlace = scope !== '' && places?.node(scope) !== undefined;
    const { timeZone = 'UTC', office: hours = null } = isPlace ? places.resolve(scope) : {};
    const dates = isPlace ? calendar().next(scope, now()) : [];
    const moment = momentOf({ office: { timeZone, hours }, dates, rules, now: now() });
    // The next import may bring a meeting of this room.
    return isPlace && moment.lookAt === null && calendar().all().size > 0 ? { ...moment, lookAt: Number.POSITIVE_INFINITY } : moment;
  };
  return (scope, rules) => {
    const kind = causeKindOf(scope);
    if (kind === undefined || kind === 'spread') return momentAt(scope, rules);
    if (kind === 'site') return momentAt(pathOfScope(scope), rules);
    const sites = members(scope).map((site) => momentAt(site, rules));
    return momentOfMany(sites, momentAt('', rules));
  };
}

/** `go`: on to who is told. Else it waits, for what stands in `how`. In both cases the message is changed: its severity, `hours` and acts. */
type HoursAnswer = { go: boolean; how: string };

/** Without a meeting or an hour to wait for, a fault that was told is looked at again after this time: meetings are imported day by day. */
const lookAgainMs = 24 * 3_600_000;
const dayWords = {
  until: 'critical until the meeting is over',
  waits: 'waits for the morning',
  back: 'waits for the opening of the office',
  told: 'told; looked at again before a meeting',
};

/** Judges a message at a moment. `node` = the node that goes on when the time has come. */
export function actByHours(message: WireMessage, moment: Moment, { node, now }: { node: string; now: number }): HoursAnswer {
  if (message.transition.kind !== 'raised' && message.transition.kind !== 'worsened') return { go: true, how: '' };
  const before = message.hours;
  if (before?.was !== undefined) message.severity = before.was;
  if ((moment.is === 'meeting' || moment.is === 'soon') && countsInMeeting(message)) return urgent(message, moment, { node, now });
  // What is told and has not become urgent is not told again; after a meeting it goes its usual way anew.
  if (before?.waits === 'told') return wait(message, { node, dueAt: lookAt(moment, now), hours: { waits: 'told' } }, dayWords.told);
  if (isSwitchedOff(message, moment) && moment.backAt > now) return wait(message, until(moment, moment.backAt, node), dayWords.back);
  if (moment.digestAt > now) return wait(message, until(moment, moment.digestAt, node), dayWords.waits);
  return usual(message, moment, { node, now });
}

/** At once and critical, until the meeting is over; people of the higher levels are told as from now. */
function urgent(message: WireMessage, { meeting, lookAt: ends }: Moment, { node, now }: { node: string; now: number }): HoursAnswer {
  const was = message.severity;
  const { waits } = message.hours ?? {};
  const dueAt = Math.max(ends ?? now, now + 1);
  // What was critical before the meeting goes no usual way anew after it: it waits for the next one.
  wait(message, { node, dueAt, hours: was === 'critical' ? { waits: 'told' } : { waits: 'meeting', was } });
  message.severity = 'critical';
  if (waits === 'meeting') return { go: false, how: dayWords.until };
  message.hours = {
    ...(waits !== undefined && { countsFrom: now }),
    ...(waits === 'told' && was === 'critical' && { known: true }),
    ...(meeting && { meeting: { at: meeting.from, title: meeting.title } }),
  };
  return { go: true, how: '' };
}

/** By day: as always, in the digest where it has waited; and it is looked at again when a meeting comes near. */
function usual(message: WireMessage, moment: Moment, { node, now }: { node: string; now: number }): HoursAnswer {
  const { waits } = message.hours ?? {};
  // What is told once more as critical is reminded of by the step that told it first.
  const isRepeated = message.severity === 'critical' && message.transition.again !== undefined;
  if (countsInMeeting(message) && moment.lookAt !== null && !isRepeated) {
    wait(message, { node, dueAt: lookAt(moment, now), hours: { waits: 'told' } });
  }
  if (waits === undefined) return { go: true, how: '' };
  message.hours = { countsFrom: now, ...(waits === 'held' && { digest: true }) };
  return { go: true, how: '' };
}

function until(moment: Moment, at: number, node: string): Waiting {
  return { node, dueAt: Math.min(at, moment.lookAt ?? at), hours: { waits: 'held' } };
}

type Waiting = { node: string; dueAt: number; hours: HoursFields };

function wait(message: WireMessage, { node, dueAt, hours }: Waiting, how = ''): HoursAnswer {
  const { severity, holdMs, to } = message;
  const act: Act = { do: 'wait', node, dueAt, unlessAcknowledged: false, message: { severity, holdMs, to: [...to], hours } };
  message.acts = [...message.acts, act];
  return { go: false, how };
}

function lookAt(moment: Moment, now: number): number {
  return Math.max(now + 1, Math.min(moment.lookAt ?? Number.POSITIVE_INFINITY, now + lookAgainMs));
}

/** What a meeting sees, hears or stands on; what only informs is no more urgent for it. */
function countsInMeeting({ severity, faults, fault }: WireMessage): boolean {
  if (severity === 'info') return false;
  const touches = [fault, ...faults].some((id) => meetingParts.includes(id.slice(0, id.indexOf('.'))));
  return severity === 'critical' || severity === 'major' || touches;
}

const meetingParts = [...meetingComponents, 'display', 'pc', 'power', 'path', 'link'];

/** Of the PCs of an office that closes, one by one, the last makes it a site of which none answers. */
const ofOne: ReadonlySet<string> = new Set(['pc.silent', 'outage.site']);
/** Offices that close at one time look like a region that went. */
const ofMany: ReadonlySet<string> = new Set(['outage.link', 'outage.provider', 'outage.state', 'outage.nation', 'centre.plane']);

/**
 * A PC that says goodbye or just goes is switched off with its office; a line that breaks, or a state that is gone, is not. Of many offices
 * that went while most of them close, that they went together says nothing of a line: only what one of them knew does. In the morning it counts
 * when it went: what stood for many is over before the last of them should be there.
 */
function isSwitchedOff({ fault, outage }: WireMessage, { isNearClosing, isClosing, closed }: Moment): boolean {
  const { cause = 'undetermined', from = Number.NaN } = outage ?? {};
  if (cause === 'link-down' || cause === 'crash') return false;
  if (ofMany.has(fault)) return isClosing && cause !== 'power-cut';
  if (!ofOne.has(fault)) return false;
  const isOfNight = closed !== null && from >= closed.from && from < closed.to;
  return isOfNight || (isNearClosing && cause !== 'upstream');
}
