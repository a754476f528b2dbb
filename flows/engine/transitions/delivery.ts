/** What a conclusion writes: rows of the outbox, and who was told of what (R23). */
import { bySeverity, causeKindOf, isAbsence, type Severity, stateOf } from '@sabha/contracts';
import { woken } from '../handling/handling.ts';
import type { Memory } from '../memory/memory.ts';
import type { Act, Incident, StandingFault, Told, Transition } from '../records/incidents.ts';
import type { OutboxRow } from '../records/notices.ts';
import { isEnd, isWorse, worst } from './incident.ts';
import { centralNotice, forPerson, isOwn, noticeOf, toldWhy } from './notice.ts';
import { type Hand, newsOf, type Recipient, type TransitionOptions } from './offer.ts';

/** What goes out in the morning is gathered for so long: the wires bring it one by one. */
const gatherMs = 30_000;

type Delivery = Hand & { transition: Transition; incident: Incident; acts: readonly Act[] };

/** Puts into the outbox what is not there yet, and remembers on the incident who was told. */
export function deliver(delivery: Delivery): { told: Incident; sent: string[] } {
  const { memory, options, now, transition, incident, acts } = delivery;
  const told: Told[] = [...incident.told];
  const sent = [...transition.sent];
  // Whoever was told hears of the end, whatever the hour.
  const at = { now, knew: isEnd(transition) ? incident.told.map(({ person }) => person) : [] };
  for (const act of acts) {
    if (act.do !== 'deliver' || act.to.length === 0) continue;
    const notice = noticeOf(delivery, act);
    const known = knowing(delivery, act);
    const ways = placesOf(delivery).flatMap((scope) => options.recipients(act.to, act.channel, { ...at, scope, notice }));
    for (const { person, ...way } of ways) {
      const { channel } = way;
      const to = sentAs(`${channel}/${person}`, act, transition);
      if (sent.includes(to) || known.includes(person)) continue;
      sent.push(to);
      const own = forPerson(notice, delivery, person);
      const row = outboxRow({ key: `${transition.id}/${to}`, transition: transition.id, ...way, person, notice: own, now });
      memory.add(`outbox/${row.key}`, { op: 'outbox', row });
      if (!told.some((one) => one.person === person && one.channel === channel)) told.push({ person, channel, at: now });
    }
  }
  return { told: isHeard(delivery, sent) ? withTold({ ...incident, told }, transition) : incident, sent };
}

/** True if a message is sent now, or is not needed because an earlier one listed the fault. */
function isHeard({ transition, incident, acts }: Delivery, sent: readonly string[]): boolean {
  return sent.length > 0 || (heardBefore(transition, incident).length > 0 && acts.some((act) => act.do === 'deliver'));
}

/** Persons who are not notified again. Whoever knows of a fault in many rooms is not told of each further room. */
function knowing({ transition, incident }: Delivery, { severity }: Deliver): string[] {
  const isOnce = causeKindOf(incident.scope) === 'spread' && !isEnd(transition) && transition.again === undefined;
  if (isOnce) return incident.told.map(({ person }) => person);
  return severity === 'minor' ? heardBefore(transition, incident) : [];
}

/**
 * Persons who know of a minor fault from an earlier message: the first message of an incident to a person lists all faults that are open. Minor faults
 * are not escalated, so a second message would tell them nothing.
 */
function heardBefore({ at, kind, severity, again, grew }: Transition, { told }: Incident): string[] {
  if (severity !== 'minor' || isEnd({ kind }) || again !== undefined || grew !== undefined) return [];
  return told.flatMap(({ person }) => (told.every((one) => one.person !== person || at < one.at) ? [person] : []));
}

/** For which places recipients are looked up: that one fault of many rooms grew concerns each state of the further rooms. */
function placesOf({ incident: { scope, spread }, transition: { grew } }: Delivery): string[] {
  const isWide = grew !== undefined && spread?.path === '' && causeKindOf(scope) === 'spread';
  return isWide ? [...new Set(grew.map(stateOf))] : [spread?.path ?? scope];
}

