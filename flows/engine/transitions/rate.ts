/**
 * How often a room, or a cause of many, is told of (R27): some messages an hour, its all-clears with them. What is critical and was not told as
 * such in that hour always is, and so are what is critical for a meeting and what people ordered. The rest waits for its turn; what is over by then is told to nobody, and counted
 * in the next message.
 */
import { bySeverity } from '@sabha/contracts';
import type { Memory } from '../memory/memory.ts';
import type { Act, Incident, Timer, Transition } from '../records/incidents.ts';
import { faultKey, isEnd } from './incident.ts';
import type { Noise } from './noise.ts';
import { explainedWord, type Hand, isQuiet, judge, knownWord, newsOf } from './offer.ts';

/** What stands in the conclusion of what waits for its turn. */
const turnWord = 'held back: enough was told in this hour';
/** The conclusion of what was over before its turn. */
const countedWord = 'counted: enough was told in this hour';
/** What waits goes over the wires anew each time that so much is over: a meeting that has come near may have made it critical. */
const lookAgainMs = 10 * 60_000;

/** What the tabs would do with a transition; the incident as they judged it. */
type Judged = { transition: Transition; incident: Incident; acts: readonly Act[] };

/** True where it is not told now, since enough was. A list of the morning is one message, whatever stands in it. */
export function isTooMuch({ options, now }: Hand, { transition, incident, acts }: Judged): boolean {
  const { scope } = incident;
  if (transition.again !== undefined || transition.sent.length > 0 || options.pace.left(scope, now) > 0) return false;
  const deliveries = acts.filter((act) => act.do === 'deliver');
  if (deliveries.length === 0 || isOfMorning(acts)) return false;
  if (deliveries.some(({ hours }) => hours?.meeting !== undefined) && criticalOf(transition, incident).length > 0) return false;
  return criticalOf(transition, incident).every((fault) => options.pace.wasCritical(scope, fault, now));
}

/** True while a transition waits for its turn. Where the end of what was waits and what is by now waits too, both go, in this order, or none. */
export function waitsItsTurn({ memory, options, now }: Hand, transition: Transition, { scope }: Incident): boolean {
  if (!isWaiting(transition)) return false;
  const left = options.pace.left(scope, now);
  const waiting = memory.liveScope(scope).flatMap((id) => memory.liveOf(id).filter(isWaiting));
  const isPair = waiting.some(isEnd) && waiting.some((one) => !isEnd(one));
  if (left > 1 || (left === 1 && !isPair)) return false;
  return isEnd(transition) || now < looksAgainAt(transition);
}

/** When what waits for its turn goes over the wires anew: by its beginning, or each look that is late would make all that follow later. */
function looksAgainAt({ turn, offeredAt }: Transition): number {
  const offered = offeredAt ?? 0;
  const since = turn?.at ?? offered;
  const passed = Math.floor(Math.max(0, offered - since) / lookAgainMs);
  return since + (passed + 1) * lookAgainMs;
}

/** It waits for its turn from now on. */
export function holdForTurn({ memory, options, now }: Hand, { transition, incident }: Omit<Judged, 'acts'>, how: string): void {
  if (!hasWaited(transition) && !isEnd(transition)) options.pace.cameNews(incident.scope, now);
  const conclusion = transition.turn?.is === 'waits' ? transition.conclusion : `${how}; ${turnWord}`;
  memory.putTransition({ ...transition, state: 'pending', conclusion, turn: { is: 'waits', at: transition.turn?.at ?? now } });
}

/** It had its turn, or waits for something else by now. */
export function hadTurn(transition: Transition): Transition {
  const { turn, offeredAt } = transition;
  return turn?.is === 'waits' ? { ...transition, turn: { is: 'waited', at: turn.at, hadAt: offeredAt ?? turn.at } } : transition;
}

/** Concludes what is over and was told to nobody: where it waited for its turn it is counted in the next message of its scope. */
export function overUntold({ memory, options, now }: Hand, { transition, incident }: Omit<Judged, 'acts'>, how: string): void {
  if (!hasWaited(transition)) return memory.putTransition({ ...transition, state: 'concluded', conclusion: how });
  options.pace.count(incident.scope);
  memory.putTransition({ ...transition, state: 'concluded', conclusion: countedWord, turn: { is: 'counted', at: now } });
}

/**
 * A message that a fault stands is never followed by one that it was over before: an end that still waits for the hourly limit is only counted.
 * Who was notified of that earlier incident is notified of the end of this one.
 */
