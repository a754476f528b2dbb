/** One incident per room, with its faults as children: a pure step from what stood to what stands (R14, R15, R21). */
import { budgets, bySeverity, faultOf, maintenanceFault, type Severity, type TransitionKind } from '@sabha/contracts';
import { woken } from '../handling/handling.ts';
import { returns } from '../outages/pc.ts';
import type { FaultNews, Incident, News, PcRecord, StandingFault } from '../records/incidents.ts';

/** So many breaks within a window are flapping, as ISA-18.2 counts the activations of a chattering alarm. Two are a repair that failed once. */
const flapBreaks = 3;
const flapWindowMs = 60 * 60_000;
/** A fault that flaps, or came back within `returnMs` of its end, stays open and ends only after `calmMs` without it. */
const returnMs = 30 * 60_000;
const calmMs = 10 * 60_000;
/** A minor fault that flaps over a working day ends only after two hours without it: each break would be a message that changes nothing. */
const minorWindowMs = 8 * 3_600_000;
const minorCalmMs = 2 * 3_600_000;
/** For so long it is remembered of a scope when its faults broke and ended. */
export const endedMemoryMs: number = minorWindowMs;
/** Good news of a part waits so long for the rest of it: whoever plugs a hub in brings back all that hangs on it, within seconds. */
const restWaitMs = 30_000;

/** True for the end of what stood: whoever was told of it hears of its end, and it is no step that counts (R27). */
export function isEnd({ kind }: { kind: TransitionKind }): boolean {
  return kind === 'cleared' || kind === 'closed' || kind === 'eased';
}

/**
 * Follows a scope: joins what newly stands, freezes what is unknown, ends what is gone for its clear time or no longer checked.
 * `ended` remembers when each fault ended or came back, and its last breaks under `KEY#1` to `KEY#3`. `open` makes a new incident.
 */
export function follow(at: {
  incident: Incident | undefined;
  scene: Scene;
  ended: Record<string, number>;
  now: number;
  open(): Incident;
}): { incident: Incident | undefined; news: News[]; ended: Record<string, number> } {
  const { incident, scene, ended: remembered, now, open } = at;
  const before = incident?.faults ?? [];
  const ended = withDrops(remembered, scene, before);
  const held = before.map((fault) => updated(fault, scene, now));
  const ends: StandingFault[] = [];
  const kept: StandingFault[] = [];
  for (const fault of held) (isOver(fault, { scene, ended, now }) ? ends : kept).push(fault);
  ends.push(...tooMany(kept));
  const known = new Set(held.map((fault) => fault.key));
  const unsaid = { goneAt: null, unknownSince: null, hidden: false, told: null };
  const fresh = [...scene.standing.values()].filter((one) => !known.has(one.key));
  const joined = fresh.map((one) => ({ ...one, since: Math.min(one.since, now), ...unsaid }));
  const faults = withHidden([...kept, ...joined], scene, now);
  const endedNow = endedIn(incident, ends, faults);
  if (incident === undefined && joined.length === 0) return { incident: undefined, news: [], ended };
  const returned = before.filter((fault) => fault.goneAt !== null && scene.faultState(fault.key) === 'standing');
  const marks = [...ends, ...returned].map((fault) => [fault.key, now] as const);
  const broken = [...joined, ...returned].map(({ key }) => key);
  const isMarked = marks.length + broken.length > 0;
  const nextEnded = isMarked ? withBreaks({ ...ended, ...Object.fromEntries(marks) }, broken, now) : ended;
  const base = incident ?? open();
  if (faults.length === 0) return { ...over(base, { ends, ended: endedNow }, { scene, now }), ended: nextEnded };
  const severity = worst(faults);
  const eased = easedOf(endedNow, faults, { ended, now });
  const said = eased.length === 0 ? endedNow : endedNow.map((fault) => ({ ...fault, said: true }));
  const next: Incident = {
    ...base,
    faults,
    severity,
    flapping: oneFlaps(faults, nextEnded),
    ...((base.ended !== undefined || said.length > 0) && { ended: said }),
  };
  const news = newsOf({ before, eased, faults, isNew: incident === undefined });
  return { incident: takenBack(next, news, now), news, ended: nextEnded };
}

