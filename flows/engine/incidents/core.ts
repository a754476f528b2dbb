/** The state of the engine between two events, and the functions that update the incident of a scope. */
import { budgets, type CauseKind, causeKindOf, causeScope, isPcPath, nameInScope, siteOf, stateOf, zonedAt } from '@sabha/contracts';
import { createCommonFaults, createCorrelation } from '../correlation/correlation.ts';
import { type CorrelationNumbers, defaultNumbers } from '../correlation/numbers.ts';
import { groupByRegion } from '../correlation/regions.ts';
import { createStatusHistory, type EngineState } from '../memory/memory.ts';
import { createListeningTime, createSessionLosses, newRecord, recordForNextMachine } from '../outages/pc.ts';
import type {
  GroupMembers,
  Incident,
  IncidentChange,
  IncidentFault,
  KnownPc,
  PcOutage,
  PcRecord,
  ServerEvent,
  ShownOutage,
} from '../records/incidents.ts';
import { type ClockFollower, type ComponentChange, type LedgerContents, listenedKey, unknownNamedKey } from '../records/ops.ts';
import type { MaintenanceDate } from '../records/sites.ts';
import { createBatches, createFloodControl, type ExceededLimit, isEndOwed, type TransitionOptions } from '../transitions/flood-control.ts';
import {
  closedState,
  createPresentFault,
  endedMemoryMs,
  faultKey,
  highestSeverity,
  isEnd,
  nextIncident,
  type PresentFault,
  roomStateOf,
  type ScopeState,
  silenceKey,
  stateOfList,
  unknownFaults,
} from '../transitions/incident.ts';
import type { createTransitions } from '../transitions/transitions.ts';

/** Queued messages of a PC may still arrive for this long after a receive gap. */
const queueWaitMs = 60_000;

export type EngineOptions = Omit<TransitionOptions, 'facts' | 'pace' | 'isUnread' | 'isBeside'> & {
  contents: LedgerContents;
  known: readonly KnownPc[];
  /** Times at which `flows` started, this start included. */
  starts: readonly number[];
  /** Server time up to which the last run of `flows` is known to have received messages. */
  listenedUntil?: number;
  /** The thresholds of the correlation, read at each judgement. Default: the built-in table. */
  numbers?: CorrelationNumbers;
  /** The maintenance dates that are current, near, or just over; undefined if not known yet. */
  maintenance?(now: number): readonly MaintenanceDate[] | undefined;
  /** True while a meeting is near or running in a room, or in a room of a site. */
  isMeetingNear?: ((scope: string, now: number) => boolean) | undefined;
  /** Other parts of this process that keep times and must follow when the clock is set. */
  followers: readonly ClockFollower[];
};

export type EngineContext = ReturnType<typeof createContextParts> & { transitions: ReturnType<typeof createTransitions> };

