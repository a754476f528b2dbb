/**
 * Flood control: rate limits per room, muting, and the decision whether a transition still needs a message. A PC whose alerts change too
 * often is noisy. It is muted: most messages about its room are suppressed. R27 (budgets: quota and backpressure).
 */
import { budgets, bySeverity, causeKindOf, faultOf, isPcPath, maintenanceScope, pathOfScope, scopePlace } from '@sabha/contracts';
import { type EngineState, shiftTimestamps } from '../memory/memory.ts';
import type { FaultNews, Incident, IncidentChange, IncidentFault, OfferMessage, Transition } from '../records/incidents.ts';
import type { Notice, PlaceDetails } from '../records/notices.ts';
import { faultKey, isEnd, type PresentFault, type ScopeState } from './incident.ts';

/** The limit that a PC exceeds. If it exceeds several, people see only the first. */
export type ExceededLimit = 'alerts' | 'events' | 'words' | 'spools' | 'changes';

/**
 * Time in ms that a critical fault without hold must last to pass a mute. Each fault id may pass once, and a short fault must not use up
 * that one pass.
 */
const minPresentMs = 30_000;
const hourMs = 3_600_000;
const minuteMs = 60_000;
/**
 * Limit of stored message times per scope. It has room for the critical messages that the limit per minute permits before the PC is muted,
 * and for the messages about their ends.
 */
const messagesKept = 4 * budgets.toldAnHour.most;
const batchEveryMs = 10 * 60_000;
const kinds = ['eased', 'worsened'] as const;
/**
 * Fault ids of server incidents whose changes are collected for one message every ten minutes. New PCs in `centre.unheard` are reported at
 * once.
 */
const batched: Record<BatchKind, readonly string[]> = { eased: ['centre.unheard', 'pc.noisy'], worsened: ['pc.noisy'] };

type NoisyPc = {
  since: number;
  lastAt: number;
  what: ExceededLimit;
  alerts: boolean;
  untold: number;
  /** The faults that were present when the muted PC was last judged. */
  stood: ReadonlySet<string>;
  /** Fault ids of which people were already notified in spite of the mute. */
  passMute: Set<string>;
};

export type FloodControl = ReturnType<typeof createFloodControl>;

/** Guarantee: the number of timestamps kept per PC is limited by its rate limits. */
export function createFloodControl() {
  const steps = new Map<string, number[]>();
  const noisy = new Map<string, NoisyPc>();
  const pace = createMessageLimits();
  const isMuted = (scope: string) => noisy.get(scope)?.alerts === true;

  function addExcess(pc: string, what: ExceededLimit, now: number): boolean {
    const held = noisy.get(pc);
    const isNews = held === undefined || (what === 'alerts' && !held.alerts);
    const one = held ?? { since: now, what, alerts: false, untold: 0, stood: new Set<string>(), passMute: new Set<string>(), lastAt: now };
    one.lastAt = now;
    one.alerts ||= what === 'alerts';
    noisy.set(pc, one);
    return isNews;
  }

  /**
   * Counts a change of a scope; true if the PC becomes muted by it. A muted PC stays muted while it exceeds the lower limit for muted PCs.
   */
  function countScopeChange(scope: string, now: number): boolean {
    const { most } = isMuted(scope) ? budgets.toldAnHour : budgets.transitionsAnHour;
    if (!isPcPath(scope)) return false;
    const kept = [...lastHour(steps.get(scope), now), now];
    steps.set(scope, kept.slice(-most));
    if (kept.length <= most) return false;
    return addExcess(scope, 'alerts', now);
  }

  return {
    /** Counts a change of a room's incident; true if it is the first above the limit. */
    countChange: countScopeChange,
    /**
     * Counts all new faults of a muted room as one change. Returns the keys of the faults that pass the mute, so that people are notified
     * of them. These are the silence of the PC, and critical faults after their hold, each fault id once per mute.
     */
    past(pc: string, { standing, faultState }: ScopeState, now: number): string[] {
      const held = noisy.get(pc);
      if (held === undefined) return [];
      if (hasNewFault(held, { standing, faultState })) {
        held.untold += 1;
        countScopeChange(pc, now);
      }
      return [...standing.values()].flatMap((one) => {
        if (held.passMute.has(one.fault) || !isUrgent(one, now)) return [];
        held.passMute.add(one.fault);
        return [one.key];
      });
    },
    mutedPcs: () => [...noisy].flatMap(([pc, { alerts }]) => (alerts ? [pc] : [])),
    /** Records that a PC exceeds a limit; true if that is new. */
    markNoisy: addExcess,
    /** True while messages about a room are suppressed. */
    isMuted,
    ...pace,
    /**
     * True if the transitions of a room in this hour, sent or suppressed, reached the limit: the next one mutes the room. The limit is
     * lower for a PC that is already noisy.
     */
    isFull: (scope: string, now: number) =>
      !isMuted(scope) && pace.newsInAnHour(scope, now) >= budgets[noisy.has(scope) ? 'toldOfNoisyAnHour' : 'toldAnHour'].most,
    /** Returns PCs that stayed within their limits for an hour, with the number of suppressed changes, and unmutes them. */
    unmuteQuiet(now: number): { pc: string; untold: number }[] {
      pace.tidy(now);
      const over = [...noisy].filter(([, { since, lastAt }]) => Math.min(now - since, now - lastAt) >= budgets.noisyMs.most);
      for (const [pc] of over) noisy.delete(pc);
      return over.map(([pc, { untold }]) => ({ pc, untold }));
    },
    setClock(byMs: number): void {
      shiftTimestamps([steps, noisy], byMs);
      pace.setClock(byMs);
    },
    forget(pc: string): boolean {
      steps.delete(pc);
      pace.forget(pc);
      return noisy.delete(pc);
    },
  };
}