type Deliver = Extract<Act, { do: 'deliver' }>;

/** Once to a person on a channel; and once more before each meeting of what people knew, or knew as less severe. */
function sentAs(to: string, { severity, hours }: Deliver, transition: Transition): string {
  const isNews = hours?.known === true || isWorse(severity, transition.severity);
  return isNews && hours?.meeting !== undefined && transition.sent.includes(to) ? `${to}/${severity}/${hours.meeting.at}` : to;
}

/** Puts one word of the centre's own into the outbox, for central's persons on every channel; answers whom it goes to. */
export function tellCentral(word: {
  memory: Memory;
  options: Pick<TransitionOptions, 'central' | 'place'>;
  now: number;
  kind: 'unfinished' | 'direct';
  lines: string[];
  /** First part of the key of each row. */
  key: string;
}): Recipient[] {
  const { memory, options, now, kind, lines, key } = word;
  const notice = centralNotice({ kind, lines, place: options.place('centre'), now });
  const recipients = options.central(now);
  for (const { person, channel } of recipients) {
    const row = outboxRow({ key: `${key}/${channel}/${person}`, transition: null, channel, person, notice, now });
    memory.add(`outbox/${row.key}`, { op: 'outbox', row });
  }
  return recipients;
}

/** A row that waits to be sent to one person over one channel. */
function outboxRow(
  at: Pick<OutboxRow, 'key' | 'transition' | 'channel' | 'further' | 'lost' | 'person' | 'notice'> & { now: number },
): OutboxRow {
  const { now, ...row } = at;
  return { ...row, createdAt: now, dueAt: now + (row.notice.digest ? gatherMs : 0), tries: 0, state: 'waiting', lastError: null };
}

/** What a rule on a tab made of the severity holds for the faults that gave the transition its own. */
export function overridden(at: { incident: Incident; transition: Transition; severity: Severity; now: number }): Incident {
  const { incident, transition, severity, now } = at;
  if (severity === transition.severity || incident.over !== null) return incident;
  const keys = new Set(newsOf(transition, incident).map((fault) => fault.key));
  const faults = incident.faults.map((fault) =>
    keys.has(fault.key) && fault.severity === transition.severity ? { ...fault, severity } : fault,
  );
  const isBroken = severity === 'critical' || isWorse(severity, incident.snoozed?.severity);
  const next = { ...(isBroken ? woken(incident, now) : incident), faults, severity: worst(faults) };
  return isWorse(severity, incident.acknowledged?.severity) ? { ...next, acknowledged: null } : next;
}

/** Remembers what of the news a person now knows; that something is over is no news of what stands. */
export function withTold(incident: Incident, transition: Transition): Incident {
  if (transition.kind !== 'raised' && transition.kind !== 'worsened') return incident;
  const keys = new Set(newsOf(transition, incident).flatMap((fault) => (fault.hidden ? [] : [fault.key])));
  const isMore = ({ told, severity }: StandingFault) => told === null || bySeverity(severity, told) < 0;
  const faults = incident.faults.map((fault) => (keys.has(fault.key) && isMore(fault) ? { ...fault, told: fault.severity } : fault));
  const { outage, spread } = incident;
  // A later level of a telling is news to that level alone.
  const isNew = spread?.lastAt !== undefined && transition.sent.length === 0;
  const toldAway = isNew ? [...new Set([...(incident.toldAway ?? []), ...spread.away])] : undefined;
  const isAway = outage !== undefined && isOwn(incident) && faults.some(({ key, fault }) => keys.has(key) && isAbsence(fault));
  const why = isAway ? toldWhy(incident, false) : undefined;
  const toldOf = why && { toldOutage: { cause: why.cause, confidence: why.confidence }, toldSince: { from: why.from, at: transition.at } };
  return { ...incident, faults, ...(toldAway && { toldAway }), ...toldOf };
}
