/** The ledger as it is read by a clock that fell back while `flows` was down. */

import type { Absence, Incident, PcRecord, Timer, Transition } from '../records/incidents.ts';
import type { Contents } from '../records/ops.ts';

/**
 * Guarantee: nothing in the answer happened later than `now`, and no timer lasts longer than it was set for; otherwise a clock that fell back
 * an hour would keep back every hold, clear and silence for an hour.
 */
export function notAhead(contents: Contents, now: number): Contents {
  const setAt = new Map(contents.transitions.map(({ id, at }) => [id, at]));
  return {
    ...contents,
    pcs: contents.pcs.map((record) => pcAt(record, now)),
    incidents: contents.incidents.map((incident) => incidentAt(incident, now)),
    transitions: contents.transitions.map((one) => transitionAt(one, now)),
    timers: contents.timers.map((timer) => timerAt(timer, setAt.get(timer.transition) ?? 0, now)),
  };
}

function pcAt(record: PcRecord, now: number): PcRecord {
  const ended = Object.fromEntries(Object.entries(record.ended).map(([key, at]) => [key, Math.min(at, now)]));
  const { gasp, bye, absence } = record;
  return {
    ...record,
    ...(gasp && { gasp: { ...gasp, at: Math.min(gasp.at, now) } }),
    ...(bye && { bye: { ...bye, at: Math.min(bye.at, now) } }),
    ...(absence && { absence: absenceAt(absence, now) }),
    heardAt: earlier(record.heardAt, now),
    lostAt: earlier(record.lostAt, now),
    calledAt: earlier(record.calledAt, now),
    ended,
  };
}

function absenceAt(absence: Absence, now: number): Absence {
  const { from, goneBy, to, aliveAt } = absence;
  return { ...absence, from: Math.min(from, now), goneBy: Math.min(goneBy, now), to: earlier(to, now), aliveAt: earlier(aliveAt, now) };
}

function incidentAt(incident: Incident, now: number): Incident {
  const faults = incident.faults.map((fault) => ({
    ...fault,
    since: Math.min(fault.since, now),
    goneAt: earlier(fault.goneAt, now),
    unknownSince: earlier(fault.unknownSince, now),
  }));
  return { ...incident, faults };
}

function transitionAt(one: Transition, now: number): Transition {
  return { ...one, at: Math.min(one.at, now), offeredAt: earlier(one.offeredAt, now) };
}

function timerAt(timer: Timer, setAt: number, now: number): Timer {
  return setAt <= now ? timer : { ...timer, dueAt: now + timer.dueAt - setAt };
}

function earlier(at: number | null, now: number): number | null {
  return at === null ? null : Math.min(at, now);
}