/** The silence of a PC that loses its session again and again flaps from the first, and until it keeps one (R15). */
function withDrops(ended: Record<string, number>, { unsteadyAt, standing }: Scene, before: readonly StandingFault[]) {
  const isSilence = standing.has(silence) || before.some(({ key }) => key === silence);
  if (!isSilence || typeof unsteadyAt !== 'number' || (ended[silence] ?? 0) >= unsteadyAt) return ended;
  return withBreaks({ ...ended, [silence]: unsteadyAt }, new Array(flapBreaks).fill(silence), unsteadyAt);
}

/** With one more break of each of these faults. */
function withBreaks(ended: Record<string, number>, keys: Iterable<string>, now: number): Record<string, number> {
  const next = { ...ended };
  for (const key of keys) {
    const last = [now, ...breaksOf(next, key)].slice(0, flapBreaks);
    for (const [nth, at] of last.entries()) next[`${key}#${nth + 1}`] = at;
  }
  return next;
}

/** Takes out of the faults of a room the oldest of those that are frozen, where they are more than are ever remembered (R27). */
function tooMany(kept: StandingFault[]): StandingFault[] {
  const frozen = kept.filter(({ unknownSince }) => unknownSince !== null);
  const over = new Set(frozen.slice(0, Math.max(0, frozen.length - budgets.faults.most)));
  if (over.size > 0) kept.splice(0, kept.length, ...kept.filter((fault) => !over.has(fault)));
  return [...over];
}

/** The most severe of the faults that are not hidden. */
export function worst(faults: readonly StandingFault[]): Severity {
  const seen = faults.filter((fault) => !fault.hidden);
  return seen.map((fault) => fault.severity).sort(bySeverity)[0] ?? 'info';
}

/**
 * When a fault that is gone will be over, unless it comes back: after its catalogue time, or after the long calm of one that came back or flaps. One
 * of the centre's own that came back is watched for half an hour: nothing else limits how often central is notified of it.
 */
export function watchedUntil({ key, fault, device, since, goneAt }: StandingFault, ended: Record<string, number>): number {
  if (goneAt === null) return Number.POSITIVE_INFINITY;
  const clearAt = goneAt + (faultOf(fault)?.clearMs ?? 0);
  const returnsUntil = (ended[key] ?? Number.NEGATIVE_INFINITY) + returnMs;
  if (fault.startsWith('centre.') && since < returnsUntil) return goneAt + returnMs;
  if (oneFlaps([{ fault, device }], ended)) return Math.max(clearAt, goneAt + (isMinor(fault) ? minorCalmMs : calmMs));
  const calmAt = goneAt + calmMs;
  return calmAt < returnsUntil ? calmAt : Math.max(returnsUntil, clearAt);
}

/** True if one of these faults has come and gone several times lately. Maintenance follows its plan and never flaps. */
export function oneFlaps(faults: readonly Pick<FaultNews, 'fault' | 'device'>[], ended: Record<string, number>): boolean {
  return faults.some(({ fault, device }) => {
    const breaks = fault === maintenanceFault ? [] : breaksOf(ended, faultKey(fault, device));
    return breaks.length === flapBreaks && Math.max(...breaks) - Math.min(...breaks) < (isMinor(fault) ? minorWindowMs : flapWindowMs);
  });
}

/** The last breaks of a fault, the newest first. */
function breaksOf(ended: Record<string, number>, key: string): number[] {
  return Array.from({ length: flapBreaks }, (_, nth) => ended[`${key}#${nth + 1}`]).filter((at) => at !== undefined);
}

function isMinor(fault: string): boolean {
  return faultOf(fault)?.severity === 'minor';
}

