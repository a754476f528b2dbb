/** A transition's way over the wires: whether to offer it now, what to offer, what its conclusion writes (R22-R25). */
import { bySeverity, causeKindOf, faultOf, isPcPath, type LinkClass, maintainedIn, maintenanceScope, pathOfScope } from '@sabha/contracts';
import { isSettled, withdrawForMs } from '../handling/handling.ts';
import type { Memory } from '../memory/memory.ts';
import type { FaultNews, Incident, StandingFault, Timer, Transition, WireFields, WireMessage } from '../records/incidents.ts';
import type { Notice, Place } from '../records/notices.ts';
import { faultKey, isEnd } from './incident.ts';
import type { Noise } from './noise.ts';

/** One person on one channel; `further`: the other ones, in order, where that one does not deliver. `lost`: no channel but the console reaches the person, or carries this. */
export type Recipient = { person: string; channel: string; further?: readonly string[]; lost?: true };

/** Who is to be told. */
export type Recipients = {
  /** Persons behind roles or ids, and the channel that reaches each: the one asked for, or a lesser one; for whom none does, whoever stands in. Never empty. */
  recipients(
    to: readonly string[],
    channel: string,
    /** Of what, when, and who is to hear of its end. */
    at: { scope: string; now: number; knew: readonly string[]; notice?: Notice },
  ): Recipient[];
  /** Central's persons and every channel that reaches them. Never empty. */
  central(now: number): Recipient[];
  /** The id of the person whom a name or an id means, if it is anybody of the roster. */
  personNamed(name: string): string | undefined;
};

/** What the engine must be told of people and places; all of it policy or names, none of it held here. */
export type TransitionOptions = Recipients & {
  place(scope: string): Place;
  facts(scope: string): PlaceFacts;
  /** True while the PC of a scope is away and another one of its site answers. */
  isBeside(scope: string): boolean;
  /** True while what a scope said in a gap of our own may still be on its way to us. */
  isUnread(scope: string, now: number): boolean;
  /** How fast the steps of one room, or of one cause of many, may be told (R27). */
  pace: Pick<Noise, 'mayTell' | 'told' | 'isFull' | 'cameNews' | 'left' | 'wasCritical' | 'count' | 'counted'>;
};

/** A memory, whom it may ask, and the time. */
export type Hand = { memory: Memory; options: TransitionOptions; now: number };

/** Without a conclusion in this time a transition is offered again; after `maxOffers` the default route takes it (R24). */
export const offerLimitMs = 10_000;
/** So many offers are made to the tabs before the default route takes a transition (R24). */
export const maxOffers = 2;
/** How often a level that waits for the end of a cause is judged again: it is at most this late then. */
const causeLookMs = 10 * 60_000;

/** The conclusion of what something greater is told in place of, */
export const explainedWord = 'explained by a greater fault';
/** of what people know already, */
export const knownWord = 'already told';
/** and of good news while something worse stands. */
export const worseWord = 'something worse stands by now';

/** Whether an offer goes out now, is over with a conclusion, or is looked at again. */
export type Judgement = { next: 'go' } | { next: 'over'; how: string } | { next: 'later'; inMs: number };

/** Judges an offer against the incident as it is now, not as it was (R24). */
export function judge(transition: Transition, incident: Incident): Judgement {
  const told = incident.told.length > 0;
  if (isEnd(transition)) {
    if (!told) return { next: 'over', how: 'nobody had been told' };
    const isPremature = transition.kind === 'eased' && isWorseNow(transition, incident);
    return isPremature ? { next: 'over', how: worseWord } : { next: 'go' };
  }
  if (incident.over !== null) return { next: 'over', how: told ? `${incident.over} before this was told` : 'over before anybody was told' };
  const news = newsOf(transition, incident);
  const open = news.filter((fault) => !fault.hidden);
  if (news.length === 0) return { next: 'over', how: 'over before anybody was told' };
  if (open.length === 0) return { next: 'over', how: explainedWord };
  if (isKnown(transition, incident, open)) return { next: 'over', how: knownWord };
  if (open.every((fault) => fault.unknownSince !== null)) return { next: 'later', inMs: 60_000 };
  const gone = open.every((fault) => fault.goneAt !== null);
  // Not the long calm of a fault that flaps: it may stand again at any time, and then somebody must be told.
  if (gone) return { next: 'later', inMs: Math.min(...open.map(({ fault }) => faultOf(fault)?.clearMs ?? 0)) + 1_000 };
  return { next: 'go' };
}

/** True where people know all of it. Not of one that told it itself, and may wait for a later level. */
function isKnown({ severity, sent, again, grew = [] }: Transition, { spread }: Incident, news: readonly StandingFault[]): boolean {
  if (sent.length > 0 || again !== undefined || grew.some((site) => spread?.away.includes(site))) return false;
  return news.every(({ told }) => told !== null && bySeverity(told, severity) <= 0);
}

/** That something is better is no news while something worse stands, or the same again: it waited its turn meanwhile. */
function isWorseNow({ about, severity }: Transition, { faults }: Incident): boolean {
  const keys = new Set(about.map((one) => faultKey(one.fault, one.device)));
  return faults.some((one) => !one.hidden && one.goneAt === null && (keys.has(one.key) || bySeverity(one.severity, severity) < 0));
}

