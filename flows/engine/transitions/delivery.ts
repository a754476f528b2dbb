/** Writes the outbox rows of a conclusion and records who was notified of which faults: R23 (conclude). */
import { bySeverity, causeKindOf, isOutageFault, readinessOf, type Severity, stateOf, type Words } from '@sabha/contracts';
import { endSnooze } from '../handling/handling.ts';
import type { EngineState } from '../memory/memory.ts';
import type {
  FaultNews,
  GroupMembers,
  Incident,
  IncidentFault,
  NotifiedPerson,
  ShownOutage,
  TabAct,
  Transition,
} from '../records/incidents.ts';
import type { Notice, OutboxRow, PlaceDetails } from '../records/notices.ts';
import { faultNewsOf, faultsToReport, type Recipient, remainingFaults, type StepContext, type TransitionOptions } from './flood-control.ts';
import { highestSeverity, isAnyFlapping, isEnd, isWorse } from './incident.ts';

/** Time for which the messages of a digest are collected, ms: the tabs deliver them one by one. */
const digestCollectMs = 30_000;
/** Limit of member names in a message; nobody reads more. */
const namesAtMost = 40;

type Delivery = StepContext & { transition: Transition; incident: Incident; acts: readonly TabAct[] };

/** Adds the outbox rows of a conclusion that do not exist yet, and records the recipients on the incident. */
export function deliver(delivery: Delivery): { told: Incident; sent: string[] } {
  const { memory, options, now, transition, incident, acts } = delivery;
  const told: NotifiedPerson[] = [...incident.told];
  const sent = [...transition.sent];
  // Every person who was notified of a fault is also notified of its end, at any hour.
  const at = { now, knew: isEnd(transition) ? incident.told.map(({ person }) => person) : [] };
  for (const act of acts) {
    if (act.do !== 'deliver' || act.to.length === 0) continue;
    const notice = noticeOf(delivery, act);
    const known = personsNotNotifiedAgain(delivery, act);
    const ways = recipientPlacesOf(delivery).flatMap((scope) => options.recipients(act.to, act.channel, { ...at, scope, notice }));
    for (const { person, ...way } of ways) {
      const { channel } = way;
      const to = messageKeyOf(`${channel}/${person}`, act, transition);
      if (sent.includes(to) || known.includes(person)) continue;
      sent.push(to);
      const own = completeForPerson(notice, delivery, person);
      addOutboxRow(memory, { key: `${transition.id}/${to}`, transition: transition.id, ...way, person, notice: own }, now);
      if (!told.some((one) => one.person === person && one.channel === channel)) told.push({ person, channel, at: now });
    }
  }
  return { told: isNotified(delivery, sent) ? recordNotified({ ...incident, told }, transition) : incident, sent };
}

/** True if people know the transition: a message is sent now, or their first message already listed the fault. */
function isNotified({ transition, incident, acts }: Delivery, sent: readonly string[]): boolean {
  return sent.length > 0 || (knownFromFirstMessage(transition, incident).length > 0 && acts.some((act) => act.do === 'deliver'));
}

/** Returns the persons to leave out. A person who knows of a fault in many rooms is not notified of each further room. */
function personsNotNotifiedAgain({ transition, incident }: Delivery, { severity }: DeliverAct): string[] {
  const isOnce = causeKindOf(incident.scope) === 'spread' && !isEnd(transition) && transition.again === undefined;
  if (isOnce) return incident.told.map(({ person }) => person);
  return severity === 'minor' ? knownFromFirstMessage(transition, incident) : [];
}

/**
 * Returns persons who know a minor fault from their first message about the incident, which lists it. Minor faults are not escalated, so a
 * second message would add nothing.
 */
function knownFromFirstMessage({ at, kind, severity, again, grew }: Transition, { told }: Incident): string[] {
  if (severity !== 'minor' || isEnd({ kind }) || again !== undefined || grew !== undefined) return [];
  return told.flatMap(({ person }) => (told.every((one) => one.person !== person || at < one.at) ? [person] : []));
}

