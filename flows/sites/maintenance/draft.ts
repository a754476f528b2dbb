/** Maintenance as somebody asks for it, judged: what is wrong with it in one line, or the plan. */
import { oneLine } from '@sabha/contracts';
import type { Maintenance, SiteTable } from '../../engine/records/sites.ts';
import { atOf, endsAt, isLocal, occurrencesIn, ruleOfText } from '../calendar/calendar.ts';
import { zoneNamed } from '../calendar/draft.ts';
import { heldAs } from './planned.ts';

/** What is asked for. Times are local; `to` or `minutes` says when it ends. */
export type Asked = {
  scope: string;
  title: string;
  from: string;
  to?: string | undefined;
  minutes?: number | undefined;
  rule?: string | undefined;
  zone?: string | undefined;
  by: string;
};

/** The plan, or what is wrong with what was asked for. */
export type Drafted = { ok: true; plan: Maintenance } | { ok: false; line: string };

/** Whoever works on a room needs some minutes for that; what is shorter begins and ends within one look. */
const leastMinutes = 5;
/**
 * Three days: a weekend with a day beside it. For as long nobody hears of a fault there; what is away for longer is no maintenance: the site is
 * taken out of service, or somebody plans it anew and so has thought of it again.
 */
const mostMinutes = 3 * 24 * 60;
const dayMs = 86_400_000;
/** So far ahead it is looked whether a date begins before the last one is over. */
const lookAheadMs = 60 * dayMs;

/** Judges what is asked for. */
export function draftOf(
  asked: Asked,
  { table, now, id }: { table: Pick<SiteTable, 'node' | 'resolve'>; now: number; id: string },
): Drafted {
  const { scope, by } = asked;
  if (scope === '' || table.node(scope) === undefined) return wrong(`there is no room, site or state "${oneLine(scope, 80)}"`);
  const zone = asked.zone === undefined ? null : zoneNamed(asked.zone);
  if (zone === undefined) return wrong(`the zone "${oneLine(asked.zone ?? '', 60)}" is not known: say one such as Asia/Kolkata`);
  const placeZone = zone ?? table.resolve(scope).timeZone;
  const times = timesOf(asked, placeZone);
  if (!times.ok) return times;
  const { start, minutes } = times;
  const read = asked.rule === undefined ? { ok: true as const, rule: null } : ruleOfText(asked.rule, start);
  if (!read.ok) return read;
  const what = { id, scope, title: oneLine(asked.title, titleLimit), start, zone, minutes };
  const plan: Maintenance = { ...what, rule: read.rule, ruleText: asked.rule ?? null, by, at: now };
  const line = dateProblem(plan, placeZone, now);
  return line === undefined ? { ok: true, plan } : wrong(line);
}

const titleLimit = 120;

type Times = { ok: true; start: string; minutes: number };

function timesOf({ from, to, minutes }: Asked, zone: string): Times | Extract<Drafted, { ok: false }> {
  const start = localOf(from);
  if (start === undefined) return wrong(`"from" is a time of day there, such as 2027-01-15T22:00, not "${oneLine(from, 40)}"`);
  if (to === undefined && minutes === undefined) return wrong('it has no end: say "to", or for how many minutes');
  if (to !== undefined && minutes !== undefined) return wrong('it has two ends: say "to", or for how many minutes');
  const end = to === undefined ? undefined : localOf(to);
  if (to !== undefined && end === undefined)
    return wrong(`"to" is a time of day there, such as 2027-01-16T02:00, not "${oneLine(to, 40)}"`);
  const long = end === undefined ? (minutes ?? 0) : Math.round((atOf(end, zone) - atOf(start, zone)) / 60_000);
  const line = lengthProblem(long);
  return line === undefined ? { ok: true, start, minutes: long } : wrong(line);
}

function lengthProblem(minutes: number): string | undefined {
  if (minutes <= 0) return 'it ends before it begins';
  if (!Number.isInteger(minutes) || minutes < leastMinutes) return `it is shorter than ${leastMinutes} minutes`;
  if (minutes > mostMinutes) return `it is longer than ${mostMinutes / 1440} days, in which nobody would hear of a fault: plan it in parts`;
  return undefined;
}

function dateProblem(plan: Maintenance, zone: string, now: number): string | undefined {
  const end = endsAt(heldAs(plan), zone);
  if (end !== null && end <= now) return 'it is over already';
  if (plan.rule === null) return undefined;
  // Maintenance that never pauses would hide a fault for ever.
  const first = atOf(plan.start, zone);
  const dates = occurrencesIn(heldAs(plan), { from: first, to: first + lookAheadMs }, zone);
  const isWithout = dates.some(({ from }, at) => at > 0 && from <= (dates[at - 1]?.to ?? 0));
  return isWithout ? `it comes back (${plan.rule.frequency}) before it is over, and would never end` : undefined;
}

/** With seconds, as the calendar writes it; undefined where it is no time. */
function localOf(text: string): string | undefined {
  const [, date, time] = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?::00)?$/.exec(text.trim()) ?? [];
  const local = `${date}T${time}:00`;
  return date !== undefined && isLocal(local) ? local : undefined;
}

function wrong(line: string): { ok: false; line: string } {
  return { ok: false, line };
}