/**
 * True if a fault is present that was not present at the last judgement. A fault whose check is unknown counts as still present, so it is
 * not new when the check works again.
 */
function hasNewFault(held: NoisyPc, { standing, faultState }: Pick<ScopeState, 'standing' | 'faultState'>): boolean {
  const { stood } = held;
  const frozen = [...stood].filter((key) => !standing.has(key) && faultState(key) === 'unknown').slice(-budgets.faults.most);
  held.stood = new Set([...frozen, ...standing.keys()]);
  return [...standing.keys()].some((key) => !stood.has(key));
}

function isUrgent({ fault, severity, since }: PresentFault, now: number): boolean {
  const staysAtLeastMs = fault === 'pc.silent' ? 0 : faultOf(fault)?.holdMs || minPresentMs;
  return severity === 'critical' && now - since >= staysAtLeastMs;
}

/** The fault ids of one message, and the critical ones among them. */
type MessageFaults = { faults: readonly string[]; critical: readonly string[] };

/**
 * The rate limits for messages of each room and each group incident: R27. Guarantee: the number of entries kept per scope is limited by its
 * limits. Incidents of the server and maintenance have no limit.
 */
function createMessageLimits() {
  const told = new Map<string, (MessageFaults & { at: number })[]>();
  const news = new Map<string, number[]>();
  const untold = new Map<string, number>();
  const within = (scope: string, now: number, ms: number) => (told.get(scope) ?? []).filter(({ at }) => now - at < ms);

  return {
    /**
     * True if another message about these faults is within the limits per minute: for all messages of the scope, and for the same fault.
     */
    mayTell(scope: string, faults: readonly string[], now: number): boolean {
      const late = within(scope, now, minuteMs);
      const again = (fault: string) => late.filter((one) => one.faults.includes(fault)).length >= budgets.sameAMinute.most;
      return late.length < budgets.toldAMinute.most && !faults.every(again);
    },
    /** Messages that the scope may still send in this hour. New critical faults are exempt from this limit. */
    left: (scope: string, now: number) => budgets.messagesAnHour.most - within(scope, now, hourMs).length,
    /** True if a message of this hour reported this fault as critical, for any device of the scope. */
    wasCritical: (scope: string, fault: string, now: number) => within(scope, now, hourMs).some(({ critical }) => critical.includes(fault)),
    newsInAnHour: (scope: string, now: number) => lastHour(news.get(scope), now).length,
    /** Counts a change of a room, sent or suppressed. */
    cameNews(scope: string, now: number): void {
      if (isPcPath(scope)) news.set(scope, [...(news.get(scope) ?? []), now].slice(-budgets.toldAnHour.most));
    },
    /** Counts a message against the limits. The message states how many changes were suppressed, so that number becomes 0. */
    told(scope: string, telling: MessageFaults, now: number): void {
      if (!isPcPath(scope) && causeKindOf(scope) === undefined) return;
      told.set(scope, [...within(scope, now, hourMs), { ...telling, at: now }].slice(-messagesKept));
      untold.delete(scope);
    },
    /** Counts a suppressed change. */
    count: (scope: string) => void untold.set(scope, (untold.get(scope) ?? 0) + 1),
    /** Suppressed changes since the last message. */
    counted: (scope: string) => untold.get(scope) ?? 0,
    setClock: (byMs: number): void => void shiftTimestamps([news, told], byMs),
    /**
     * Forgets the changes of a room. Its messages of this hour still count, because after a replacement or a reopening it is the same room.
     */
    forget(pc: string): void {
      for (const each of [news, untold]) each.delete(pc);
    },
    /**
     * Deletes scopes without a message in the last hour and without suppressed changes. New scopes appear all the time, and this is the
     * only cleanup.
     */
    tidy(now: number): void {
      for (const scope of told.keys()) {
        if (!untold.has(scope) && within(scope, now, hourMs).length === 0) told.delete(scope);
      }
    },
  };
}