/** Returns the places whose recipients are looked up. If a spread over several states grew, these are the states of the new rooms. */
function recipientPlacesOf({ incident: { scope, spread }, transition: { grew } }: Delivery): string[] {
  const isWide = grew !== undefined && spread?.path === '' && causeKindOf(scope) === 'spread';
  return isWide ? [...new Set(grew.map(stateOf))] : [spread?.path ?? scope];
}

type DeliverAct = Extract<TabAct, { do: 'deliver' }>;

/**
 * Returns the key of a message to one person on one channel. Before a meeting the key is new if the person knew the fault before, or knew
 * it as less severe. Then a second message is sent.
 */
function messageKeyOf(to: string, { severity, hours }: DeliverAct, transition: Transition): string {
  const isNews = hours?.known === true || isWorse(severity, transition.severity);
  return isNews && hours?.meeting !== undefined && transition.sent.includes(to) ? `${to}/${severity}/${hours.meeting.at}` : to;
}

/**
 * Adds an outbox row with a server notice for each person of central operations and each channel, and returns the recipients. `key` is the
 * prefix of the row keys.
 */
export function notifyCentral(
  { memory, options, now }: Pick<StepContext, 'memory' | 'now'> & { options: Pick<TransitionOptions, 'central' | 'place'> },
  { kind, lines, key }: { kind: 'unfinished' | 'direct'; lines: string[]; key: string },
): Recipient[] {
  const notice = centralNotice({ kind, lines, place: options.place('centre'), now });
  const recipients = options.central(now);
  for (const { person, channel } of recipients) {
    addOutboxRow(memory, { key: `${key}/${channel}/${person}`, transition: null, channel, person, notice }, now);
  }
  return recipients;
}

function addOutboxRow(
  memory: EngineState,
  row: Omit<OutboxRow, 'createdAt' | 'dueAt' | 'tries' | 'state' | 'lastError'>,
  now: number,
): void {
  const dueAt = now + (row.notice.digest ? digestCollectMs : 0);
  memory.add(`outbox/${row.key}`, { op: 'outbox', row: { ...row, createdAt: now, dueAt, tries: 0, state: 'waiting', lastError: null } });
}

/** Applies a severity that a tab has set. Only the faults that had the severity of the transition change. */
export function applyTabSeverity(at: { incident: Incident; transition: Transition; severity: Severity; now: number }): Incident {
  const { incident, transition, severity, now } = at;
  if (severity === transition.severity || incident.over !== null) return incident;
  const keys = new Set(remainingFaults(transition, incident).map((fault) => fault.key));
  const faults = incident.faults.map((fault) =>
    keys.has(fault.key) && fault.severity === transition.severity ? { ...fault, severity } : fault,
  );
  const isBroken = severity === 'critical' || isWorse(severity, incident.snoozed?.severity);
  const next = { ...(isBroken ? endSnooze(incident, now) : incident), faults, severity: highestSeverity(faults) };
  return isWorse(severity, incident.acknowledged?.severity) ? { ...next, acknowledged: null } : next;
}

/** Records which faults people know now. A transition that reports an end changes nothing. */
export function recordNotified(incident: Incident, transition: Transition): Incident {
  if (transition.kind !== 'raised' && transition.kind !== 'worsened') return incident;
  const keys = new Set(remainingFaults(transition, incident).flatMap((fault) => (fault.hidden ? [] : [fault.key])));
  const isMore = ({ told, severity }: IncidentFault) => told === null || bySeverity(severity, told) < 0;
  const faults = incident.faults.map((fault) => (keys.has(fault.key) && isMore(fault) ? { ...fault, told: fault.severity } : fault));
  const { outage, spread } = incident;
  // Only the first notification of a transition adds to the sites of which people were notified: a later escalation of it reaches one level
  // only.
  const isNew = spread?.lastAt !== undefined && transition.sent.length === 0;
  const toldAway = isNew ? [...new Set([...(incident.toldAway ?? []), ...spread.away])] : undefined;
  const isAway = outage !== undefined && isOwnOutage(incident) && faults.some(({ key, fault }) => keys.has(key) && isOutageFault(fault));
  const why = isAway ? notifiedOutage(incident, false) : undefined;
  const toldOf = why && { toldOutage: { cause: why.cause, confidence: why.confidence }, toldSince: { from: why.from, at: transition.at } };
  return { ...incident, faults, ...(toldAway && { toldAway }), ...toldOf };
}