/** Creates the state of the engine, except for the transitions, which are created from this state. */
export function createContextParts(options: EngineOptions, memory: EngineState, now: number) {
  const { contents, numbers = defaultNumbers } = options;
  const never = Number.NEGATIVE_INFINITY;
  const updates = [...memory.pcs.values()].map((record) => [record.pc, record.updates ?? []] as const);
  const correlation = createCorrelation(contents.incidents, { numbers, now });
  // The state of these parts is only in memory; a start rebuilds some of it from the ledger.
  const parts = {
    floodControl: createFloodControl(),
    listeningTime: createListeningTime(),
    sessionLosses: createSessionLosses(),
    history: createStatusHistory(),
    batches: createBatches(),
    correlation,
    commonFaults: createCommonFaults(correlation.causes, { numbers, updates }),
  };
  return {
    ...{ options, memory, ...parts },
    /** All parts that hold times. Each is called once, in this order, when the clock is set: R29 (clock of the server). */
    followers: [...options.followers, ...Object.values(parts)] satisfies ClockFollower[],
    known: new Map(options.known.map((one) => [one.pc, one])),
    /** True if the list of PCs not seen since a receive gap has changed, and its incident is not updated yet. */
    notSeenListChanged: false,
    /** The minute in which all open incidents were last updated; null until that is done after the start. */
    updatedMinute: null as number | null,
    /** When this process started, and the start times of `flows`. */
    startedAt: now,
    starts: options.starts,
    /** Time of the last SUBACK of the server; null while the server is not subscribed. */
    subscribedAt: null as number | null,
    unsubscribedAt: now as number | null,
    /**
     * `provenAt`: the time up to which the canary proves that the server receives, R18a (canary). `gapsAt`: times of recent receive gaps.
     */
    provenAt: now,
    gapsAt: [] as readonly number[],
    /** By PC: for how long, in ms, earlier runs of `flows` received messages, but none of this PC. */
    listenedBefore: new Map(Object.entries(JSON.parse(contents.meta[listenedKey] ?? '{}') as Record<string, number>)),
    /** Until when messages that were queued during a receive gap may still arrive. */
    unreadUntil: now + queueWaitMs,
    /**
     * `unfinishedAt`: when the default route was last used. `unknownListedAt`: when central operations last received the list of incidents
     * whose check is unknown for a day.
     */
    unfinishedAt: never,
    unknownListedAt: Math.min(now, Number(contents.meta[unknownNamedKey] ?? never)),
    /** PCs whose power fault is not reported to people yet, because other PCs of the site may soon report the same power cut. */
    waiting: new Set<string>(),
    /** PCs that report a fault outside the catalogue. */
    unknown: new Set<string>(),
    /** PCs whose digest has confirmed the stored state since the last SUBACK. */
    current: new Set<string>(),
    sites: new Map<string, string[]>(),
    /** The sites of each line, provider and state, and of the nation. */
    regions: new Map<string, string[]>(),
    /** By site: the scopes of its possible wider causes, the narrowest first. */
    above: new Map<string, readonly string[]>(),
    /**
     * When the site of a PC went live or the PC was added, if that is after the start of `flows`. The silence of the PC counts from then.
     */
    expectedSince: new Map<string, number>(),
    /** By PC: the last request for its state, and how many responses were unreadable. */
    stateRequests: new Map<string, { needed: boolean; askedAt: number; unreadable: number }>(),
    /** The present faults of the server. */
    serverFaults: new Map<string, PresentFault>(),
  };
}

/** The state of reception. `unreadUntil`: until when queued messages may arrive. `current`: PCs that confirmed their stored state. */
export type ReceptionState = { unreadUntil: number; subscribedAt: number | null; provenAt: number; current: ReadonlySet<string> };

/**
 * Starts the wait for queued messages after a receive gap, but not within `queueWaitMs` after the previous wait. Guarantee: with repeated
 * gaps at most half of the time is spent waiting, so due timers and clears still happen.
 */
export function startQueueWait(reading: Pick<ReceptionState, 'unreadUntil'>, now: number): void {
  if (now >= reading.unreadUntil + queueWaitMs) reading.unreadUntil = now + queueWaitMs;
}

/**
 * True while messages of a room from the last receive gap, or from before the start, may still arrive.
 * The wait ends when a canary sent after the gap comes back, and the PC has confirmed its state.
 */
export function mayHaveQueued({ unreadUntil, subscribedAt, provenAt, current }: ReceptionState, scope: string, now: number): boolean {
  if (now >= unreadUntil) return false;
  const isProven = subscribedAt !== null && provenAt > subscribedAt;
  return !isProven || (isPcPath(scope) && !current.has(scope));
}

/** Unreadable states after which a finding is reported: R13 (convergence). */
export const unreadableLimit = 3;

/** Stores the record of a PC in memory and for the next commit, with the status changes of its components. */
export function putRecord(core: EngineContext, record: PcRecord, now: number): void {
  const { memory } = core;
  const { pc } = record;
  const { rows, isBeyond } = core.history.recordChanges(memory.pcs.get(pc), record, now);
  memory.putPc(record, true);
  addChanges(core, pc, rows);
  if (isBeyond && core.floodControl.markNoisy(pc, 'changes', now)) raiseNoisy(core, { pc, what: 'changes' }, now);
}

