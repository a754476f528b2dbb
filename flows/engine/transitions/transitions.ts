/** The transitions of all incidents on their way over the wires: one open at a time, in order, never forgotten (R21-R25). */
import { bySeverity, causeKindOf, faultOf, isPcPath, maintainedIn, pathOfScope, type Severity } from '@sabha/contracts';
import { isSettled, withdrawForMs } from '../handling/handling.ts';
import type { Memory } from '../memory/memory.ts';
import type { Act, Again, Incident, News, PassedWay, Timer, Transition, WireFields, WireMessage } from '../records/incidents.ts';
import { deliver, overridden, tellCentral, withTold } from './delivery.ts';
import { faultKey, isEnd, isWorse, worst } from './incident.ts';
import { factsOf, type Hand, holdOf, isQuiet, judge, newsOf, type TransitionOptions, toldFaults } from './noise.ts';

/** Without a conclusion in this time a transition is offered again; after `maxOffers` the default route takes it (R24). */
const offerLimitMs = 10_000;
/** So many offers are made to the tabs before the default route takes a transition (R24). */
const maxOffers = 2;
/** How often a level that waits for the end of a cause is judged again: it is at most this late then. */
const causeLookMs = 10 * 60_000;

/** The default route sends at most one message in this time (R24). */
const bundleMs = 60_000;

/** Nothing is offered, no timer fires and no default route steps in before `restart`: an offer to tabs that do not run yet is lost. */
export function createTransitions(memory: Memory, options: TransitionOptions) {
  let bundledAt = Number.NEGATIVE_INFINITY;
  let hungAt = Number.NEGATIVE_INFINITY;
  let tabsRun = false;

  return {
    /** Adds what is new of an incident; it goes out when its turn comes. */
    add: (incident: Incident, news: News, now: number) => add(memory, { incident, news }, now),

    /** Tells once more what stands of an incident; what waited to be told of it goes with that, but not what is younger than its hold. Nobody is told where nothing stands. */
    addAgain: (incident: Incident, again: Again, now: number) => addAgain(memory, { incident, again }, now),

    /** Opens what may be opened of an incident. */
    proceed(incidentId: number, now: number): void {
      if (tabsRun) proceed({ memory, options, now }, incidentId);
    },

    /** Writes acts and conclusion together. A transition that is not open has its conclusion already: nothing changes (R23). */
    conclude: (said: Concluded, now: number) => conclude({ memory, options, now }, said),

    /** No more news of an incident is told: what was on its way is over, with this as its conclusion. The end of what was told goes on. */
    mute(incidentId: number, how: string): void {
      for (const one of memory.liveOf(incidentId)) if (!isEnd(one)) endUntold(memory, one, how);
    },

    /** Offers again what has no conclusion, lets due timers go on, and gives the default route what the wires did not finish. True where it had to. */
    tick(now: number): boolean {
      if (!tabsRun) return false;
      const hand = { memory, options, now };
      const isOverdue = (one: Transition) => one.state === 'open' && now - Math.max(one.offeredAt ?? now, hungAt) >= offerLimitMs;
      goOn(hand, isOverdue);
      for (const timer of [...memory.timers.values()]) if (timer.dueAt <= now) fire({ ...hand, timer });
      const unfinished = memory.live().filter((one) => one.offers >= maxOffers && isOverdue(one));
      if (unfinished.length === 0 || now - bundledAt < bundleMs) return false;
      bundledAt = now;
      bundle({ ...hand, unfinished });
      return true;
    },

    /** The rooms that have more news than is counted in an hour (R27). */
    refused: (now: number) => refused({ memory, options, now }),

    /** What waits by meetings and hours is due: the tabs judge it anew. */
    lookAgain(now: number): void {
      for (const timer of [...memory.timers.values()]) {
        if (timer.message.hours?.waits !== undefined && timer.dueAt > now) memory.putTimer({ ...timer, dueAt: now });
      }
    },

    /** The disk has held a commit for long: the offers of it and of those behind it are not made, so no wire can have lost them (R24). */
    hung(now: number): void {
      hungAt = now;
    },

    setClock(byMs: number): void {
      bundledAt += byMs;
      hungAt += byMs;
    },

    /** The tabs run: everything that was open is offered again, to the head (R24), and what waited for them goes out. */
    restart(now: number): void {
      tabsRun = true;
      goOn({ memory, options, now }, () => true);
    },
  };
}

