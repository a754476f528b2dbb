/** Decides for the node *when* whether an office has a meeting, is open or is closed. */
import { causeKindOf, meetingComponents, pathOfScope, zonedAt } from '@sabha/contracts';
import type { HoursFields, OfferMessage, TabAct } from '../../engine/records/incidents.ts';
import type { DayHours, Occurrence, OfficeHours, SiteTable } from '../../engine/records/sites.ts';
import { atOf, type Calendar, dateOf, dayOf, weekdayOf } from './calendar.ts';

/** Days searched for the next or last opening of an office. */
const closedDays = 15;

/** Settings of the node *when*. `digest` is in minutes after midnight. */
export type WhenRules = { beforeMs: number; digest: number; nearMs: number; graceMs: number };
/** An office. `hours` is null if no level sets hours; the office is then always open. */
export type OfficeTimes = { timeZone: string; hours: OfficeHours | null };

/**
 * State of an office:
 * - `meeting`: a meeting runs
 * - `soon`: a meeting begins within `beforeMs`
 * - `open`: people may be notified
 * - `closed`: people are notified at the next digest; it is day
 * - `night`: the same, between 20:00 and 6:00
 */
export type OfficeState = {
  is: 'meeting' | 'soon' | 'open' | 'closed' | 'night';
  /** The running or coming meeting if `is` is `meeting` or `soon`; else null. */
  meeting: Occurrence | null;
  /** Time at which less urgent faults may be sent: now, or the next digest. */
  digestAt: number;
  /** Time at which a PC switched off at closing time should be online again; now if it already should. */
  backAt: number;
  /** The office closes within `nearMs`, or has closed. */
  isNearClosing: boolean;
  /** The office closes within `nearMs`, or closed within that time. Its PCs may go offline one by one or all at once. */
  isClosing: boolean;
  /** Span in which PCs were switched off at the last closing, until the day began. Null once they should be online again. */
  closed: { from: number; to: number } | null;
  /** Time of the next check: the next meeting comes near, or the running one ends. Null if none is known. */
  lookAt: number | null;
};

/** Returns the state of an office at a time. `dates`: the dates of the room that have not ended, sorted. */
export function officeStateAt(at: { office: OfficeTimes; dates: readonly Occurrence[]; rules: WhenRules; now: number }): OfficeState {
  const { office, dates, rules, now } = at;
  const near = dates.filter(({ from, to }) => from - rules.beforeMs <= now && to > now);
  const later = dates.find(({ from }) => from - rules.beforeMs > now);
  const running = near.find(({ from }) => from <= now) ?? null;
  const digestAt = sendableAt(office, rules, now);
  const today = localDay(now, office.timeZone);
  const closings = [today - 1, today].flatMap((day) => {
    const span = spanOn(office.hours, day);
    return span === null || span.goesOn ? [] : timeOn(day, span.to, office.timeZone);
  });
  const closing = closings.find((at) => now < at && at - now <= rules.nearMs) ?? null;
  const backAt = roomsOnAt(office, rules, closing ?? now);
  const ends = Math.max(...near.map(({ to }) => to));
  const lookAt = near.length > 0 ? ends : later === undefined ? null : later.from - rules.beforeMs;
  const quiet = digestAt > now;
  const isNearClosing = quiet || closing !== null;
  const is = running ? 'meeting' : near.length > 0 ? 'soon' : quiet ? quietKind(office, now) : 'open';
  const isClosing = closings.some((at) => Math.abs(now - at) <= rules.nearMs);
  const closed = quiet ? null : closedSpan(office, rules, now);
  return { is, meeting: running ?? near[0] ?? null, digestAt, backAt, isNearClosing, isClosing, closed, lookAt };
}

/**
 * Combines the states of many offices: open, unless most offices close. Then `backAt` is the median of the closing offices, and the first
 * meeting of any office counts.
 */
