/** What people do about an incident: who is on it, who was asked, what is said to be fixed, what is quiet for a while. Pure steps, and no telling. */
import type { LinkClass } from '@sabha/contracts';
import type { Again, Deed, HandlingOrder, Incident, Taken } from '../records/incidents.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** How long an acknowledgement lasts. After that its person is asked, and then the next level is notified. Critical: half a working day. Else: until the same hour of the next day. */
const takenForMs = { critical: 4 * hourMs, other: 24 * hourMs };

/**
 * So long who took it takes it back, as if it had not been: ten seconds that a person is shown, and what a thin line needs to carry both. Until
 * then an acknowledgement ends nothing.
 */
export const withdrawForMs = 15_000;

/**
 * What is said to be fixed has this long to be seen as well. A PC runs its probes anew as soon as it is asked and says what changed within seconds;
 * it must be heard once more, and whoever is at the cable may have pulled two: two beats of the link and some minutes.
 */
const fixedForMs: Readonly<Record<LinkClass, number>> = {
  fibre: 5 * minuteMs,
  '4g': 5 * minuteMs,
  leo: 5 * minuteMs,
  geo: 12 * minuteMs,
  floor: 25 * minuteMs,
};

/** Nothing is quiet for longer at a time: whoever comes to work tomorrow hears of it again. */
export const snoozeMostMs: number = 24 * hourMs;

/** More of what was done about one incident nobody reads. */
const deedsKept = 64;

/** Nor more notes: each change of an incident writes all of them. */
export const notesKept = 256;

/** So often in an hour an incident is assigned or made quiet: each of them tells somebody, and nobody at work decides more often. */
const tellingOrdersAnHour = 12;

/** What an order is judged by. */
export type HandledAt = { now: number; link: LinkClass };

/** An incident after an order of a person. */
export function handled(incident: Incident, order: HandlingOrder, around: HandledAt): Incident {
  const { now, link } = around;
  const { by } = order;
  switch (order.type) {
    case 'acknowledge':
      return taken(incident, by, now);
    case 'withdraw':
      return withdrawn(incident, by, now);
    case 'fixed': {
      const until = now + fixedForMs[link];
      const own = incident.acknowledged?.by === by ? incident : taken(incident, by, now);
      return withDeed({ ...own, fixed: { by, at: now, until } }, { at: now, by, did: 'fixed', until });
    }
    case 'assign': {
      const { fixed: _, ...rest } = incident;
      const next = { ...rest, acknowledged: null, assigned: { to: order.to, by, at: now } };
      return withDeed(next, { at: now, by, did: 'assigned', to: order.to });
    }
    case 'snooze': {
      const { until } = order;
      const next = { ...incident, snoozed: { by, at: now, until, severity: incident.severity } };
      return withDeed(next, { at: now, by, did: 'snoozed', until });
    }
  }
}

/** True where an incident was assigned or made quiet as often in an hour as people are told for it. */
export function isOrderedOften({ deeds = [] }: Incident, now: number): boolean {
  const lately = deeds.filter(({ did, at }) => (did === 'assigned' || did === 'snoozed') && now - at < hourMs);
  return lately.length >= tellingOrdersAnHour;
}

/** True while who just took it may take that back. */
export function mayWithdraw({ acknowledged }: Incident, by: string, now: number): boolean {
  return acknowledged?.by === by && acknowledged.instead !== undefined && !isSettled(acknowledged, now);
}

/** True where somebody is on it, and can no more take that back: before, nothing ends for it, since nothing would begin it anew. */
export function isSettled(acknowledged: Taken | null, now: number): boolean {
  return acknowledged !== null && now - acknowledged.at >= withdrawForMs;
}

/** Who said last, under this name, that they are on it; undefined where nobody did by an answer, or not since a time. */
export function personOf({ answers = [] }: Incident, name: string, since = 0): string | undefined {
  return answers.findLast(({ by, word, at }) => by === name && at >= since && (word === 'going' || word === 'fixed'))?.person;
}

