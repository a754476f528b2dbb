/**
 * Computes the next incident of a scope from the current one: a pure function. R14 (unknown freezes an incident), R15 (close), R21
 * (transitions).
 */
import { budgets, bySeverity, faultOf, maintenanceFault, type Severity, type TransitionKind } from '@sabha/contracts';
import { endSnooze } from '../handling/handling.ts';
import { announcedReturn } from '../outages/pc.ts';
import type { FaultNews, Incident, IncidentChange, IncidentFault, PcRecord } from '../records/incidents.ts';

/**
 * Number of begins and returns of a fault within the window from which it counts as flapping. ISA-18.2 counts a chattering alarm in the
 * same way. Two may be one failed repair.
 */
const flapBreaks = 3;
const flapWindowMs = 60 * 60_000;
/** A fault that flaps, or that returned within `returnMs` of its end, ends only after `quietBeforeEndMs` without it (calm time). */
const returnMs = 30 * 60_000;
const quietBeforeEndMs = 10 * 60_000;
/**
 * A minor fault that began three times within a working day (8 h) ends only after 2 h without it. Otherwise each return would cause a
 * message without news.
 */
const minorWindowMs = 8 * 3_600_000;
const minorQuietBeforeEndMs = 2 * 3_600_000;
/** Time in ms for which the begins, returns and ends of faults are stored, to detect flapping. */
export const endedMemoryMs: number = minorWindowMs;
/**
 * Delay of the change `eased`, ms, so that further faults can end too. When a USB hub is plugged in, all its devices return within seconds.
 */
const easedDelayMs = 30_000;

/**
 * True for the end of a fault. People who know the fault are notified of its end. Ends are exempt from the limit on changes, R27 (budgets:
 * quota and backpressure).
 */
export function isEnd({ kind }: { kind: TransitionKind }): boolean {
  return kind === 'cleared' || kind === 'closed' || kind === 'eased';
}

/**
 * Computes the next incident of a scope, its changes, and the new `ended`. New faults are added. A fault whose check is unknown stays as it
 * is. A fault ends after its clear time, or when its check no longer exists. `ended` maps a fault key to its last end or return. `KEY#1` to
 * `KEY#3` map to the last three times at which the fault began or returned. `open` creates an incident.
 */
export function nextIncident(at: {
  incident: Incident | undefined;
  scene: ScopeState;
  ended: Record<string, number>;
  now: number;
  open(): Incident;
}): { incident: Incident | undefined; news: IncidentChange[]; ended: Record<string, number> } {
  const { incident, scene, ended: remembered, now, open } = at;
  const before = incident?.faults ?? [];
  const ended = countSessionLosses(remembered, scene, before);
  const held = before.map((fault) => updateFault(fault, scene, now));
  const ends: IncidentFault[] = [];
  const kept: IncidentFault[] = [];
  for (const fault of held) (isFaultOver(fault, { scene, ended, now }) ? ends : kept).push(fault);
  ends.push(...removeSurplusFrozen(kept));
  const known = new Set(held.map((fault) => fault.key));
  const unsaid = { goneAt: null, unknownSince: null, hidden: false, told: null };
  const fresh = [...scene.standing.values()].filter((one) => !known.has(one.key));
  const joined = fresh.map((one) => ({ ...one, since: Math.min(one.since, now), ...unsaid }));
  const faults = hideExplained([...kept, ...joined], scene, now);
  const endedNow = notifiedEndedFaults(incident, ends, faults);
  if (incident === undefined && joined.length === 0) return { incident: undefined, news: [], ended };
  const returned = before.filter((fault) => fault.goneAt !== null && scene.faultState(fault.key) === 'standing');
  const marks = [...ends, ...returned].map((fault) => [fault.key, now] as const);
  const broken = [...joined, ...returned].map(({ key }) => key);
  const isMarked = marks.length + broken.length > 0;
  const nextEnded = isMarked ? addBreaks({ ...ended, ...Object.fromEntries(marks) }, broken, now) : ended;
  const base = incident ?? open();
  if (faults.length === 0) return { ...endIncident(base, { ends, ended: endedNow }, { scene, now }), ended: nextEnded };
  const severity = highestSeverity(faults);
  const eased = faultsToReportEased(endedNow, faults, { ended, now });
  const said = eased.length === 0 ? endedNow : endedNow.map((fault) => ({ ...fault, said: true }));
  const next: Incident = {
    ...base,
    faults,
    severity,
    flapping: isAnyFlapping(faults, nextEnded),
    ...((base.ended !== undefined || said.length > 0) && { ended: said }),
  };
  const news = changesBetween({ before, eased, faults, isNew: incident === undefined });
  return { incident: revokeIfWorse(next, news, now), news, ended: nextEnded };
}