export function combineOffices(moments: readonly OfficeState[], open: OfficeState): OfficeState {
  const closing = moments.filter(({ isClosing }) => isClosing);
  if (closing.length * 2 <= moments.length) return open;
  const backs = closing.map(({ backAt }) => backAt).toSorted((a, b) => a - b);
  const backAt = backs[backs.length >> 1] ?? open.backAt;
  const looks = moments.flatMap(({ lookAt }) => lookAt ?? []);
  const { is, meeting } = moments.find((one) => one.meeting !== null) ?? open;
  return { ...open, is, meeting, backAt, isNearClosing: true, isClosing: true, lookAt: looks.length > 0 ? Math.min(...looks) : null };
}

/** Returns the next digest after `at`, in the zone of the office, on its next office day. */
export function nextDigestAt(at: number, { timeZone, hours }: OfficeTimes, digest: number): number {
  for (const day of daysFrom(at, timeZone)) {
    const time = timeOn(day, digest, timeZone);
    if (time > at && (hours === null || spanOn(hours, day) !== null)) return time;
  }
  return timeOn(localDay(at, timeZone) + 1, digest, timeZone);
}

/** Returns `now` during the office day, which is extended to include the digest time; else the next digest. */
function sendableAt(office: OfficeTimes, { digest }: WhenRules, now: number): number {
  const { hours, timeZone } = office;
  if (hours === null) return now;
  const day = localDay(now, timeZone);
  const span = spanOn(hours, day);
  const isWithin = (from: number, to: number) => now >= timeOn(day, from, timeZone) && now < timeOn(day, to, timeZone);
  if (span !== null && isWithin(Math.min(span.from, digest), Math.max(span.to, digest + 1))) return now;
  return nextDigestAt(now, office, digest);
}

/** Returns the time at which the rooms are switched on again, with a grace time. */
function roomsOnAt(office: OfficeTimes, { graceMs }: WhenRules, now: number): number {
  const { hours, timeZone } = office;
  if (hours === null) return now;
  for (const day of daysFrom(now, timeZone)) {
    const span = spanOn(hours, day);
    if (span !== null && now < timeOn(day, span.to, timeZone))
      return Math.max(now, timeOn(day, span.from, timeZone) + (span.goesOnFromBefore ? 0 : graceMs));
  }
  return nextDigestAt(now, office, 0);
}

/**
 * Returns the span from near the last closing until today's opening. Null once all PCs should be online, or if the last closing is unknown.
 */
function closedSpan({ hours, timeZone }: OfficeTimes, { nearMs, digest, graceMs }: WhenRules, now: number): OfficeState['closed'] {
  const today = localDay(now, timeZone);
  const span = spanOn(hours, today);
  if (span === null || span.goesOnFromBefore || now >= timeOn(today, span.from, timeZone) + graceMs) return null;
  for (let day = today - 1; day >= today - closedDays; day -= 1) {
    const last = spanOn(hours, day);
    if (last !== null) return { from: timeOn(day, last.to, timeZone) - nearMs, to: timeOn(today, Math.min(span.from, digest), timeZone) };
  }
  return null;
}

/** Night is from 20:00 to 6:00 local time. */
function quietKind({ timeZone }: OfficeTimes, now: number): 'closed' | 'night' {
  const { hour } = zonedAt(now, timeZone);
  return hour >= 20 || hour < 6 ? 'night' : 'closed';
}

type Minutes = Pick<DayHours, 'from' | 'to'>;
const midnight = 24 * 60;
/**
 * Returns the office day in minutes; null on a closed day. If the next day opens when this one ends, the office does not close in between.
 */
function spanOn(hours: OfficeHours | null, day: number): (Minutes & { goesOn: boolean; goesOnFromBefore: boolean }) | null {
  const [before, span, next] = [minutesOn(hours, day - 1), minutesOn(hours, day), minutesOn(hours, day + 1)];
  if (span === null) return null;
  const goesOn = isOneDay(span, next);
  return { from: span.from, to: goesOn ? midnight : span.to, goesOn, goesOnFromBefore: isOneDay(before, span) };
}

/** People also write 23:59 for the end of the day. */
function isOneDay(span: Minutes | null, next: Minutes | null): boolean {
  return span !== null && next !== null && span.to >= midnight - 1 && next.from === 0;
}

