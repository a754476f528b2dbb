/** The logic of the nodes *who*, *urgency*, *which*, *when*, *wait*, *deliver* and *outcome*, as pure functions of their dialogs. */
import { faultIds, issueText, isTimeZone, oneLine, type Severity, severities, transitionKinds, zonedAt } from '@sabha/contracts';
import * as v from 'valibot';
import type { OfferMessage, TabAct } from '../engine/records/incidents.ts';
import type { DeliveryOutcome } from '../engine/records/notices.ts';
import type { WhenRules } from '../sites/calendar/when.ts';
import { minutesOf } from '../sites/hours.ts';
import type { Waits } from './wires.ts';

/** Value of the field `zone` that means the time zone of the site, and the zone of messages of an older version without one. */
const ofSite = 'site';
const inIndia = 'Asia/Kolkata';

export type RecipientRule = v.InferOutput<typeof who>;
export type UrgencyRule = {
  severity: Severity | '';
  sparesCritical: boolean;
  holdMs(message: Pick<OfferMessage, 'holdMs' | 'transition' | 'incident'>): number;
};

/** Condition of a *which* node, which has two outputs. */
export type ConditionRule = v.InferOutput<typeof which>;

/** The parsed dialog, or one line with the error. */
export type ReadResult<T> = { ok: true; value: T } | { ok: false; line: string };

/**
 * The dialog of a *who* node. Modes: `set` = these recipients; `keep` = these if there are none yet; `told` = those notified before; `also`
 * = those notified before, added to the current ones.
 */
const who = v.looseObject({ mode: v.picklist(['set', 'keep', 'told', 'also']), to: v.array(v.string()) });

/**
 * The dialog of an *urgency* node. `hold`: `keep` leaves the hold of the message; `atLeast` and `atMost` bound it; `until` waits for a time
 * of day in a zone.
 */
const urgency = v.looseObject({
  severity: v.picklist([...severities, '']),
  hold: v.picklist(['keep', 'atLeast', 'atMost', 'until']),
  duration: v.optional(v.union([v.string(), v.number()]), ''),
  unit: v.optional(v.picklist(['s', 'min', 'h']), 'min'),
  at: v.optional(v.string(), ''),
  zone: v.optional(v.string(), ''),
  sparesCritical: v.optional(v.boolean(), false),
});

/** The dialog of a *which* node. `faults`: the first fault of the transition, or all of them. `told`: the recipients of the message. */
const which = v.looseObject({
  about: v.picklist(['faults', 'told']),
  of: v.optional(v.picklist(['first', 'all']), 'first'),
  list: v.array(v.string()),
});

export function readCondition(config: unknown): ReadResult<ConditionRule> {
  const read = v.safeParse(which, config);
  if (!read.success) return { ok: false, line: issueText(read.issues[0]) };
  const { about, list } = read.output;
  if (list.length === 0) return { ok: false, line: 'nothing is chosen' };
  const unknown = about === 'faults' ? list.find((one) => !faultIds.some((id) => matchesFault(id, one))) : undefined;
  return unknown === undefined ? { ok: true, value: read.output } : { ok: false, line: `there is no fault "${unknown}"` };
}

export function meetsCondition(
  { fault, faults, to }: Pick<OfferMessage, 'fault' | 'faults' | 'to'>,
  { about, of, list }: ConditionRule,
): boolean {
  if (about === 'told') return to.some((name) => list.includes(name));
  const chosen = (id: string) => list.some((one) => matchesFault(id, one));
  return of === 'all' ? faults.every(chosen) : chosen(fault);
}

/** True if a pattern matches a fault id. `link.*` matches every fault of the link. */
function matchesFault(id: string, one: string): boolean {
  return one.endsWith('.*') ? id.startsWith(one.slice(0, -1)) : id === one;
}

/** Returns all faults and groups of faults, for the dialog of the *which* node. */
export function faultsToChoose(): string[] {
  const parts = [...new Set(faultIds.map((id) => `${id.slice(0, id.indexOf('.'))}.*`))];
  return [...parts, ...faultIds].toSorted();
}

export function readRecipientRule(config: unknown): ReadResult<RecipientRule> {
  const read = v.safeParse(who, config);
  if (!read.success) return { ok: false, line: issueText(read.issues[0]) };
  const { mode, to } = read.output;
  return mode === 'told' || mode === 'also' || to.length > 0 ? { ok: true, value: read.output } : { ok: false, line: 'nobody is chosen' };
}