function lastHour(times: readonly number[] = [], now: number): number[] {
  return times.filter((at) => now - at < hourMs);
}

type BatchKind = (typeof kinds)[number];

/**
 * Collects changes of server incidents, and reports them together every ten minutes. Guarantee: the next batch reports a waiting change
 * unless that change was reversed before. If the incident clears, its clear reports all of them.
 */
export function createBatches() {
  const batches = new Map<string, { toldAt: number; faults: readonly IncidentFault[] }>();

  return {
    /** Returns the changes to notify now, with those that waited for the next batch. */
    dueChanges(incident: Incident, news: readonly IncidentChange[], now: number): IncidentChange[] {
      const { scope } = incident;
      if (isPcPath(scope)) return [...news];
      const steps = kinds.flatMap((kind) => {
        const { toldAt, faults } = batches.get(`${scope} ${kind}`) ?? { toldAt: Number.NEGATIVE_INFINITY, faults: [] };
        const said = news.find((one) => one.kind === kind);
        const come = said?.faults ?? [];
        const waiting = withoutReversed(kind, incident, [...faults, ...come.filter(({ fault }) => batched[kind].includes(fault))]);
        const isDue = now - toldAt >= batchEveryMs && waiting.length > 0;
        batches.set(`${scope} ${kind}`, isDue ? { toldAt: now, faults: [] } : { toldAt, faults: waiting });
        const due = [...come.filter(({ fault }) => !batched[kind].includes(fault)), ...(isDue ? waiting : [])];
        return due.length > 0 ? [{ ...said, kind, faults: due }] : [];
      });
      return [...steps, ...news.filter(({ kind }) => kind !== 'eased' && kind !== 'worsened')];
    },
    isDue: (scope: string, now: number): boolean =>
      kinds.some((kind) => {
        const batch = batches.get(`${scope} ${kind}`);
        return batch !== undefined && batch.faults.length > 0 && now - batch.toldAt >= batchEveryMs;
      }),
    setClock: (byMs: number): void => void shiftTimestamps(batches, byMs),
  };
}

/** Drops reversed changes: an eased fault that is present again, and a worsened fault that is gone. */
function withoutReversed(kind: BatchKind, incident: Incident, faults: readonly IncidentFault[]): IncidentFault[] {
  if (incident.over !== null) return [];
  const standing = new Set(incident.faults.map(({ key }) => key));
  const last = new Map(faults.map((one) => [one.key, one]));
  return [...last.values()].filter(({ key }) => standing.has(key) === (kind === 'worsened'));
}

