/** The parts of a nation, the life of a site, and whether its rooms are ready for a meeting. */
import { faultOf } from './faults.ts';
import { noneExpected } from './reasons.ts';
import { bySeverity, type Check, type Presence, type Status } from './states.ts';

/** Only a `live` site alerts and counts; `commissioning` is being set up; a `closed` one is history. */
export const siteStages = ['planned', 'commissioning', 'live', 'closed'] as const;
export type SiteStage = (typeof siteStages)[number];

/** Worst first: of several rooms the worst counts for the site. */
export const readinesses = ['not-ready', 'unknown', 'ready'] as const;
export type Readiness = (typeof readinesses)[number];

/** The components that a meeting needs: one of them unknown, and nobody can say that the room is ready. */
export const meetingComponents: readonly string[] = ['microphone', 'camera', 'speaker'];

/** What people read of a check: `unproven` is a device of the meeting that is there and open, whose sound or picture nobody has proven. */
export type Answer = Status | 'unproven';

/** The answer of a check. Guarantee: no device of a meeting is said to work before its sound or picture is proven. */
export function answerOf({ component, status, reason }: Pick<Check, 'component' | 'status' | 'reason'>): Answer {
  return status === 'ok' && reason !== noneExpected && meetingComponents.includes(component) ? 'unproven' : status;
}

/** Why a room is not ready or not known: the gravest check, or its presence where the PC does not talk. */
export type Why = { component: string; fault: string | null; reason: string | null };
/** The readiness of a room; `why` is null where it is ready. */
export type ReadinessVerdict = { readiness: Readiness; why: Why | null };

/**
 * Whether a room is ready as far as its checks know (DESIGN, decision 5): no critical or major fault, and every meeting component known.
 * Guarantee: a PC that does not talk, says nothing, or cannot tell is never ready.
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

/** Sorts the worst first. */
export function byReadiness(a: Readiness, b: Readiness): number {
  return readinesses.indexOf(a) - readinesses.indexOf(b);
}

function severityOf(check: Check) {
  return faultOf(check.fault ?? '')?.severity ?? 'major';
}

function whyOf({ component, fault, reason }: Check): Why {
  return { component, fault, reason };
}

/** True where a path is the scope or lies in it; '' is everywhere. */
export function isWithin(scope: string, path: string): boolean {
  return scope === '' || path === scope || path.startsWith(`${scope}/`);
}

/** Groups of sites stand beside the tree: a division, a circle, a district, a block. A site is in any number of them. */
const groupMark = 'group:';

/** The scope of a group, written so that no path reads like it. */
export function groupScope(group: string): string {
  return groupMark + group;
}

/** The group that a scope names; undefined for a path. */
export function groupOfScope(scope: string): string | undefined {
  return scope.startsWith(groupMark) ? scope.slice(groupMark.length) : undefined;
}