export function dropOldEnds(hand: Hand, { transition, incident }: Omit<Judged, 'acts'>): void {
  const { memory } = hand;
  if (isEnd(transition)) return;
  const keysOf = ({ about }: Transition) => about.map((one) => faultKey(one.fault, one.device));
  const keys = keysOf(transition);
  for (const id of memory.liveScope(incident.scope)) {
    const earlier = memory.incidents.get(id);
    const isAgain = (one: Transition) => one.kind === 'cleared' && isWaiting(one) && keysOf(one).every((key) => keys.includes(key));
    for (const end of memory.liveOf(id).filter(isAgain)) {
      if (earlier === undefined) continue;
      overUntold(hand, { transition: end, incident: earlier }, countedWord);
      const known = new Set(incident.told.map(({ person }) => person));
      memory.putIncident({ ...incident, told: [...incident.told, ...earlier.told.filter(({ person }) => !known.has(person))] });
    }
  }
}

/** What waited and has its turn takes with it what waits beside it of the same incident and still stands: all of that is one message. */
export function withOthers({ memory, options, now }: Hand, transition: Transition, incident: Incident): Transition {
  if (!isWaiting(transition) || isEnd(transition) || options.pace.left(incident.scope, now) < 1) return transition;
  const isBeside = (one: Transition) => one.id !== transition.id && isWaiting(one) && !isEnd(one);
  const others = memory.liveOf(incident.id).filter((one) => isBeside(one) && judge(one, incident).next === 'go');
  for (const one of others) memory.putTransition({ ...one, state: 'concluded', conclusion: `${one.conclusion}; told once more` });
  return together([transition, ...others]);
}

/** True while it waits for its turn. */
export function isWaiting(transition: Transition): boolean {
  return transition.state === 'pending' && transition.turn?.is === 'waits';
}

/** True of what waited for its turn, and of what was counted then. */
export function hasWaited(transition: Transition): boolean {
  return transition.turn?.is !== undefined;
}

/** True of what ended untold for what was so by then, and not for a rule: it may be news again. */
export function isUnheard({ sent, conclusion, turn }: Transition): boolean {
  return sent.length === 0 && (turn?.is === 'counted' || [knownWord, explainedWord].some((word) => conclusion?.endsWith(word)));
}

/** It was told: that counts, once a transition. Answers what is to be kept of it for the next start. */
export function noteTold({ options, now }: Hand, { transition, incident, acts }: Judged): Pick<Transition, 'told'> {
  const { scope } = incident;
  if (isFirst(transition) && !hasWaited(transition)) options.pace.cameNews(scope, now);
  if (transition.sent.length > 0 || transition.again !== undefined || isOfMorning(acts)) return {};
  const critical = criticalOf(transition, incident);
  options.pace.told(scope, { faults: idsOf(transition), critical }, now);
  return { told: { at: now, critical } };
}

/** What was told and counted before a start goes on counting: a centre that starts again and again would begin the hour anew each time. */
export function recall(pace: Pick<Noise, 'told' | 'cameNews' | 'count'>, { transitions, incidents }: Memory): void {
  const marks: { at: number; does(): void }[] = [];
  for (const one of transitions.values()) {
    const { told, turn, again, incident } = one;
    const scope = incidents.get(incident)?.scope ?? '';
    const newsAt = isEnd(one) || again !== undefined ? undefined : (turn?.at ?? told?.at);
    if (newsAt !== undefined) marks.push({ at: newsAt, does: () => pace.cameNews(scope, newsAt) });
    if (turn?.is === 'counted') marks.push({ at: turn.at, does: () => pace.count(scope) });
    if (told) marks.push({ at: told.at, does: () => pace.told(scope, { faults: idsOf(one), critical: told.critical }, told.at) });
  }
  for (const { does } of marks.toSorted((a, b) => a.at - b.at)) does();
}

/** True where one more step may go over the wires now. */
export function mayTell({ options, now }: Hand, transition: Transition, { scope }: Incident): boolean {
  return !(isFirst(transition) && options.pace.isFull(scope, now)) && options.pace.mayTell(scope, idsOf(transition), now);
}

