/**
 * Processes the transitions of all incidents. Each incident has at most one open transition, offered in order of creation. R21
 * (transitions) to R25 (timers and outcomes).
 */
import { bySeverity, causeKindOf, faultOf, isPcPath, pathOfScope, type Severity, scopePlace } from '@sabha/contracts';
import { isSettled, withdrawForMs } from '../handling/handling.ts';
import type { EngineState } from '../memory/memory.ts';
import type {
  Incident,
  IncidentChange,
  OfferFields,
  OfferMessage,
  Repeat,
  TabAct,
  TabPath,
  Timer,
  Transition,
} from '../records/incidents.ts';
import { applyTabSeverity, deliver, notifyCentral, recordNotified } from './delivery.ts';
import {
  faultNewsOf,
  faultsToReport,
  isSnoozedOrMaintained,
  judgeOffer,
  remainingFaults,
  type StepContext,
  shortestHoldMs,
  type TransitionOptions,
} from './flood-control.ts';
import { faultKey, highestSeverity, isEnd, isWorse } from './incident.ts';

/** Time in which the tabs must conclude an offer: R24 (repeated offers and the default route). */
const offerLimitMs = 10_000;
/** Offers to the tabs before the default route takes a transition: R24. */
const maxOffers = 2;
/**
 * Interval at which an escalation is judged again while a group incident delays it. When the group incident ends, the escalation is late by
 * at most this time.
 */
const causeRecheckMs = 10 * 60_000;

/** Minimum interval between messages of the default route: R24. */
const bundleMs = 60_000;

/**
 * Creates the queue of transitions. Before `restart` it makes no offer, fires no timer and uses no default route: tabs that do not run yet
 * would lose an offer.
 */
export function createTransitions(memory: EngineState, options: TransitionOptions) {
  let bundledAt = Number.NEGATIVE_INFINITY;
  let hungAt = Number.NEGATIVE_INFINITY;
  let tabsRun = false;

  return {
    /** Adds a transition for a change of an incident. The transition is offered after all earlier ones of the incident. */
    addTransition: (incident: Incident, news: IncidentChange, now: number) => createTransition(memory, { incident, news }, now),

    /**
     * Notifies again of the present faults of an incident, if there are any. Faults of which nobody was notified yet are included, unless
     * their hold still runs.
     */
    addRepeat: (incident: Incident, again: Repeat, now: number) => createRepeat(memory, { incident, again }, now),

    /** Offers the next transition of an incident, if one is ready. */
    proceed(incidentId: number, now: number): void {
      if (tabsRun) proceed({ memory, options, now }, incidentId);
    },

    /** Writes acts and conclusion together. A transition that is not open is not changed: R23 (conclude). */
    conclude: (said: TransitionConclusion, now: number) => conclude({ memory, options, now }, said),

    /**
     * Concludes all transitions of an incident that report new or worse faults, with this text. Transitions that report an end are not
     * changed.
     */
    mute(incidentId: number, how: string): void {
      for (const one of memory.liveOf(incidentId)) if (!isEnd(one)) concludeUnsent(memory, one, how);
    },

    /**
     * Repeats offers that the tabs did not conclude in time, and fires timers whose time has come. Passes transitions without a conclusion
     * after the last offer to the default route. Returns true if the default route was used.
     */
    tick(now: number): boolean {
      if (!tabsRun) return false;
      const hand = { memory, options, now };
      const isOverdue = (one: Transition) => one.state === 'open' && now - Math.max(one.offeredAt ?? now, hungAt) >= offerLimitMs;
      repeatOffers(hand, isOverdue);
      for (const timer of [...memory.timers.values()]) if (timer.dueAt <= now) fireTimer({ ...hand, timer });
      const unfinished = memory.live().filter((one) => one.offers >= maxOffers && isOverdue(one));
      if (unfinished.length === 0 || now - bundledAt < bundleMs) return false;
      bundledAt = now;
      useDefaultRoute({ ...hand, unfinished });
      return true;
    },

    /** The rooms whose new transitions exceed the hourly limit: R27 (budgets: quota and backpressure). */
    roomsOverLimit: (now: number) => findRoomsOverLimit({ memory, options, now }),

    /** Lets the timers that depend on meetings and office hours fire at the next tick, so that the tabs judge their transitions again. */
    lookAgain(now: number): void {
      for (const timer of [...memory.timers.values()]) {
        if (timer.message.hours?.waits !== undefined && timer.dueAt > now) memory.putTimer({ ...timer, dueAt: now });
      }
    },

    /**
     * Call this when a commit took long. Offers wait for their commit, so the tabs could not conclude any meanwhile: the time limit of open
     * offers starts again (R24).
     */
    commitBlocked(now: number): void {
      hungAt = now;
    },

    setClock(byMs: number): void {
      bundledAt += byMs;
      hungAt += byMs;
    },

    /**
     * Call this when the tabs run. Offers every open transition to the first node again (R24), and the next queued transition of each
     * incident.
     */
    restart(now: number): void {
      tabsRun = true;
      repeatOffers({ memory, options, now }, () => true);
    },
  };
}