function addChanges({ memory }: EngineContext, pc: string, changes: readonly ComponentChange[]): void {
  for (const change of changes) memory.add(`change/${pc}/${change.component}/${change.at}`, { op: 'change', pc, ...change });
}

/** True for a PC of a live site. Only such a PC causes incidents and appears in lists. */
export function isAlerting(core: EngineContext, pc: string): boolean {
  return core.known.get(pc)?.alerts === true;
}

/** Returns the possible wider causes of a site: its line, its provider, its state, the nation. */
function causesAbove(path: string, { isp, linkId }: Pick<KnownPc, 'isp' | 'linkId'> = {}): string[] {
  const named = (kind: CauseKind, name: string | undefined) => (name === undefined ? [] : [causeScope(kind, name)]);
  const line = linkId === undefined ? undefined : [isp, linkId].filter((part) => part !== undefined).join(' ');
  return [...named('link', line), ...named('provider', isp), causeScope('state', stateOf(path)), causeScope('nation', '')];
}

/** Updates the incident of the room of one PC, if the PC belongs to a live site. */
export function updatePc(core: EngineContext, pc: string, now: number): void {
  const record = core.memory.pcs.get(pc);
  if (record === undefined || !isAlerting(core, pc)) return;
  core.unknown[unknownFaults(record).length > 0 ? 'add' : 'delete'](pc);
  setServerFault(core, { fault: 'centre.unknown_fault', device: '', standing: core.unknown.size > 0, name: pc }, now);
  const unreadable = (core.stateRequests.get(pc)?.unreadable ?? 0) >= unreadableLimit;
  const said = roomStateOf(opensOwnIncident(core, record, now) ? { ...record, unheard: false } : record, unreadable, now);
  // Device faults of a room count towards a spread. The faults of an offline PC stay recorded as they were.
  if (record.presence === 'online') core.commonFaults.recordFaults(pc, [...said.standing.values()], now);
  const isOld = mayHaveQueued(core, pc, now);
  const explained = { explained: explanationFor(core, record, now), isNeeded: isNeededFor(core, pc, now) };
  const scene = { ...said, isOld, unsteadyAt: core.sessionLosses.unsteadyAt(pc, now), ...explained };
  updateScope(core, { scope: pc, scene: core.floodControl.isMuted(pc) ? mutedState(core, { pc, scene }, now) : scene }, now);
}

/**
 * True if a PC that was not seen since a receive gap also opens an incident of its room. This begins shortly before a meeting and lasts
 * until the PC is back.
 */
function opensOwnIncident({ memory, options }: EngineContext, { pc, unheard }: PcRecord, now: number): boolean {
  const isFollowed = memory.openIncident(pc)?.faults.some(({ key }) => key === silenceKey) === true;
  return unheard && (isFollowed || options.isMeetingNear?.(pc, now) === true);
}

const ofPower: readonly string[] = ['power.on_battery', 'power.battery_low'];

/**
 * Returns a function from a fault of this room to the group incident, or the other fault, of which people are notified instead.
 * Guarantee: two faults of a room never hide each other, and only a group incident hides the silence of a PC.
 */
function explanationFor(core: EngineContext, { pc }: PcRecord, now: number): NonNullable<ScopeState['explained']> {
  const held = core.memory.openIncident(pc)?.faults ?? [];
  // A low battery follows from the same power cut, so people are not notified of it separately.
  const notifiedPower = held.find(({ fault, goneAt, told: to }) => ofPower.includes(fault) && goneAt === null && to !== null);
  core.waiting.delete(pc);
  return (fault) => {
    const isPower = ofPower.includes(fault.fault);
    if (notifiedPower !== undefined && fault.told === null && isPower) return notifiedPower.key;
    const by = fault.key === silenceKey ? core.correlation.causeOfScope(pc) : isPower ? powerCauseFor(core, pc, { fault, now }) : undefined;
    return by ?? core.commonFaults.commonCauseOf(pc, fault, now);
  };
}

