/** The transitions of all incidents on their way over the wires: one open at a time, in order, never forgotten (R21-R25). */
import { faultOf, type Severity } from '@sabha/contracts';
import type { Memory } from '../memory/memory.ts';
import type { Act, Again, Incident, News, PassedWay, Timer, Transition } from '../records/incidents.ts';
import { deliver, overridden, tellCentral, withTold } from './delivery.ts';
import { faultKey, isEnd, isWorse, worst } from './incident.ts';
import {
  dropOldEnds,
  factsOf,
  type Hand,
  hadTurn,
  holdForTurn,
  holdOf,
  isQuiet,
  isTooMuch,
  judge,
  judgeTimer,
  maxOffers,
  mayTell,
  noteTold,
  offerLimitMs,
  overUntold,
  refused,
  type TransitionOptions,
  waitsItsTurn,
  wireMessage,
  withHeld,
  withOthers,
} from './noise.ts';

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