function noticeOf(
  step: IncidentStep & Pick<StepContext, 'memory' | 'options'>,
  { severity, hours }: Extract<TabAct, { do: 'deliver' }>,
): Notice {
  const { options, transition, incident } = step;
  const { scope } = incident;
  const faults = faultsToReport(transition, incident);
  const outage = notifiedOutage(incident, isEnd(transition));
  // A second message of a transition is sent because of the meeting, whatever the reason of the first message was.
  const isForMeeting = hours?.meeting !== undefined && transition.sent.length > 0;
  return {
    kind: transition.kind,
    incident: incident.id,
    severity,
    scope,
    ...(incident.place ?? options.place(scope)),
    faults,
    at: transition.at,
    ...roomFactsOf(step, faults),
    ...(transition.kind === 'worsened' && isNoWorse(incident, faults, severity) && { joins: true }),
    ...(faults.some(({ fault }) => isOutageFault(fault)) && isOwnOutage(incident) && outage && { outage }),
    ...(transition.kind === 'eased' && { rest: openFaultsOf(incident) }),
    ...(isEnd(transition) && incident.toldOutage && { toldOutage: incident.toldOutage }),
    ...(transition.again && !isForMeeting && { again: { why: transition.again.why, by: transition.again.by } }),
    ...(hours?.digest && { digest: true }),
    ...(hours?.meeting && { meeting: hours.meeting }),
    ...(incident.until !== undefined && { until: incident.until }),
    ...(incident.spread && { many: offlineMembersOf(step, incident.spread) }),
    lines: incident.over === 'closed' && incident.closedBecause !== null ? [incident.closedBecause] : [],
  };
}

type IncidentStep = { incident: Incident; transition: Transition };

/** Returns facts about the room that messages show besides the reported faults. */
function roomFactsOf(
  { memory, options, transition, incident }: IncidentStep & Pick<StepContext, 'memory' | 'options'>,
  faults: FaultNews[],
) {
  const { scope, flapping } = incident;
  const before = memory.pastOf(scope) ?? [];
  const counted = transition.again === undefined ? options.pace.counted(scope) : 0;
  return {
    flapping: flapping && (isEnd(transition) || isAnyFlapping(faults, memory.endedOf(scope))),
    ...(!isEnd(transition) && options.isBeside(scope) && { beside: true as const }),
    ...(transition.kind === 'cleared' && isReadyIn(memory, scope) && { ready: true as const }),
    ...(!isEnd(transition) && before.length > 0 && { before }),
    ...(counted > 0 && { counted }),
  };
}

/** True if the PC of a room reports it ready and no incident is open there. */
export function isReadyIn(memory: Pick<EngineState, 'pcs' | 'openIncident'>, scope: string): boolean {
  const record = memory.pcs.get(scope);
  return record !== undefined && memory.openIncident(scope) === undefined && readinessOf(record).readiness === 'ready';
}

/**
 * Adds other present faults to the first message that a person receives about an incident. If the incident worsened, all are added;
 * otherwise only the minor ones, since `knownFromFirstMessage` suppresses their own message.
 */
function completeForPerson(notice: Notice, { incident, transition }: IncidentStep, person: string): Notice {
  if ((notice.kind !== 'raised' && notice.kind !== 'worsened') || incident.told.some((one) => one.person === person)) return notice;
  const { joins: _, ...rest } = { ...notice, ...passedReason({ incident, transition }) };
  const isListed = ({ severity, hidden, goneAt }: IncidentFault) =>
    !hidden && goneAt === null && (notice.kind === 'worsened' || severity === 'minor');
  const others = incident.faults.filter((one) => isListed(one) && !isInNews(notice.faults, one));
  return { ...rest, kind: 'raised', faults: [...notice.faults, ...others.map(faultNewsOf)] };
}