/**
 * Marks the silence of a PC that loses its session repeatedly as flapping from its first silence on. The mark ends when the PC keeps a
 * session.
 */
function countSessionLosses(ended: Record<string, number>, { unsteadyAt, standing }: ScopeState, before: readonly IncidentFault[]) {
  const isSilence = standing.has(silenceKey) || before.some(({ key }) => key === silenceKey);
  if (!isSilence || typeof unsteadyAt !== 'number' || (ended[silenceKey] ?? 0) >= unsteadyAt) return ended;
  return addBreaks({ ...ended, [silenceKey]: unsteadyAt }, new Array(flapBreaks).fill(silenceKey), unsteadyAt);
}

/** Adds `now` to the last three times at which each of these faults began or returned. */
function addBreaks(ended: Record<string, number>, keys: Iterable<string>, now: number): Record<string, number> {
  const next = { ...ended };
  for (const key of keys) {
    const last = [now, ...breaksOf(next, key)].slice(0, flapBreaks);
    for (const [nth, at] of last.entries()) next[`${key}#${nth + 1}`] = at;
  }
  return next;
}

/** Removes the oldest faults with an unknown check above the limit of R27 from `kept`, and returns them. */
function removeSurplusFrozen(kept: IncidentFault[]): IncidentFault[] {
  const frozen = kept.filter(({ unknownSince }) => unknownSince !== null);
  const surplus = new Set(frozen.slice(0, Math.max(0, frozen.length - budgets.faults.most)));
  if (surplus.size > 0) kept.splice(0, kept.length, ...kept.filter((fault) => !surplus.has(fault)));
  return [...surplus];
}

/** Returns the highest severity of the faults that are not hidden. */
export function highestSeverity(faults: readonly IncidentFault[]): Severity {
  const seen = faults.filter((fault) => !fault.hidden);
  return seen.map((fault) => fault.severity).sort(bySeverity)[0] ?? 'info';
}

/**
 * Returns when a fault that disappeared has ended, unless it returns before. That is after its clear time, or after the calm time if it
 * returned or flaps. A server fault that had returned within half an hour ends after half an hour, because no other limit applies to
 * notifications of central operations.
 */
export function overUnlessBackAt({ key, fault, device, since, goneAt }: IncidentFault, ended: Record<string, number>): number {
  if (goneAt === null) return Number.POSITIVE_INFINITY;
  const clearAt = goneAt + (faultOf(fault)?.clearMs ?? 0);
  const returnsUntil = (ended[key] ?? Number.NEGATIVE_INFINITY) + returnMs;
  if (fault.startsWith('centre.') && since < returnsUntil) return goneAt + returnMs;
  if (isAnyFlapping([{ fault, device }], ended))
    return Math.max(clearAt, goneAt + (isMinor(fault) ? minorQuietBeforeEndMs : quietBeforeEndMs));
  const calmAt = goneAt + quietBeforeEndMs;
  return calmAt < returnsUntil ? calmAt : Math.max(returnsUntil, clearAt);
}

/** True if one of these faults is flapping. Maintenance follows its plan and never flaps. */
export function isAnyFlapping(faults: readonly Pick<FaultNews, 'fault' | 'device'>[], ended: Record<string, number>): boolean {
  return faults.some(({ fault, device }) => {
    const breaks = fault === maintenanceFault ? [] : breaksOf(ended, faultKey(fault, device));
    return breaks.length === flapBreaks && Math.max(...breaks) - Math.min(...breaks) < (isMinor(fault) ? minorWindowMs : flapWindowMs);
  });
}

function breaksOf(ended: Record<string, number>, key: string): number[] {
  return Array.from({ length: flapBreaks }, (_, nth) => ended[`${key}#${nth + 1}`]).filter((at) => at !== undefined);
}

function isMinor(fault: string): boolean {
  return faultOf(fault)?.severity === 'minor';
}

