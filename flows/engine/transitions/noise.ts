/** Who is beyond its budget (R27): how often the incidents of each room step, who is named for it, and how fast its steps are told. */
import {
  budgets,
  bySeverity,
  causeKindOf,
  faultOf,
  isPcPath,
  type LinkClass,
  maintainedIn,
  maintenanceScope,
  pathOfScope,
} from '@sabha/contracts';
import { isSettled, withdrawForMs } from '../handling/handling.ts';
import { type Memory, moveTimes } from '../memory/memory.ts';
import type { Act, FaultNews, Incident, News, StandingFault, Timer, Transition, WireFields, WireMessage } from '../records/incidents.ts';
import type { Notice, Place } from '../records/notices.ts';
import { faultKey, isEnd, type Scene, type Standing } from './incident.ts';

/** In what a PC is beyond its budget. What it is named for first is what is said of it. */
export type Excess = 'alerts' | 'events' | 'words' | 'spools' | 'changes';

/** What has no hold and is there and gone within this does not stay: it is not to use up the one time that its fault goes past a mute. */
const staysMs = 30_000;
const hourMs = 3_600_000;
const minuteMs = 60_000;
/** As many as a minute's budget lets out of what is critical and new before its PC is muted, with the end of each. */
const tellingsKept = 4 * budgets.toldAnHour.most;
const batchEveryMs = 10 * 60_000;
const kinds = ['eased', 'worsened'] as const;
/** Whose further members wait. That more PCs are unheard is said at once. */
const batched: Record<Kind, readonly string[]> = { eased: ['centre.unheard', 'pc.noisy'], worsened: ['pc.noisy'] };

type Noisy = {
  since: number;
  lastAt: number;
  what: Excess;
  alerts: boolean;
  untold: number;
  /** What stood when it was last followed while muted. */
  stood: ReadonlySet<string>;
  /** The faults that went past the mute. */
  past: Set<string>;
};

/** The noise of one memory. */
export type Noise = ReturnType<typeof createNoise>;

/** Guarantee: holds no more of a PC than its budget has numbers. */
export function createNoise() {
  const steps = new Map<string, number[]>();
  const noisy = new Map<string, Noisy>();
  const pace = createPace();
  const isMuted = (scope: string) => noisy.get(scope)?.alerts === true;

  function name(pc: string, what: Excess, now: number): boolean {
    const held = noisy.get(pc);
    const isNews = held === undefined || (what === 'alerts' && !held.alerts);
    const one = held ?? { since: now, what, alerts: false, untold: 0, stood: new Set<string>(), past: new Set<string>(), lastAt: now };
    one.lastAt = now;
    one.alerts ||= what === 'alerts';
    noisy.set(pc, one);
    return isNews;
  }

  /** Who is muted stays so while it does more than may be told of it. */
  function stepped(scope: string, now: number): boolean {
    const { most } = isMuted(scope) ? budgets.toldAnHour : budgets.transitionsAnHour;
    if (!isPcPath(scope)) return false;
    const kept = [...lastHour(steps.get(scope), now), now];
    steps.set(scope, kept.slice(-most));
    if (kept.length <= most) return false;
    return name(scope, 'alerts', now);
  }

  return {
    /** Counts a step of a room's incident; true where that is one too many, and was none before. */
    stepped,
    /**
     * Counts what newly stands of a room that is muted, as one step, and answers what of it goes past the mute: the silence of its PC and
     * what is critical and has stood for its hold, each fault once while the mute lasts.
     */
    past(pc: string, { standing, faultState }: Scene, now: number): string[] {
      const held = noisy.get(pc);
      if (held === undefined) return [];
      if (isMore(held, { standing, faultState })) {
        held.untold += 1;
        stepped(pc, now);
      }
      return [...standing.values()].flatMap((one) => {
        if (held.past.has(one.fault) || !isUrgent(one, now)) return [];
        held.past.add(one.fault);
        return [one.key];
      });
    },
    muted: () => [...noisy].flatMap(([pc, { alerts }]) => (alerts ? [pc] : [])),
    /** A PC is beyond its budget; true where that is news. */
    name,
    /** True while nothing more is told of a room. */
    isMuted,
    /** How fast its steps are told, and what is counted. */
    ...pace,
    /** True where there was enough news of a room in this hour, told or counted: with more of it, it is muted. Of one whose PC is named already that is less. */
    isFull: (scope: string, now: number) =>
      !isMuted(scope) && pace.newsInAnHour(scope, now) >= budgets[noisy.has(scope) ? 'toldOfNoisyAnHour' : 'toldAnHour'].most,
    /** Those that are noisy no more, with what was only counted: for an hour they were named, and stayed within their budget. */
    quiet(now: number): { pc: string; untold: number }[] {
      pace.tidy(now);
      const over = [...noisy].filter(([, { since, lastAt }]) => Math.min(now - since, now - lastAt) >= budgets.noisyMs.most);
      for (const [pc] of over) noisy.delete(pc);
      return over.map(([pc, { untold }]) => ({ pc, untold }));
    },
    setClock(byMs: number): void {
      moveTimes([steps, noisy], byMs);
      pace.setClock(byMs);
    },
    forget(pc: string): boolean {
      steps.delete(pc);
      pace.forget(pc);
      return noisy.delete(pc);
    },
  };
}

/** True where something stands that did not when it was last looked at; what is frozen stood, and is no news when it thaws. */
function isMore(held: Noisy, { standing, faultState }: Pick<Scene, 'standing' | 'faultState'>): boolean {
  const { stood } = held;
  const frozen = [...stood].filter((key) => !standing.has(key) && faultState(key) === 'unknown').slice(-budgets.faults.most);
  held.stood = new Set([...frozen, ...standing.keys()]);
  return [...standing.keys()].some((key) => !stood.has(key));
}