/**
 * Returns a function that is true if people are notified of a fault although a group incident covers it. That is so near a meeting of the
 * room (for a site: of any of its rooms). A spread is notified from the next morning on. If most of the nation is lost within a minute,
 * the server itself is cut off, and the function is false.
 */
export function isNeededFor({ options, correlation }: EngineContext, scope: string, now: number): NonNullable<ScopeState['isNeeded']> {
  return ({ since }, by) => {
    const kind = causeKindOf(by);
    if (kind === undefined || kind === 'site') return false;
    const { away = [], of = 0 } = correlation.causes.get(by) ?? {};
    if (kind === 'plane' && away.length > serverCutShare * of) return false;
    return options.isMeetingNear?.(scope, now) === true || (kind === 'spread' && now >= morningAfter(since, options.place(scope).timeZone));
  };
}

/** Above this share of sites lost at once, the server's own line may be cut. */
const serverCutShare = 2 / 3;
/** One hour before the nine o'clock digest, so that the fault is in it. Also the time for an office without known hours. */
const morning = '08:00';
/** A fault that begins less than this before the morning waits for the next morning. */
const leastBeforeMorningMs = 3_600_000;

/**
 * Returns the first 08:00 in this time zone that is at least an hour after `since`. From then on people are notified of a widespread fault
 * for each room too. The recipients of the group incident have had time to repair it.
 */
export function morningAfter(since: number, timeZone: string): number {
  const local = zonedAt(since + leastBeforeMorningMs, timeZone);
  const today = local.withPlainTime(morning);
  return (Temporal.ZonedDateTime.compare(today, local) >= 0 ? today : local.add({ days: 1 }).withPlainTime(morning)).epochMilliseconds;
}

/**
 * Returns the scope of the power cut that explains a battery fault; undefined if there is none. Returns `waits` if other PCs of the site
 * may soon report battery power too.
 */
function powerCauseFor(core: EngineContext, pc: string, { fault, now }: { fault: IncidentFault; now: number }): string | undefined {
  const site = siteOf(pc);
  const by = core.correlation.powerCauseOf(site, now);
  if (by === 'waits') core.waiting.add(pc);
  if (by !== undefined || fault.told !== null || now - fault.since >= defaultNumbers.powerWaitMs) return by;
  const hasPower = (one: string) => core.memory.pcs.get(one)?.checks.some(({ component }) => component === 'power');
  const mayFollow = core.sites.get(site)?.some((other) => other !== pc && hasPower(other));
  if (mayFollow !== true) return undefined;
  core.waiting.add(pc);
  return 'waits';
}

/**
 * Returns the state of a muted room. It contains only the faults that people know, and those that pass the mute: R27 (budgets: quota and
 * backpressure).
 */
function mutedState(core: EngineContext, { pc, scene }: { pc: string; scene: ScopeState }, now: number): ScopeState {
  const followed = new Set(core.memory.openIncident(pc)?.faults.map(({ key }) => key));
  const past = new Set(core.floodControl.past(pc, scene, now));
  return { ...scene, standing: new Map([...scene.standing].filter(([key]) => followed.has(key) || past.has(key))) };
}

/** Closes the incident of a room. Its recipients are notified of the reason: R15 (close). */
function closeRoomIncident(core: EngineContext, at: { pc: string; because: string }, now: number): void {
  core.commonFaults.recordFaults(at.pc, [], now);
  if (core.memory.openIncident(at.pc) !== undefined) updateScope(core, { scope: at.pc, scene: closedState(at.because) }, now);
}

/**
 * Updates the incident that lists the PCs not seen since a receive gap, and the PCs never seen. The latter are a major fault, not a
 * critical one. Before a meeting the incident of the room of a listed PC is updated too.
 */
export function updateNotSeen(core: EngineContext, now: number): void {
  core.notSeenListChanged = false;
  const list = [...core.memory.pcs.values()].filter(
    (record) => record.unheard && record.presence === 'silent' && isAlerting(core, record.pc),
  );
  const unheard = list.map(({ pc, heardAt }) => {
    const fault = createPresentFault('centre.unheard', pc, now);
    return { ...fault, name: nameOf(core, pc), severity: heardAt === null ? ('major' as const) : fault.severity };
  });
  updateScope(core, { scope: 'centre/unheard', scene: stateOfList(unheard) }, now);
  for (const record of list) if (opensOwnIncident(core, record, now)) updatePc(core, record.pc, now);
}