function add(memory: Memory, { incident, news }: { incident: Incident; news: News }, now: number): void {
  const { kind, faults, held, again, grew, holdMs = held ? 0 : holdOf(faults) } = news;
  const id = memory.newId('transition');
  const fresh = { id, incident: incident.id, kind, at: now, about: faults.map(factsOf), severity: worst(faults), holdMs };
  const begin = { state: 'pending' as const, offers: 0, offeredAt: null, sent: [], conclusion: null, turn: null };
  memory.putTransition({ ...fresh, ...(again && { again }), ...(grew && { grew }), ...begin });
  if (incident.over === null) return;
  // A clear cancels the waits: what waited to be told is over untold (R22, R24).
  const how = incident.told.length > 0 ? incident.over : 'over before anybody was told';
  for (const one of memory.liveOf(incident.id))
    for (const timer of memory.timersOf(one.id)) endWait(memory, { transition: one, timer, how });
}

function addAgain(memory: Memory, { incident, again }: { incident: Incident; again: Again }, now: number): void {
  const standing = incident.faults.filter(({ hidden, goneAt }) => !hidden && goneAt === null);
  // What is just gone may come back: what waits to be told of it goes on waiting.
  if (standing.length === 0) return;
  // News that nobody was told of and that has not stood for its hold waits on. Whoever is asked by name is told of that too, at its time: no wait of it leads there.
  const fresh = memory.liveOf(incident.id).filter((one) => !isEnd(one) && one.sent.length === 0 && one.again === undefined);
  const young = fresh.filter((one) => heldUntil(memory, one) > now);
  const ofYoung = new Set(young.flatMap(({ about }) => about.map((one) => faultKey(one.fault, one.device))));
  const faults = standing.filter(({ told, key }) => told !== null || !ofYoung.has(key));
  if (faults.length === 0) {
    const holdMs = Math.min(...young.map((one) => heldUntil(memory, one))) - now;
    if (again.why === 'assigned') add(memory, { incident, news: { kind: 'raised', faults: standing, holdMs, again } }, now);
    return;
  }
  const untold = gather(memory, incident.id, { young, again });
  // News that nobody heard goes to whoever the tabs choose.
  const to = again.why === 'awake' && untold.length > 0 ? [] : again.to;
  const grew = untold.flatMap((one) => one.grew ?? []).filter((site) => incident.spread?.away.includes(site));
  const news = { kind: 'raised', faults, held: true, again: { ...again, to }, ...(grew.length > 0 && { grew }) } as const;
  add(memory, { incident, news }, now);
}

/** Where it waits, a rule on a tab may have made its hold another than the catalogue's; that it waits for the morning is no hold. */
function heldUntil(memory: Memory, { id, state, at, holdMs }: Transition): number {
  if (state !== 'waiting') return at + holdMs;
  return Math.max(...memory.timersOf(id).flatMap(({ dueAt, message }) => (message.hours?.waits === undefined ? dueAt : [])));
}

/** Offers once more what is open and due, to the head (R24), and lets out what waits for its turn. */
function goOn(hand: Hand, isDue: (one: Transition) => boolean): void {
  const { memory } = hand;
  for (const transition of memory.live()) {
    if (transition.state === 'open' && transition.offers < maxOffers && isDue(transition)) offerAgain({ ...hand, transition });
  }
  for (const one of memory.live()) if (one.state === 'pending') proceed(hand, one.incident);
}

type Concluded = { transition: number; acts: readonly Act[]; severity: Severity; how: string; way?: PassedWay };