function createTransition(memory: EngineState, { incident, news }: { incident: Incident; news: IncidentChange }, now: number): void {
  const { kind, faults, held, again, grew, holdMs = held ? 0 : shortestHoldMs(faults) } = news;
  const id = memory.newId('transition');
  const fresh = { id, incident: incident.id, kind, at: now, about: faults.map(faultNewsOf), severity: highestSeverity(faults), holdMs };
  const begin = { state: 'pending' as const, offers: 0, offeredAt: null, sent: [], conclusion: null, turn: null };
  memory.putTransition({ ...fresh, ...(again && { again }), ...(grew && { grew }), ...begin });
  if (incident.over === null) return;
  // The end of an incident cancels the timers of its transitions, so their messages are not sent: R22 (hold), R24.
  const how = incident.told.length > 0 ? incident.over : 'over before anybody was told';
  for (const one of memory.liveOf(incident.id))
    for (const timer of memory.timersOf(one.id)) endWait(memory, { transition: one, timer, how });
}

function createRepeat(memory: EngineState, { incident, again }: { incident: Incident; again: Repeat }, now: number): void {
  const standing = incident.faults.filter(({ hidden, goneAt }) => !hidden && goneAt === null);
  // A fault that just disappeared may return, so its unsent transition keeps waiting.
  if (standing.length === 0) return;
  // An unsent transition keeps waiting during its hold. If a person was assigned by name, this new transition notifies that person after
  // the same hold, because the timer of the unsent transition has other recipients.
  const fresh = memory.liveOf(incident.id).filter((one) => !isEnd(one) && one.sent.length === 0 && one.again === undefined);
  const young = fresh.filter((one) => heldUntil(memory, one) > now);
  const ofYoung = new Set(young.flatMap(({ about }) => about.map((one) => faultKey(one.fault, one.device))));
  const faults = standing.filter(({ told, key }) => told !== null || !ofYoung.has(key));
  if (faults.length === 0) {
    const holdMs = Math.min(...young.map((one) => heldUntil(memory, one))) - now;
    if (again.why === 'assigned') createTransition(memory, { incident, news: { kind: 'raised', faults: standing, holdMs, again } }, now);
    return;
  }
  const untold = cancelPending(memory, incident.id, { young, again });
  // If people do not know some faults yet, the tabs choose the recipients.
  const to = again.why === 'awake' && untold.length > 0 ? [] : again.to;
  const grew = untold.flatMap((one) => one.grew ?? []).filter((site) => incident.spread?.away.includes(site));
  const news = { kind: 'raised', faults, held: true, again: { ...again, to }, ...(grew.length > 0 && { grew }) } as const;
  createTransition(memory, { incident, news }, now);
}

/**
 * Returns when the hold of a transition ends, in server time. A tab may have set another hold than the default. A timer that waits for the
 * morning is not a hold.
 */
function heldUntil(memory: EngineState, { id, state, at, holdMs }: Transition): number {
  if (state !== 'waiting') return at + holdMs;
  return Math.max(...memory.timersOf(id).flatMap(({ dueAt, message }) => (message.hours?.waits === undefined ? dueAt : [])));
}