/** Returns the span from the first hour to the last, or to the closing time. */
function minutesOn(hours: OfficeHours | null, day: number): Minutes | null {
  if (hours === null) return null;
  const today = weekdayOf(day);
  const spans = hours.vc?.filter(({ days }) => days.includes(today)) ?? [{ from: dayBegins, to: dayBegins + 1 }];
  if (spans.length === 0) return null;
  const to = Math.max(...spans.map((one) => one.to), hours.closes ?? 0);
  return { from: Math.min(...spans.map((one) => one.from)), to: hours.vc === null ? (hours.closes ?? midnight) : to };
}

/** Start of the day if only the closing time is set. */
const dayBegins = 9 * 60;

/** Returns the time of a minute of a local day, also on days with a clock change. */
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

type OfficeStatesOptions = {
  calendar(): Calendar;
  /** Undefined while the ledger is opened again. */
  table(): SiteTable | undefined;
  members(scope: string): readonly string[];
  now(): number;
};

/**
 * Returns a function that gives the state of a scope, from the current calendar and site table. Guarantee: a site has the meetings and
 * hours of its office, and a group of sites the state of the majority. A scope without a site and an office without hours are always open,
 * so no message waits for them.
 */
export function createOfficeStates({
  calendar,
  table,
  members,
  now,
}: OfficeStatesOptions): (scope: string, rules: WhenRules) => OfficeState {
  const momentAt = (scope: string, rules: WhenRules) => {
    const places = table();
    const isPlace = scope !== '' && places?.node(scope) !== undefined;
    const { timeZone = 'UTC', office: hours = null } = isPlace ? places.resolve(scope) : {};
    const dates = isPlace ? calendar().next(scope, now()) : [];
    const moment = officeStateAt({ office: { timeZone, hours }, dates, rules, now: now() });
    // Infinity: no check is due, but the next import may add a meeting of this room.
    return isPlace && moment.lookAt === null && calendar().all().size > 0 ? { ...moment, lookAt: Number.POSITIVE_INFINITY } : moment;
  };
  return (scope, rules) => {
    const kind = causeKindOf(scope);
    if (kind === undefined || kind === 'spread') return momentAt(scope, rules);
    if (kind === 'site') return momentAt(pathOfScope(scope), rules);
    const sites = members(scope).map((site) => momentAt(site, rules));
    return combineOffices(sites, momentAt('', rules));
  };
}

/**
 * The decision about a message. `go`: true to notify now. Otherwise the message waits, and `how` says for what. In both cases the severity,
 * `hours` and acts of the message may change.
 */
type HoursDecision = { go: boolean; how: string };

/** Interval of the checks of a sent fault without a known meeting or opening. Meetings are imported daily. */
const lookAgainMs = 24 * 3_600_000;
const waitReasons = {
  untilMeetingEnds: 'critical until the meeting is over',
  waits: 'waits for the morning',
  back: 'waits for the opening of the office',
  told: 'told; looked at again before a meeting',
};

/** Decides about a message by the state of its office. `node`: the node that continues after the wait. */
export function actByHours(message: OfferMessage, moment: OfficeState, { node, now }: { node: string; now: number }): HoursDecision {
  if (message.transition.kind !== 'raised' && message.transition.kind !== 'worsened') return { go: true, how: '' };
  const before = message.hours;
  if (before?.was !== undefined) message.severity = before.was;
  if ((moment.is === 'meeting' || moment.is === 'soon') && countsInMeeting(message)) return sendUrgently(message, moment, { node, now });
  // A fault that was sent is not sent again unless it becomes urgent. After a meeting it is processed as usual.
  if (before?.waits === 'told') return addWait(message, { node, dueAt: lookAt(moment, now), hours: { waits: 'told' } }, waitReasons.told);
  if (isSwitchedOff(message, moment) && moment.backAt > now)
    return addWait(message, waitUntil(moment, moment.backAt, node), waitReasons.back);
  if (moment.digestAt > now) return addWait(message, waitUntil(moment, moment.digestAt, node), waitReasons.waits);
  return sendByDay(message, moment, { node, now });
}