function conclude(hand: Hand, said: Concluded): void {
  const { memory, now } = hand;
  const { acts, severity, how, way } = said;
  const transition = memory.transitions.get(said.transition);
  const before = transition && memory.incidents.get(transition.incident);
  if (transition?.state !== 'open' || before === undefined) return;
  const incident = overridden({ incident: before, transition, severity, now });
  const judged = { transition, incident, acts };
  const conclusion = joined(transition.conclusion, how);
  // The tabs would tell what is to be quiet now: it goes over the wires anew when the quiet is over.
  if (!isEnd(transition) && acts.some((act) => act.do === 'deliver') && isQuiet(memory, incident)) {
    memory.putIncident(incident);
    return memory.putTransition({
      ...hadTurn(transition),
      state: 'pending',
      conclusion: joined(transition.conclusion, `${how}; held back: quiet`),
    });
  }
  if (isTooMuch(hand, judged)) {
    memory.putIncident(incident);
    return holdForTurn(hand, judged, conclusion);
  }
  const { told, sent } = deliver({ ...hand, ...judged });
  const isTold = sent.length > transition.sent.length;
  memory.putIncident(told);
  const counts = isTold ? noteTold(hand, judged) : {};
  // After the severity fell, the escalation follows the new severity: the tab that lowered it has set its own waits.
  const isOfBefore = ({ message }: Timer) => message.severity === transition.severity && message.hours?.waits === undefined;
  if (isWorse(transition.severity, severity)) memory.timersOf(transition.id).filter(isOfBefore).forEach(memory.dropTimer);
  const waits = told.over === null ? acts.filter((act) => act.do === 'wait') : [];
  for (const { do: _, ...wait } of waits) memory.putTimer({ id: memory.newId('timer'), transition: transition.id, ...wait });
  // After its last level it still waits for a meeting.
  const state = memory.timersOf(transition.id).length > 0 ? 'waiting' : 'concluded';
  const passes = way && { passes: [...(transition.passes ?? []), { ...way, at: now, how }].slice(-passesKept) };
  memory.putTransition({ ...hadTurn(transition), ...passes, ...counts, severity, state, sent, conclusion });
  if (isTold) {
    tellGrown(memory, transition);
    dropOldEnds(hand, { transition, incident: told });
  }
  proceed(hand, incident.id);
}

/** Who hears that a cause grew hears how it is by now: what else it grew by, and waits untold, stands in that. */
function tellGrown(memory: Memory, { id, incident, grew }: Transition): void {
  if (grew === undefined) return;
  const others = memory.liveOf(incident).filter((one) => one.id !== id && one.grew !== undefined && one.sent.length === 0);
  for (const one of others) endUntold(memory, one, toldAgain);
}

/** So many passes of a transition are kept: its hold, and each level that was told. Of some hundred bytes each. */
const passesKept = 6;

/** What waits untold, or for its next level, waits no more: it is told once more. Answers what of it was told to nobody; at the end of a quiet that waits for the morning is of it. */
function gather(memory: Memory, incident: number, { young, again }: { young: readonly Transition[]; again: Again }): Transition[] {
  const news = memory.liveOf(incident).filter((one) => !isEnd(one) && !young.includes(one));
  const wasQuiet = again.why === 'awake' || again.why === 'maintained';
  const untold = news.filter(({ state, sent }) => state === 'pending' || (wasQuiet && state === 'waiting' && sent.length === 0));
  for (const one of untold) endUntold(memory, one, toldAgain);
  for (const one of news.filter(({ state, sent }) => state === 'waiting' && sent.length > 0)) {
    const levels = memory.timersOf(one.id).filter(({ message }) => message.hours?.waits === undefined);
    for (const timer of levels) endWait(memory, { transition: one, timer, how: toldAgain });
  }
  return untold;
}

/** It is told no more by itself, whatever it waits for. */
function endUntold(memory: Memory, one: Transition, how: string): void {
  for (const timer of memory.timersOf(one.id)) memory.dropTimer(timer);
  memory.putTransition({ ...one, state: 'concluded', conclusion: joined(one.conclusion, how) });
}

const toldAgain = 'told once more';

function proceed(hand: Hand, incidentId: number): void {
  const { memory } = hand;
  for (const one of memory.liveOf(incidentId)) {
    if (one.state === 'waiting') continue;
    if (one.state === 'open') return;
    const incident = memory.incidents.get(incidentId);
    if (incident === undefined) return;
    const judged = judge(one, incident);
    if (judged.next === 'over') overUntold(hand, { transition: one, incident }, judged.how);
    // It waits, and keeps back nothing that comes after it.
    if (judged.next !== 'go' || (!isEnd(one) && isQuiet(memory, incident)) || waitsItsTurn(hand, one, incident)) continue;
    return offer({ ...hand, transition: withOthers(hand, one, incident) });
  }
}

/** Guarantee: the offer is counted in the ledger before it is made, since effects follow the commit (R24). */
function offer({ memory, options, now, transition, timer }: Hand & { transition: Transition; timer?: Timer }): void {
  const incident = memory.incidents.get(transition.incident);
  if (incident === undefined || (transition.state === 'pending' && !mayTell({ memory, options, now }, transition, incident))) return;
  const offers = timer === undefined && transition.state === 'open' ? transition.offers + 1 : 1;
  const next: Transition = { ...transition, state: 'open', offers, offeredAt: now };
  memory.putTransition(next);
  const fields = timer === undefined ? {} : { fields: timer.message };
  const message = wireMessage({ transition: next, incident, place: options.facts(incident.scope), ...fields });
  memory.effect({ do: 'offer', message, node: timer?.node ?? null });
}

