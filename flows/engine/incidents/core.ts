/** What the engine begins with, and what it holds between two events. */
import { budgets, type CauseKind, causeKindOf, causeScope, isPcPath, nameInScope, siteOf, stateOf, zonedAt } from '@sabha/contracts';
import { createCorrelation, createSpreads } from '../correlation/correlation.ts';
import { type Numbers, usualNumbers } from '../correlation/numbers.ts';
import { byRegion } from '../correlation/regions.ts';
import { createHistory, type Memory } from '../memory/memory.ts';
import { createDrops, createInAll, newRecord, recordAfter } from '../outages/pc.ts';
import type { Absence, CentreEvent, Incident, KnownPc, News, PcRecord, ShownOutage, Spread, StandingFault } from '../records/incidents.ts';
import { type Change, type Contents, type FollowsClock, inVainKey, unknownNamedKey } from '../records/ops.ts';
import type { MaintenanceDate } from '../records/sites.ts';
import {
  endedMemoryMs,
  faultKey,
  follow,
  isEnd,
  type Scene,
  type Standing,
  sceneOfList,
  sceneOfPc,
  sceneOver,
  silence,
  standingFault,
  unknownFaults,
  worst,
} from '../transitions/incident.ts';
import { createBatches, createNoise, type Excess, owesAnEnd, type TransitionOptions } from '../transitions/noise.ts';
import type { createTransitions } from '../transitions/transitions.ts';

/** Whoever has not spoken so long after a gap has nothing waiting. */
const readWithinMs = 60_000;

/** What the engine begins with, and whom it may ask. */
export type EngineOptions = Omit<TransitionOptions, 'facts' | 'pace' | 'isUnread' | 'isBeside'> & {
  contents: Contents;
  known: readonly KnownPc[];
  /** Times at which `flows` started, this start included. */
  starts: readonly number[];
  /** Until when the last run of `flows` is known to have heard the PCs, in ms. */
  listenedUntil?: number;
  /** The numbers of causes of many, as they are at each look; those of the table without them. */
  numbers?: Numbers;
  /** The dates of the maintenance that goes on at a time, begins soon, or has just ended; undefined where that is not known yet. */
  maintenance?(now: number): readonly MaintenanceDate[] | undefined;
  /** True from the time before a meeting of a room, or of a room of a site, at which it is urgent, until its end. */
  isMeetingNear?: ((scope: string, now: number) => boolean) | undefined;
  /** Of the same memory, beside the engine. */
  followers: readonly FollowsClock[];
};

/** What the engine holds between two events. */
export type Core = ReturnType<typeof createHeld> & { transitions: ReturnType<typeof createTransitions> };

/** The state of the engine without the transitions, which read it. */
export function createHeld(options: EngineOptions, memory: Memory, now: number) {
  const { contents, numbers = usualNumbers } = options;
  const never = Number.NEGATIVE_INFINITY;
  const updates = [...memory.pcs.values()].map((record) => [record.pc, record.updates ?? []] as const);
  const correlation = createCorrelation(contents.incidents, { numbers, now });
  // Each part below holds state in memory that is not in the ledger, and answers one question from it.
  const parts = {
    noise: createNoise(),
    inAll: createInAll(),
    drops: createDrops(),
    history: createHistory(),
    batches: createBatches(),
    correlation,
    spreads: createSpreads(correlation.causes, { numbers, updates }),
  };
  return {
    ...{ options, memory, ...parts },
    /** All parts that hold times in memory. Each is notified once, in this order, when the clock is set (R29). */
    followers: [...options.followers, ...Object.values(parts)] satisfies FollowsClock[],
    known: new Map(options.known.map((one) => [one.pc, one])),
    /** True if the list of unheard PCs changed since it was last read. */
    listChanged: false,
    /** The minute in which all that is open was last followed; null before that is done for what the ledger had open. */
    followedMinute: null as number | null,
    /** When this memory began, and the times at which `flows` started. */
    startedAt: now,
    starts: options.starts,
    /** Our own last SUBACK; null while we are not subscribed. */
    subscribedAt: null as number | null,
    unsubscribedAt: now as number | null,
    /** Until when our hearing is proven, and when it was not of late (R18a). */
    provenAt: now,
    slowAt: [] as readonly number[],
    /** For how long earlier runs of `flows` received messages without one of this PC, in ms. */
    inVain: new Map(Object.entries(JSON.parse(contents.meta[inVainKey] ?? '{}') as Record<string, number>)),
    /** Until when something that was said in a gap of ours may still be on its way to us. */
    unreadUntil: now + readWithinMs,
    /** When the default route last had to step in, and when central last had the list of what is unknown for a day. */
    unfinishedAt: never,
    namedAt: Math.min(now, Number(contents.meta[unknownNamedKey] ?? never)),
    /** PCs whose fault waits for what others say. */
    waiting: new Set<string>(),
    /** PCs that report a fault which the catalogue does not know. */
    unknown: new Set<string>(),
    /** PCs that have named the state that is held since our last SUBACK. */
    current: new Set<string>(),
    /** The known PCs of each site. */
    sites: new Map<string, string[]>(),
    /** The sites of each line, provider and state, and of the nation. */
    regions: new Map<string, string[]>(),
    /** The causes that may stand above each site, the narrowest first. */
    above: new Map<string, readonly string[]>(),
    /** Since when a PC alerts, as far as that is later than our start: its silence counts from then. */
    expectedSince: new Map<string, number>(),
    /** What is to be asked of a PC, and how its answers were. */
    asking: new Map<string, { needed: boolean; askedAt: number; unreadable: number }>(),
    /** Faults of the centre's own that stand. */
    centre: new Map<string, Standing>(),
  };
}