function updated(fault: StandingFault, scene: Scene, now: number): StandingFault {
  const state = scene.faultState(fault.key);
  if (state === 'standing') {
    const seen = scene.standing.get(fault.key);
    return { ...fault, name: seen?.name ?? fault.name, reason: seen?.reason ?? null, goneAt: null, unknownSince: null };
  }
  if (state === 'unknown') return { ...fault, goneAt: null, unknownSince: fault.unknownSince ?? now };
  const goneAt = fault.goneAt ?? now;
  const unsteadyAt = fault.key === silence ? (scene.unsteadyAt ?? goneAt) : goneAt;
  return { ...fault, goneAt: Math.max(goneAt, unsteadyAt), unknownSince: null };
}

type Ending = { scene: Scene; ended: Record<string, number>; now: number };

function isOver(fault: StandingFault, { scene, ended, now }: Ending): boolean {
  const state = scene.faultState(fault.key);
  if (state === 'absent') return true;
  return state === 'gone' && scene.isOld !== true && now >= watchedUntil(fault, ended);
}

function withHidden(faults: StandingFault[], { explained, isNeeded }: Scene, now: number): StandingFault[] {
  // While it stands and until its clear time is over; not for the long calm of one that flaps, in which nobody would be told of what it explains no more.
  const hides = ({ fault, goneAt }: StandingFault) => goneAt === null || now - goneAt < (faultOf(fault)?.clearMs ?? 0);
  const hiding = new Set(faults.filter(hides).map(({ fault }) => fault));
  return faults.map((before) => {
    const { explained: wasNeeded, ...fault } = before;
    const by = explained?.(fault);
    const needed = by !== undefined && isNeeded?.(fault, by) === true;
    // What people know of waits for nobody.
    const isExplained = by !== undefined && !needed && (by !== 'waits' || fault.told === null);
    const hidden = isExplained || (faultOf(fault.fault)?.parents ?? []).some((parent) => hiding.has(parent));
    // After its meeting the cause stands for it again, and before the next meeting it is news again.
    return { ...fault, hidden, told: wasNeeded && hidden ? null : fault.told, ...(needed && { explained: true }) };
  });
}

type Ended = NonNullable<Incident['ended']>;

/** What people were told of in an incident and what is over by now; what stands again is not. */
function endedIn(incident: Incident | undefined, ends: readonly StandingFault[], faults: readonly StandingFault[]): Ended {
  const standing = new Set([...faults, ...ends].map(({ key }) => key));
  const earlier = (incident?.ended ?? []).filter(({ key }) => !standing.has(key));
  const late = ends.filter(({ told }) => told !== null).map((fault) => ({ ...fault, said: false }));
  return [...earlier, ...late].slice(-budgets.faults.most);
}

/** What is told as better: all that ended and was not said yet, unless something worse is left, or what explains it, or the all-clear says it in a moment. */
function easedOf(ended: Ended, left: readonly StandingFault[], at: Pick<Ending, 'ended' | 'now'>): Ended {
  // What is left has ended too, and nobody was told of it, or it is over in a moment.
  const isSoonOver = (one: StandingFault) => watchedUntil(one, at.ended) - at.now <= restWaitMs;
  if (left.every((one) => one.goneAt !== null && (one.told === null || isSoonOver(one)))) return [];
  const unsaid = ended.filter(({ said }) => !said);
  // Of a PC that answers again its first state says in a moment what else is left.
  const isJustBack = ({ key, goneAt }: StandingFault) => key === silence && at.now - (goneAt ?? at.now) < restWaitMs;
  if (unsaid.some(isJustBack)) return [];
  const isLeft = (one: StandingFault) =>
    left.some(
      ({ hidden, fault, severity }) => !hidden && (bySeverity(severity, one.severity) < 0 || faultOf(one.fault)?.parents.includes(fault)),
    );
  return unsaid.some(isLeft) ? [] : unsaid;
}

