/**
 * Orders that people give about an incident: acknowledge, assign, report as fixed, snooze. Pure functions; none of them sends a
 * notification.
 */
import type { LinkClass } from '@sabha/contracts';
import type { Acknowledgement, HandlingOrder, Incident, LogEntry, Repeat } from '../records/incidents.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/**
 * Time until an acknowledgement expires: half a working day for a critical incident, else until the same hour of the next day. Then the
 * person who acknowledged is notified again, and after that the next level.
 */
const acknowledgedForMs = { critical: 4 * hourMs, other: 24 * hourMs };

/**
 * Time in which a person can withdraw an acknowledgement. The screen offers it for ten seconds, and the request needs some time on a thin
 * link. Until then the escalation continues.
 */
export const withdrawForMs = 15_000;

/**
 * Time in which the checks must confirm a reported repair: two beats of the link class, plus some minutes. The PC must repeat its probes
 * and send the results. The technician may also still have a cable unplugged.
 */
const fixedForMs: Readonly<Record<LinkClass, number>> = {
  fibre: 5 * minuteMs,
  '4g': 5 * minuteMs,
  leo: 5 * minuteMs,
  geo: 12 * minuteMs,
  floor: 25 * minuteMs,
};

/** Longest snooze: one day, so that the people on duty the next day are notified again. */
export const snoozeMostMs: number = 24 * hourMs;

/** Log entries kept per incident; older entries are dropped. */
const logEntriesKept = 64;

/** Limit of notes per incident, because each change of an incident writes all its notes to the ledger again. */
export const notesKept = 256;

/** Limit of assignments and snoozes of an incident per hour: each of them notifies people. */
const notifyingOrdersAnHour = 12;

export type OrderContext = { now: number; link: LinkClass };

export function applyOrder(incident: Incident, order: HandlingOrder, around: OrderContext): Incident {
  const { now, link } = around;
  const { by } = order;
  switch (order.type) {
    case 'acknowledge':
      return setAcknowledgement(incident, by, now);
    case 'withdraw':
      return withdrawAcknowledgement(incident, by, now);
    case 'fixed': {
      const until = now + fixedForMs[link];
      const own = incident.acknowledged?.by === by ? incident : setAcknowledgement(incident, by, now);
      return withLogEntry({ ...own, fixed: { by, at: now, until } }, { at: now, by, did: 'fixed', until });
    }
    case 'assign': {
      const { fixed: _, ...rest } = incident;
      const next = { ...rest, acknowledged: null, assigned: { to: order.to, by, at: now } };
      return withLogEntry(next, { at: now, by, did: 'assigned', to: order.to });
    }
    case 'snooze': {
      const { until } = order;
      const next = { ...incident, snoozed: { by, at: now, until, severity: incident.severity } };
      return withLogEntry(next, { at: now, by, did: 'snoozed', until });
    }
  }
}

/** True if an incident has reached its limit of assignments and snoozes in the last hour. */
export function isOverOrderLimit({ deeds = [] }: Incident, now: number): boolean {
  const lately = deeds.filter(({ did, at }) => (did === 'assigned' || did === 'snoozed') && now - at < hourMs);
  return lately.length >= notifyingOrdersAnHour;
}

export function mayWithdraw({ acknowledged }: Incident, by: string, now: number): boolean {
  return acknowledged?.by === by && acknowledged.instead !== undefined && !isSettled(acknowledged, now);
}

/** True if an acknowledgement can no longer be withdrawn. The escalation stops only then, because a withdrawal could not restart it. */
export function isSettled(acknowledged: Acknowledgement | null, now: number): boolean {
  return acknowledged !== null && now - acknowledged.at >= withdrawForMs;
}

/** Returns the id of the person with this name who last replied *going* or *fixed* since this time; undefined if none did. */
export function personWhoReplied({ answers = [] }: Incident, name: string, since = 0): string | undefined {
  return answers.findLast(({ by, word, at }) => by === name && at >= since && (word === 'going' || word === 'fixed'))?.person;
}

/**
 * True if this person acknowledged the incident, by id or by name. If two persons share the name, the one whose reply acknowledged the
 * incident counts.
 */
