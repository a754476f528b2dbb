/** The transitions of all incidents on their way over the wires: one open at a time, in order, never forgotten (R21-R25). */
import { bySeverity, faultOf, isAbsence, type Severity } from '#contracts';
import type { Memory } from '../memory/memory.ts';
import type { Act, Incident, News, Timer, Told, Transition } from '../records/incidents.ts';
import type { OutboxRow } from '../records/notices.ts';
import type { Place } from '../records/place.ts';
import { isEnd, isWorse, worst } from './incident.ts';
import type { Noise } from './noise.ts';
import { centralNotice, forPerson, isOwn, noticeOf } from './notice.ts';
import { factsOf, holdOf, judge, judgeTimer, maxOffers, newsOf, offerLimitMs, type PlaceFacts, toldFaults, wireMessage } from './offer.ts';

/** One person on one channel; `further`: the other ones, in order, where that one does not deliver. */
export type Recipient = { person: string; channel: string; further?: readonly string[] };

/** What the engine must be told of people and places; all of it policy or names, none of it held here. */
export type TransitionOptions = {
  /** Persons behind roles or ids, and the channel that reaches each: the one asked for, or a lesser one. Never empty. */
  recipients(to: readonly string[], channel: string, scope: string): Recipient[];
  /** Central's persons and every channel that reaches them. Never empty. */
  central(): Recipient[];
  place(scope: string): Place;
  facts(scope: string): PlaceFacts;
  /** How fast the steps of one room may be told (R27). */
  pace: Pick<Noise, 'mayTell' | 'told' | 'isFull' | 'toldNews'>;
};

/** The default route sends at most one message in this time (R24). */
const bundleMs = 60_000;

/** What goes out in the morning is gathered for so long: the wires bring it one by one. */
const gatherMs = 30_000;

/** The transitions of one memory on their way. */
export type Transitions = ReturnType<typeof createTransitions>;

