/** The transitions of all incidents on their way over the wires: one open at a time, in order, never forgotten (R21-R25). */
import { faultOf, type Severity } from '#contracts';
import type { Memory } from '../memory/memory.ts';
import type { Again } from '../records/handling.ts';
import type { Act, Incident, News, PassedWay, StandingFault, Timer, Transition } from '../records/incidents.ts';
import { deliver, type Hand, overridden, type TransitionOptions, tellCentral, withTold } from './delivery.ts';
import { isEnd, isWorse, worst } from './incident.ts';
import { factsOf, holdOf, judge, judgeTimer, maxOffers, offerLimitMs, wireMessage } from './offer.ts';
import { hadTurn, holdForTurn, isTooMuch, mayTell, noteTold, overUntold, refused, waitsItsTurn, withOthers } from './rate.ts';
import { faultKey } from './standing.ts';
import { withHeld } from './together.ts';

/** The default route sends at most one message in this time (R24). */
const bundleMs = 60_000;

/** The transitions of one memory on their way. */
export type Transitions = ReturnType<typeof createTransitions>;

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
    mute: (incidentId: number, how: string) => mute(memory, incidentId, how),

    /** Offers again what has no conclusion, lets due timers go on, and gives the default route what the wires did not finish. True where it had to. */
    tick(now: number): boolean {
      if (!tabsRun) return false;
      const isOverdue = (one: Transition) => now - Math.max(one.offeredAt ?? now, hungAt) >= offerLimitMs;
      for (const one of memory.live()) step({ memory, options, transition: one, now }, isOverdue(one));
      for (const timer of [...memory.timers.values()]) if (timer.dueAt <= now) fire({ memory, options, timer, now });
      const unfinished = memory.live().filter((one) => one.state === 'open' && one.offers >= maxOffers && isOverdue(one));
      if (unfinished.length === 0 || now - bundledAt < bundleMs) return false;
      bundledAt = now;
      bundle({ memory, options, unfinished, now });
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
      restart({ memory, options, now });
    },
  };
}

function add(memory: Memory, { incident, news }: { incident: Incident; news: News }, now: number): void {
  const { kind, faults, held, again, grew, holdMs = held ? 0 : holdOf(faults) } = news;
  const id = memory.newId('transition');
  const fresh = { id, incident: incident.id, kind, at: now, about: faults.map(factsOf), severity: worst(faults), holdMs };
  const begin = { state: 'pending' as const, offers: 0, offeredAt: null, sent: [], conclusion: null, turn: null };
  memory.putTransition({ ...fresh, ...(again && { again }), ...(grew && { grew }), ...begin });
  if (incident.over !== null) cancelWaits(memory, incident);
}

function addAgain(memory: Memory, { incident, again }: { incident: Incident; again: Again }, now: number): void {
  const standing = incident.faults.filter(({ hidden, goneAt }) => !hidden && goneAt === null);
  // What is just gone may come back: what waits to be told of it goes on waiting.
  if (standing.length === 0) return;
  const young = youngOf(memory, incident.id, now);
  const faults = standing.filter((fault) => fault.told !== null || !isAbout(young, fault));
  if (faults.length === 0) return addYoung(memory, { incident, faults: standing, again, young }, now);
  const untold = gather(memory, incident.id, { young, again });
  // News that nobody heard goes to whoever the tabs choose.
  const to = again.why === 'awake' && untold.length > 0 ? [] : again.to;
  const grew = untold.flatMap((one) => one.grew ?? []).filter((site) => incident.spread?.away.includes(site));
  const news = { kind: 'raised', faults, held: true, again: { ...again, to }, ...(grew.length > 0 && { grew }) } as const;
  add(memory, { incident, news }, now);
}

/** News that nobody was told of and that has not stood for its hold, with when it will have: its own wait goes on. */
type Young = ReadonlyMap<Transition, number>;

function youngOf(memory: Memory, incident: number, now: number): Young {
  const fresh = memory.liveOf(incident).filter((one) => !isEnd(one) && one.sent.length === 0 && one.again === undefined);
  return new Map(fresh.map((one) => [one, heldUntil(memory, one)] as const).filter(([, until]) => until > now));
}

/** Where it waits, a rule on a tab may have made its hold another than the catalogue's; that it waits for the morning is no hold. */
function heldUntil(memory: Memory, { id, state, at, holdMs }: Transition): number {
  if (state !== 'waiting') return at + holdMs;
  return Math.max(...memory.timersOf(id).flatMap(({ dueAt, message }) => (message.hours?.waits === undefined ? dueAt : [])));
}

function isAbout(young: Young, { key }: StandingFault): boolean {
  return [...young.keys()].some(({ about }) => about.some((one) => faultKey(one.fault, one.device) === key));
}