export function isAcknowledgedBy(incident: Incident, { id, name }: { id: string; name: string }): boolean {
  const { acknowledged } = incident;
  if (acknowledged?.by === id) return true;
  return acknowledged?.by === name && (personWhoReplied(incident, name, acknowledged.at) ?? id) === id;
}

/** Sets a new acknowledgement. It replaces an earlier one and any assignment. */
function setAcknowledgement(incident: Incident, by: string, now: number): Incident {
  const { acknowledged, severity } = incident;
  const isOther = acknowledged !== null && acknowledged.by !== by;
  const { fixed, assigned, ...rest } = incident;
  const before = acknowledged && { by: acknowledged.by, at: acknowledged.at, severity: acknowledged.severity };
  const instead = { acknowledged: before, ...(assigned && { assigned }), ...(fixed && { fixed }) };
  const next = { ...rest, ...(fixed && !isOther && { fixed }), acknowledged: { by, at: now, severity, instead } };
  return withLogEntry(next, isOther ? { at: now, by, did: 'taken-over', to: acknowledged.by } : { at: now, by, did: 'acknowledged' });
}

/**
 * Withdraws an acknowledgement; the log keeps both actions. Nothing changes if another person acknowledged the incident meanwhile, or if
 * the time to withdraw is over.
 */
function withdrawAcknowledgement(incident: Incident, by: string, now: number): Incident {
  const { acknowledged, fixed: _, assigned: __, ...rest } = incident;
  if (!mayWithdraw(incident, by, now)) return incident;
  const { acknowledged: before = null, ...handling } = acknowledged?.instead ?? {};
  const next = { ...rest, ...handling, acknowledged: before };
  return withLogEntry(next, { at: now, by, did: 'withdrawn', ...(before && { to: before.by }) });
}

/** An incident after a snooze, repair report or acknowledgement has expired, and why people are notified again. */
export type DueStep = { incident: Incident; again: Repeat };

/**
 * Returns the change of an open incident if a snooze, a reported repair or an acknowledgement has expired. Guarantee: an unknown fault does
 * not refute a reported repair (R14, unknown freezes an incident), and a fault in its clear time causes no notification.
 */
export function dueStep(incident: Incident, { now, heardAt }: { now: number; heardAt: number | null | undefined }): DueStep | undefined {
  const { snoozed, fixed, acknowledged, severity, faults } = incident;
  if (snoozed !== undefined) {
    const again: Repeat = { why: 'awake', by: snoozed.by, to: [snoozed.by] };
    return snoozed.until <= now ? { incident: endSnooze(incident, now), again } : undefined;
  }
  // Present faults that are neither hidden nor unknown.
  const seen = faults.filter(({ hidden, goneAt, unknownSince }) => !hidden && goneAt === null && unknownSince === null);
  if (fixed !== undefined && fixed.until <= now) {
    // A PC that has sent nothing since the report can refute it only by its silence: its other faults may be outdated. Incidents without a
    // PC need no message.
    const isHeard = heardAt === undefined || (heardAt ?? 0) > fixed.at;
    const isStillThere = seen.some(({ fault, since }) => since <= fixed.at && (isHeard || fault === 'pc.silent'));
    if (isStillThere) return expire(incident, { why: 'reopened', by: fixed.by }, now);
  }
  const isOver = acknowledged !== null && now - acknowledged.at >= acknowledgedForMs[severity === 'critical' ? severity : 'other'];
  return isOver && seen.length > 0 ? expire(incident, { why: 'lapsed', by: acknowledged.by }, now) : undefined;
}

/** Removes the acknowledgement. The first recipient of the next notification is the person who acknowledged. */
function expire(incident: Incident, { why, by }: { why: 'lapsed' | 'reopened'; by: string }, now: number): DueStep {
  const { fixed: _, ...rest } = incident;
  const next = withLogEntry({ ...rest, acknowledged: null }, { at: now, by: '', did: why, to: by });
  return { incident: next, again: { why, by, to: [by] } };
}

export function endSnooze(incident: Incident, now: number): Incident {
  if (incident.snoozed === undefined) return incident;
  const { snoozed, ...rest } = incident;
  return withLogEntry(rest, { at: now, by: '', did: 'awake', to: snoozed.by });
}

function withLogEntry(incident: Incident, deed: LogEntry): Incident {
  return { ...incident, deeds: [...(incident.deeds ?? []), deed].slice(-logEntriesKept) };
}
