/** The times of what the memory holds, moved: the clock by which they were written was set, while `flows` was down or while it runs (R29). */
import type { Taken } from '../records/handling.ts';
import type { Absence, Incident, PcRecord, ShownOutage, StandingFault, Transition } from '../records/incidents.ts';
import type { Memory } from './memory.ts';

/** Where a time goes. */
export type Move = (at: number) => number;

/**
 * Guarantee: nothing that the memory holds happened later than `now`, and no timer lasts longer than it was set for; otherwise a clock that
 * fell back an hour would keep back every hold, clear and silence for an hour. What is moved is written too: the next start begins with the same.
 */
export function notAhead(memory: Memory, now: number): void {
  for (const timer of [...memory.timers.values()]) {
    const setAt = memory.transitions.get(timer.transition)?.at ?? 0;
    if (setAt > now) memory.putTimer({ ...timer, dueAt: now + timer.dueAt - setAt });
  }
  // Earlier versions wrote fractions of a millisecond.
  moveHeld(memory, (at) => Math.min(Math.floor(at), now));
  cutLedger(memory, now);
}

/** A row of its own for each step: it stands behind what was written before the step, and ahead of what comes after it. */
export function cutLedger(memory: Memory, now: number): void {
  memory.add(`not-ahead/${now}`, { op: 'not-ahead', at: now });
}

/** Moves the times of all records, incidents and transitions; writes those of which one is another now. */
export function moveHeld(memory: Memory, move: Move): void {
  moveEach(memory.pcs, { move, of: pcAt, put: (record) => memory.putPc(record, true) });
  moveEach(memory.incidents, { move, of: incidentAt, put: memory.putIncident });
  moveEach(memory.transitions, { move, of: transitionAt, put: memory.putTransition });
}

function moveEach<T>(rows: ReadonlyMap<unknown, T>, how: { move: Move; of(row: T, move: Move): T; put(row: T): void }): void {
  for (const row of [...rows.values()]) {
    let isMoved = false;
    const next = how.of(row, (at) => {
      const to = how.move(at);
      isMoved ||= to !== at;
      return to;
    });
    if (isMoved) how.put(next);
  }
}

function pcAt(record: PcRecord, move: Move): PcRecord {
  const { gasp, bye, absence, clonedAt, past, updates } = record;
  return {
    ...record,
    ...(gasp && { gasp: { ...gasp, at: move(gasp.at) } }),
    ...(bye && { bye: { ...bye, at: move(bye.at) } }),
    ...(absence && { absence: absenceAt(absence, move) }),
    ...(typeof clonedAt === 'number' && { clonedAt: move(clonedAt) }),
    ...(updates && { updates: updates.map((one) => ({ ...one, at: move(one.at) })) }),
    ...(past && { past: past.map((one) => ({ ...one, at: move(one.at) })) }),
    checks: record.checks.map((check) => ({ ...check, since: move(check.since) })),
    heardAt: maybe(record.heardAt, move),
    lostAt: maybe(record.lostAt, move),
    calledAt: maybe(record.calledAt, move),
    ended: endedAt(record.ended, move),
  };
}

function absenceAt(absence: Absence, move: Move): Absence {
  const { from, goneBy, to, aliveAt, mainsGoneAt } = absence;
  const seen = mainsGoneAt === undefined ? {} : { mainsGoneAt: move(mainsGoneAt) };
  return { ...absence, from: move(from), goneBy: move(goneBy), to: maybe(to, move), aliveAt: maybe(aliveAt, move), ...seen };
}

function incidentAt(incident: Incident, move: Move): Incident {
  const { openedAt, overAt, acknowledged, assigned, fixed, snoozed, deeds, outage, toldSince, ended, spread } = incident;
  return {
    ...incident,
    openedAt: move(openedAt),
    overAt: maybe(overAt, move),
    faults: incident.faults.map((fault) => faultAt(fault, move)),
    ...(ended && { ended: ended.map((fault) => faultAt(fault, move)) }),
    acknowledged: acknowledged && takenAt(acknowledged, move),
    ...(assigned && { assigned: { ...assigned, at: move(assigned.at) } }),
    ...(fixed && { fixed: spanAt(fixed, move) }),
    ...(snoozed && { snoozed: spanAt(snoozed, move) }),
    ...(deeds && { deeds: deeds.map((one) => ({ ...one, at: move(one.at) })) }),
    told: incident.told.map((one) => ({ ...one, at: move(one.at) })),
    notes: incident.notes.map((one) => ({ ...one, at: move(one.at) })),
    ...(incident.answers && { answers: incident.answers.map((one) => ({ ...one, at: move(one.at) })) }),
    ...(outage && { outage: shownAt(outage, move) }),
    ...(toldSince && { toldSince: { from: move(toldSince.from), at: move(toldSince.at) } }),
    ...(spread?.lastAt !== undefined && { spread: { ...spread, lastAt: move(spread.lastAt) } }),
  };
}

function takenAt({ instead, ...taken }: Taken, move: Move): Taken {
  const before = instead && {
    acknowledged: instead.acknowledged && takenAt(instead.acknowledged, move),
    ...(instead.assigned && { assigned: { ...instead.assigned, at: move(instead.assigned.at) } }),
    ...(instead.fixed && { fixed: spanAt(instead.fixed, move) }),
  };
  return { ...taken, at: move(taken.at), ...(before && { instead: before }) };
}

/** It lasts as long as it was to. */
function spanAt<S extends { at: number; until: number }>(span: S, move: Move): S {
  const at = move(span.at);
  return { ...span, at, until: at + span.until - span.at };
}

function faultAt<F extends StandingFault>(fault: F, move: Move): F {
  const { since, goneAt, unknownSince } = fault;
  return { ...fault, since: move(since), goneAt: maybe(goneAt, move), unknownSince: maybe(unknownSince, move) };
}

function shownAt(outage: ShownOutage, move: Move): ShownOutage {
  return { ...outage, from: move(outage.from), to: maybe(outage.to, move) };
}

function transitionAt(one: Transition, move: Move): Transition {
  const aboutAt = (about: Transition['about']) => about.map((fault) => ({ ...fault, since: move(fault.since) }));
  const { turn, told, was } = one;
  const passes = one.passes?.map((pass) => ({ ...pass, at: move(pass.at) }));
  return {
    ...one,
    about: aboutAt(one.about),
    at: move(one.at),
    ...(was && { was: { ...was, at: move(was.at), about: aboutAt(was.about) } }),
    offeredAt: maybe(one.offeredAt, move),
    ...(turn && { turn: { ...turn, at: move(turn.at) } }),
    ...(told && { told: { ...told, at: move(told.at) } }),
    ...(passes && { passes }),
  };
}

/** When each fault ended, moved. */
export function endedAt(ended: Record<string, number>, move: Move): Record<string, number> {
  return Object.fromEntries(Object.entries(ended).map(([key, at]) => [key, move(at)]));
}

/** A time that may be none. */
export function maybe(at: number | null, move: Move): number | null {
  return at === null ? null : move(at);
}