/** Sends the fault at once, as critical until the meeting ends. The escalation to higher levels counts from now. */
function sendUrgently(
  message: OfferMessage,
  { meeting, lookAt: ends }: OfficeState,
  { node, now }: { node: string; now: number },
): HoursDecision {
  const was = message.severity;
  const { waits } = message.hours ?? {};
  const dueAt = Math.max(ends ?? now, now + 1);
  // A fault that was critical before the meeting waits for the next meeting afterwards.
  addWait(message, { node, dueAt, hours: was === 'critical' ? { waits: 'told' } : { waits: 'meeting', was } });
  message.severity = 'critical';
  if (waits === 'meeting') return { go: false, how: waitReasons.untilMeetingEnds };
  message.hours = {
    ...(waits !== undefined && { countsFrom: now }),
    ...(waits === 'told' && was === 'critical' && { known: true }),
    ...(meeting && { meeting: { at: meeting.from, title: meeting.title } }),
  };
  return { go: true, how: '' };
}

/** Sends a fault by day, in the digest if it waited for that. Checks it again when a meeting comes near. */
function sendByDay(message: OfferMessage, moment: OfficeState, { node, now }: { node: string; now: number }): HoursDecision {
  const { waits } = message.hours ?? {};
  // A repeated critical fault gets its reminders from the transition that was sent first.
  const isRepeated = message.severity === 'critical' && message.transition.again !== undefined;
  if (countsInMeeting(message) && moment.lookAt !== null && !isRepeated) {
    addWait(message, { node, dueAt: lookAt(moment, now), hours: { waits: 'told' } });
  }
  if (waits === undefined) return { go: true, how: '' };
  message.hours = { countsFrom: now, ...(waits === 'held' && { digest: true }) };
  return { go: true, how: '' };
}

function waitUntil(moment: OfficeState, at: number, node: string): PlannedWait {
  return { node, dueAt: Math.min(at, moment.lookAt ?? at), hours: { waits: 'held' } };
}

type PlannedWait = { node: string; dueAt: number; hours: HoursFields };

function addWait(message: OfferMessage, { node, dueAt, hours }: PlannedWait, how = ''): HoursDecision {
  const { severity, holdMs, to } = message;
  const act: TabAct = { do: 'wait', node, dueAt, unlessAcknowledged: false, message: { severity, holdMs, to: [...to], hours } };
  message.acts = [...message.acts, act];
  return { go: false, how };
}

function lookAt(moment: OfficeState, now: number): number {
  return Math.max(now + 1, Math.min(moment.lookAt ?? Number.POSITIVE_INFINITY, now + lookAgainMs));
}

/** Returns true if the fault can disturb a meeting. `info` never does. */
function countsInMeeting({ severity, faults, fault }: OfferMessage): boolean {
  if (severity === 'info') return false;
  const touches = [fault, ...faults].some((id) => meetingParts.includes(id.slice(0, id.indexOf('.'))));
  return severity === 'critical' || severity === 'major' || touches;
}

const meetingParts = [...meetingComponents, 'display', 'pc', 'power', 'path', 'link'];

/** Faults of single PCs. When the PCs of a closing office go offline one by one, the last one makes the whole site silent. */
const singlePcFaults: ReadonlySet<string> = new Set(['pc.silent', 'outage.site']);
/** Faults of many sites. Offices that close at one time look like a regional outage. */
const multiSiteFaults: ReadonlySet<string> = new Set(['outage.link', 'outage.provider', 'outage.state', 'outage.nation', 'centre.plane']);

/**
 * Returns true if the PC was probably switched off with its office: it sent a bye or fell silent. A broken link does not count. If most
 * offices of a group close, a common outage proves no broken line unless one PC reported it. In the morning the start of the outage
 * decides; an outage of many sites ends before the last PC is expected.
 */
function isSwitchedOff({ fault, outage }: OfferMessage, { isNearClosing, isClosing, closed }: OfficeState): boolean {
  const { cause = 'undetermined', from = Number.NaN } = outage ?? {};
  if (cause === 'link-down' || cause === 'crash') return false;
  if (multiSiteFaults.has(fault)) return isClosing && cause !== 'power-cut';
  if (!singlePcFaults.has(fault)) return false;
  const isOfNight = closed !== null && from >= closed.from && from < closed.to;
  return isOfNight || (isNearClosing && cause !== 'upstream');
}