function nameOf({ options }: EngineContext, pc: string): string {
  const { room, site } = options.place(pc);
  return `${room.en}, ${site.en}`;
}

type ServerFaultState = { fault: string; device: string; standing: boolean; name?: string; reason?: string };

/** Sets or clears a fault of the server. */
export function setServerFault(core: EngineContext, said: ServerFaultState, now: number): void {
  const { fault, device, standing, name = device, reason = null } = said;
  const key = faultKey(fault, device);
  if (core.serverFaults.has(key) === standing) return;
  if (standing) core.serverFaults.set(key, { ...createPresentFault(fault, device, now), name: name || null, reason });
  else core.serverFaults.delete(key);
  updateServerIncident(core, now);
}

/** Updates the incident of the server. */
export function updateServerIncident(core: EngineContext, now: number): void {
  updateScope(core, { scope: 'centre', scene: stateOfList(core.serverFaults.values()) }, now);
}

const excessTexts: Record<ExceededLimit, string> = {
  alerts: 'its alerts change too often, so they are only counted',
  events: 'it writes more events than it may',
  words: 'it speaks more often than it may',
  spools: 'its spool goes back and forth',
  changes: 'what it says changes too often to be kept',
};

/**
 * Raises `pc.noisy` for a PC above a limit. If the limit of alerts is exceeded, the PC is muted: further notifications about its room stop
 * (R27).
 */
export function raiseNoisy(core: EngineContext, { pc, what }: { pc: string; what: ExceededLimit }, now: number): void {
  if (core.floodControl.isMuted(pc)) concludeMuted(core, pc, now);
  setServerFault(core, { fault: 'pc.noisy', device: pc, standing: true, name: nameOf(core, pc), reason: excessTexts[what] }, now);
}

function concludeMuted(core: EngineContext, pc: string, now: number): void {
  const { memory, transitions } = core;
  const incident = memory.openIncident(pc);
  for (const one of memory.liveScope(pc)) transitions.mute(one, 'counted: its PC is noisy');
  if (incident === undefined) return;
  const faults = incident.faults.filter(({ told }) => told !== null);
  // The incident keeps only the faults that people know. They are notified of the others when the PC is no longer muted.
  if (faults.length > 0) memory.putIncident({ ...incident, faults, severity: highestSeverity(faults) });
  else if (isEndOwed(memory.stepsOf(incident.id))) updateScope(core, { scope: pc, scene: closedState(excessTexts.alerts) }, now);
  else memory.putIncident({ ...incident, overAt: now, over: 'closed', closedBecause: excessTexts.alerts });
}

/**
 * Mutes PCs whose rooms reached the hourly limit of changes, updates muted PCs, and unmutes those that stayed within their limits for an
 * hour.
 */
export function updateMuting(core: EngineContext, now: number): void {
  for (const pc of core.transitions.roomsOverLimit(now))
    if (core.floodControl.markNoisy(pc, 'alerts', now)) raiseNoisy(core, { pc, what: 'alerts' }, now);
  for (const pc of core.floodControl.mutedPcs()) updatePc(core, pc, now);
  for (const { pc, untold } of core.floodControl.unmuteQuiet(now)) {
    core.memory.add(`noisy/${pc}`, { op: 'step', at: now, who: pc, what: 'noisy no more', about: `${untold} alerts were only counted` });
    setServerFault(core, { fault: 'pc.noisy', device: pc, standing: false }, now);
    const record = core.memory.pcs.get(pc);
    if (record !== undefined) addChanges(core, pc, core.history.resumeHidden(record, now));
    updatePc(core, pc, now);
  }
}

/**
 * An update of a scope: its state (`scene`); for a group incident its members, outage and new members (`grew`); for maintenance its end.
 */