/** Whether this person is on it, who is written there by id or by name: of two of one name it is who said so. */
export function has(incident: Incident, { id, name }: { id: string; name: string }): boolean {
  const { acknowledged } = incident;
  if (acknowledged?.by === id) return true;
  return acknowledged?.by === name && (personOf(incident, name, acknowledged.at) ?? id) === id;
}

/** Somebody is on it; who was on it before is not any more, and neither is who was asked. */
function taken(incident: Incident, by: string, now: number): Incident {
  const { acknowledged, severity } = incident;
  const isOther = acknowledged !== null && acknowledged.by !== by;
  const { fixed, assigned, ...rest } = incident;
  const before = acknowledged && { by: acknowledged.by, at: acknowledged.at, severity: acknowledged.severity };
  const instead = { acknowledged: before, ...(assigned && { assigned }), ...(fixed && { fixed }) };
  const next = { ...rest, ...(fixed && !isOther && { fixed }), acknowledged: { by, at: now, severity, instead } };
  return withDeed(next, isOther ? { at: now, by, did: 'taken-over', to: acknowledged.by } : { at: now, by, did: 'acknowledged' });
}

/** As if it had not been taken; both stand in the history. Another's, or what is settled, stays as it is. */
function withdrawn(incident: Incident, by: string, now: number): Incident {
  const { acknowledged, fixed: _, assigned: __, ...rest } = incident;
  if (!mayWithdraw(incident, by, now)) return incident;
  const { acknowledged: before = null, ...handling } = acknowledged?.instead ?? {};
  const next = { ...rest, ...handling, acknowledged: before };
  return withDeed(next, { at: now, by, did: 'withdrawn', ...(before && { to: before.by }) });
}

/** What time has made of an incident, and what is to be told of it for that. `heardAt`: the last word of its PC, where it is a room's. */
export type Due = { incident: Incident; again: Again };

/**
 * What is due of an open incident: the end of quiet, of what was said to be fixed, of an acknowledgement.
 * Guarantee: nothing that nobody can see at present is held against anybody (R14), and what waits to clear is left alone.
 */
export function dueOf(incident: Incident, { now, heardAt }: { now: number; heardAt: number | null | undefined }): Due | undefined {
  const { snoozed, fixed, acknowledged, severity, faults } = incident;
  if (snoozed !== undefined) {
    const again: Again = { why: 'awake', by: snoozed.by, to: [snoozed.by] };
    return snoozed.until <= now ? { incident: woken(incident, now), again } : undefined;
  }
  // It can be seen, and stands.
  const seen = faults.filter(({ hidden, goneAt, unknownSince }) => !hidden && goneAt === null && unknownSince === null);
  if (fixed !== undefined && fixed.until <= now) {
    // Its PC was heard since, or is away as it was. What began later is another fault.
    const isHeard = heardAt === undefined || (heardAt ?? 0) > fixed.at;
    const isStillThere = seen.some(({ fault, since }) => since <= fixed.at && (isHeard || fault === 'pc.silent'));
    if (isStillThere) return asked(incident, { why: 'reopened', by: fixed.by }, now);
  }
  const isOver = acknowledged !== null && now - acknowledged.at >= takenForMs[severity === 'critical' ? severity : 'other'];
  return isOver && seen.length > 0 ? asked(incident, { why: 'lapsed', by: acknowledged.by }, now) : undefined;
}

/** Nobody is on it any more: who was is asked first. */
function asked(incident: Incident, { why, by }: { why: 'lapsed' | 'reopened'; by: string }, now: number): Due {
  const { fixed: _, ...rest } = incident;
  const next = withDeed({ ...rest, acknowledged: null }, { at: now, by: '', did: why, to: by });
  return { incident: next, again: { why, by, to: [by] } };
}

/** It is quiet no more. */
export function woken(incident: Incident, now: number): Incident {
  if (incident.snoozed === undefined) return incident;
  const { snoozed, ...rest } = incident;
  return withDeed(rest, { at: now, by: '', did: 'awake', to: snoozed.by });
}

function withDeed(incident: Incident, deed: Deed): Incident {
  return { ...incident, deeds: [...(incident.deeds ?? []), deed].slice(-deedsKept) };
}