/** Offers the open transitions that `isDue` selects to the first node again (R24). Then offers the queued transitions. */
function repeatOffers(hand: StepContext, isDue: (one: Transition) => boolean): void {
  const { memory } = hand;
  for (const transition of memory.live()) {
    if (transition.state === 'open' && transition.offers < maxOffers && isDue(transition)) offerAgain({ ...hand, transition });
  }
  for (const one of memory.live()) if (one.state === 'pending') proceed(hand, one.incident);
}

type TransitionConclusion = { transition: number; acts: readonly TabAct[]; severity: Severity; how: string; way?: TabPath };

function conclude(hand: StepContext, said: TransitionConclusion): void {
  const { memory, now } = hand;
  const { acts, severity, how, way } = said;
  const transition = memory.transitions.get(said.transition);
  const before = transition && memory.incidents.get(transition.incident);
  if (transition?.state !== 'open' || before === undefined) return;
  const incident = applyTabSeverity({ incident: before, transition, severity, now });
  const judged = { transition, incident, acts };
  const conclusion = appendConclusion(transition.conclusion, how);
  // The incident was snoozed, or its place is under maintenance. The transition is offered again when that ends.
  if (!isEnd(transition) && acts.some((act) => act.do === 'deliver') && isSnoozedOrMaintained(memory, incident)) {
    memory.putIncident(incident);
    return memory.putTransition({
      ...endTurn(transition),
      state: 'pending',
      conclusion: appendConclusion(transition.conclusion, `${how}; held back: quiet`),
    });
  }
  if (exceedsHourlyLimit(hand, judged)) {
    memory.putIncident(incident);
    return queueForHourlyLimit(hand, judged, conclusion);
  }
  const { told, sent } = deliver({ ...hand, ...judged });
  const isTold = sent.length > transition.sent.length;
  memory.putIncident(told);
  const counts = isTold ? countFirstMessage(hand, judged) : {};
  // If a tab lowered the severity, the escalation timers of the earlier severity are dropped: that tab has set its own timers.
  const isOfBefore = ({ message }: Timer) => message.severity === transition.severity && message.hours?.waits === undefined;
  if (isWorse(transition.severity, severity)) memory.timersOf(transition.id).filter(isOfBefore).forEach(memory.dropTimer);
  const waits = told.over === null ? acts.filter((act) => act.do === 'wait') : [];
  for (const { do: _, ...wait } of waits) memory.putTimer({ id: memory.newId('timer'), transition: transition.id, ...wait });
  // After its last escalation a transition may still have a timer that runs until a meeting ends.
  const state = memory.timersOf(transition.id).length > 0 ? 'waiting' : 'concluded';
  const passes = way && { passes: [...(transition.passes ?? []), { ...way, at: now, how }].slice(-passesKept) };
  memory.putTransition({ ...endTurn(transition), ...passes, ...counts, severity, state, sent, conclusion });
  if (isTold) {
    concludeOtherGrowth(memory, transition);
    dropOldEnds(hand, { transition, incident: told });
  }
  proceed(hand, incident.id);
}

/** Concludes other unsent growth of a group incident, because the message about it shows the present size. */
function concludeOtherGrowth(memory: EngineState, { id, incident, grew }: Transition): void {
  if (grew === undefined) return;
  const others = memory.liveOf(incident).filter((one) => one.id !== id && one.grew !== undefined && one.sent.length === 0);
  for (const one of others) concludeUnsent(memory, one, replacedConclusion);
}

/** Passes through the tabs kept per transition: one for its hold, and one for each escalation. Each takes some hundred bytes. */
const passesKept = 6;

/**
 * Cancels the unsent transitions and the escalation timers of an incident, since a new message replaces them. Returns the unsent
 * transitions. After a snooze or a maintenance these include transitions that wait for the morning.
 */