export type ScopeUpdate = {
  scope: string;
  scene: ScopeState;
  spread?: GroupMembers;
  grew?: readonly string[];
  outage?: ShownOutage;
  until?: number;
};

/** Updates the incident of a scope and adds transitions for its changes. */
export function updateScope(core: EngineContext, { scope, scene, spread, grew = [], outage, until }: ScopeUpdate, now: number): void {
  const { memory, transitions } = core;
  const record = memory.pcs.get(scope);
  const before = memory.openIncident(scope);
  const ended = memory.endedOf(scope);
  const nothing = { overAt: null, over: null, closedBecause: null, acknowledged: null, faults: [], told: [], notes: [] };
  const fresh = { scope, openedAt: now, severity: 'info', flapping: false, ...nothing } as const;
  const done = nextIncident({ incident: before, scene, ended, now, open: () => ({ id: memory.newId('incident'), ...fresh }) });
  if (done.incident === undefined) return;
  const named = done.incident.over === 'closed' ? { ...done.incident, place: core.options.place(scope) } : done.incident;
  const absence = told(record, named);
  const why = absence === null ? outage : shownOutage(absence);
  const news = addGrowth(named, done.news, grew);
  const next = { ...named, ...(why && { outage: why }), ...(spread && { spread }), ...(until !== undefined && { until }) };
  const incident = setParent(core, next, scene);
  if (JSON.stringify(before) !== JSON.stringify(incident)) memory.putIncident(incident);
  keepAfterIncident(memory, incident, { ended: done.ended === ended ? undefined : recentEnds(done.ended, now), absence, now });
  const held = core.floodControl.isMuted(scope);
  const due = core.batches.dueChanges(incident, news, now);
  for (const one of due) {
    if (!held && !isEnd(one) && core.floodControl.countChange(scope, now)) {
      raiseNoisy(core, { pc: scope, what: 'alerts' }, now);
      break;
    }
    transitions.addTransition(incident, { ...one, held }, now);
  }
  if (due.length > 0) transitions.proceed(incident.id, now);
}

/** Adds a change for members that joined long after the others, because no other message reports these members. */
function addGrowth({ faults }: Incident, news: readonly IncidentChange[], grew: readonly string[]): readonly IncidentChange[] {
  const known = faults.filter(({ told, hidden, goneAt }) => told !== null && !hidden && goneAt === null);
  const isSaid = known.length === 0 || news.some(({ kind }) => kind === 'raised' || kind === 'worsened');
  return grew.length === 0 || isSaid ? news : [...news, { kind: 'worsened', faults: known, grew }];
}

/** Sets the parent of the incident: the group incident that covers one of its faults. */
function setParent({ memory }: EngineContext, incident: Incident, { explained }: ScopeState): Incident {
  const by = incident.faults.map((fault) => explained?.(fault)).find((scope) => scope !== undefined && causeKindOf(scope) !== undefined);
  const parent = by === undefined ? undefined : memory.openIncident(by)?.id;
  return parent === undefined || incident.over !== null ? incident : { ...incident, parent };
}

/**
 * Returns the outage of the PC if the incident reports it, else null. An incident reports the outage as soon as it contains the silence of
 * the PC.
 */
function told(record: PcRecord | undefined, { id, faults }: Incident): PcOutage | null {
  const absence = record?.absence ?? null;
  if (absence === null || absence.incident === id) return absence;
  return faults.some(({ fault }) => fault === 'pc.silent') ? { ...absence, incident: id } : null;
}

/** Returns the time from which the silence of a PC counts: the last SUBACK, or later if the PC was expected only later. */
export function listeningSince({ subscribedAt, expectedSince }: EngineContext, pc: string): number | null {
  const since = expectedSince.get(pc);
  return subscribedAt === null || since === undefined ? subscribedAt : Math.max(subscribedAt, since);
}

export function pcsOf({ sites }: { sites: ReadonlyMap<string, string[]> }, site: string): readonly string[] {
  return sites.get(site) ?? [];
}

export function shownOutage({ cause, confidence, from, to }: PcOutage): ShownOutage {
  return { cause, confidence, from, to };
}

