/** What stands in a scope: read from a PC's record, or from the centre's own list. */
import { budgets, bySeverity, faultOf } from '@sabha/contracts';
import { returns } from '../outages/pc.ts';
import type { PcRecord, StandingFault } from '../records/incidents.ts';

/** A fault that is true now. */
export type Standing = Pick<StandingFault, 'key' | 'fault' | 'device' | 'name' | 'reason' | 'severity' | 'since'>;

/** `gone` = its check is ok now; `unknown` = nobody can say; `absent` = its check is no longer made. */
export type FaultState = 'standing' | 'gone' | 'unknown' | 'absent';

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
  /** True where a fault is notified although the cause `by` explains it. */
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
  return [
    ...counted,
    { ...standingFault('agent.unknown_fault', '', since), name: unknown.length > 1 ? `${unknown[0]} …` : (unknown[0] ?? null) },
  ];
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