function cancelPending(
  memory: EngineState,
  incident: number,
  { young, again }: { young: readonly Transition[]; again: Repeat },
): Transition[] {
  const news = memory.liveOf(incident).filter((one) => !isEnd(one) && !young.includes(one));
  const wasQuiet = again.why === 'awake' || again.why === 'maintained';
  const untold = news.filter(({ state, sent }) => state === 'pending' || (wasQuiet && state === 'waiting' && sent.length === 0));
  for (const one of untold) concludeUnsent(memory, one, replacedConclusion);
  for (const one of news.filter(({ state, sent }) => state === 'waiting' && sent.length > 0)) {
    const levels = memory.timersOf(one.id).filter(({ message }) => message.hours?.waits === undefined);
    for (const timer of levels) endWait(memory, { transition: one, timer, how: replacedConclusion });
  }
  return untold;
}

/** Concludes a transition and drops its timers. */
function concludeUnsent(memory: EngineState, one: Transition, how: string): void {
  for (const timer of memory.timersOf(one.id)) memory.dropTimer(timer);
  memory.putTransition({ ...one, state: 'concluded', conclusion: appendConclusion(one.conclusion, how) });
}

const replacedConclusion = 'told once more';

function proceed(hand: StepContext, incidentId: number): void {
  const { memory } = hand;
  for (const one of memory.liveOf(incidentId)) {
    if (one.state === 'waiting') continue;
    if (one.state === 'open') return;
    const incident = memory.incidents.get(incidentId);
    if (incident === undefined) return;
    const judged = judgeOffer(one, incident);
    if (judged.next === 'over') concludeOver(hand, { transition: one, incident }, judged.how);
    // A transition that cannot be offered now keeps waiting, and does not block later transitions.
    if (judged.next !== 'go' || (!isEnd(one) && isSnoozedOrMaintained(memory, incident)) || isHeldByHourlyLimit(hand, one, incident))
      continue;
    return offer({ ...hand, transition: mergeWaiting(hand, one, incident) });
  }
}

/**
 * Adds the offer to the effects. Guarantee: the offer is counted in the ledger before it is made, since effects follow the commit (R24).
 */
function offer({ memory, options, now, transition, timer }: StepContext & { transition: Transition; timer?: Timer }): void {
  const incident = memory.incidents.get(transition.incident);
  if (incident === undefined || (transition.state === 'pending' && !mayOffer({ memory, options, now }, transition, incident))) return;
  const offers = timer === undefined && transition.state === 'open' ? transition.offers + 1 : 1;
  const next: Transition = { ...transition, state: 'open', offers, offeredAt: now };
  memory.putTransition(next);
  const fields = timer === undefined ? {} : { fields: timer.message };
  const message = offerMessageOf({ transition: next, incident, place: options.facts(incident.scope), ...fields });
  memory.effect({ do: 'offer', message, node: timer?.node ?? null });
}

/** Judges the transition before a second offer, because its faults may have ended since the first offer (R24). */
function offerAgain(hand: StepContext & { transition: Transition }): void {
  const { memory, transition, now } = hand;
  const incident = memory.incidents.get(transition.incident);
  const judged = incident && judgeOffer(transition, incident);
  if (judged?.next !== 'over') return offer(hand);
  memory.putTransition({ ...transition, state: 'concluded', conclusion: appendConclusion(transition.conclusion, judged.how) });
  proceed({ memory, options: hand.options, now }, transition.incident);
}

function fireTimer({ timer, ...hand }: StepContext & { timer: Timer }): void {
  const { memory, options, now } = hand;
  const transition = memory.transitions.get(timer.transition);
  const incident = transition && memory.incidents.get(transition.incident);
  if (transition === undefined || incident === undefined || transition.state === 'concluded') return memory.dropTimer(timer);
  if (options.isUnread(incident.scope, now)) return;
  const judged = judgeTimer(timer, { transition, incident, now });
  if (judged.next === 'over') return endWait(memory, { transition, timer, how: judged.how });
  // Timers that depend on hours and meetings are judged also during a snooze or a maintenance: the fault may have become urgent.
  if (isSnoozedOrMaintained(memory, incident) && timer.message.hours?.waits === undefined) return;
  if (memory.liveOf(incident.id).some((one) => one.state === 'open') || !mayOffer(hand, transition, incident)) return;
  if (judged.next === 'later') return memory.putTimer({ ...timer, dueAt: now + judged.inMs });
  memory.dropTimer(timer);
  offer({ ...hand, transition: mergeSimultaneous(hand, { transition, timer, incident }), timer });
}