function isUrgent({ fault, severity, since }: Standing, now: number): boolean {
  const staysAtLeastMs = fault === 'pc.silent' ? 0 : faultOf(fault)?.holdMs || staysMs;
  return severity === 'critical' && now - since >= staysAtLeastMs;
}

/** What one message told: its faults, and those of them that were critical. */
type Telling = { faults: readonly string[]; critical: readonly string[] };

/** How fast the steps of each room, and of each cause of many, are told (R27). Guarantee: holds no more of a scope than its budgets have numbers. The centre's own, and maintenance, have no pace. */
function createPace() {
  const told = new Map<string, (Telling & { at: number })[]>();
  const news = new Map<string, number[]>();
  const untold = new Map<string, number>();
  const within = (scope: string, now: number, ms: number) => (told.get(scope) ?? []).filter(({ at }) => now - at < ms);

  return {
    /** True where one more step may be told of now: it is no flood, and not once more the same. */
    mayTell(scope: string, faults: readonly string[], now: number): boolean {
      const late = within(scope, now, minuteMs);
      const again = (fault: string) => late.filter((one) => one.faults.includes(fault)).length >= budgets.sameAMinute.most;
      return late.length < budgets.toldAMinute.most && !faults.every(again);
    },
    /** So many messages more are told in this hour; what is critical and new is told besides. */
    left: (scope: string, now: number) => budgets.messagesAnHour.most - within(scope, now, hourMs).length,
    /** True where a fault was told as critical in this hour, of whatever device. */
    wasCritical: (scope: string, fault: string, now: number) => within(scope, now, hourMs).some(({ critical }) => critical.includes(fault)),
    newsInAnHour: (scope: string, now: number) => lastHour(news.get(scope), now).length,
    /** There is news of a room, told or counted. */
    cameNews(scope: string, now: number): void {
      if (isPcPath(scope)) news.set(scope, [...(news.get(scope) ?? []), now].slice(-budgets.toldAnHour.most));
    },
    /** A message went out; what was counted until then stands in it. */
    told(scope: string, telling: Telling, now: number): void {
      if (!isPcPath(scope) && causeKindOf(scope) === undefined) return;
      told.set(scope, [...within(scope, now, hourMs), { ...telling, at: now }].slice(-tellingsKept));
      untold.delete(scope);
    },
    /** A step is told to nobody, since enough was. */
    count: (scope: string) => void untold.set(scope, (untold.get(scope) ?? 0) + 1),
    /** So many were, since the last message. */
    counted: (scope: string) => untold.get(scope) ?? 0,
    setClock: (byMs: number): void => void moveTimes([news, told], byMs),
    /** What was told goes on counting: the next machine at a place, and one that is opened again, is the same room. */
    forget(pc: string): void {
      for (const each of [news, untold]) each.delete(pc);
    },
    /** Forgets those of which nothing was told for an hour and nothing is counted: nobody else does, and there are ever new ones. */
    tidy(now: number): void {
      for (const scope of told.keys()) {
        if (!untold.has(scope) && within(scope, now, hourMs).length === 0) told.delete(scope);
      }
    },
  };
}

/** Those of the last hour. */
function lastHour(times: readonly number[] = [], now: number): number[] {
  return times.filter((at) => now - at < hourMs);
}

type Kind = (typeof kinds)[number];

/** Guarantee: what waits is told with the next step, unless it is no longer so by then; the clear of an incident says it all. */
export function createBatches() {
  const batches = new Map<string, { toldAt: number; faults: readonly StandingFault[] }>();

  return {
    /** What of the news is told now, with what waited. */
    told(incident: Incident, news: readonly News[], now: number): News[] {
      const { scope } = incident;
      if (isPcPath(scope)) return [...news];
      const steps = kinds.flatMap((kind) => {
        const { toldAt, faults } = batches.get(`${scope} ${kind}`) ?? { toldAt: Number.NEGATIVE_INFINITY, faults: [] };
        const said = news.find((one) => one.kind === kind);
        const come = said?.faults ?? [];
        const waiting = stillSo(kind, incident, [...faults, ...come.filter(({ fault }) => batched[kind].includes(fault))]);
        const isDue = now - toldAt >= batchEveryMs && waiting.length > 0;
        batches.set(`${scope} ${kind}`, isDue ? { toldAt: now, faults: [] } : { toldAt, faults: waiting });
        const due = [...come.filter(({ fault }) => !batched[kind].includes(fault)), ...(isDue ? waiting : [])];
        return due.length > 0 ? [{ ...said, kind, faults: due }] : [];
      });
      return [...steps, ...news.filter(({ kind }) => kind !== 'eased' && kind !== 'worsened')];
    },
    /** True where what waits of a scope may be told. */
    isDue: (scope: string, now: number): boolean =>
      kinds.some((kind) => {
        const batch = batches.get(`${scope} ${kind}`);
        return batch !== undefined && batch.faults.length > 0 && now - batch.toldAt >= batchEveryMs;
      }),
    setClock: (byMs: number): void => void moveTimes(batches, byMs),
  };
}

/** What stands again has not eased, and what is gone has not worsened. */
function stillSo(kind: Kind, incident: Incident, faults: readonly StandingFault[]): StandingFault[] {
  if (incident.over !== null) return [];
  const standing = new Set(incident.faults.map(({ key }) => key));
  const last = new Map(faults.map((one) => [one.key, one]));
  return [...last.values()].filter(({ key }) => standing.has(key) === (kind === 'worsened'));
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
const explainedWord = 'explained by a greater fault';
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