/** What is known of our hearing; `unreadUntil`: until when something may be waiting, `current`: who named the state that is held. */
export type Reading = { unreadUntil: number; subscribedAt: number | null; provenAt: number; current: ReadonlySet<string> };

/** A gap of ours begins, or just was. Guarantee: of a row of gaps no more than half of the time is waited, or they would hold back all that is due. */
export function mayWait(reading: Pick<Reading, 'unreadUntil'>, now: number): void {
  if (now >= reading.unreadUntil + readWithinMs) reading.unreadUntil = now + readWithinMs;
}

/**
 * True while what a room said in our last gap, or before our start, may be on its way to us: until a word of ours came back that was sent after
 * it, and behind it all that waited, and the PC has named its state since.
 */
export function isUnread({ unreadUntil, subscribedAt, provenAt, current }: Reading, scope: string, now: number): boolean {
  if (now >= unreadUntil) return false;
  const isProven = subscribedAt !== null && provenAt > subscribedAt;
  return !isProven || (isPcPath(scope) && !current.has(scope));
}

/** R13: after this many answers that could not be read, a PC's reports are a finding. */
export const unreadableLimit = 3;

/** Holds a record and writes it, with what changed of its answers. */
export function putRecord(core: Core, record: PcRecord, now: number): void {
  const { memory } = core;
  const { pc } = record;
  const { rows, isBeyond } = core.history.changes(memory.pcs.get(pc), record, now);
  memory.putPc(record, true);
  addChanges(core, pc, rows);
  if (isBeyond && core.noise.name(pc, 'changes', now)) setNoisy(core, { pc, what: 'changes' }, now);
}

function addChanges({ memory }: Core, pc: string, changes: readonly Change[]): void {
  for (const change of changes) memory.add(`change/${pc}/${change.component}/${change.at}`, { op: 'change', pc, ...change });
}

/** True for a PC of a live site: only these open incidents and stand in lists. */
export function alerts(core: Core, pc: string): boolean {
  return core.known.get(pc)?.alerts === true;
}

/** What a site may be one of the many of: its line, its provider, its state, the nation. */
function causesAbove(path: string, { isp, linkId }: Pick<KnownPc, 'isp' | 'linkId'> = {}): string[] {
  const named = (kind: CauseKind, name: string | undefined) => (name === undefined ? [] : [causeScope(kind, name)]);
  const line = linkId === undefined ? undefined : [isp, linkId].filter((part) => part !== undefined).join(' ');
  return [...named('link', line), ...named('provider', isp), causeScope('state', stateOf(path)), causeScope('nation', '')];
}

