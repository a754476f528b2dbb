/** The times of what the engine holds, moved where the clock by which they were written was set, while `flows` was down or while it runs (R29). */
import { links } from '@sabha/contracts';
import type { Memory } from '../memory/memory.ts';
import type { Core } from './core.ts';

/** Moves one time, in ms, to the corrected clock. */
type Move = (at: number) => number;

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

/**
 * The ledger does not hold each beat: a PC that was there when the last run of `flows` ended was heard about a beat before that.
 */
export function heardUntil(memory: Memory, listenedUntil: number): void {
  for (const record of [...memory.pcs.values()]) {
    const heardAt = listenedUntil - links[record.link].beatMs;
    if (record.presence === 'online' && record.lostAt === null && heardAt > (record.heardAt ?? heardAt))
      memory.putPc({ ...record, heardAt }, false);
  }
}

/**
 * The clock was set by `byMs`: what this memory saw keeps its distance to now, so that no hold, wait, silence or calm ends by it (R29).
 * What an earlier run of `flows` wrote keeps its time of day, and of what the ledger has for the strips nothing is later than `now`.
 */
export function setClock(core: Core, byMs: number, now: number): void {
  const { memory, startedAt: from } = core;
  // Before all that this memory saw: what came in one order stays in it, however often the clock is set to and fro.
  const move: Move = (at) => (at >= from ? at + byMs : Math.min(at, from + byMs - 1));
  for (const one of core.followers) one.setClock(byMs);
  moveHeld(memory, move);
  for (const timer of [...memory.timers.values()]) memory.putTimer({ ...timer, dueAt: timer.dueAt + byMs });
  for (const [scope, ended] of memory.ended)
    memory.putEnded(
      scope,
      moved(ended, move, () => true),
    );
  core.startedAt += byMs;
  core.subscribedAt = core.subscribedAt && move(core.subscribedAt);
  core.unsubscribedAt = core.unsubscribedAt && move(core.unsubscribedAt);
  core.provenAt += byMs;
  core.slowAt = core.slowAt.map(move);
  core.starts = core.starts.map(move);
  core.unreadUntil += byMs;
  core.unfinishedAt += byMs;
  core.namedAt += byMs;
  for (const [pc, at] of core.expectedSince) core.expectedSince.set(pc, move(at));
  for (const asking of core.asking.values()) asking.askedAt += byMs;
  if (byMs < 0) cutLedger(memory, now);
}

/** A row of its own for each step: it stands behind what was written before the step, and ahead of what comes after it. */
function cutLedger(memory: Memory, now: number): void {
  memory.add(`not-ahead/${now}`, { op: 'not-ahead', at: now });
}

/** Moves the times of all records, incidents and transitions; writes those of which one is another now. */
function moveHeld(memory: Memory, move: Move): void {
  const moveEach = <T extends object>(rows: ReadonlyMap<unknown, T>, put: (row: T) => void) => {
    for (const row of [...rows.values()]) {
      const next = moved(row, move);
      if (next !== row) put(next);
    }
  };
  moveEach(memory.pcs, (record) => memory.putPc(record, true));
  moveEach(memory.incidents, memory.putIncident);
  moveEach(memory.transitions, memory.putTransition);
}

const timeKeys: ReadonlySet<string> = new Set(
  'at since from to goneAt goneBy unknownSince openedAt overAt offeredAt hadAt lastAt heardAt lostAt calledAt clonedAt aliveAt mainsGoneAt'.split(
    ' ',
  ),
);

/** A row with its times moved, at any depth; the same object where none moves. `ended` maps each fault to a time, and a span lasts as long as it was to. */
function moved<T extends object>(row: T, move: Move, isTime = (key: string) => timeKeys.has(key)): T {
  const changes = Object.entries(row).flatMap(([key, value]: [string, unknown]) => {
    let next = value;
    if (typeof value === 'object' && value !== null) next = moved(value, move, key === 'ended' ? () => true : undefined);
    else if (typeof value === 'number' && isTime(key)) next = move(value);
    else if (typeof value === 'number' && key === 'until' && 'at' in row && typeof row.at === 'number')
      next = value + move(row.at) - row.at;
    return next === value ? [] : [[key, next] as const];
  });
  if (changes.length === 0) return row;
  return Object.assign(Array.isArray(row) ? [...row] : { ...row }, Object.fromEntries(changes)) as T;
}