function endWait(memory: EngineState, { transition, timer, how }: { transition: Transition; timer: Timer; how: string }): void {
  memory.dropTimer(timer);
  if (transition.state === 'open' || memory.timersOf(transition.id).length > 0) return;
  memory.putTransition({ ...transition, state: 'concluded', conclusion: appendConclusion(transition.conclusion, how) });
}

function useDefaultRoute({ memory, options, now, unfinished }: StepContext & { unfinished: Transition[] }): void {
  const lines = unfinished.map(({ incident: id, about, kind }) => {
    const incident = memory.incidents.get(id);
    const place = incident?.place ?? options.place(incident?.scope ?? 'centre');
    const fault = about[0]?.fault ?? '';
    return `${place.site.en}, ${place.room.en}: ${faultOf(fault)?.title.en ?? fault} (${kind})`;
  });
  const recipients = notifyCentral({ memory, options, now }, { kind: 'unfinished', lines, key: `default-${unfinished[0]?.id}` });
  for (const one of unfinished) {
    const incident = memory.incidents.get(one.incident);
    if (incident === undefined) continue;
    const told = [...incident.told, ...recipients.map((to) => ({ ...to, at: now }))];
    memory.putIncident(recordNotified({ ...incident, told }, one));
    memory.putTransition({ ...one, state: 'concluded', conclusion: appendConclusion(one.conclusion, 'default route: central told') });
    proceed({ memory, options, now }, incident.id);
  }
}

function appendConclusion(before: string | null, how: string): string {
  if (before === null) return how;
  return before === how || before.endsWith(`; ${how}`) ? before : `${before}; ${how}`;
}

/**
 * Judges a timer whose time has come. The timer ends if its faults are over, or if the incident was acknowledged before. While a person can
 * still withdraw the acknowledgement, the timer is judged again later.
 */
function judgeTimer(
  timer: Timer,
  { transition, incident, now }: Omit<JudgedTransition, 'acts'> & Pick<StepContext, 'now'>,
): ReturnType<typeof judgeOffer> {
  const { acknowledged } = incident;
  const judged = judgeOffer(transition, incident);
  // The group incident escalates to the higher levels. The escalation of this incident waits until the group incident ends.
  const waits = timer.unlessAcknowledged && remainingFaults(transition, incident).every(({ hidden, explained }) => hidden || explained);
  if (acknowledged === null && waits && judged.next === 'go') return { next: 'later', inMs: causeRecheckMs };
  if (!timer.unlessAcknowledged || acknowledged === null) return judged;
  if (!isSettled(acknowledged, now)) return { next: 'later', inMs: acknowledged.at + withdrawForMs - now };
  return { next: 'over', how: `acknowledged by ${acknowledged.by}` };
}

/** Conclusion of a transition that waits for the hourly limit. */
const heldBackConclusion = 'held back: enough was told in this hour';
/** Conclusion of a transition whose faults ended while it waited for the hourly limit. */
const countedConclusion = 'counted: enough was told in this hour';
/** Interval at which a transition that waits for the hourly limit is offered again: a near meeting may have made it critical. */
const reofferEveryMs = 10 * 60_000;

type JudgedTransition = { transition: Transition; incident: Incident; acts: readonly TabAct[] };

/** True if the hourly limit delays the message. A morning digest counts as one message, whatever its size. */
function exceedsHourlyLimit({ options, now }: StepContext, { transition, incident, acts }: JudgedTransition): boolean {
  const { scope } = incident;
  if (transition.again !== undefined || transition.sent.length > 0 || options.pace.left(scope, now) > 0) return false;
  const deliveries = acts.filter((act) => act.do === 'deliver');
  if (deliveries.length === 0 || isForDigest(acts)) return false;
  if (deliveries.some(({ hours }) => hours?.meeting !== undefined) && criticalFaultsOf(transition, incident).length > 0) return false;
  return criticalFaultsOf(transition, incident).every((fault) => options.pace.wasCritical(scope, fault, now));
}