/** Follows the room of one PC, if it alerts. */
export function followPc(core: Core, pc: string, now: number): void {
  const record = core.memory.pcs.get(pc);
  if (record === undefined || !alerts(core, pc)) return;
  core.unknown[unknownFaults(record).length > 0 ? 'add' : 'delete'](pc);
  setCentre(core, { fault: 'centre.unknown_fault', device: '', standing: core.unknown.size > 0, name: pc }, now);
  const unreadable = (core.asking.get(pc)?.unreadable ?? 0) >= unreadableLimit;
  const said = sceneOfPc(isMissed(core, record, now) ? { ...record, unheard: false } : record, unreadable, now);
  // What a room says of its devices is evidence for others too. What is frozen stays as it was.
  if (record.presence === 'online') core.spreads.seen(pc, [...said.standing.values()], now);
  const isOld = isUnread(core, pc, now);
  const explained = { explained: explainedIn(core, record, now), isNeeded: neededIn(core, pc, now) };
  const scene = { ...said, isOld, unsteadyAt: core.drops.unsteadyAt(pc, now), ...explained };
  followScope(core, { scope: pc, scene: core.noise.isMuted(pc) ? muted(core, { pc, scene }, now) : scene }, now);
}

/** A PC of the list of those that do not answer is notified to its room before a meeting there, and from then on until it answers. */
function isMissed({ memory, options }: Core, { pc, unheard }: PcRecord, now: number): boolean {
  const isFollowed = memory.openIncident(pc)?.faults.some(({ key }) => key === silence) === true;
  return unheard && (isFollowed || options.isMeetingNear?.(pc, now) === true);
}

const ofPower: readonly string[] = ['power.on_battery', 'power.battery_low'];

/**
 * Which cause of many, or which fault of the same battery, is notified in the place of a fault of this room.
 * Guarantee: two faults of a room never hide each other, and the silence of a PC is hidden by a cause of many alone.
 */
function explainedIn(core: Core, { pc }: PcRecord, now: number): NonNullable<Scene['explained']> {
  const held = core.memory.openIncident(pc)?.faults ?? [];
  // One power cut of a room is one cause: the battery that runs out follows from it.
  const told = held.find(({ fault, goneAt, told: to }) => ofPower.includes(fault) && goneAt === null && to !== null);
  core.waiting.delete(pc);
  return (fault) => {
    const isPower = ofPower.includes(fault.fault);
    if (told !== undefined && fault.told === null && isPower) return told.key;
    const by = fault.key === silence ? core.correlation.explains(pc) : isPower ? powerOf(core, pc, { fault, now }) : undefined;
    return by ?? core.spreads.explains(pc, fault, now);
  };
}

/**
 * Who goes to a room has to know its faults, whatever explains them: before its meetings, and from the morning after one fault came in many rooms.
 * The cause of a site has the meetings of its rooms. That most of the nation went in one minute says nothing of a room: the server itself is cut off.
 */
export function neededIn({ options, correlation }: Core, scope: string, now: number): NonNullable<Scene['isNeeded']> {
  return ({ since }, by) => {
    const kind = causeKindOf(by);
    if (kind === undefined || kind === 'site') return false;
    const { away = [], of = 0 } = correlation.causes.get(by) ?? {};
    if (kind === 'plane' && away.length > mostOfAll * of) return false;
    return options.isMeetingNear?.(scope, now) === true || (kind === 'spread' && now >= morningAfter(since, options.place(scope).timeZone));
  };
}

/** Where more of the sites than this went at once, the line of the server itself may be cut. */
const mostOfAll = 2 / 3;
/** Before the list of nine o'clock is made, so that it stands in it; an office that names no hours is notified then. */
const morning = '08:00';
/** What began so little before is the news of this morning, and waits for the next. */
const leastBeforeMorningMs = 3_600_000;

/**
 * The first morning in this zone that begins an hour or more after `since`: by then whoever was notified of the cause has had his time, and who
 * goes to the room has to know what awaits him there.
 */
export function morningAfter(since: number, timeZone: string): number {
  const local = zonedAt(since + leastBeforeMorningMs, timeZone);
  const today = local.withPlainTime(morning);
  return (Temporal.ZonedDateTime.compare(today, local) >= 0 ? today : local.add({ days: 1 }).withPlainTime(morning)).epochMilliseconds;
}