/** Returns the recipients after a *who* node. */
export function recipientsNow({ to, incident }: Pick<OfferMessage, 'to' | 'incident'>, { mode, to: chosen }: RecipientRule): string[] {
  if (mode === 'told') return [...incident.told];
  if (mode === 'also') return [...new Set([...to, ...incident.told])];
  return mode === 'keep' && to.length > 0 ? [...to] : [...chosen];
}

export function readUrgency(config: unknown): ReadResult<UrgencyRule> {
  const read = v.safeParse(urgency, config);
  if (!read.success) return { ok: false, line: issueText(read.issues[0]) };
  const { severity, hold, duration, unit, at, zone, sparesCritical } = read.output;
  const holding = (holdMs: UrgencyRule['holdMs']): ReadResult<UrgencyRule> => ({ ok: true, value: { severity, sparesCritical, holdMs } });
  if (hold === 'keep') return holding((message) => message.holdMs);
  if (hold === 'until') {
    if (minutesOf(at) === undefined) return { ok: false, line: `"${at}" is not a time of day such as 09:00` };
    if (zone !== ofSite && !isTimeZone(zone))
      return { ok: false, line: `"${zone}" is neither a time zone such as Asia/Kolkata nor a site` };
    return holding(({ transition, incident }) => msUntil(transition.at, at, zone === ofSite ? (incident.timeZone ?? inIndia) : zone));
  }
  const limitMs = toMs(duration, unit);
  if (limitMs === undefined) return { ok: false, line: `no time to hold: "${duration}" is not a number` };
  const bound = hold === 'atLeast' ? Math.max : Math.min;
  return holding((message) => bound(message.holdMs, limitMs));
}

/** Parses the dialog of a *when* node: three durations in minutes, and a time of day. */
export function readWhen(config: Record<'before' | 'digest' | 'near' | 'grace', unknown>): ReadResult<WhenRules> {
  const numbers = (['before', 'near', 'grace'] as const).map((name) => ({ name, ms: toMs(config[name], 'min') ?? Number.NaN }));
  const wrong = numbers.find(({ ms }) => !(ms <= dayMs));
  if (wrong !== undefined) return { ok: false, line: `when: "${wrong.name}" is a number of minutes from 0 to ${dayMs / 60_000}` };
  const digest = minutesOf(String(config.digest));
  if (digest === undefined) return { ok: false, line: 'when: "digest" is a time of day such as 09:00' };
  const [beforeMs = 0, nearMs = 0, graceMs = 0] = numbers.map(({ ms }) => ms);
  return { ok: true, value: { beforeMs, digest, nearMs, graceMs } };
}

const dayMs = 86_400_000;

/** Returns severity and hold after an *urgency* node. The hold counts from the transition. */
export function urgencyNow(
  message: OfferMessage,
  { severity, sparesCritical, holdMs }: UrgencyRule,
): Pick<OfferMessage, 'severity' | 'holdMs'> {
  const now = severity === '' ? message.severity : severity;
  return { severity: now, holdMs: sparesCritical && now === 'critical' ? message.holdMs : holdMs(message) };
}

/** Returns the milliseconds from a moment to the next occurrence of a time of day; 0 at that time. */
function msUntil(from: number, timeOfDay: string, zone: string): number {
  const start = zonedAt(Math.ceil(from), zone);
  const today = start.withPlainTime(timeOfDay);
  const next = Temporal.ZonedDateTime.compare(today, start) < 0 ? start.add({ days: 1 }).withPlainTime(timeOfDay) : today;
  return next.epochMilliseconds - from;
}

/**
 * Checks that `msg` is a message of the engine, or returns one line with the error.
 * The same object is returned, so that fields which other nodes added are kept.
 */
export function readMessage(msg: unknown): { ok: true; message: OfferMessage } | { ok: false; line: string } {
  const result = v.safeParse(shape, msg);
  if (result.success) return { ok: true, message: msg as OfferMessage };
  return { ok: false, line: `not a message of the wires: ${issueText(result.issues[0])}` };
}

/** Returns the act that notifies the recipients over `channel`, or one line if there are none. */
export function deliverAct(message: OfferMessage, channel: string): { ok: true; act: TabAct } | { ok: false; line: string } {
  if (channel === '') return { ok: false, line: 'no channel is chosen' };
  if (message.to.length === 0) return { ok: false, line: 'nobody to notify: msg.to is empty' };
  return { ok: true, act: { do: 'deliver', channel, to: [...message.to], severity: message.severity, ...hoursOf(message) } };
}