/** Nothing is offered, no timer fires and no default route steps in before `restart`: an offer to tabs that do not run yet is lost. */
export function createTransitions(memory: Memory, options: TransitionOptions) {
  let bundledAt = Number.NEGATIVE_INFINITY;
  let hungAt = Number.NEGATIVE_INFINITY;
  let tabsRun = false;

  return {
    /** Adds what is new of an incident; it goes out when its turn comes. */
    add(incident: Incident, news: News, now: number): void {
      const severity = worst(news.faults);
      const about = news.faults.map(factsOf);
      const id = memory.newId('transition');
      const fresh = { id, incident: incident.id, kind: news.kind, at: now, about, severity, holdMs: news.held ? 0 : holdOf(news.faults) };
      memory.putTransition({ ...fresh, state: 'pending', offers: 0, offeredAt: null, sent: [], conclusion: null });
      if (incident.over !== null) cancelWaits(memory, incident);
    },

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

    /** The rooms whose news waits because enough of theirs was told in this hour (R27). */
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

type Hand = { memory: Memory; options: TransitionOptions; now: number };

function restart(hand: Hand): void {
  const live = () => hand.memory.live();
  for (const one of live()) if (one.state === 'open' && one.offers < maxOffers) offerAgain({ ...hand, transition: one });
  for (const one of live()) if (one.state === 'pending') proceed(hand, one.incident);
}

type Concluded = { transition: number; acts: readonly Act[]; severity: Severity; how: string };

function conclude(hand: Hand, said: Concluded): void {
  const { memory, options, now } = hand;
  const transition = memory.transitions.get(said.transition);
  const incident = transition && memory.incidents.get(transition.incident);
  if (transition?.state !== 'open' || incident === undefined) return;
  const marked = overridden(incident, transition, said.severity);
  const { told, sent } = deliver({ memory, options, transition, incident: marked, acts: said.acts, now });
  memory.putIncident(told);
  if (sent.length > transition.sent.length) noteTold(hand, transition, incident);
  if (isWorse(transition.severity, said.severity)) dropWaits(memory, transition);
  const waits = told.over === null ? said.acts.filter((act) => act.do === 'wait') : [];
  for (const { node, dueAt, unlessAcknowledged, message } of waits) {
    memory.putTimer({ id: memory.newId('timer'), transition: transition.id, node, dueAt, unlessAcknowledged, message });
  }
  const state = waits.length > 0 ? 'waiting' : 'concluded';
  memory.putTransition({ ...transition, severity: said.severity, state, sent, conclusion: joined(transition.conclusion, said.how) });
  proceed(hand, incident.id);
}

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
    if (judged.next === 'over') memory.putTransition({ ...one, state: 'concluded', conclusion: judged.how });
    // It waits, and keeps back nothing that comes after it.
    if (judged.next === 'later') continue;
    if (judged.next === 'go') return offer({ memory, options, transition: one, now });
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

function mute(memory: Memory, incidentId: number, how: string): void {
  for (const one of memory.liveOf(incidentId)) {
    if (isEnd(one)) continue;
    for (const timer of memory.timersOf(one.id)) memory.dropTimer(timer);
    memory.putTransition({ ...one, state: 'concluded', conclusion: joined(one.conclusion, how) });
  }
}

function refused({ memory, options, now }: Hand): string[] {
  const due = (one: Transition) => one.state === 'pending' || memory.timersOf(one.id).some(({ dueAt }) => dueAt <= now);
  const first = memory.live().filter((one) => isFirst(one) && due(one));
  const scopes = new Set(first.flatMap((one) => memory.incidents.get(one.incident)?.scope ?? []));
  return [...scopes].filter((scope) => options.pace.isFull(scope, now));
}

function noteTold({ options, now }: Hand, transition: Transition, { scope }: Incident): void {
  options.pace.told(scope, idsOf(transition), now);
  if (isFirst(transition)) options.pace.toldNews(scope, now);
}

function mayTell({ options, now }: Hand, transition: Transition, { scope }: Incident): boolean {
  return !(isFirst(transition) && options.pace.isFull(scope, now)) && options.pace.mayTell(scope, idsOf(transition), now);
}

/** News that nobody was told of yet. */
function isFirst(transition: Transition): boolean {
  return !isEnd(transition) && transition.sent.length === 0;
}

function idsOf({ about }: Transition): string[] {
  return about.map(({ fault }) => fault);
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
  const judged = judgeTimer(timer, transition, incident);
  if (judged.next === 'over') return endWait(memory, { transition, timer, how: judged.how });
  if (memory.liveOf(incident.id).some((one) => one.state === 'open') || !mayTell({ memory, options, now }, transition, incident)) return;
  if (judged.next === 'later') return memory.putTimer({ ...timer, dueAt: now + judged.inMs });
  memory.dropTimer(timer);
  offer({ memory, options, now, transition, timer });
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

type Delivery = Hand & { transition: Transition; incident: Incident; acts: readonly Act[] };

/** Puts into the outbox what is not there yet, and remembers on the incident who was told. */
function deliver({ memory, options, now, transition, incident, acts }: Delivery): { told: Incident; sent: string[] } {
  const faults = toldFaults(transition, incident);
  const told: Told[] = [...incident.told];
  const sent = [...transition.sent];
  for (const act of acts) {
    if (act.do !== 'deliver' || act.to.length === 0) continue;
    const place = incident.place ?? options.place(incident.scope);
    const before = memory.pastOf(incident.scope);
    const { severity, hours } = act;
    const news = noticeOf({ transition, incident, place, faults, severity, before, hours, placeOf: options.place });
    for (const { person, ...way } of options.recipients(act.to, act.channel, incident.spread?.path ?? incident.scope)) {
      const { channel } = way;
      const to = sentAs(`${channel}/${person}`, act, transition);
      if (sent.includes(to)) continue;
      sent.push(to);
      const notice = forPerson(news, incident, person);
      const row = outboxRow({ key: `${transition.id}/${to}`, transition: transition.id, ...way, person, notice, now });
      memory.add(`outbox/${row.key}`, { op: 'outbox', row });
      if (!told.some((one) => one.person === person && one.channel === channel)) told.push({ person, channel, at: now });
    }
  }
  return { told: sent.length > 0 ? withTold({ ...incident, told }, transition) : incident, sent };
}

/** Once to a person on a channel; and once more where a meeting has made more urgent what was told already. */
function sentAs(to: string, { severity, hours }: Extract<Act, { do: 'deliver' }>, transition: Transition): string {
  const isRaised = hours?.meeting !== undefined && transition.sent.includes(to) && isWorse(severity, transition.severity);
  return isRaised ? `${to}/${severity}/${hours.meeting?.at}` : to;
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

type CentralWord = {
  memory: Memory;
  options: Pick<TransitionOptions, 'central' | 'place'>;
  now: number;
  kind: 'unfinished' | 'direct';
  lines: string[];
  /** First part of the key of each row. */
  key: string;
};

/** Puts one word of the centre's own into the outbox, for central's persons on every channel; answers whom it goes to. */
export function tellCentral(word: CentralWord): Recipient[] {
  const { memory, options, now, kind, lines, key } = word;
  const notice = centralNotice({ kind, lines, place: options.place('centre'), now });
  const recipients = options.central();
  for (const { person, channel } of recipients) {
    const row = outboxRow({ key: `${key}/${channel}/${person}`, transition: null, channel, person, notice, now });
    memory.add(`outbox/${row.key}`, { op: 'outbox', row });
  }
  return recipients;
}

/** A row that waits to be sent to one person over one channel. */
function outboxRow(at: Pick<OutboxRow, 'key' | 'transition' | 'channel' | 'further' | 'person' | 'notice'> & { now: number }): OutboxRow {
  const { now, ...row } = at;
  const dueAt = row.notice.digest ? now + gatherMs : now;
  return { ...row, createdAt: now, dueAt, tries: 0, state: 'waiting', lastError: null };
}

/** What a rule on a tab made of the severity holds for the faults that gave the transition its own. */
function overridden(incident: Incident, transition: Transition, severity: Severity): Incident {
  if (severity === transition.severity || incident.over !== null) return incident;
  const keys = new Set(newsOf(transition, incident).map((fault) => fault.key));
  const faults = incident.faults.map((fault) =>
    keys.has(fault.key) && fault.severity === transition.severity ? { ...fault, severity } : fault,
  );
  const next = { ...incident, faults, severity: worst(faults) };
  return isWorse(severity, incident.acknowledged?.severity) ? { ...next, acknowledged: null } : next;
}

/** Remembers what of the news a person now knows; that something is over is no news of what stands. */
function withTold(incident: Incident, transition: Transition): Incident {
  if (transition.kind !== 'raised' && transition.kind !== 'worsened') return incident;
  const keys = new Set(newsOf(transition, incident).flatMap((fault) => (fault.hidden ? [] : [fault.key])));
  const faults = incident.faults.map((fault) => (keys.has(fault.key) ? { ...fault, told: moreSevere(fault.told, fault.severity) } : fault));
  const { outage } = incident;
  const isAway = outage !== undefined && isOwn(incident) && faults.some(({ key, fault }) => keys.has(key) && isAbsence(fault));
  return { ...incident, faults, ...(isAway && { toldOutage: { cause: outage.cause, confidence: outage.confidence } }) };
}

function moreSevere(a: Severity | null, b: Severity): Severity {
  return a !== null && bySeverity(a, b) < 0 ? a : b;
}

function joined(before: string | null, how: string): string {
  if (before === null) return how;
  return before === how || before.endsWith(`; ${how}`) ? before : `${before}; ${how}`;
}