/** Others of the site may say in a moment that they are on battery too. */
function powerOf(core: Core, pc: string, { fault, now }: { fault: StandingFault; now: number }): string | undefined {
  const site = siteOf(pc);
  const by = core.correlation.explainsPower(site, now);
  if (by === 'waits') core.waiting.add(pc);
  if (by !== undefined || fault.told !== null || now - fault.since >= usualNumbers.powerWaitMs) return by;
  const hasPower = (one: string) => core.memory.pcs.get(one)?.checks.some(({ component }) => component === 'power');
  const mayFollow = core.sites.get(site)?.some((other) => other !== pc && hasPower(other));
  if (mayFollow !== true) return undefined;
  core.waiting.add(pc);
  return 'waits';
}

/** What is followed of a room that is muted: what was told of it, until it ends, and what goes past the mute (R27). */
function muted(core: Core, { pc, scene }: { pc: string; scene: Scene }, now: number): Scene {
  const followed = new Set(core.memory.openIncident(pc)?.faults.map(({ key }) => key));
  const past = new Set(core.noise.past(pc, scene, now));
  return { ...scene, standing: new Map([...scene.standing].filter(([key]) => followed.has(key) || past.has(key))) };
}

/** Closes what is open of a room, with the reason that whoever was told of it hears (R15). */
function closeRoom(core: Core, at: { pc: string; because: string }, now: number): void {
  core.spreads.seen(at.pc, [], now);
  if (core.memory.openIncident(at.pc) !== undefined) followScope(core, { scope: at.pc, scene: sceneOver(at.because) }, now);
}

/** Follows the one list of PCs that nobody heard since a receive gap, or ever: one that never came is not critical. Before a meeting its room is followed too. */
export function followUnheard(core: Core, now: number): void {
  core.listChanged = false;
  const list = [...core.memory.pcs.values()].filter((record) => record.unheard && record.presence === 'silent' && alerts(core, record.pc));
  const unheard = list.map(({ pc, heardAt }) => {
    const fault = standingFault('centre.unheard', pc, now);
    return { ...fault, name: nameOf(core, pc), severity: heardAt === null ? ('major' as const) : fault.severity };
  });
  followScope(core, { scope: 'centre/unheard', scene: sceneOfList(unheard) }, now);
  for (const record of list) if (isMissed(core, record, now)) followPc(core, record.pc, now);
}

function nameOf({ options }: Core, pc: string): string {
  const { room, site } = options.place(pc);
  return `${room.en}, ${site.en}`;
}

type CentreFault = { fault: string; device: string; standing: boolean; name?: string; reason?: string };

/** Says of a fault of the centre's own whether it stands. */
export function setCentre(core: Core, said: CentreFault, now: number): void {
  const { fault, device, standing, name = device, reason = null } = said;
  const key = faultKey(fault, device);
  if (core.centre.has(key) === standing) return;
  if (standing) core.centre.set(key, { ...standingFault(fault, device, now), name: name || null, reason });
  else core.centre.delete(key);
  followCentre(core, now);
}

/** Follows what ails the centre itself. */
export function followCentre(core: Core, now: number): void {
  followScope(core, { scope: 'centre', scene: sceneOfList(core.centre.values()) }, now);
}

const excesses: Record<Excess, string> = {
  alerts: 'its alerts change too often, so they are only counted',
  events: 'it writes more events than it may',
  words: 'it speaks more often than it may',
  spools: 'its spool goes back and forth',
  changes: 'what it says changes too often to be kept',
};

/** A PC is beyond its budget: it is named once, and where its alerts are too many nothing more is told of its room (R27). */
export function setNoisy(core: Core, { pc, what }: { pc: string; what: Excess }, now: number): void {
  if (core.noise.isMuted(pc)) hush(core, pc, now);
  setCentre(core, { fault: 'pc.noisy', device: pc, standing: true, name: nameOf(core, pc), reason: excesses[what] }, now);
}

function hush(core: Core, pc: string, now: number): void {
  const { memory, transitions } = core;
  const incident = memory.openIncident(pc);
  for (const one of memory.liveScope(pc)) transitions.mute(one, 'counted: its PC is noisy');
  if (incident === undefined) return;
  const faults = incident.faults.filter(({ told }) => told !== null);
  // What nobody was told of is news again once its PC is quiet.
  if (faults.length > 0) memory.putIncident({ ...incident, faults, severity: worst(faults) });
  else if (owesAnEnd(memory.stepsOf(incident.id))) followScope(core, { scope: pc, scene: sceneOver(excesses.alerts) }, now);
  else memory.putIncident({ ...incident, overAt: now, over: 'closed', closedBecause: excesses.alerts });
}