/** True if these transitions notified people of a fault, and no message about its end was sent or is in progress. */
export function isEndOwed(steps: readonly Transition[]): boolean {
  const known = new Set<string>();
  for (const one of steps) {
    const keys = one.about.map(({ fault, device }) => faultKey(fault, device));
    if (isEnd(one) && (one.sent.length > 0 || one.state !== 'concluded')) for (const key of keys) known.delete(key);
    if (!isEnd(one) && one.sent.length > 0) for (const key of keys) known.add(key);
  }
  return known.size > 0;
}

/**
 * A person and a channel. `further`: the next channels, in order, if this one does not deliver. `lost`: only the console remains, because
 * no other channel reaches the person or carries the notice.
 */
export type Recipient = { person: string; channel: string; further?: readonly string[]; lost?: true };

export type Recipients = {
  /**
   * Resolves roles and ids to persons. Each gets the requested channel, or another channel if that one does not reach the person. Another
   * person replaces a person whom no channel reaches. Never empty.
   */
  recipients(
    to: readonly string[],
    channel: string,
    /** The place, the time, and the persons who know the fault and must be notified of its end. */
    at: { scope: string; now: number; knew: readonly string[]; notice?: Notice },
  ): Recipient[];
  /** All persons of central operations, with every channel that reaches them. Never empty. */
  central(now: number): Recipient[];
  personNamed(name: string): string | undefined;
};

/** Facts about people and places that the engine reads from the roster and the site table, and does not store itself. */
export type TransitionOptions = Recipients & {
  place(scope: string): PlaceDetails;
  facts(scope: string): PlaceFacts;
  /** True while the PC of a scope is offline and another PC of its site is online. */
  isBeside(scope: string): boolean;
  /** True while messages from a receive gap of the server may still arrive. */
  isUnread(scope: string, now: number): boolean;
  pace: Pick<FloodControl, 'mayTell' | 'told' | 'isFull' | 'cameNews' | 'left' | 'wasCritical' | 'count' | 'counted'>;
};

/** The context of a function of this folder: the stored state, the options, and the server time. */
export type StepContext = { memory: EngineState; options: TransitionOptions; now: number };

/** Conclusion of a transition whose faults are covered by a group incident or a parent fault. */
const explainedConclusion = 'explained by a greater fault';
/** Conclusion of a transition whose faults people already know. */
export const knownConclusion = 'already told';
/** Conclusion of an `eased` transition while a worse fault is present. */
export const worseConclusion = 'something worse stands by now';

/**
 * The result of a judgement: `go` offers the transition now, `over` concludes it with the text `how`, `later` judges it again in `inMs`.
 */
type Judgement = { next: 'go' } | { next: 'over'; how: string } | { next: 'later'; inMs: number };

/**
 * True for a transition that ended without a message because its faults were counted, known or covered at that time. A later message may
 * report the same faults.
 */
export function endedUnsent({ sent, conclusion, turn }: Transition): boolean {
  return sent.length === 0 && (turn?.is === 'counted' || [knownConclusion, explainedConclusion].some((word) => conclusion?.endsWith(word)));
}

/** Judges an offer against the incident as it is now: R24 (repeated offers and the default route). */
export function judgeOffer(transition: Transition, incident: Incident): Judgement {
  const told = incident.told.length > 0;
  if (isEnd(transition)) {
    if (!told) return { next: 'over', how: 'nobody had been told' };
    const isPremature = transition.kind === 'eased' && isWorseNow(transition, incident);
    return isPremature ? { next: 'over', how: worseConclusion } : { next: 'go' };
  }
  if (incident.over !== null) return { next: 'over', how: told ? `${incident.over} before this was sent` : 'over before anybody was told' };
  const news = remainingFaults(transition, incident);
  const open = news.filter((fault) => !fault.hidden);
  if (news.length === 0) return { next: 'over', how: 'over before anybody was told' };
  if (open.length === 0) return { next: 'over', how: explainedConclusion };
  if (isAlreadyNotified(transition, incident, open)) return { next: 'over', how: knownConclusion };
  if (open.every((fault) => fault.unknownSince !== null)) return { next: 'later', inMs: 60_000 };
  const gone = open.every((fault) => fault.goneAt !== null);
  // The delay is the clear time only, not the calm time. A flapping fault may return at any time, and people must then be notified.
  if (gone) return { next: 'later', inMs: Math.min(...open.map(({ fault }) => faultOf(fault)?.clearMs ?? 0)) + 1_000 };
  return { next: 'go' };
}