/** A second offer is judged too: what is over by now is concluded as such (R24). */
function offerAgain(hand: Hand & { transition: Transition }): void {
  const { memory, transition, now } = hand;
  const incident = memory.incidents.get(transition.incident);
  const judged = incident && judge(transition, incident);
  if (judged?.next !== 'over') return offer(hand);
  memory.putTransition({ ...transition, state: 'concluded', conclusion: joined(transition.conclusion, judged.how) });
  proceed({ memory, options: hand.options, now }, transition.incident);
}

function fire({ timer, ...hand }: Hand & { timer: Timer }): void {
  const { memory, options, now } = hand;
  const transition = memory.transitions.get(timer.transition);
  const incident = transition && memory.incidents.get(transition.incident);
  if (transition === undefined || incident === undefined || transition.state === 'concluded') return memory.dropTimer(timer);
  if (options.isUnread(incident.scope, now)) return;
  const judged = judgeTimer(timer, { transition, incident, now });
  if (judged.next === 'over') return endWait(memory, { transition, timer, how: judged.how });
  // What waits by hours and meetings is judged all the same: it may have become urgent.
  if (isQuiet(memory, incident) && timer.message.hours?.waits === undefined) return;
  if (memory.liveOf(incident.id).some((one) => one.state === 'open') || !mayTell(hand, transition, incident)) return;
  if (judged.next === 'later') return memory.putTimer({ ...timer, dueAt: now + judged.inMs });
  memory.dropTimer(timer);
  offer({ ...hand, transition: withHeld(hand, { transition, timer, incident }), timer });
}

function endWait(memory: Memory, { transition, timer, how }: { transition: Transition; timer: Timer; how: string }): void {
  memory.dropTimer(timer);
  if (transition.state === 'open' || memory.timersOf(transition.id).length > 0) return;
  memory.putTransition({ ...transition, state: 'concluded', conclusion: joined(transition.conclusion, how) });
}

function bundle({ memory, options, now, unfinished }: Hand & { unfinished: Transition[] }): void {
  const lines = unfinished.map(({ incident: id, about, kind }) => {
    const incident = memory.incidents.get(id);
    const place = incident?.place ?? options.place(incident?.scope ?? 'centre');
    const fault = about[0]?.fault ?? '';
    return `${place.site.en}, ${place.room.en}: ${faultOf(fault)?.title.en ?? fault} (${kind})`;
  });
  const recipients = tellCentral({ memory, options, now }, { kind: 'unfinished', lines, key: `default-${unfinished[0]?.id}` });
  for (const one of unfinished) {
    const incident = memory.incidents.get(one.incident);
    if (incident === undefined) continue;
    const told = [...incident.told, ...recipients.map((to) => ({ ...to, at: now }))];
    memory.putIncident(withTold({ ...incident, told }, one));
    memory.putTransition({ ...one, state: 'concluded', conclusion: joined(one.conclusion, 'default route: central told') });
    proceed({ memory, options, now }, incident.id);
  }
}

function joined(before: string | null, how: string): string {
  if (before === null) return how;
  return before === how || before.endsWith(`; ${how}`) ? before : `${before}; ${how}`;
}

/** Whether a timer that is due may go on: not for what is over, or was acknowledged in time. It waits while that may be taken back. */
function judgeTimer(timer: Timer, { transition, incident, now }: Omit<Judged, 'acts'> & Pick<Hand, 'now'>): ReturnType<typeof judge> {
  const { acknowledged } = incident;
  const judged = judge(transition, incident);
  // The higher levels know the cause. The level waits for as long as that cause stands.
  const waits = timer.unlessAcknowledged && newsOf(transition, incident).every(({ hidden, explained }) => hidden || explained);
  if (acknowledged === null && waits && judged.next === 'go') return { next: 'later', inMs: causeLookMs };
  if (!timer.unlessAcknowledged || acknowledged === null) return judged;
  if (!isSettled(acknowledged, now)) return { next: 'later', inMs: acknowledged.at + withdrawForMs - now };
  return { next: 'over', how: `acknowledged by ${acknowledged.by}` };
}

/** What stands in the conclusion of what waits for its turn. */
const turnWord = 'held back: enough was told in this hour';
/** The conclusion of what was over before its turn. */
const countedWord = 'counted: enough was told in this hour';
/** What waits goes over the wires anew each time that so much is over: a meeting that has come near may have made it critical. */
const lookAgainMs = 10 * 60_000;