function updateFault(fault: IncidentFault, scene: ScopeState, now: number): IncidentFault {
  const state = scene.faultState(fault.key);
  if (state === 'standing') {
    const seen = scene.standing.get(fault.key);
    return { ...fault, name: seen?.name ?? fault.name, reason: seen?.reason ?? null, goneAt: null, unknownSince: null };
  }
  if (state === 'unknown') return { ...fault, goneAt: null, unknownSince: fault.unknownSince ?? now };
  const goneAt = fault.goneAt ?? now;
  const unsteadyAt = fault.key === silenceKey ? (scene.unsteadyAt ?? goneAt) : goneAt;
  return { ...fault, goneAt: Math.max(goneAt, unsteadyAt), unknownSince: null };
}

type EndingContext = { scene: ScopeState; ended: Record<string, number>; now: number };

function isFaultOver(fault: IncidentFault, { scene, ended, now }: EndingContext): boolean {
  const state = scene.faultState(fault.key);
  if (state === 'absent') return true;
  return state === 'gone' && scene.isOld !== true && now >= overUnlessBackAt(fault, ended);
}

function hideExplained(faults: IncidentFault[], { explained, isNeeded }: ScopeState, now: number): IncidentFault[] {
  // While a fault is present and during its clear time, it hides the faults that it causes. During the calm time it does not, because the
  // other faults may then have another cause.
  const hides = ({ fault, goneAt }: IncidentFault) => goneAt === null || now - goneAt < (faultOf(fault)?.clearMs ?? 0);
  const hiding = new Set(faults.filter(hides).map(({ fault }) => fault));
  return faults.map((before) => {
    const { explained: wasNeeded, ...fault } = before;
    const by = explained?.(fault);
    const needed = by !== undefined && isNeeded?.(fault, by) === true;
    // If people already know a fault, later messages about it do not wait for a possible group incident.
    const isExplained = by !== undefined && !needed && (by !== 'waits' || fault.told === null);
    const hidden = isExplained || (faultOf(fault.fault)?.parents ?? []).some((parent) => hiding.has(parent));
    // After the meeting the group incident covers the fault again, so people are notified of it again before the next meeting.
    return { ...fault, hidden, told: wasNeeded && hidden ? null : fault.told, ...(needed && { explained: true }) };
  });
}

type EndedFaults = NonNullable<Incident['ended']>;

/**
 * Returns the ended faults of the incident of which people were notified, without those that are present again. The newest are kept, up to
 * the limit of faults.
 */
function notifiedEndedFaults(
  incident: Incident | undefined,
  ends: readonly IncidentFault[],
  faults: readonly IncidentFault[],
): EndedFaults {
  const standing = new Set([...faults, ...ends].map(({ key }) => key));
  const earlier = (incident?.ended ?? []).filter(({ key }) => !standing.has(key));
  const late = ends.filter(({ told }) => told !== null).map((fault) => ({ ...fault, said: false }));
  return [...earlier, ...late].slice(-budgets.faults.most);
}

/**
 * Returns the ended faults whose end people do not know yet, for the change `eased`.
 * Returns none if a worse fault or a parent fault remains, or if the incident is about to be cleared.
 */
function faultsToReportEased(ended: EndedFaults, left: readonly IncidentFault[], at: Pick<EndingContext, 'ended' | 'now'>): EndedFaults {
  // The incident is about to be cleared: every remaining fault has disappeared, and either people do not know it or it ends within
  // `easedDelayMs`.
  const isSoonOver = (one: IncidentFault) => overUnlessBackAt(one, at.ended) - at.now <= easedDelayMs;
  if (left.every((one) => one.goneAt !== null && (one.told === null || isSoonOver(one)))) return [];
  const unsaid = ended.filter(({ said }) => !said);
  // After a PC comes back, its first state will show which faults remain.
  const isJustBack = ({ key, goneAt }: IncidentFault) => key === silenceKey && at.now - (goneAt ?? at.now) < easedDelayMs;
  if (unsaid.some(isJustBack)) return [];
  const isLeft = (one: IncidentFault) =>
    left.some(
      ({ hidden, fault, severity }) => !hidden && (bySeverity(severity, one.severity) < 0 || faultOf(one.fault)?.parents.includes(fault)),
    );
  return unsaid.some(isLeft) ? [] : unsaid;
}