/** The end of an incident sums up its room: all that people were told of in it. */
function over(
  base: Incident,
  { ends, ended }: { ends: StandingFault[]; ended: Ended },
  { scene, now }: Omit<Ending, 'ended'>,
): { incident: Incident; news: News[] } {
  const closed = ends.length > 0 && ends.every((fault) => scene.faultState(fault.key) === 'absent');
  const kind = closed ? 'closed' : 'cleared';
  const incident: Incident = { ...base, faults: ends, overAt: now, over: kind, closedBecause: closed ? scene.because : null };
  const faults = summedUp(ends, ended);
  return { incident, news: [{ kind, faults }] };
}

/** What the end of an incident that is over was told of, the most severe first. */
export function endOf(incident: Incident): StandingFault[] {
  return summedUp(incident.faults, endedIn(incident, incident.faults, []));
}

function summedUp(ends: readonly StandingFault[], ended: Ended): StandingFault[] {
  const seen = ends.filter(({ hidden }) => !hidden);
  const known = ended.length > 0 ? ended : seen;
  return (known.length > 0 ? known : ends).toSorted((a, b) => bySeverity(a.severity, b.severity) || a.since - b.since);
}

function newsOf(at: { before: readonly StandingFault[]; eased: StandingFault[]; faults: StandingFault[]; isNew: boolean }): News[] {
  const old = new Map(at.before.map((fault) => [fault.key, fault]));
  const fresh = at.faults.filter((fault) => !fault.hidden && fault.told === null && (old.get(fault.key)?.hidden ?? true));
  const news: News[] = [];
  if (at.eased.length > 0) news.push({ kind: 'eased', faults: at.eased });
  // What stood before was explained by a cause of many, and nobody heard of it: this is the first word.
  const isFirst = at.isNew || at.before.every(({ hidden, told }) => hidden && told === null);
  // What stood while its cause was told in its place has stood for its hold.
  const held = fresh.every(({ explained, key }) => explained === true && old.has(key));
  if (fresh.length > 0) news.push({ kind: isFirst ? 'raised' : 'worsened', faults: fresh, ...(held && { held }) });
  return news;
}

/** What is more severe than what was acknowledged takes the acknowledgement back (R21); that, and what is newly critical, ends a quiet too. */
export function takenBack(incident: Incident, news: News[], now: number): Incident {
  const severities = news.filter(({ kind }) => kind === 'raised' || kind === 'worsened').map(({ faults }) => worst(faults));
  const isOver = (than: Severity | undefined) => severities.some((severity) => isWorse(severity, than));
  const isBroken = severities.includes('critical') || isOver(incident.snoozed?.severity);
  const next = isBroken ? woken(incident, now) : incident;
  return isOver(incident.acknowledged?.severity) ? { ...next, acknowledged: null } : next;
}

/** True where `severity` is more severe than `than`; nothing is worse than nothing. */
export function isWorse(severity: Severity, than: Severity | undefined): boolean {
  return than !== undefined && bySeverity(severity, than) < 0;
}

/** A fault that is true now. */
export type Standing = Pick<StandingFault, 'key' | 'fault' | 'device' | 'name' | 'reason' | 'severity' | 'since'>;

/** `gone` = its check is ok now; `unknown` = nobody can say; `absent` = its check is no longer made. */
type FaultState = 'standing' | 'gone' | 'unknown' | 'absent';

/** What a scope says. */
export type Scene = {
  /** The faults that stand, by key, and what to think of one that does not. */
  standing: ReadonlyMap<string, Standing>;
  faultState(key: string): FaultState;
  /** Why it closes where nothing is checked any more. */
  because: string;
  /** What is seen of it may be old: nothing is over yet by that it was well. */
  isOld?: boolean;
  /** When the session of its PC was last lost, where it is lost again and again. */
  unsteadyAt?: number | null;
  /** The scope of the cause of many that explains a fault, and is told in its place; `waits` where that is not known yet. */
  explained?: (fault: StandingFault) => string | undefined;
  /** True if a fault is notified although the wider cause `by` explains it. */
  isNeeded?: (fault: StandingFault, by: string) => boolean;
};