/** What the tabs would do with a transition; the incident as they judged it. */
type Judged = { transition: Transition; incident: Incident; acts: readonly Act[] };

/** True where it is not told now, since enough was. A list of the morning is one message, whatever stands in it. */
function isTooMuch({ options, now }: Hand, { transition, incident, acts }: Judged): boolean {
  const { scope } = incident;
  if (transition.again !== undefined || transition.sent.length > 0 || options.pace.left(scope, now) > 0) return false;
  const deliveries = acts.filter((act) => act.do === 'deliver');
  if (deliveries.length === 0 || isOfMorning(acts)) return false;
  if (deliveries.some(({ hours }) => hours?.meeting !== undefined) && criticalOf(transition, incident).length > 0) return false;
  return criticalOf(transition, incident).every((fault) => options.pace.wasCritical(scope, fault, now));
}

/** True while a transition waits for its turn. Where the end of what was waits and what is by now waits too, both go, in this order, or none. */
function waitsItsTurn({ memory, options, now }: Hand, transition: Transition, { scope }: Incident): boolean {
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
function holdForTurn({ memory, options, now }: Hand, { transition, incident }: Omit<Judged, 'acts'>, how: string): void {
  if (!hasWaited(transition) && !isEnd(transition)) options.pace.cameNews(incident.scope, now);
  const conclusion = transition.turn?.is === 'waits' ? transition.conclusion : `${how}; ${turnWord}`;
  memory.putTransition({ ...transition, state: 'pending', conclusion, turn: { is: 'waits', at: transition.turn?.at ?? now } });
}

/** It had its turn, or waits for something else by now. */
function hadTurn(transition: Transition): Transition {
  const { turn, offeredAt } = transition;
  return turn?.is === 'waits' ? { ...transition, turn: { is: 'waited', at: turn.at, hadAt: offeredAt ?? turn.at } } : transition;
}

/** Concludes what is over and was told to nobody: where it waited for its turn it is counted in the next message of its scope. */
function overUntold({ memory, options, now }: Hand, { transition, incident }: Omit<Judged, 'acts'>, how: string): void {
  if (!hasWaited(transition)) return memory.putTransition({ ...transition, state: 'concluded', conclusion: how });
  options.pace.count(incident.scope);
  memory.putTransition({ ...transition, state: 'concluded', conclusion: countedWord, turn: { is: 'counted', at: now } });
}

/**
 * A message that a fault stands is never followed by one that it was over before: an end that still waits for the hourly limit is only counted.
 * Who was notified of that earlier incident is notified of the end of this one.
 */
function dropOldEnds(hand: Hand, { transition, incident }: Omit<Judged, 'acts'>): void {
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
function withOthers({ memory, options, now }: Hand, transition: Transition, incident: Incident): Transition {
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

/** It was told: that counts, once a transition. Answers what is to be kept of it for the next start. */
function noteTold({ options, now }: Hand, { transition, incident, acts }: Judged): Pick<Transition, 'told'> {
  const { scope } = incident;
  if (isFirst(transition) && !hasWaited(transition)) options.pace.cameNews(scope, now);
  if (transition.sent.length > 0 || transition.again !== undefined || isOfMorning(acts)) return {};
  const critical = criticalOf(transition, incident);
  options.pace.told(scope, { faults: idsOf(transition), critical }, now);
  return { told: { at: now, critical } };
}

/** What was told and counted before a start goes on counting: a centre that starts again and again would begin the hour anew each time. */
export function recall(pace: TransitionOptions['pace'], { transitions, incidents }: Memory): void {
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
function mayTell({ options, now }: Hand, transition: Transition, { scope }: Incident): boolean {
  return !(isFirst(transition) && options.pace.isFull(scope, now)) && options.pace.mayTell(scope, idsOf(transition), now);
}

/** The rooms of which there is more news in this hour than is told or counted: they are muted. */
function refused({ memory, options, now }: Hand): string[] {
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
function withHeld({ memory, options, now }: Hand, { transition, timer, incident }: Omit<Judged, 'acts'> & { timer: Timer }): Transition {
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

/** The message of an offer. `fields` are what a wait kept; at the head they are the transition's own. */
function wireMessage(at: {
  transition: Transition;
  incident: Incident;
  place: ReturnType<TransitionOptions['facts']>;
  fields?: WireFields;
}): WireMessage {
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
      // A person who was first notified after the cause grew already knows its present size.
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