/** Ends the incident. Its last transition lists all faults of which people were notified. */
function endIncident(
  base: Incident,
  { ends, ended }: { ends: IncidentFault[]; ended: EndedFaults },
  { scene, now }: Omit<EndingContext, 'ended'>,
): { incident: Incident; news: IncidentChange[] } {
  const closed = ends.length > 0 && ends.every((fault) => scene.faultState(fault.key) === 'absent');
  const kind = closed ? 'closed' : 'cleared';
  const incident: Incident = { ...base, faults: ends, overAt: now, over: kind, closedBecause: closed ? scene.because : null };
  const faults = faultsForEnd(ends, ended);
  return { incident, news: [{ kind, faults }] };
}

/** Returns the faults that the end of an incident lists, most severe first. */
export function faultsAtEnd(incident: Incident): IncidentFault[] {
  return faultsForEnd(incident.faults, notifiedEndedFaults(incident, incident.faults, []));
}

function faultsForEnd(ends: readonly IncidentFault[], ended: EndedFaults): IncidentFault[] {
  const seen = ends.filter(({ hidden }) => !hidden);
  const known = ended.length > 0 ? ended : seen;
  return (known.length > 0 ? known : ends).toSorted((a, b) => bySeverity(a.severity, b.severity) || a.since - b.since);
}

function changesBetween(at: {
  before: readonly IncidentFault[];
  eased: IncidentFault[];
  faults: IncidentFault[];
  isNew: boolean;
}): IncidentChange[] {
  const old = new Map(at.before.map((fault) => [fault.key, fault]));
  const fresh = at.faults.filter((fault) => !fault.hidden && fault.told === null && (old.get(fault.key)?.hidden ?? true));
  const news: IncidentChange[] = [];
  if (at.eased.length > 0) news.push({ kind: 'eased', faults: at.eased });
  // The change is a first notification, because a group incident hid all earlier faults and people do not know them.
  const isFirst = at.isNew || at.before.every(({ hidden, told }) => hidden && told === null);
  // A fault that was already present while people were notified of its group incident needs no hold.
  const held = fresh.every(({ explained, key }) => explained === true && old.has(key));
  if (fresh.length > 0) news.push({ kind: isFirst ? 'raised' : 'worsened', faults: fresh, ...(held && { held }) });
  return news;
}

/**
 * Revokes the acknowledgement if a new fault is more severe than the acknowledged ones: R21 (transitions). Such a fault, or a new critical
 * one, also ends a snooze.
 */
export function revokeIfWorse(incident: Incident, news: IncidentChange[], now: number): Incident {
  const severities = news.filter(({ kind }) => kind === 'raised' || kind === 'worsened').map(({ faults }) => highestSeverity(faults));
  const isOver = (than: Severity | undefined) => severities.some((severity) => isWorse(severity, than));
  const isBroken = severities.includes('critical') || isOver(incident.snoozed?.severity);
  const next = isBroken ? endSnooze(incident, now) : incident;
  return isOver(incident.acknowledged?.severity) ? { ...next, acknowledged: null } : next;
}

/** True if `severity` is more severe than `than`. False if `than` is undefined. */
export function isWorse(severity: Severity, than: Severity | undefined): boolean {
  return than !== undefined && bySeverity(severity, than) < 0;
}

/** A fault that is present now. */
export type PresentFault = Pick<IncidentFault, 'key' | 'fault' | 'device' | 'name' | 'reason' | 'severity' | 'since'>;

/** `gone`: the check of the fault is ok. `unknown`: that check has no result. `absent`: that check no longer exists. */
type FaultState = 'standing' | 'gone' | 'unknown' | 'absent';

/** The current state of a scope. */
export type ScopeState = {
  /** The present faults, by key. `faultState` also judges faults that are not present. */
  standing: ReadonlyMap<string, PresentFault>;
  faultState(key: string): FaultState;
  /** The reason with which the incident is closed if all of its checks have disappeared. */
  because: string;
  /** The state may be stale, so no fault ends because of it. */
  isOld?: boolean;
  /** When a PC that repeatedly loses its session last lost it. */
  unsteadyAt?: number | null;
  /**
   * Returns the scope of the group incident that covers a fault; people are notified of that incident instead. `waits`: correlation has not
   * decided yet.
   */
  explained?: (fault: IncidentFault) => string | undefined;
  /** True if people are notified of a fault although the group incident `by` covers it. */
  isNeeded?: (fault: IncidentFault, by: string) => boolean;
};

export function faultKey(fault: string, device: string): string {
  return `${fault}|${device}`;
}