type OutlastingFacts = { ended: Record<string, number> | undefined; absence: PcOutage | null; now: number };

/** Stores the data that outlives an incident: for a room in the record of its PC, for the server in memory. */
function keepAfterIncident(memory: EngineState, incident: Incident, { ended, absence, now }: OutlastingFacts): void {
  const { scope } = incident;
  const record = memory.pcs.get(scope);
  if (record === undefined) return ended && memory.putEnded(scope, ended);
  const past = incident.over === null ? undefined : earlierFaultsOf(incident, record, now);
  const isAway = absence !== null && absence !== record.absence;
  const next = { ...(ended && { ended }), ...(isAway && { absence }), ...(past && { past }) };
  if (Object.keys(next).length > 0) memory.putPc({ ...record, ...next }, true);
}

/** Limit of earlier faults that the next message of a room lists. */
const earlierFaultsKept = 3;

/** Returns the faults that the next message of the room lists as earlier ones. Undefined if people knew no fault of the ended incident. */
function earlierFaultsOf({ faults, ended = [] }: Incident, { past = [] }: PcRecord, now: number): PcRecord['past'] {
  const keys = new Set(faults.map(({ key }) => key));
  const known = [...ended.filter(({ key }) => !keys.has(key)), ...faults].filter((one) => one.told !== null);
  const fresh = known.map(({ fault, name, since }) => ({ fault, name, at: Math.min(since, now) })).toSorted((a, b) => b.at - a.at);
  return fresh.length > 0 ? [...fresh, ...past].slice(0, earlierFaultsKept) : undefined;
}

function recentEnds(ended: Record<string, number>, now: number): Record<string, number> {
  const late = Object.entries(ended).filter(([, at]) => now - at < endedMemoryMs);
  const { most } = budgets.remembered;
  return Object.fromEntries(late.length > most ? late.toSorted((a, b) => b[1] - a[1]).slice(0, most) : late);
}

type SiteTableUpdate = Omit<Extract<ServerEvent, { type: 'known' }>, 'type'>;

/**
 * Applies a new site table. Closes incidents of rooms whose PC no longer belongs to a live site, R15 (close), and opens incidents of rooms
 * whose PC now does.
 */
export function applySiteTable(core: EngineContext, { pcs, because, replaced }: SiteTableUpdate, now: number): void {
  const before = new Map(core.known);
  core.known.clear();
  for (const known of pcs) core.known.set(known.pc, known);
  core.sites = Map.groupBy(core.known.keys(), siteOf);
  core.above = new Map([...core.sites].map(([site, [first = '']]) => [site, causesAbove(first, core.known.get(first))]));
  core.regions = groupByRegion([...core.sites.keys()], (site) => core.above.get(site) ?? []);
  for (const pc of replaced) replacePc(core, { pc, because: because[pc] ?? 'replaced' }, now);
  for (const known of pcs) addPc(core, { ...known, wasKnown: before.has(known.pc) }, now);
  const rooms = core.memory.openScopes().filter((scope) => core.memory.pcs.has(scope) && !isAlerting(core, scope));
  for (const pc of rooms) closeRoomIncident(core, { pc, because: because[pc] ?? defaultReason(core.known.has(pc)) }, now);
  closeGoneSites(core, because, now);
  for (const pc of before.keys()) if (!core.known.has(pc)) forgetPc(core, pc, now);
  for (const { pc } of pcs) {
    if (!isAlerting(core, pc) || before.get(pc)?.alerts) continue;
    // The PC belongs to a live site from now on, so its present faults are raised. Its silence then opens an incident of its room, and does
    // not count as silence since a receive gap.
    core.expectedSince.set(pc, now);
    const record = core.memory.pcs.get(pc);
    if (record?.unheard) putRecord(core, { ...record, unheard: false }, now);
    updatePc(core, pc, now);
  }
  updateNotSeen(core, now);
}