/**
 * True while the hourly limit delays a transition. If an end and a new fault of a scope both wait, two messages must be left: then both are
 * sent in order of creation.
 */
function isHeldByHourlyLimit({ memory, options, now }: StepContext, transition: Transition, { scope }: Incident): boolean {
  if (!isWaiting(transition)) return false;
  const left = options.pace.left(scope, now);
  const waiting = memory.liveScope(scope).flatMap((id) => memory.liveOf(id).filter(isWaiting));
  const isPair = waiting.some(isEnd) && waiting.some((one) => !isEnd(one));
  if (left > 1 || (left === 1 && !isPair)) return false;
  return isEnd(transition) || now < reofferAt(transition);
}

/**
 * Returns when a transition that waits for the hourly limit is offered again. That is at multiples of `reofferEveryMs` since its wait
 * began, so one late offer does not delay the later ones.
 */
function reofferAt({ turn, offeredAt }: Transition): number {
  const offered = offeredAt ?? 0;
  const since = turn?.at ?? offered;
  const passed = Math.floor(Math.max(0, offered - since) / reofferEveryMs);
  return since + (passed + 1) * reofferEveryMs;
}

/** Lets a transition wait until the hourly limit permits its message. */
function queueForHourlyLimit(
  { memory, options, now }: StepContext,
  { transition, incident }: Omit<JudgedTransition, 'acts'>,
  how: string,
): void {
  if (!hasWaited(transition) && !isEnd(transition)) options.pace.cameNews(incident.scope, now);
  const conclusion = transition.turn?.is === 'waits' ? transition.conclusion : `${how}; ${heldBackConclusion}`;
  memory.putTransition({ ...transition, state: 'pending', conclusion, turn: { is: 'waits', at: transition.turn?.at ?? now } });
}

/** Returns the transition with its wait for the hourly limit marked as ended. */
function endTurn(transition: Transition): Transition {
  const { turn, offeredAt } = transition;
  return turn?.is === 'waits' ? { ...transition, turn: { is: 'waited', at: turn.at, hadAt: offeredAt ?? turn.at } } : transition;
}

/**
 * Concludes an unsent transition whose faults ended. If it waited for the hourly limit, the next message of its scope includes it in a
 * count.
 */
function concludeOver({ memory, options, now }: StepContext, { transition, incident }: Omit<JudgedTransition, 'acts'>, how: string): void {
  if (!hasWaited(transition)) return memory.putTransition({ ...transition, state: 'concluded', conclusion: how });
  options.pace.count(incident.scope);
  memory.putTransition({ ...transition, state: 'concluded', conclusion: countedConclusion, turn: { is: 'counted', at: now } });
}

/**
 * Drops and counts an end that still waits for the hourly limit, if a message now reports the same faults again. The end must not arrive
 * after that message. The recipients of the earlier incident are added to this incident, so that they are notified of its end.
 */
function dropOldEnds(hand: StepContext, { transition, incident }: Omit<JudgedTransition, 'acts'>): void {
  const { memory } = hand;
  if (isEnd(transition)) return;
  const keysOf = ({ about }: Transition) => about.map((one) => faultKey(one.fault, one.device));
  const keys = keysOf(transition);
  for (const id of memory.liveScope(incident.scope)) {
    const earlier = memory.incidents.get(id);
    const isAgain = (one: Transition) => one.kind === 'cleared' && isWaiting(one) && keysOf(one).every((key) => keys.includes(key));
    for (const end of memory.liveOf(id).filter(isAgain)) {
      if (earlier === undefined) continue;
      concludeOver(hand, { transition: end, incident: earlier }, countedConclusion);
      const known = new Set(incident.told.map(({ person }) => person));
      memory.putIncident({ ...incident, told: [...incident.told, ...earlier.told.filter(({ person }) => !known.has(person))] });
    }
  }
}

