/** What can be said about a check, a PC, an incident; and the digest over it (R11). */
import { createHash } from 'node:crypto';

/** Every check has three answers. A missing tool, a time-out, nobody signed in is `unknown`: never a fault, never ok. */
export const statuses = ['ok', 'fault', 'unknown'] as const;
export type Status = (typeof statuses)[number];

/** Most severe first. */
export const severities = ['critical', 'major', 'minor', 'info'] as const;
export type Severity = (typeof severities)[number];

/** What a transition says about an incident (R21). */
export const transitionKinds = ['raised', 'worsened', 'eased', 'cleared', 'closed'] as const;
export type TransitionKind = (typeof transitionKinds)[number];

/** What somebody who is told of an alert may answer with one tap. */
export const answerWords = ['seen', 'going', 'fixed', 'not-mine'] as const;
export type AnswerWord = (typeof answerWords)[number];
/** What stands of it with the incident: also that somebody has come. */
export const saidWords = [...answerWords, 'here'] as const;
export type SaidWord = (typeof saidWords)[number];

/** What becomes of an incident by people and by the lack of them, as its history shows it. */
export const deedKinds = [
  'acknowledged',
  'taken-over',
  'withdrawn',
  'lapsed',
  'fixed',
  'reopened',
  'assigned',
  'snoozed',
  'awake',
] as const;
export type DeedKind = (typeof deedKinds)[number];

/** Why what people know of is told once more. */
export const againReasons = ['lapsed', 'reopened', 'assigned', 'awake', 'maintained'] as const;
export type AgainReason = (typeof againReasons)[number];

/**
 * Where a PC stands with the centre. `stopped` said goodbye; `silent` did not (R18). `unheard` was not heard for its limit, and nobody knows
 * yet whether that is for a gap of the centre's own (R18a): it is only shown.
 */
export const presences = ['online', 'unheard', 'stopped', 'lost', 'silent', 'never'] as const;
export type Presence = (typeof presences)[number];

/** One answer about one thing of a PC. `device` is a stable id, '' where the component has only one. */
export type Check = {
  component: string;
  device: string;
  status: Status;
  /** Id in the catalogue of faults, `component.fault`; null unless status is `fault`. */
  fault: string | null;
  /** Plain words of the machine: why it is unknown, which program holds the camera; null when there is nothing to say. */
  reason: string | null;
  /** What a person calls the device. Not part of the digest. */
  name?: string;
};

/** Sorts severities, most severe first. */
export function bySeverity(a: Severity, b: Severity): number {
  return severities.indexOf(a) - severities.indexOf(b);
}

/** The key of a check within its PC. */
export function checkKey(check: Pick<Check, 'component' | 'device'>): string {
  return `${check.component}/${check.device}`;
}

/** Hexadecimal characters in a digest. */
export const digestLength = 16;

/**
 * The digest of a whole state: 16 hexadecimal characters over component, device, status, fault and reason of all checks, sorted.
 * Guarantee: never over times, ages or levels, so that equal states have equal digests (R11).
 */
export function digestOf(checks: Iterable<Check>): string {
  const rows = [...checks].map((c) => JSON.stringify([c.component, c.device, c.status, c.fault, c.reason])).sort();
  return createHash('sha256').update(rows.join('\n')).digest('hex').slice(0, digestLength);
}