/** Stops revoked PCs at once: their silence, announced return or last will is not judged. */
export function stopRevoked(core: EngineContext, pcs: readonly string[], now: number): void {
  for (const pc of pcs) {
    const record = core.memory.pcs.get(pc);
    if (record === undefined || record.presence === 'never' || !core.known.has(pc)) continue;
    core.notSeenListChanged ||= record.unheard;
    putRecord(core, { ...record, presence: 'stopped', lostAt: null, unheard: false, bye: null }, now);
    updatePc(core, pc, now);
  }
  const sites = new Set(pcs.map(siteOf));
  // A PC of a live site counts as seen if it is online, or offline for another reason than its revocation.
  const isSeen = (pc: string) => {
    const { presence = 'never', bye = null } = core.memory.pcs.get(pc) ?? {};
    return isAlerting(core, pc) && presence !== 'never' && (presence !== 'stopped' || bye !== null);
  };
  const isOver = (all: readonly string[]) => all.some((site) => sites.has(site)) && !all.some((site) => pcsOf(core, site).some(isSeen));
  closeCauses(core, (all) => (isOver(all) ? 'revoked' : undefined), now);
}

/** Adds a PC. A PC that was missing from the site table has unknown presence and is judged from now on: R18 (silence). */
function addPc(core: EngineContext, { pc, link, wasKnown }: Pick<KnownPc, 'pc' | 'link'> & { wasKnown: boolean }, now: number): void {
  const record = core.memory.pcs.get(pc);
  if (!wasKnown) core.expectedSince.set(pc, now);
  if (record === undefined) return putRecord(core, newRecord(pc, link), now);
  const unseen = { heardAt: null, lostAt: null, unheard: false, bye: null, absence: null };
  if (!wasKnown) return putRecord(core, { ...record, link, presence: 'never', ...unseen }, now);
  if (record.link !== link) putRecord(core, { ...record, link }, now);
}

/** Closes group incidents whose sites no longer have a PC of a live site, because such sites never come back. */
function closeGoneSites(core: EngineContext, because: SiteTableUpdate['because'], now: number): void {
  const whyOver = (sites: readonly string[]) => {
    if (sites.some((site) => pcsOf(core, site).some((pc) => isAlerting(core, pc)))) return undefined;
    const own = Object.keys(because).find((pc) => sites.includes(siteOf(pc)));
    return because[own ?? ''] ?? defaultReason(sites.some((site) => pcsOf(core, site).length > 0));
  };
  closeCauses(core, whyOver, now);
}

/** Closes group incidents that can no longer end by a return. `whyOver` returns the reason, or undefined if the incident stays open. */
function closeCauses(core: EngineContext, whyOver: (sites: readonly string[]) => string | undefined, now: number): void {
  for (const scope of core.memory.openScopes()) {
    const kind = causeKindOf(scope);
    if (kind === undefined || kind === 'spread') continue;
    const sites = kind === 'site' ? [nameInScope(scope)] : (core.memory.openIncident(scope)?.spread?.members ?? []);
    const why = sites.length === 0 ? undefined : whyOver(sites);
    if (why === undefined) continue;
    core.correlation.drop(scope);
    updateScope(core, { scope, scene: closedState(why) }, now);
  }
}

function defaultReason(isKnown: boolean): string {
  return isKnown ? 'site no longer live' : 'no longer in the site table';
}

/** Deletes what is stored about the old machine of a PC, because another machine replaces it. */
function replacePc(core: EngineContext, at: { pc: string; because: string }, now: number): void {
  const { pc } = at;
  const record = core.memory.pcs.get(pc);
  if (record === undefined) return;
  closeRoomIncident(core, at, now);
  forgetPc(core, pc, now);
  core.expectedSince.set(pc, now);
  putRecord(core, recordForNextMachine(record, now), now);
}

function forgetPc(core: EngineContext, pc: string, now: number): void {
  core.stateRequests.delete(pc);
  core.current.delete(pc);
  core.expectedSince.delete(pc);
  core.unknown.delete(pc);
  core.sessionLosses.forget(pc);
  core.history.forget(pc);
  core.commonFaults.forgetPc(pc, now);
  if (core.floodControl.forget(pc)) setServerFault(core, { fault: 'pc.noisy', device: pc, standing: false }, now);
}