/** Merges the other waiting transitions of the incident into the first one that may be sent after the hourly limit. Ends are not merged. */
function mergeWaiting({ memory, options, now }: StepContext, transition: Transition, incident: Incident): Transition {
  if (!isWaiting(transition) || isEnd(transition) || options.pace.left(incident.scope, now) < 1) return transition;
  const isBeside = (one: Transition) => one.id !== transition.id && isWaiting(one) && !isEnd(one);
  const others = memory.liveOf(incident.id).filter((one) => isBeside(one) && judgeOffer(one, incident).next === 'go');
  for (const one of others) memory.putTransition({ ...one, state: 'concluded', conclusion: `${one.conclusion}; told once more` });
  return mergeTransitions([transition, ...others]);
}

/** True while a transition waits for the hourly limit. */
export function isWaiting(transition: Transition): boolean {
  return transition.state === 'pending' && transition.turn?.is === 'waits';
}

/** True if the hourly limit has delayed or suppressed the transition. */
export function hasWaited(transition: Transition): boolean {
  return transition.turn?.is !== undefined;
}

/**
 * Counts the first message of a transition against the rate limits. Returns the fields to store, from which `restoreLimits` counts the
 * message again after a restart.
 */
function countFirstMessage({ options, now }: StepContext, { transition, incident, acts }: JudgedTransition): Pick<Transition, 'told'> {
  const { scope } = incident;
  if (isUnsentNews(transition) && !hasWaited(transition)) options.pace.cameNews(scope, now);
  if (transition.sent.length > 0 || transition.again !== undefined || isForDigest(acts)) return {};
  const critical = criticalFaultsOf(transition, incident);
  options.pace.told(scope, { faults: faultIdsOf(transition), critical }, now);
  return { told: { at: now, critical } };
}

/**
 * Counts the stored messages of the last hour against the rate limits at start. Otherwise a server that restarts repeatedly would begin a
 * new hour each time.
 */
export function restoreLimits(pace: TransitionOptions['pace'], { transitions, incidents }: EngineState): void {
  const marks: { at: number; does(): void }[] = [];
  for (const one of transitions.values()) {
    const { told, turn, again, incident } = one;
    const scope = incidents.get(incident)?.scope ?? '';
    const newsAt = isEnd(one) || again !== undefined ? undefined : (turn?.at ?? told?.at);
    if (newsAt !== undefined) marks.push({ at: newsAt, does: () => pace.cameNews(scope, newsAt) });
    if (turn?.is === 'counted') marks.push({ at: turn.at, does: () => pace.count(scope) });
    if (told) marks.push({ at: told.at, does: () => pace.told(scope, { faults: faultIdsOf(one), critical: told.critical }, told.at) });
  }
  for (const { does } of marks.toSorted((a, b) => a.at - b.at)) does();
}

/** True if the hourly limit of the room and the limits per minute allow another offer. */
function mayOffer({ options, now }: StepContext, transition: Transition, { scope }: Incident): boolean {
  return !(isUnsentNews(transition) && options.pace.isFull(scope, now)) && options.pace.mayTell(scope, faultIdsOf(transition), now);
}

/** Returns the rooms whose next new transition would exceed the hourly limit. The caller mutes them. */
function findRoomsOverLimit({ memory, options, now }: StepContext): string[] {
  const due = (one: Transition) => one.state === 'pending' || memory.timersOf(one.id).some(({ dueAt }) => dueAt <= now);
  const of = (one: Transition) => memory.incidents.get(one.incident);
  const first = memory.live().filter((one) => isUnsentNews(one) && !hasWaited(one) && due(one));
  const scopes = new Set(first.flatMap((one) => of(one) ?? []).flatMap((one) => (isSnoozedOrMaintained(memory, one) ? [] : one.scope)));
  return [...scopes].filter((scope) => options.pace.isFull(scope, now));
}

/** True for a transition that reports new or worse faults and has sent no message. A repeated notification does not count. */
function isUnsentNews(transition: Transition): boolean {
  return !isEnd(transition) && transition.sent.length === 0 && transition.again === undefined;
}

function isForDigest(acts: readonly TabAct[]): boolean {
  return acts.some((act) => act.do === 'deliver' && act.hours?.digest === true);
}

function faultIdsOf({ about }: Transition): string[] {
  return about.map(({ fault }) => fault);
}

