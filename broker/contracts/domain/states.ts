/** Values for checks, PCs and incidents, and the digest of a state (R11 (digest)). */
import { createHash } from 'node:crypto';

/** A missing tool, a timeout or a missing user session gives `unknown`: never a fault, never ok. */
export const statuses = ['ok', 'fault', 'unknown'] as const;
export type Status = (typeof statuses)[number];

/** Most severe first. */
export const severities = ['critical', 'major', 'minor', 'info'] as const;
export type Severity = (typeof severities)[number];

/** Kinds of transitions of an incident (R21 (transitions)). */
export const transitionKinds = ['raised', 'worsened', 'eased', 'cleared', 'closed'] as const;
export type TransitionKind = (typeof transitionKinds)[number];

export const oneTapAnswers = ['seen', 'going', 'fixed', 'not-mine'] as const;
export type OneTapAnswer = (typeof oneTapAnswers)[number];
/** One-tap answers stored with an incident. `here`: the person has arrived. */
export const storedAnswers = [...oneTapAnswers, 'here'] as const;
export type StoredAnswer = (typeof storedAnswers)[number];

/** Actions on an incident in its history, including automatic ones. */
export const incidentActionKinds = [
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
export type IncidentActionKind = (typeof incidentActionKinds)[number];

/** Reasons of a repeated notification. */
export const repeatReasons = ['lapsed', 'reopened', 'assigned', 'awake', 'maintained'] as const;
export type RepeatReason = (typeof repeatReasons)[number];

/**
 * Presence of a PC. `stopped`: clean disconnect. `silent`: without one (R18 (silence)). `unheard`: over its limit, but a receive gap of the
 * server is still possible (R18a (canary)); only shown.
 */
export const presences = ['online', 'unheard', 'stopped', 'lost', 'silent', 'never'] as const;
export type Presence = (typeof presences)[number];

/** The result for one part of a PC. `device`: a stable id, '' if the component has only one device. */
export type Check = {
  component: string;
  device: string;
  status: Status;
  /** Id in the fault catalogue, `component.fault`; null unless the status is `fault`. */
  fault: string | null;
  /** Plain text of the agent: why it is unknown, which program uses the camera; null without one. */
  reason: string | null;
  /** Device name for people. Not part of the digest. */
  name?: string;
};

export function bySeverity(a: Severity, b: Severity): number {
  return severities.indexOf(a) - severities.indexOf(b);
}

export function checkKey(check: Pick<Check, 'component' | 'device'>): string {
  return `${check.component}/${check.device}`;
}

export const digestLength = 16;

/**
 * Returns the digest of a whole state: 16 hexadecimal characters over component, device, status, fault and reason of all checks, sorted.
 * Guarantee: excludes times, ages and levels, so that equal states have equal digests (R11).
 */
export function digestOf(checks: Iterable<Check>): string {
  const rows = [...checks].map((c) => JSON.stringify([c.component, c.device, c.status, c.fault, c.reason])).sort();
  return createHash('sha256').update(rows.join('\n')).digest('hex').slice(0, digestLength);
}