/**
 * Who has more news than is told in an hour is muted; who is muted is followed for what goes past that; who stayed within its budget for an
 * hour is followed again, as it is now.
 */
export function followNoise(core: Core, now: number): void {
  for (const pc of core.transitions.refused(now)) if (core.noise.name(pc, 'alerts', now)) setNoisy(core, { pc, what: 'alerts' }, now);
  for (const pc of core.noise.muted()) followPc(core, pc, now);
  for (const { pc, untold } of core.noise.quiet(now)) {
    core.memory.add(`noisy/${pc}`, { op: 'step', at: now, who: pc, what: 'noisy no more', about: `${untold} alerts were only counted` });
    setCentre(core, { fault: 'pc.noisy', device: pc, standing: false }, now);
    const record = core.memory.pcs.get(pc);
    if (record !== undefined) addChanges(core, pc, core.history.shown(record, now));
    followPc(core, pc, now);
  }
}

/** What is followed: its scene, of a cause of many who it is, why, and who went since people were told of it (`grew`), and of maintenance when it ends. */
export type Followed = { scope: string; scene: Scene; spread?: Spread; grew?: readonly string[]; outage?: ShownOutage; until?: number };

/** Follows one scope: what is new of its incident goes on its way. */
export function followScope(core: Core, { scope, scene, spread, grew = [], outage, until }: Followed, now: number): void {
  const { memory, transitions } = core;
  const record = memory.pcs.get(scope);
  const before = memory.openIncident(scope);
  const ended = memory.endedOf(scope);
  const nothing = { overAt: null, over: null, closedBecause: null, acknowledged: null, faults: [], told: [], notes: [] };
  const fresh = { scope, openedAt: now, severity: 'info', flapping: false, ...nothing } as const;
  const done = follow({ incident: before, scene, ended, now, open: () => ({ id: memory.newId('incident'), ...fresh }) });
  if (done.incident === undefined) return;
  const named = done.incident.over === 'closed' ? { ...done.incident, place: core.options.place(scope) } : done.incident;
  const absence = told(record, named);
  const why = absence === null ? outage : shownOutage(absence);
  const news = withMore(named, done.news, grew);
  const next = { ...named, ...(why && { outage: why }), ...(spread && { spread }), ...(until !== undefined && { until }) };
  const incident = withCause(core, next, scene);
  if (JSON.stringify(before) !== JSON.stringify(incident)) memory.putIncident(incident);
  remember(memory, incident, { ended: done.ended === ended ? undefined : recent(done.ended, now), absence, now });
  const held = core.noise.isMuted(scope);
  const due = core.batches.told(incident, news, now);
  for (const one of due) {
    if (!held && !isEnd(one) && core.noise.stepped(scope, now)) {
      setNoisy(core, { pc: scope, what: 'alerts' }, now);
      break;
    }
    transitions.add(incident, { ...one, held }, now);
  }
  if (due.length > 0) transitions.proceed(incident.id, now);
}

/** Whoever was told of a cause hears that more went with it long after the others: nobody else tells of them. */
function withMore({ faults }: Incident, news: readonly News[], grew: readonly string[]): readonly News[] {
  const known = faults.filter(({ told, hidden, goneAt }) => told !== null && !hidden && goneAt === null);
  const isSaid = known.length === 0 || news.some(({ kind }) => kind === 'raised' || kind === 'worsened');
  return grew.length === 0 || isSaid ? news : [...news, { kind: 'worsened', faults: known, grew }];
}

/** With the incident of what explains a fault of it, the last time. */
function withCause({ memory }: Core, incident: Incident, { explained }: Scene): Incident {
  const by = incident.faults.map((fault) => explained?.(fault)).find((scope) => scope !== undefined && causeKindOf(scope) !== undefined);
  const parent = by === undefined ? undefined : memory.openIncident(by)?.id;
  return parent === undefined || incident.over !== null ? incident : { ...incident, parent };
}

/** The absence that an incident tells of, from when it says that the PC is silent. */
function told(record: PcRecord | undefined, { id, faults }: Incident): Absence | null {
  const absence = record?.absence ?? null;
  if (absence === null || absence.incident === id) return absence;
  return faults.some(({ fault }) => fault === 'pc.silent') ? { ...absence, incident: id } : null;
}

