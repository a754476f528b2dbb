/** What the nodes *who*, *urgency* and *which* decide, as pure functions of what their dialogs say; a node is a thin shell around one of them. */

import { describeIssue, faultIds, isTimeZone, type Severity, severities, zonedAt } from '@sabha/contracts';
import * as v from 'valibot';
import type { WireMessage } from '../engine/records/incidents.ts';
import { toMs } from './acts.ts';

/** `set`: always these. `keep`: these, where nobody is chosen yet. `told`: those who were told of the incident; `also`: them beside those who are chosen. */
const whoModes = ['set', 'keep', 'told', 'also'] as const;
/** Modes in which nobody is chosen in the dialog. */
const byTold: readonly unknown[] = ['told', 'also'];
/** `keep`: the hold that the message has. `until`: a time of day, in a zone. */
const holds = ['keep', 'atLeast', 'atMost', 'until'] as const;

/** As a zone: that of the site. A message of an older version names none. */
const ofSite = 'site';
const inIndia = 'Asia/Kolkata';

/** Whom a message tells from here on. */
export type Who = v.InferOutput<typeof who>;
/** How urgent it is from here on, and how long it waits. */
export type Urgency = {
  severity: Severity | '';
  sparesCritical: boolean;
  holdMs(message: Pick<WireMessage, 'holdMs' | 'transition' | 'incident'>): number;
};

/** What a message is asked; it goes one of two ways. */
export type Which = v.InferOutput<typeof which>;

type Read<T> = { ok: true; value: T } | { ok: false; line: string };

const who = v.looseObject({ mode: v.picklist(whoModes), to: v.array(v.string()) });

const urgency = v.looseObject({
  severity: v.picklist([...severities, '']),
  hold: v.picklist(holds),
  duration: v.optional(v.union([v.string(), v.number()]), ''),
  unit: v.optional(v.picklist(['s', 'min', 'h']), 'min'),
  at: v.optional(v.string(), ''),
  zone: v.optional(v.string(), ''),
  sparesCritical: v.optional(v.boolean(), false),
});

/** `faults`: the first of the news, or all of it; `told`: whom the message tells. */
const which = v.looseObject({
  about: v.picklist(['faults', 'told']),
  of: v.optional(v.picklist(['first', 'all']), 'first'),
  list: v.array(v.string()),
});

/** The dialog of a *which* node, or one line that says what is wrong in it. */
export function readWhich(config: unknown): Read<Which> {
  const read = v.safeParse(which, config);
  if (!read.success) return { ok: false, line: describeIssue(read.issues[0]) };
  const { about, list } = read.output;
  if (list.length === 0) return { ok: false, line: 'nothing is chosen' };
  const unknown = about === 'faults' ? list.find((one) => !faultIds.some((id) => isOf(id, one))) : undefined;
  return unknown === undefined ? { ok: true, value: read.output } : { ok: false, line: `there is no fault "${unknown}"` };
}

/** True where the message is one of those that were chosen. */
export function isOne({ fault, faults, to }: Pick<WireMessage, 'fault' | 'faults' | 'to'>, { about, of, list }: Which): boolean {
  if (about === 'told') return to.some((name) => list.includes(name));
  const chosen = (id: string) => list.some((one) => isOf(id, one));
  return of === 'all' ? faults.every(chosen) : chosen(fault);
}

/** `link.*` is every fault of the link. */
function isOf(id: string, one: string): boolean {
  return one.endsWith('.*') ? id.startsWith(one.slice(0, -1)) : id === one;
}

/** All that a *which* node may be asked about, for its dialog. */
export function faultsToChoose(): string[] {
  const parts = [...new Set(faultIds.map((id) => `${id.slice(0, id.indexOf('.'))}.*`))];
  return [...parts, ...faultIds].toSorted();
}

/** The dialog of a *who* node, or one line that says what is missing in it. */
export function readWho(config: unknown): Read<Who> {
  const read = v.safeParse(who, config);
  if (!read.success) return { ok: false, line: describeIssue(read.issues[0]) };
  const { mode, to } = read.output;
  return byTold.includes(mode) || to.length > 0 ? { ok: true, value: read.output } : { ok: false, line: 'nobody is chosen' };
}

/** Whom the message tells now. */
export function toldNow({ to, incident }: Pick<WireMessage, 'to' | 'incident'>, { mode, to: chosen }: Who): string[] {
  if (mode === 'told') return [...incident.told];
  if (mode === 'also') return [...new Set([...to, ...incident.told])];
  return mode === 'keep' && to.length > 0 ? [...to] : [...chosen];
}

/** The dialog of an *urgency* node, or one line that says what is wrong in it. */
export function readUrgency(config: unknown): Read<Urgency> {
  const read = v.safeParse(urgency, config);
  if (!read.success) return { ok: false, line: describeIssue(read.issues[0]) };
  const { severity, hold, duration, unit, at, zone, sparesCritical } = read.output;
  const value = { severity, sparesCritical };
  if (hold === 'keep') return { ok: true, value: { ...value, holdMs: (message) => message.holdMs } };
  if (hold === 'until') {
    if (!/^([01]\d|2[0-3]):[0-5]\d$/.test(at)) return { ok: false, line: `"${at}" is no time of day such as 09:00` };
    if (zone !== ofSite && !isTimeZone(zone)) return { ok: false, line: `"${zone}" is no time zone such as Asia/Kolkata, nor site` };
    return {
      ok: true,
      value: {
        ...value,
        holdMs: ({ transition, incident }) => msUntil(transition.at, at, zone === ofSite ? (incident.timeZone ?? inIndia) : zone),
      },
    };
  }
  const limitMs = toMs(duration, unit);
  if (limitMs === undefined) return { ok: false, line: `no time to hold: "${duration}" is not a number` };
  const bound = hold === 'atLeast' ? Math.max : Math.min;
  return { ok: true, value: { ...value, holdMs: (message) => bound(message.holdMs, limitMs) } };
}

/** How urgent the message is now, and how long it waits from its transition. */
export function urgencyNow(message: WireMessage, { severity, sparesCritical, holdMs }: Urgency): Pick<WireMessage, 'severity' | 'holdMs'> {
  const now = severity === '' ? message.severity : severity;
  return { severity: now, holdMs: sparesCritical && now === 'critical' ? message.holdMs : holdMs(message) };
}

/** From a moment to the next time of day; none where it is that time. */
function msUntil(from: number, timeOfDay: string, zone: string): number {
  const start = zonedAt(Math.ceil(from), zone);
  const today = start.withPlainTime(timeOfDay);
  const next = Temporal.ZonedDateTime.compare(today, start) < 0 ? start.add({ days: 1 }).withPlainTime(timeOfDay) : today;
  return next.epochMilliseconds - from;
}
