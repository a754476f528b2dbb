/** Flood control (R27): how often a room may change, which PC is named as too noisy, how fast people are notified; and which faults are news. */
import { budgets, bySeverity, causeKindOf, faultOf, isPcPath, maintainedIn, maintenanceScope, pathOfScope } from '@sabha/contracts';
import { type Memory, moveTimes } from '../memory/memory.ts';
import type { FaultNews, Incident, News, StandingFault, Transition, WireMessage } from '../records/incidents.ts';
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

/** The conclusion of what something greater is told in place of, */
const explainedWord = 'explained by a greater fault';
/** of what people know already, */
export const knownWord = 'already told';
/** and of good news while something worse stands. */
export const worseWord = 'something worse stands by now';

/** Whether an offer goes out now, is over with a conclusion, or is looked at again. */
type Judgement = { next: 'go' } | { next: 'over'; how: string } | { next: 'later'; inMs: number };

/** True of what ended untold for what was so by then, and not for a rule: it may be news again. */
export function isUnheard({ sent, conclusion, turn }: Transition): boolean {
  return sent.length === 0 && (turn?.is === 'counted' || [knownWord, explainedWord].some((word) => conclusion?.endsWith(word)));
}

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
export type PlaceFacts = Pick<WireMessage['incident'], 'link' | 'elevationM' | 'timeZone'>;

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