/** True if people already know all faults. False for a transition that sent a message itself, because it may wait for an escalation. */
function isAlreadyNotified(
  { severity, sent, again, grew = [] }: Transition,
  { spread }: Incident,
  news: readonly IncidentFault[],
): boolean {
  if (sent.length > 0 || again !== undefined || grew.some((site) => spread?.away.includes(site))) return false;
  return news.every(({ told }) => told !== null && bySeverity(told, severity) <= 0);
}

/** True if a worse fault, or the same fault again, appeared while an `eased` transition was queued. Then that transition is obsolete. */
function isWorseNow({ about, severity }: Transition, { faults }: Incident): boolean {
  const keys = new Set(about.map((one) => faultKey(one.fault, one.device)));
  return faults.some((one) => !one.hidden && one.goneAt === null && (keys.has(one.key) || bySeverity(one.severity, severity) < 0));
}

/** Returns the faults of a transition that the incident still has. A fault that ended and returned has a later transition. */
export function remainingFaults(transition: Transition, incident: Incident): IncidentFault[] {
  const keys = new Set(transition.about.map((one) => faultKey(one.fault, one.device)));
  return incident.faults.filter(({ key, since }) => keys.has(key) && since <= transition.at);
}

/** Returns the faults for the message, most severe first: those still present, or the original ones if it reports an end. */
export function faultsToReport(transition: Transition, incident: Incident): FaultNews[] {
  if (isEnd(transition)) return transition.about;
  const news = remainingFaults(transition, incident).filter((fault) => !fault.hidden);
  const sorted = news.sort((a, b) => bySeverity(a.severity, b.severity) || a.since - b.since);
  return sorted.length > 0 ? sorted.map(faultNewsOf) : transition.about;
}

/** Returns the part of a fault that messages show. */
export function faultNewsOf({ fault, device, name, reason, since }: FaultNews): FaultNews {
  return { fault, device, name, reason, since };
}

export type PlaceFacts = Pick<OfferMessage['incident'], 'link' | 'elevationM' | 'timeZone'>;

/** Returns the shortest hold of the faults in ms, so that a longer hold does not delay the most urgent one. */
export function shortestHoldMs(faults: readonly { fault: string }[]): number {
  return Math.min(...faults.map((one) => faultOf(one.fault)?.holdMs ?? 0));
}

/** True while an incident is snoozed or its place is under maintenance. */
export function isSnoozedOrMaintained(memory: EngineState, incident: Incident): boolean {
  return incident.snoozed !== undefined || maintenanceOf(memory, incident) !== undefined;
}

/** Returns the current maintenance at the place of an incident. A group incident needs maintenance at all its offline members. */
export function maintenanceOf(memory: EngineState, { scope, spread }: Pick<Incident, 'scope' | 'spread'>): Incident | undefined {
  if (scopePlace(scope) !== undefined) return undefined;
  const whole = maintenanceAt(memory, spread?.path ?? pathOfScope(scope));
  if (whole !== undefined || spread === undefined) return whole;
  const each = spread.away.map((path) => maintenanceAt(memory, path));
  return each.includes(undefined) ? undefined : each[0];
}

/** Returns the current maintenance at a path or above it, the narrowest first. */
export function maintenanceAt(memory: EngineState, path: string): Incident | undefined {
  const parts = path.split('/');
  for (let level = parts.length; level > 0; level -= 1) {
    const held = memory.openIncident(maintenanceScope(parts.slice(0, level).join('/')));
    if (held?.faults.some(({ goneAt }) => goneAt === null)) return held;
  }
  return undefined;
}