/** Returns the ids of the critical faults of a transition, with the severities that tabs have set; none for an end. */
function criticalFaultsOf(transition: Transition, incident: Incident): string[] {
  return isEnd(transition) ? [] : remainingFaults(transition, incident).flatMap((one) => (one.severity === 'critical' ? one.fault : []));
}

/**
 * Longest time between two transitions that are merged, ms. Faults with one cause, such as devices on one hub, arrive in two state messages
 * at most this far apart.
 */
const simultaneousMs = 2_000;

/**
 * Merges transitions into the first one, with all their faults, the highest severity and the latest time. `was` keeps the data of the first
 * before the merge.
 */
function mergeTransitions([first, ...others]: [Transition, ...Transition[]]): Transition {
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
 * Merges a due transition with others of its incident. They began within `simultaneousMs` of it, are due at most `simultaneousMs` later,
 * and wait at the same node with the same fields.
 * Guarantee: no fault is notified more than `simultaneousMs` before its hold ends, and each merged transition counts against the hourly
 * limit of its room (R27).
 */
function mergeSimultaneous(
  { memory, options, now }: StepContext,
  { transition, timer, incident }: Omit<JudgedTransition, 'acts'> & { timer: Timer },
): Transition {
  if (!isInHold(transition)) return transition;
  const held = memory.liveOf(incident.id).flatMap((one) => {
    const [own, ...more] = memory.timersOf(one.id);
    if (one.id === transition.id || own === undefined || more.length > 0 || !isInHold(one)) return [];
    const apartMs = Math.max(Math.abs(one.at - transition.at), own.dueAt - timer.dueAt);
    return apartMs <= simultaneousMs && mergeKeyOf(own) === mergeKeyOf(timer) && judgeOffer(one, incident).next === 'go'
      ? [{ one, own }]
      : [];
  });
  for (const { one, own } of held) {
    options.pace.cameNews(incident.scope, now);
    memory.dropTimer(own);
    memory.putTransition({ ...one, state: 'concluded', conclusion: `${one.conclusion}; ${mergedConclusion}` });
  }
  return mergeTransitions([transition, ...held.map(({ one }) => one)]);
}

const mergedConclusion = 'sent with the news of the same moment';

/** True for an unsent transition with new or worse faults whose hold has not ended. */
function isInHold(one: Transition): boolean {
  return !isEnd(one) && one.state === 'waiting' && one.sent.length === 0 && one.again === undefined;
}

/** Returns a key that is equal for timers with the same node and the same fields. */
function mergeKeyOf({ node, unlessAcknowledged, message: { severity, to, hours } }: Timer): string {
  return JSON.stringify([node, unlessAcknowledged, severity, to, hours ?? null]);
}

/** Builds the message of an offer. `fields`: the values that the timer carries. Without them the values of the transition are used. */
function offerMessageOf(at: {
  transition: Transition;
  incident: Incident;
  place: ReturnType<TransitionOptions['facts']>;
  fields?: OfferFields;
}): OfferMessage {
  const { transition, incident, place } = at;
  const { id, offers, kind, again, grew } = transition;
  const faultIds = transition.about.map((one) => one.fault);
  const first = faultsToReport(transition, incident)[0]?.fault ?? faultIds[0] ?? '';
  const path = incident.spread?.path ?? pathOfScope(incident.scope);
  const isPlace = isPcPath(path) || incident.spread !== undefined || scopePlace(incident.scope) !== undefined;
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
      // An acknowledgement counts only when it can no longer be withdrawn. An escalation timer that starts needlessly is ended by it later,
      // but one that did not start is missing after a withdrawal.
      acknowledged: isSettled(incident.acknowledged, transition.offeredAt ?? Number.POSITIVE_INFINITY),
      // A person who was first notified after the group incident grew already knows its present size.
      told: [...new Set(incident.told.filter(({ at: toldAt }) => !grew || toldAt <= transition.at).map(({ person }) => person))],
      cause: groupCauseOf(incident),
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

function groupCauseOf({ scope, spread }: Incident): OfferMessage['incident']['cause'] {
  const kind = causeKindOf(scope);
  return kind === undefined ? null : { kind, down: spread?.away.length ?? 0, of: spread?.of ?? 0 };
}