/** Whoever is asked by name is told of what is too young by then all the same, at its time: no wait of it leads to him. */
function addYoung(
  memory: Memory,
  { incident, faults, again, young }: { incident: Incident; faults: StandingFault[]; again: Again; young: Young },
  now: number,
): void {
  if (again.why !== 'assigned') return;
  add(memory, { incident, news: { kind: 'raised', faults, holdMs: Math.min(...young.values()) - now, again } }, now);
}

function restart(hand: Hand): void {
  const live = () => hand.memory.live();
  for (const one of live()) if (one.state === 'open' && one.offers < maxOffers) offerAgain({ ...hand, transition: one });
  for (const one of live()) if (one.state === 'pending') proceed(hand, one.incident);
}

type Concluded = { transition: number; acts: readonly Act[]; severity: Severity; how: string; way?: PassedWay };

function conclude(hand: Hand, said: Concluded): void {
  const { memory, options, now } = hand;
  const transition = memory.transitions.get(said.transition);
  const incident = transition && memory.incidents.get(transition.incident);
  if (transition?.state !== 'open' || incident === undefined) return;
  const marked = overridden({ incident, transition, severity: said.severity, now });
  if (isHeldBack(options, marked, { transition, acts: said.acts })) return hold(memory, { transition, incident: marked, said });
  const judged = { transition, incident: marked, acts: said.acts };
  if (isTooMuch(hand, judged)) return wait(hand, judged, said.how);
  const { told, sent } = deliver({ memory, options, transition, incident: marked, acts: said.acts, now });
  memory.putIncident(told);
  const counts = sent.length > transition.sent.length ? noteTold(hand, judged) : {};
  if (isWorse(transition.severity, said.severity)) dropWaits(memory, transition);
  const waits = told.over === null ? said.acts.filter((act) => act.do === 'wait') : [];
  for (const { node, dueAt, unlessAcknowledged, message } of waits) {
    memory.putTimer({ id: memory.newId('timer'), transition: transition.id, node, dueAt, unlessAcknowledged, message });
  }
  const state = waits.length > 0 ? 'waiting' : 'concluded';
  const conclusion = joined(transition.conclusion, said.how);
  memory.putTransition({ ...withPass(hadTurn(transition), said, now), ...counts, severity: said.severity, state, sent, conclusion });
  if (transition.grew !== undefined && sent.length > transition.sent.length) tellGrown(memory, transition);
  proceed(hand, incident.id);
}

/** Who hears that a cause grew hears how it is by now: what else it grew by, and waits untold, stands in that. */
function tellGrown(memory: Memory, { id, incident }: Transition): void {
  const others = memory.liveOf(incident).filter((one) => one.id !== id && one.grew !== undefined && one.sent.length === 0);
  for (const one of others) endUntold(memory, one, toldAgain);
}

/** So many passes of a transition are kept: its hold, and each level that was told. Of some hundred bytes each. */
const passesKept = 6;

function withPass(transition: Transition, { way, how }: Concluded, now: number): Transition {
  if (way === undefined) return transition;
  return { ...transition, passes: [...(transition.passes ?? []), { ...way, at: now, how }].slice(-passesKept) };
}

/** The tabs would tell what is to be quiet now. */
function isHeldBack(options: TransitionOptions, incident: Incident, at: { transition: Transition; acts: readonly Act[] }): boolean {
  return !isEnd(at.transition) && at.acts.some((act) => act.do === 'deliver') && options.isQuiet(incident);
}

/** It goes over the wires anew when the quiet is over. */
function hold(memory: Memory, at: { transition: Transition; incident: Incident; said: Concluded }): void {
  const { transition, incident, said } = at;
  memory.putIncident(incident);
  const conclusion = joined(transition.conclusion, `${said.how}; held back: quiet`);
  memory.putTransition({ ...hadTurn(transition), state: 'pending', conclusion });
}

/** It is told when its room has its turn again. */
function wait(hand: Hand, at: { transition: Transition; incident: Incident }, how: string): void {
  hand.memory.putIncident(at.incident);
  holdForTurn(hand, at, joined(at.transition.conclusion, how));
}

