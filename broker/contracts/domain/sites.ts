/** Scopes, stages of a site, and the readiness of its rooms for a meeting. */
import { faultOf } from './faults.ts';
import { noneExpected } from './reasons.ts';
import { bySeverity, type Check, type Presence, type Status } from './states.ts';

/** Only a `live` site causes notifications and counts. `commissioning` is the setup. A `closed` site is history. */
export const siteStages = ['planned', 'commissioning', 'live', 'closed'] as const;
export type SiteStage = (typeof siteStages)[number];

/** Worst first: the worst room determines the readiness of its site. */
export const readinesses = ['not-ready', 'unknown', 'ready'] as const;
export type Readiness = (typeof readinesses)[number];

/** Components that a meeting needs. If one of them is unknown, the readiness of the room is unknown. */
export const meetingComponents: readonly string[] = ['microphone', 'camera', 'speaker'];

/** Status shown to people. `unproven`: a meeting device is present and open, but its sound or picture is not proven. */
export type ShownStatus = Status | 'unproven';

/** Returns the shown status. Guarantee: no meeting device is reported as working before its sound or picture is proven. */
export function shownStatus({ component, status, reason }: Pick<Check, 'component' | 'status' | 'reason'>): ShownStatus {
  return status === 'ok' && reason !== noneExpected && meetingComponents.includes(component) ? 'unproven' : status;
}

/** Why a room is not ready or unknown: the most severe check, or the presence of an offline PC. */
export type ReadinessReason = { component: string; fault: string | null; reason: string | null };
export type ReadinessVerdict = { readiness: Readiness; why: ReadinessReason | null };

/**
 * Derives the readiness of a room (DESIGN, decision 5): no critical or major fault, and every meeting component known.
 * Guarantee: a PC that is offline, has no checks, or has an unknown meeting component is never ready.
 */
export function readinessOf({ presence, checks }: { presence: Presence; checks: readonly Check[] }): ReadinessVerdict {
  if (presence !== 'online') return { readiness: 'unknown', why: { component: 'pc', fault: null, reason: presence } };
  const grave = checks.filter((check) => check.status === 'fault' && bySeverity(severityOf(check), 'major') <= 0);
  const worst = grave.sort((a, b) => bySeverity(severityOf(a), severityOf(b)))[0];
  if (worst !== undefined) return { readiness: 'not-ready', why: whyOf(worst) };
  const needed = checks.filter((check) => meetingComponents.includes(check.component));
  const unknown = needed.find((check) => check.status === 'unknown');
  if (unknown !== undefined) return { readiness: 'unknown', why: whyOf(unknown) };
  if (needed.length === 0) return { readiness: 'unknown', why: { component: 'pc', fault: null, reason: 'no checks' } };
  return { readiness: 'ready', why: null };
}

export function byReadiness(a: Readiness, b: Readiness): number {
  return readinesses.indexOf(a) - readinesses.indexOf(b);
}

function severityOf(check: Check) {
  return faultOf(check.fault ?? '')?.severity ?? 'major';
}

function whyOf({ component, fault, reason }: Check): ReadinessReason {
  return { component, fault, reason };
}

/** Returns true if a path equals the scope or lies in it. '' is everywhere. */
export function isWithin(scope: string, path: string): boolean {
  return scope === '' || path === scope || path.startsWith(`${scope}/`);
}

/** Groups of sites besides the tree: a division, a circle, a district, a block. A site may be in several. */
const groupMark = 'group:';

/** Returns the scope of a group, in a form that no path can have. */
export function groupScope(group: string): string {
  return groupMark + group;
}

/** Returns the group of a scope; undefined for a path. */
export function groupOfScope(scope: string): string | undefined {
  return scope.startsWith(groupMark) ? scope.slice(groupMark.length) : undefined;
}