/** A wait as its node configures it. `forMs` counts from the transition. */
export type WaitRule = { node: string; forMs: number; unlessAcknowledged: boolean };

/**
 * Evaluates a wait: `due` (its time has passed), `idle` (already acknowledged, so no escalation), or the act that sets the timer.
 * The time counts from the transition, or from the end of the wait of a *when* node. A repeated offer is therefore due at the same moment.
 */
export function waitAct(message: OfferMessage, wait: WaitRule, now: number): 'due' | 'idle' | TabAct {
  const { node, unlessAcknowledged } = wait;
  if (unlessAcknowledged && message.incident.acknowledged) return 'idle';
  const dueAt = (message.hours?.countsFrom ?? message.transition.at) + wait.forMs;
  if (dueAt <= now) return 'due';
  const { severity, holdMs, to } = message;
  return { do: 'wait', node, dueAt, unlessAcknowledged, message: { severity, holdMs, to: [...to], ...hoursOf(message) } };
}

function hoursOf({ hours }: OfferMessage): Pick<OfferMessage, 'hours'> {
  return hours === undefined ? {} : { hours };
}

/** Returns the outcome of an offered message: the result of the node, or a retry with the error from a catch node. */
export function outcomeOf(
  msg: unknown,
  result: DeliveryOutcome['result'],
): { ok: true; key: string; outcome: DeliveryOutcome } | { ok: false; line: string } {
  const read = v.safeParse(offeredShape, msg);
  if (!read.success) return { ok: false, line: `not a message that an offer node gave out: ${issueText(read.issues[0])}` };
  const { sabha, error } = read.output;
  const reason = oneLine(error?.message ?? 'the node on the tab said so', 200);
  const finalResult = error === undefined ? result : 'retry';
  if (finalResult !== 'delivered') return { ok: true, key: sabha.key, outcome: { result: finalResult, reason } };
  const copy = v.safeParse(copyName, sabha.copy);
  return { ok: true, key: sabha.key, outcome: { result: finalResult, ...(copy.success && { copy: copy.output }) } };
}

/** Returns the status text of a wait node; empty if no message waits. */
export function waitsText({ count, nextAt }: Waits, now: number, words: { waiting: string; next: string }): string {
  if (nextAt === null) return '';
  const minutes = Math.max(0, Math.ceil((nextAt - now) / 60_000));
  return `${count} ${words.waiting}, ${words.next} ${minutes} min`;
}

/** Returns the conclusion for a message from a catch node, with the error; empty without one. */
export function conclusionOfError(msg: unknown): string {
  const read = v.safeParse(caughtShape, msg);
  if (!read.success) return '';
  const { message, source } = read.output.error;
  return `error on the tab: ${message} (${source.id})`;
}

/** Converts a number in a wait node's unit to milliseconds; undefined for an invalid value. */
export function toMs(value: unknown, unit: string): number | undefined {
  const factor = unitMs[unit];
  const number = typeof value === 'string' && value.trim() === '' ? Number.NaN : Number(value);
  if (factor === undefined || !Number.isFinite(number) || number < 0) return undefined;
  return number * factor;
}

const unitMs: Record<string, number> = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000 };

/** Id of the message at the other service. An invalid id is ignored, and the message still counts as delivered. */
const copyName = v.pipe(v.union([v.string(), v.number()]), v.transform(String), v.regex(/^[^\p{Cc}]{1,200}$/u));

const offeredShape = v.looseObject({
  sabha: v.looseObject({ key: v.string(), copy: v.optional(v.unknown()) }),
  error: v.optional(v.looseObject({ message: v.pipe(v.unknown(), v.transform(String)) })),
});

const caughtShape = v.looseObject({ error: v.looseObject({ message: v.string(), source: v.looseObject({ id: v.string() }) }) });

const time = v.pipe(v.number(), v.finite());

/** Schema of a message with only the fields that the nodes need. Rules may add others. */
const shape = v.looseObject({
  transition: v.looseObject({ id: v.number(), offer: v.number(), kind: v.picklist(transitionKinds), at: time }),
  incident: v.looseObject({ id: v.number(), scope: v.string(), acknowledged: v.boolean(), told: v.array(v.string()) }),
  severity: v.picklist(severities),
  holdMs: v.pipe(time, v.minValue(0)),
  to: v.array(v.string()),
  acts: v.array(v.looseObject({ do: v.picklist(['deliver', 'wait']) })),
});