/** From when silence counts: our own last SUBACK, or when the PC began to be expected, if that was later. */
export function listeningSince({ subscribedAt, expectedSince }: Core, pc: string): number | null {
  const since = expectedSince.get(pc);
  return subscribedAt === null || since === undefined ? subscribedAt : Math.max(subscribedAt, since);
}

/** The known PCs of a site; none of one that is not known. */
export function pcsOf({ sites }: { sites: ReadonlyMap<string, string[]> }, site: string): readonly string[] {
  return sites.get(site) ?? [];
}

/** What is said of an absence. */
export function shownOutage({ cause, confidence, from, to }: Absence): ShownOutage {
  return { cause, confidence, from, to };
}

type Remembered = { ended: Record<string, number> | undefined; absence: Absence | null; now: number };

/** What a scope remembers beside its incident: a room in the record of its PC, with why it is away and what people were told of; the centre in this memory. */
function remember(memory: Memory, incident: Incident, { ended, absence, now }: Remembered): void {
  const { scope } = incident;
  const record = memory.pcs.get(scope);
  if (record === undefined) return ended && memory.putEnded(scope, ended);
  const past = incident.over === null ? undefined : pastOf(incident, record, now);
  const isAway = absence !== null && absence !== record.absence;
  const next = { ...(ended && { ended }), ...(isAway && { absence }), ...(past && { past }) };
  if (Object.keys(next).length > 0) memory.putPc({ ...record, ...next }, true);
}

/** So many faults of a room are named in its next message. */
const pastKept = 3;

/** What people were told of in a room, for the message of its next incident; undefined where they were told of nothing new. */
function pastOf({ faults, ended = [] }: Incident, { past = [] }: PcRecord, now: number): PcRecord['past'] {
  const keys = new Set(faults.map(({ key }) => key));
  const known = [...ended.filter(({ key }) => !keys.has(key)), ...faults].filter((one) => one.told !== null);
  const fresh = known.map(({ fault, name, since }) => ({ fault, name, at: Math.min(since, now) })).toSorted((a, b) => b.at - a.at);
  return fresh.length > 0 ? [...fresh, ...past].slice(0, pastKept) : undefined;
}

function recent(ended: Record<string, number>, now: number): Record<string, number> {
  const late = Object.entries(ended).filter(([, at]) => now - at < endedMemoryMs);
  const { most } = budgets.remembered;
  return Object.fromEntries(late.length > most ? late.toSorted((a, b) => b[1] - a[1]).slice(0, most) : late);
}

// Applies a change of the site table to the records of PCs and the incidents of rooms (R15).

type Known = Omit<Extract<CentreEvent, { type: 'known' }>, 'type'>;

/** Takes the PCs of another site table: closes what is open of rooms that no longer alert, and opens what stands in rooms that now do. */
export function setKnown(core: Core, { pcs, because, replaced }: Known, now: number): void {
  const before = new Map(core.known);
  core.known.clear();
  for (const known of pcs) core.known.set(known.pc, known);
  core.sites = Map.groupBy(core.known.keys(), siteOf);
  core.above = new Map([...core.sites].map(([site, [first = '']]) => [site, causesAbove(first, core.known.get(first))]));
  core.regions = byRegion([...core.sites.keys()], (site) => core.above.get(site) ?? []);
  for (const pc of replaced) renew(core, { pc, because: because[pc] ?? 'replaced' }, now);
  for (const known of pcs) admit(core, { ...known, wasKnown: before.has(known.pc) }, now);
  const rooms = core.memory.openScopes().filter((scope) => core.memory.pcs.has(scope) && !alerts(core, scope));
  for (const pc of rooms) closeRoom(core, { pc, because: because[pc] ?? usualWhy(core.known.has(pc)) }, now);
  closeSites(core, because, now);
  for (const pc of before.keys()) if (!core.known.has(pc)) forgetPc(core, pc, now);
  for (const { pc } of pcs) {
    if (!alerts(core, pc) || before.get(pc)?.alerts) continue;
    // The PC alerts from now on: its standing faults are raised. If it is silent already, that is its own fault and not one of a gap in our hearing.
    core.expectedSince.set(pc, now);
    const record = core.memory.pcs.get(pc);
    if (record?.unheard) putRecord(core, { ...record, unheard: false }, now);
    followPc(core, pc, now);
  }
  followUnheard(core, now);
}