/** Whether a timer that is due may go on: not for what is over, or was acknowledged in time. It waits while that may be taken back. */
export function judgeTimer(
  timer: Timer,
  { transition, incident, now }: { transition: Transition; incident: Incident; now: number },
): Judgement {
  const { acknowledged } = incident;
  const judged = judge(transition, incident);
  // The higher levels know the cause. The level waits for as long as that cause stands.
  const waits = timer.unlessAcknowledged && newsOf(transition, incident).every(({ hidden, explained }) => hidden || explained);
  if (acknowledged === null && waits && judged.next === 'go') return { next: 'later', inMs: causeLookMs };
  if (!timer.unlessAcknowledged || acknowledged === null) return judged;
  if (!isSettled(acknowledged, now)) return { next: 'later', inMs: acknowledged.at + withdrawForMs - now };
  return { next: 'over', how: `acknowledged by ${acknowledged.by}` };
}

/** The faults that a transition tells of and that the incident still has; what ended and came back later has a transition of its own. */
export function newsOf(transition: Transition, incident: Incident): StandingFault[] {
  const keys = new Set(transition.about.map((one) => faultKey(one.fault, one.device)));
  return incident.faults.filter(({ key, since }) => keys.has(key) && since <= transition.at);
}

/** Faults that a person is told of, most severe first: the news that still stands, else the news as it was, as the end of something is. */
export function toldFaults(transition: Transition, incident: Incident): FaultNews[] {
  if (isEnd(transition)) return transition.about;
  const news = newsOf(transition, incident).filter((fault) => !fault.hidden);
  const sorted = news.sort((a, b) => bySeverity(a.severity, b.severity) || a.since - b.since);
  return sorted.length > 0 ? sorted.map(factsOf) : transition.about;
}

/** What a message says of a fault, and no more. */
export function factsOf({ fault, device, name, reason, since }: FaultNews): FaultNews {
  return { fault, device, name, reason, since };
}

/** What a message says of its place. */
export type PlaceFacts = { link: LinkClass; elevationM: number; timeZone?: string };

/** The message of an offer. `fields` are what a wait kept; at the head they are the transition's own. */
export function wireMessage(at: { transition: Transition; incident: Incident; place: PlaceFacts; fields?: WireFields }): WireMessage {
  const { transition, incident, place } = at;
  const { id, offers, kind, again, grew } = transition;
  const faultIds = transition.about.map((one) => one.fault);
  const first = toldFaults(transition, incident)[0]?.fault ?? faultIds[0] ?? '';
  const path = incident.spread?.path ?? pathOfScope(incident.scope);
  const isPlace = isPcPath(path) || incident.spread !== undefined || maintainedIn(incident.scope) !== undefined;
  const [state = '', site] = isPlace ? path.split('/') : [];
  return {
    topic: incident.scope,
    transition: { id, offer: offers, kind, at: transition.at, ...(again && { again: again.why }), ...(grew && { grew: grew.length }) },
    incident: {
      id: incident.id,
      scope: incident.scope,
      state,
      site: site === undefined ? '' : `${state}/${site}`,
      link: place.link,
      elevationM: place.elevationM,
      ...(place.timeZone !== undefined && { timeZone: place.timeZone }),
      severity: incident.severity,
      flapping: incident.flapping,
      // A wait that began for nothing ends by itself; one that did not begin would not come back.
      acknowledged: isSettled(incident.acknowledged, transition.offeredAt ?? Number.POSITIVE_INFINITY),
      // Whoever first heard of a cause after it grew heard how it is since.
      told: [...new Set(incident.told.filter(({ at: toldAt }) => !grew || toldAt <= transition.at).map(({ person }) => person))],
      cause: causeOf(incident),
    },
    fault: first,
    faults: faultIds,
    outage: incident.outage ? { cause: incident.outage.cause, confidence: incident.outage.confidence, from: incident.outage.from } : null,
    severity: at.fields?.severity ?? transition.severity,
    holdMs: at.fields?.holdMs ?? transition.holdMs,
    to: [...(at.fields?.to ?? transition.again?.to ?? [])],
    ...(at.fields?.hours && { hours: at.fields.hours }),
    acts: [],
  };
}

function causeOf({ scope, spread }: Incident): WireMessage['incident']['cause'] {
  const kind = causeKindOf(scope);
  return kind === undefined ? null : { kind, down: spread?.away.length ?? 0, of: spread?.of ?? 0 };
}

/** The hold of a set of faults: the shortest of the catalogue's, so that the most urgent is not kept back by another. */
export function holdOf(faults: readonly { fault: string }[]): number {
  return Math.min(...faults.map((one) => faultOf(one.fault)?.holdMs ?? 0));
}

/** True while nothing new of an incident is told: somebody wants it quiet, or its place is maintained. */
export function isQuiet(memory: Memory, incident: Incident): boolean {
  return incident.snoozed !== undefined || maintainedFor(memory, incident) !== undefined;
}

/** The maintenance that goes on where an incident is; of a cause of many, where all are that are away with it. */
export function maintainedFor(memory: Memory, { scope, spread }: Pick<Incident, 'scope' | 'spread'>): Incident | undefined {
  if (maintainedIn(scope) !== undefined) return undefined;
  const whole = maintainedAt(memory, spread?.path ?? pathOfScope(scope));
  if (whole !== undefined || spread === undefined) return whole;
  const each = spread.away.map((path) => maintainedAt(memory, path));
  return each.includes(undefined) ? undefined : each[0];
}

/** The maintenance that goes on at a path of the tree or above it, the narrowest first. */
export function maintainedAt(memory: Memory, path: string): Incident | undefined {
  const parts = path.split('/');
  for (let level = parts.length; level > 0; level -= 1) {
    const held = memory.openIncident(maintenanceScope(parts.slice(0, level).join('/')));
    if (held?.faults.some(({ goneAt }) => goneAt === null)) return held;
  }
  return undefined;
}