/** What waits untold, or for its next level, waits no more: it is told once more. Answers what of it was told to nobody; at the end of a quiet that waits for the morning is of it. */
function gather(memory: Memory, incident: number, { young, again }: { young: Young; again: Again }): Transition[] {
  const news = memory.liveOf(incident).filter((one) => !isEnd(one) && !young.has(one));
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

/** What has become less urgent goes to higher levels by what it is now: the path that lowered it has set its own waits. */
function dropWaits(memory: Memory, { id, severity }: Transition): void {
  for (const timer of memory.timersOf(id)) {
    if (timer.message.severity === severity && timer.message.hours?.waits === undefined) memory.dropTimer(timer);
  }
}

function proceed({ memory, options, now }: Hand, incidentId: number): void {
  for (const one of memory.liveOf(incidentId)) {
    if (one.state === 'waiting') continue;
    if (one.state === 'open') return;
    const incident = memory.incidents.get(incidentId);
    if (incident === undefined) return;
    const judged = judge(one, incident);
    if (judged.next === 'over') overUntold({ memory, options, now }, { transition: one, incident }, judged.how);
    if (judged.next !== 'go' || isKept({ memory, options, now }, one, incident)) continue;
    return offer({ memory, options, transition: withOthers({ memory, options, now }, one, incident), now });
  }
}

/** It waits, and keeps back nothing that comes after it. */
function isKept(hand: Hand, one: Transition, incident: Incident): boolean {
  return (!isEnd(one) && hand.options.isQuiet(incident)) || waitsItsTurn(hand, one, incident);
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

function mute(memory: Memory, incidentId: number, how: string): void {
  for (const one of memory.liveOf(incidentId)) {
    if (!isEnd(one)) endUntold(memory, one, how);
  }
}

function step(hand: Hand & { transition: Transition }, isOverdue: boolean): void {
  const { memory, options, transition, now } = hand;
  if (transition.state === 'open' && isOverdue && transition.offers < maxOffers) offerAgain(hand);
  if (transition.state === 'pending') proceed({ memory, options, now }, transition.incident);
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

function fire({ memory, options, now, timer }: Hand & { timer: Timer }): void {
  const transition = memory.transitions.get(timer.transition);
  const incident = transition && memory.incidents.get(transition.incident);
  if (transition === undefined || incident === undefined || transition.state === 'concluded') return memory.dropTimer(timer);
  if (options.isUnread(incident.scope, now)) return;
  const judged = judgeTimer(timer, { transition, incident, now });
  if (judged.next === 'over') return endWait(memory, { transition, timer, how: judged.how });
  // What waits by hours and meetings is judged all the same: it may have become urgent.
  if (options.isQuiet(incident) && timer.message.hours?.waits === undefined) return;
  if (memory.liveOf(incident.id).some((one) => one.state === 'open') || !mayTell({ memory, options, now }, transition, incident)) return;
  if (judged.next === 'later') return memory.putTimer({ ...timer, dueAt: now + judged.inMs });
  memory.dropTimer(timer);
  const whole = withHeld({ memory, options, now }, { transition, timer, incident });
  offer({ memory, options, now, transition: whole, timer });
}

/** A clear cancels the waits: what waited to be told is over untold (R22, R24). */
function cancelWaits(memory: Memory, incident: Incident): void {
  const how = incident.told.length > 0 ? `${incident.over}` : 'over before anybody was told';
  for (const one of memory.liveOf(incident.id)) {
    for (const timer of memory.timersOf(one.id)) endWait(memory, { transition: one, timer, how });
  }
}

function endWait(memory: Memory, { transition, timer, how }: { transition: Transition; timer: Timer; how: string }): void {
  memory.dropTimer(timer);
  if (transition.state === 'open' || memory.timersOf(transition.id).length > 0) return;
  memory.putTransition({ ...transition, state: 'concluded', conclusion: joined(transition.conclusion, how) });
}

function bundle({ memory, options, now, unfinished }: Hand & { unfinished: Transition[] }): void {
  const lines = unfinished.map((one) => lineOf(memory, options, one));
  const recipients = tellCentral({ memory, options, now, kind: 'unfinished', lines, key: `default-${unfinished[0]?.id}` });
  for (const one of unfinished) {
    const incident = memory.incidents.get(one.incident);
    if (incident === undefined) continue;
    const told = [...incident.told, ...recipients.map((to) => ({ ...to, at: now }))];
    memory.putIncident(withTold({ ...incident, told }, one));
    memory.putTransition({ ...one, state: 'concluded', conclusion: joined(one.conclusion, 'default route: central told') });
    proceed({ memory, options, now }, incident.id);
  }
}

function lineOf(memory: Memory, options: TransitionOptions, one: Transition): string {
  const incident = memory.incidents.get(one.incident);
  const place = incident?.place ?? options.place(incident?.scope ?? 'centre');
  const fault = one.about[0]?.fault ?? '';
  return `${place.site.en}, ${place.room.en}: ${faultOf(fault)?.title.en ?? fault} (${one.kind})`;
}

function joined(before: string | null, how: string): string {
  if (before === null) return how;
  return before === how || before.endsWith(`; ${how}`) ? before : `${before}; ${how}`;
}