/**
 * PCs that the broker lets in no more are stopped at once: nobody waits for their silence, nor for one that said it would be back, and the will
 * of their last session says nothing.
 */
export function shutOut(core: Core, pcs: readonly string[], now: number): void {
  for (const pc of pcs) {
    const record = core.memory.pcs.get(pc);
    if (record === undefined || record.presence === 'never' || !core.known.has(pc)) continue;
    core.listChanged ||= record.unheard;
    putRecord(core, { ...record, presence: 'stopped', lostAt: null, unheard: false, bye: null }, now);
    followPc(core, pc, now);
  }
  const sites = new Set(pcs.map(siteOf));
  // One that alerts is there, or away without having been shut out.
  const isSeen = (pc: string) => {
    const { presence = 'never', bye = null } = core.memory.pcs.get(pc) ?? {};
    return alerts(core, pc) && presence !== 'never' && (presence !== 'stopped' || bye !== null);
  };
  const isOver = (all: readonly string[]) => all.some((site) => sites.has(site)) && !all.some((site) => pcsOf(core, site).some(isSeen));
  closeCauses(core, (all) => (isOver(all) ? 'revoked' : undefined), now);
}

/** A PC that was away from the table may have said anything meanwhile: whether it is there is judged anew, and from now on (R18). */
function admit(core: Core, { pc, link, wasKnown }: Pick<KnownPc, 'pc' | 'link'> & { wasKnown: boolean }, now: number): void {
  const record = core.memory.pcs.get(pc);
  if (!wasKnown) core.expectedSince.set(pc, now);
  if (record === undefined) return putRecord(core, newRecord(pc, link), now);
  const unseen = { heardAt: null, lostAt: null, unheard: false, bye: null, absence: null };
  if (!wasKnown) return putRecord(core, { ...record, link, presence: 'never', ...unseen }, now);
  if (record.link !== link) putRecord(core, { ...record, link }, now);
}

/** Sites of which nothing alerts any more do not answer again by that: what is open of them as one cause ends like their rooms. */
function closeSites(core: Core, because: Known['because'], now: number): void {
  const whyOver = (sites: readonly string[]) => {
    if (sites.some((site) => pcsOf(core, site).some((pc) => alerts(core, pc)))) return undefined;
    const own = Object.keys(because).find((pc) => sites.includes(siteOf(pc)));
    return because[own ?? ''] ?? usualWhy(sites.some((site) => pcsOf(core, site).length > 0));
  };
  closeCauses(core, whyOver, now);
}

/** Closes incidents of sites with a common cause that can no longer end by a return; `whyOver` names the reason, or undefined to keep one open. */
function closeCauses(core: Core, whyOver: (sites: readonly string[]) => string | undefined, now: number): void {
  for (const scope of core.memory.openScopes()) {
    const kind = causeKindOf(scope);
    if (kind === undefined || kind === 'spread') continue;
    const sites = kind === 'site' ? [nameInScope(scope)] : (core.memory.openIncident(scope)?.spread?.members ?? []);
    const why = sites.length === 0 ? undefined : whyOver(sites);
    if (why === undefined) continue;
    core.correlation.drop(scope);
    followScope(core, { scope, scene: sceneOver(why) }, now);
  }
}

function usualWhy(isKnown: boolean): string {
  return isKnown ? 'site no longer live' : 'no longer in the site table';
}

/** Another machine stands in the room, or will one day: what was known of the old one is forgotten. */
function renew(core: Core, at: { pc: string; because: string }, now: number): void {
  const { pc } = at;
  const record = core.memory.pcs.get(pc);
  if (record === undefined) return;
  closeRoom(core, at, now);
  forgetPc(core, pc, now);
  core.expectedSince.set(pc, now);
  putRecord(core, recordAfter(record, now), now);
}

function forgetPc(core: Core, pc: string, now: number): void {
  core.asking.delete(pc);
  core.current.delete(pc);
  core.expectedSince.delete(pc);
  core.unknown.delete(pc);
  core.drops.forget(pc);
  core.history.forget(pc);
  core.spreads.forgetPc(pc, now);
  if (core.noise.forget(pc)) setCentre(core, { fault: 'pc.noisy', device: pc, standing: false }, now);
}
