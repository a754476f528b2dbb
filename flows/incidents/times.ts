/** The times of what the engine holds, when the clock by which they were written is set: while `flows` was down, or while it runs. */

import type { Absence, Incident, PcRecord, ShownOutage, Timer, Transition } from '../records/incidents.ts';
import type { Contents } from '../records/ops.ts';
import type { Core } from './scopes.ts';

type Move = (at: number) => number;
type Held = Pick<Contents, 'pcs' | 'incidents' | 'transitions' | 'timers'>;

/**
 * Guarantee: nothing in the answer happened later than `now`, and no timer lasts longer than it was set for; otherwise a clock that fell back
 * an hour would keep back every hold, clear and silence for an hour.
 */
export function notAhead(contents: Contents, now: number): Contents {
  const setAt = new Map(contents.transitions.map(({ id, at }) => [id, at]));
  const timers = contents.timers.map((timer) => notLonger(timer, setAt.get(timer.transition) ?? 0, now));
  return { ...contents, ...moved(contents, (at) => Math.min(at, now)), timers };
}

/**
 * The clock was set by `byMs`, to `now`: what this memory saw keeps its distance to now, so that no hold, wait, silence or calm ends by it
 * (R29). What an earlier run of `flows` wrote keeps its time of day.
 */
export function setClock(core: Core, byMs: number, now: number): void {
  const from = core.startedAt;
  const move: Move = (at) => (at >= from ? at + byMs : Math.min(at, now));
  const { memory } = core;
  const held = {
    pcs: [...memory.pcs.values()],
    incidents: [...memory.incidents.values()],
    transitions: [...memory.transitions.values()],
    timers: [...memory.timers.values()],
  };
  const next = moved(held, move);
  for (const record of next.pcs) memory.putPc(record, true);
  for (const incident of next.incidents) memory.putIncident(incident);
  for (const transition of next.transitions) memory.putTransition(transition);
  for (const timer of held.timers) memory.putTimer({ ...timer, dueAt: timer.dueAt + byMs });
  core.transitions.setClock(byMs);
  core.noise.setClock(byMs);
  core.drops.setClock(byMs);
  core.batches.setClock(byMs);
  core.history.setClock(byMs);
  core.inAll.setClock(byMs);
  moveOwn(core, move, byMs);
}

function moveOwn(core: Core, move: Move, byMs: number): void {
  core.startedAt += byMs;
  core.subscribedAt = maybe(core.subscribedAt, move);
  core.unsubscribedAt = maybe(core.unsubscribedAt, move);
  core.provenAt += byMs;
  core.slowAt = core.slowAt.map(move);
  core.starts = core.starts.map(move);
  core.unfinishedAt += byMs;
  core.namedAt += byMs;
  for (const [pc, at] of core.expectedSince) core.expectedSince.set(pc, move(at));
  for (const [pc, asking] of core.asking) core.asking.set(pc, { ...asking, askedAt: asking.askedAt + byMs });
  for (const [key, standing] of core.centre) core.centre.set(key, { ...standing, since: move(standing.since) });
}

function moved({ pcs, incidents, transitions }: Omit<Held, 'timers'>, move: Move): Omit<Held, 'timers'> {
  return {
    pcs: pcs.map((record) => pcAt(record, move)),
    incidents: incidents.map((incident) => incidentAt(incident, move)),
    transitions: transitions.map((one) => transitionAt(one, move)),
  };
}

function pcAt(record: PcRecord, move: Move): PcRecord {
  const ended = Object.fromEntries(Object.entries(record.ended).map(([key, at]) => [key, move(at)]));
  const { gasp, bye, absence, clonedAt } = record;
  return {
    ...record,
    ...(gasp && { gasp: { ...gasp, at: move(gasp.at) } }),
    ...(bye && { bye: { ...bye, at: move(bye.at) } }),
    ...(absence && { absence: absenceAt(absence, move) }),
    ...(typeof clonedAt === 'number' && { clonedAt: move(clonedAt) }),
    checks: record.checks.map((check) => ({ ...check, since: move(check.since) })),
    heardAt: maybe(record.heardAt, move),
    lostAt: maybe(record.lostAt, move),
    calledAt: maybe(record.calledAt, move),
    ended,
  };
}

function absenceAt(absence: Absence, move: Move): Absence {
  const { from, goneBy, to, aliveAt } = absence;
  return { ...absence, from: move(from), goneBy: move(goneBy), to: maybe(to, move), aliveAt: maybe(aliveAt, move) };
}

function incidentAt(incident: Incident, move: Move): Incident {
  const { openedAt, overAt, acknowledged, outage } = incident;
  const faults = incident.faults.map((fault) => ({
    ...fault,
    since: move(fault.since),
    goneAt: maybe(fault.goneAt, move),
    unknownSince: maybe(fault.unknownSince, move),
  }));
  return {
    ...incident,
    openedAt: move(openedAt),
    overAt: maybe(overAt, move),
    faults,
    acknowledged: acknowledged && { ...acknowledged, at: move(acknowledged.at) },
    told: incident.told.map((one) => ({ ...one, at: move(one.at) })),
    notes: incident.notes.map((one) => ({ ...one, at: move(one.at) })),
    ...(outage && { outage: shownAt(outage, move) }),
  };
}

function shownAt(outage: ShownOutage, move: Move): ShownOutage {
  return { ...outage, from: move(outage.from), to: maybe(outage.to, move) };
}

function transitionAt(one: Transition, move: Move): Transition {
  const about = one.about.map((fault) => ({ ...fault, since: move(fault.since) }));
  return { ...one, about, at: move(one.at), offeredAt: maybe(one.offeredAt, move) };
}

function notLonger(timer: Timer, setAt: number, now: number): Timer {
  return setAt <= now ? timer : { ...timer, dueAt: now + timer.dueAt - setAt };
}

function maybe(at: number | null, move: Move): number | null {
  return at === null ? null : move(at);
}