/** Returns why the message goes to a further recipient: a person declined the incident, or the earlier recipients did not reply. */
function passedReason({ incident, transition }: IncidentStep): Pick<Notice, 'passed'> {
  const { acknowledged, answers = [], told } = incident;
  if (acknowledged !== null || transition.again !== undefined) return {};
  const last = answers.findLast(({ word }) => word !== 'seen' && word !== 'here');
  if (last !== undefined) return last.word === 'not-mine' ? { passed: { at: last.at, by: last.by } } : {};
  const sent = new Set(transition.sent.map((to) => to.split('/')[1]));
  const heard = told.flatMap((one) => (sent.has(one.person) ? { ...one, at: Math.max(transition.told?.at ?? transition.at, one.at) } : []));
  const at = Math.min(...heard.map((one) => one.at));
  const first = heard.flatMap((one) => (one.at === at ? one.person : []));
  return first.length === 0 ? {} : { passed: { at, to: [...new Set(first)] } };
}

/** Returns the present faults of which people may be notified, without the hidden ones. */
function openFaultsOf({ faults }: Incident): FaultNews[] {
  const standing = faults.filter(({ hidden, goneAt }) => !hidden && goneAt === null);
  return standing.sort((a, b) => bySeverity(a.severity, b.severity) || a.since - b.since).map(faultNewsOf);
}

function isInNews(news: readonly FaultNews[], one: FaultNews): boolean {
  return news.some(({ fault, device }) => fault === one.fault && device === one.device);
}

/** True if the outage concerns this PC alone. False for a PC that was switched off while a group incident explains its absence. */
export function isOwnOutage({ outage, parent }: Incident): boolean {
  return outage !== undefined && !(parent !== undefined && outage.cause === 'pc-off');
}

/**
 * Returns the outage as messages state it.
 * The cause of earlier messages stays until a more certain cause is found, so that messages do not alternate between two causes. The
 * message about the end states the cause as found. The start stays as in the first message.
 */
export function notifiedOutage({ outage, toldOutage, toldSince }: Incident, isOver: boolean): ShownOutage | undefined {
  const isOfThis = toldSince !== undefined && outage !== undefined && outage.from <= toldSince.at;
  if (!isOfThis || toldOutage === undefined) return outage;
  const { cause, confidence } = isOver || outage.confidence > toldOutage.confidence ? outage : toldOutage;
  return { ...outage, cause, confidence, from: toldSince.from };
}

/** Returns the names of the offline members, those that joined since the last message first. */
function offlineMembersOf(
  { options, incident: { scope }, transition: { grew = [] } }: IncidentStep & Pick<StepContext, 'options'>,
  { away, of }: GroupMembers,
) {
  const kind = causeKindOf(scope) ?? 'site';
  const nameOf = (path: string): Words => {
    const { site, room } = options.place(path);
    if (kind === 'spread') return { en: `${room.en}, ${site.en}`, hi: `${room.hi || room.en}, ${site.hi || site.en}` };
    return kind === 'site' ? room : site;
  };
  const named = [...new Set([...away.filter((one) => grew.includes(one)), ...away])]
    .slice(0, namesAtMost)
    .map((path) => ({ path, name: nameOf(path) }));
  // Members with equal names are listed by their paths.
  const byName = Map.groupBy(named, ({ name }) => name.en);
  const names = named.map(({ path, name }) => (byName.get(name.en)?.length === 1 ? name : { en: path, hi: path }));
  return { kind, down: away.length, of, names };
}

/**
 * True if another present fault makes this message no more urgent. That is a visible fault at least as severe, or a hidden, more severe
 * fault that people know.
 */
function isNoWorse(incident: Incident, news: FaultNews[], severity: Severity): boolean {
  const others = incident.faults.filter((one) => one.goneAt === null && !isInNews(news, one));
  return others.some((one) => bySeverity(one.severity, severity) < (one.hidden ? 0 : 1) && (!one.hidden || one.told !== null));
}

/** Builds a server notice without an incident: a bundle of the default route, or a direct message. */
export function centralNotice(of: Pick<Notice, 'lines'> & { kind: 'unfinished' | 'direct'; place: PlaceDetails; now: number }): Notice {
  const { place, now, ...said } = of;
  return { ...said, incident: null, severity: 'major', scope: 'centre', ...place, faults: [], at: now, flapping: false };
}