/** By this a fault of a device is one and the same. */
export function faultKey(fault: string, device: string): string {
  return `${fault}|${device}`;
}

/** A fault with the severity of the catalogue; one that this version does not know is `major`. */
export function standingFault(fault: string, device: string, since: number): Standing {
  const severity = faultOf(fault)?.severity ?? 'major';
  return { key: faultKey(fault, device), fault, device, name: null, reason: null, severity, since };
}

/** The scene of a room. Of a PC that is silent or stopped only its silence is known: the rest is frozen (R14). */
export function sceneOfPc(record: PcRecord, unreadable: boolean, now: number): Scene {
  const talks = record.presence === 'online' || record.presence === 'lost';
  const found: Standing[] = [];
  if (record.presence === 'silent' && !record.unheard)
    found.push({ ...standingFault('pc.silent', '', now), reason: lateReasons[returns(record) ?? 'none'] });
  if (typeof record.clonedAt === 'number') found.push(standingFault('pc.cloned', '', now));
  if (unreadable) found.push(standingFault('agent.unreadable', '', now));
  if (talks) found.push(...faultsOf(record));
  const standing = byKey(found);
  return {
    standing,
    faultState(key) {
      if (standing.has(key)) return 'standing';
      if (ownKeys.has(key)) return 'gone';
      return talks ? faultStateOfChecks(record, key) : 'unknown';
    },
    because: notChecked,
  };
}

/** The ids of faults that a PC reports and this version does not know. */
export function unknownFaults({ checks }: PcRecord): string[] {
  return checks.flatMap(({ status, fault }) => (status === 'fault' && fault !== null && faultOf(fault) === undefined ? [fault] : []));
}

/** What a PC's checks say: the most severe of it, and one fault for all that the catalogue does not know, whose hold nobody wrote down (R27). */
function faultsOf(record: PcRecord): Standing[] {
  const unknown = unknownFaults(record);
  const checks = record.checks.filter(({ status, fault }) => status === 'fault' && fault !== null && faultOf(fault) !== undefined);
  const { most } = budgets.faults;
  const known = checks.map((check) => {
    const made = standingFault(check.fault ?? '', check.device, check.since);
    return { ...made, name: check.name ?? null, reason: check.reason };
  });
  const counted = known.length > most ? known.toSorted((a, b) => bySeverity(a.severity, b.severity)).slice(0, most) : known;
  const since = Math.min(...record.checks.flatMap((one) => (one.fault !== null && unknown.includes(one.fault) ? [one.since] : [])));
  if (unknown.length === 0) return counted;
  const name = unknown.length > 1 ? `${unknown[0]} …` : (unknown[0] ?? null);
  return [...counted, { ...standingFault('agent.unknown_fault', '', since), name }];
}

/** Of one that said that it would be back. */
const lateReasons = { update: 'not back after an update', restart: 'not back after a restart', none: null };

/** The silence of a PC. */
export const silence: string = faultKey('pc.silent', '');
const ownKeys = new Set([silence, 'pc.cloned|', 'agent.unreadable|', 'agent.unknown_fault|']);
const notChecked = 'no longer checked';

/** The scene of a scope of the centre's own: what is not in the list is gone. */
export function sceneOfList(list: Iterable<Standing>): Scene {
  const standing = byKey(list);
  return { standing, faultState: (key) => (standing.has(key) ? 'standing' : 'gone'), because: notChecked };
}

/** A room of which nobody is to hear any more: every fault is absent, for this reason (R15). */
export function sceneOver(because: string): Scene {
  return { standing: new Map(), faultState: () => 'absent', because };
}

/** Of two checks that say the same fault of the same device the first counts. */
function byKey(list: Iterable<Standing>): Map<string, Standing> {
  const standing = new Map<string, Standing>();
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
