/** What the nodes *who* and *urgency* decide, as pure functions of what their dialogs say; a node is a thin shell around one of them. */
import * as v from 'valibot';
import { describeIssue, isTimeZone, type Severity, severities } from '#contracts';
import type { WireMessage } from '../records/incidents.ts';
import { toMs } from './acts.ts';

/** `set`: always these. `keep`: these, where nobody is chosen yet. `told`: those who were told of the incident. */
const whoModes = ['set', 'keep', 'told'] as const;
/** `keep`: the hold that the message has. `until`: a time of day, in a zone. */
const holds = ['keep', 'atLeast', 'atMost', 'until'] as const;

/** Whom a message tells from here on. */
export type Who = v.InferOutput<typeof who>;
/** How urgent it is from here on, and how long it waits. */
export type Urgency = {
  severity: Severity | '';
  sparesCritical: boolean;
  holdMs(message: Pick<WireMessage, 'holdMs' | 'transition'>): number;
};

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

/** The dialog of a *who* node, or one line that says what is missing in it. */
export function readWho(config: unknown): Read<Who> {
  const read = v.safeParse(who, config);
  if (!read.success) return { ok: false, line: describeIssue(read.issues[0]) };
  const { mode, to } = read.output;
  return mode === 'told' || to.length > 0 ? { ok: true, value: read.output } : { ok: false, line: 'nobody is chosen' };
}

/** Whom the message tells now. */
export function toldNow({ to, incident }: Pick<WireMessage, 'to' | 'incident'>, { mode, to: chosen }: Who): string[] {
  if (mode === 'told') return [...incident.told];
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
    if (!isTimeZone(zone)) return { ok: false, line: `"${zone}" is no time zone such as Asia/Kolkata` };
    return { ok: true, value: { ...value, holdMs: ({ transition }) => msUntil(transition.at, at, zone) } };
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
  const start = Temporal.Instant.fromEpochMilliseconds(Math.ceil(from)).toZonedDateTimeISO(zone);
  const today = start.withPlainTime(timeOfDay);
  const next = Temporal.ZonedDateTime.compare(today, start) < 0 ? start.add({ days: 1 }).withPlainTime(timeOfDay) : today;
  return next.epochMilliseconds - from;
}