/** Creates a fault with the severity of the catalogue, or `major` if this version does not know the fault. */
export function createPresentFault(fault: string, device: string, since: number): PresentFault {
  const severity = faultOf(fault)?.severity ?? 'major';
  return { key: faultKey(fault, device), fault, device, name: null, reason: null, severity, since };
}

/**
 * Returns the state of a room. While its PC is offline, only the silence is known; all other faults count as unknown: R14 (unknown freezes
 * an incident).
 */
export function roomStateOf(record: PcRecord, unreadable: boolean, now: number): ScopeState {
  const talks = record.presence === 'online' || record.presence === 'lost';
  const found: PresentFault[] = [];
  if (record.presence === 'silent' && !record.unheard)
    found.push({ ...createPresentFault('pc.silent', '', now), reason: notBackReasons[announcedReturn(record) ?? 'none'] });
  if (typeof record.clonedAt === 'number') found.push(createPresentFault('pc.cloned', '', now));
  if (unreadable) found.push(createPresentFault('agent.unreadable', '', now));
  if (talks) found.push(...faultsOf(record));
  const standing = byKey(found);
  return {
    standing,
    faultState(key) {
      if (standing.has(key)) return 'standing';
      if (ownKeys.has(key)) return 'gone';
      return talks ? faultStateOfChecks(record, key) : 'unknown';
    },
    because: noLongerChecked,
  };
}

/** Returns the ids of reported faults that this version does not know. */
export function unknownFaults({ checks }: PcRecord): string[] {
  return checks.flatMap(({ status, fault }) => (status === 'fault' && fault !== null && faultOf(fault) === undefined ? [fault] : []));
}

/**
 * Returns the most severe faults of the checks. All faults that the catalogue does not contain become one fault with a defined hold: R27.
 */
function faultsOf(record: PcRecord): PresentFault[] {
  const unknown = unknownFaults(record);
  const checks = record.checks.filter(({ status, fault }) => status === 'fault' && fault !== null && faultOf(fault) !== undefined);
  const { most } = budgets.faults;
  const known = checks.map((check) => {
    const made = createPresentFault(check.fault ?? '', check.device, check.since);
    return { ...made, name: check.name ?? null, reason: check.reason };
  });
  const counted = known.length > most ? known.toSorted((a, b) => bySeverity(a.severity, b.severity)).slice(0, most) : known;
  const since = Math.min(...record.checks.flatMap((one) => (one.fault !== null && unknown.includes(one.fault) ? [one.since] : [])));
  if (unknown.length === 0) return counted;
  const name = unknown.length > 1 ? `${unknown[0]} …` : (unknown[0] ?? null);
  return [...counted, { ...createPresentFault('agent.unknown_fault', '', since), name }];
}

/** Reasons of the silence of a PC that announced a restart or an update, and did not return. */
const notBackReasons = { update: 'not back after an update', restart: 'not back after a restart', none: null };

/** The key of the fault that a PC is silent. */
export const silenceKey: string = faultKey('pc.silent', '');
const ownKeys = new Set([silenceKey, 'pc.cloned|', 'agent.unreadable|', 'agent.unknown_fault|']);
const noLongerChecked = 'no longer checked';

/** Returns the state of a scope from the complete list of its present faults: any other fault is gone, never unknown. */
export function stateOfList(list: Iterable<PresentFault>): ScopeState {
  const standing = byKey(list);
  return { standing, faultState: (key) => (standing.has(key) ? 'standing' : 'gone'), because: noLongerChecked };
}

/** Returns the state of a room that is no longer monitored: each fault is absent, for this reason. R15 (close). */
export function closedState(because: string): ScopeState {
  return { standing: new Map(), faultState: () => 'absent', because };
}

/** Returns the faults by key. If two checks report the same fault of the same device, the first counts. */
function byKey(list: Iterable<PresentFault>): Map<string, PresentFault> {
  const standing = new Map<string, PresentFault>();
  for (const one of list) if (!standing.has(one.key)) standing.set(one.key, one);
  return standing;
}

function faultStateOfChecks(record: PcRecord, key: string): FaultState {
  const [fault = '', device = ''] = key.split('|');
  const component = fault.slice(0, fault.indexOf('.'));
  const check = record.checks.find((one) => one.component === component && one.device === device);
  if (check !== undefined) return check.status === 'unknown' ? 'unknown' : 'gone';
  const whole = record.checks.find((one) => one.component === component && one.device === '');
  return whole?.status === 'unknown' ? 'unknown' : 'absent';
}