/** The rooms of which there is more news in this hour than is told or counted: they are muted. */
export function refused({ memory, options, now }: Hand): string[] {
  const due = (one: Transition) => one.state === 'pending' || memory.timersOf(one.id).some(({ dueAt }) => dueAt <= now);
  const of = (one: Transition) => memory.incidents.get(one.incident);
  const first = memory.live().filter((one) => isFirst(one) && !hasWaited(one) && due(one));
  const scopes = new Set(first.flatMap((one) => of(one) ?? []).flatMap((one) => (isQuiet(memory, one) ? [] : one.scope)));
  return [...scopes].filter((scope) => options.pace.isFull(scope, now));
}

/** News that nobody was told of yet. What is told once more is no word of its PC. */
function isFirst(transition: Transition): boolean {
  return !isEnd(transition) && transition.sent.length === 0 && transition.again === undefined;
}

function isOfMorning(acts: readonly Act[]): boolean {
  return acts.some((act) => act.do === 'deliver' && act.hours?.digest === true);
}

function idsOf({ about }: Transition): string[] {
  return about.map(({ fault }) => fault);
}

/** What of the news is critical, as rules on the tabs have it; none where it is the end of something. */
function criticalOf(transition: Transition, incident: Incident): string[] {
  return isEnd(transition) ? [] : newsOf(transition, incident).flatMap((one) => (one.severity === 'critical' ? one.fault : []));
}

/** What breaks at once, such as all that hangs on one hub, a PC says in two states, which are at most this far apart. */
const momentMs = 2_000;

/** One transition that tells of all of these. */
function together([first, ...others]: [Transition, ...Transition[]]): Transition {
  const all = [first, ...others];
  const about = new Map(all.flatMap((one) => one.about).map((one) => [faultKey(one.fault, one.device), one]));
  const [severity = first.severity] = all.map((one) => one.severity).sort(bySeverity);
  const kind = all.some((one) => one.kind === 'raised') ? 'raised' : first.kind;
  const was = first.was ?? { kind: first.kind, at: first.at, about: first.about, severity: first.severity };
  const grew = all.flatMap((one) => one.grew ?? []);
  const news = { kind, at: Math.max(...all.map(({ at }) => at)), about: [...about.values()], severity };
  const whole = { ...first, ...news, ...(grew.length > 0 && { grew }) };
  return others.length > 0 ? { ...whole, was } : whole;
}

/**
 * What is due takes with it what broke in the same moment and would be told a moment later, where the tabs made the same of both.
 * Guarantee: nothing is told more than `momentMs` before its hold is over, and each counts as news of its room (R27).
 */
export function withHeld(
  { memory, options, now }: Hand,
  { transition, timer, incident }: { transition: Transition; timer: Timer; incident: Incident },
): Transition {
  if (!isHeld(transition)) return transition;
  const held = memory.liveOf(incident.id).flatMap((one) => {
    const [own, ...more] = memory.timersOf(one.id);
    if (one.id === transition.id || own === undefined || more.length > 0 || !isHeld(one)) return [];
    const apartMs = Math.max(Math.abs(one.at - transition.at), own.dueAt - timer.dueAt);
    return apartMs <= momentMs && markOf(own) === markOf(timer) && judge(one, incident).next === 'go' ? [{ one, own }] : [];
  });
  for (const { one, own } of held) {
    options.pace.cameNews(incident.scope, now);
    memory.dropTimer(own);
    memory.putTransition({ ...one, state: 'concluded', conclusion: `${one.conclusion}; ${toldTogether}` });
  }
  return together([transition, ...held.map(({ one }) => one)]);
}

const toldTogether = 'told with what broke in the same moment';

/** Transitions that wait for the end of their hold. Nobody was notified of them yet. */
function isHeld(one: Transition): boolean {
  return !isEnd(one) && one.state === 'waiting' && one.sent.length === 0 && one.again === undefined;
}

/** Two timers with one mark wait at one node, for the same to be done. */
function markOf({ node, unlessAcknowledged, message: { severity, to, hours } }: Timer): string {
  return JSON.stringify([node, unlessAcknowledged, severity, to, hours ?? null]);
}

/** People were told of a fault in these steps of an incident, and nothing told them, or is on its way to tell them, that it is over. */
export function owesAnEnd(steps: readonly Transition[]): boolean {
  const known = new Set<string>();
  for (const one of steps) {
    const keys = one.about.map(({ fault, device }) => faultKey(fault, device));
    if (isEnd(one) && (one.sent.length > 0 || one.state !== 'concluded')) for (const key of keys) known.delete(key);
    if (!isEnd(one) && one.sent.length > 0) for (const key of keys) known.add(key);
  }
  return known.size > 0;
}
