/** The times of what the engine holds, when the clock by which they were written is set while it runs. */

import { cutLedger, endedAt, type Move, maybe, moveHeld } from '../memory/moved.ts';
import type { Core } from './core.ts';

/**
 * The clock was set by `byMs`: what this memory saw keeps its distance to now, so that no hold, wait, silence or calm ends by it (R29).
 * What an earlier run of `flows` wrote keeps its time of day, and of what the ledger has for the strips nothing is later than `now`.
 */
export function setClock(core: Core, byMs: number, now: number): void {
  const from = core.startedAt;
  // Before all that this memory saw: what came in one order stays in it, however often the clock is set to and fro.
  const move: Move = (at) => (at >= from ? at + byMs : Math.min(at, from + byMs - 1));
  const { memory } = core;
  for (const one of core.followers) one.setClock(byMs);
  moveHeld(memory, move);
  for (const timer of [...memory.timers.values()]) memory.putTimer({ ...timer, dueAt: timer.dueAt + byMs });
  moveOwn(core, move, byMs);
  if (byMs < 0) cutLedger(memory, now);
}

function moveOwn(core: Core, move: Move, byMs: number): void {
  core.startedAt += byMs;
  core.subscribedAt = maybe(core.subscribedAt, move);
  core.unsubscribedAt = maybe(core.unsubscribedAt, move);
  core.provenAt += byMs;
  core.slowAt = core.slowAt.map(move);
  core.starts = core.starts.map(move);
  core.unreadUntil += byMs;
  core.unfinishedAt += byMs;
  core.namedAt += byMs;
  for (const [pc, at] of core.expectedSince) core.expectedSince.set(pc, move(at));
  for (const [pc, asking] of core.asking) core.asking.set(pc, { ...asking, askedAt: asking.askedAt + byMs });
  for (const [scope, ended] of core.memory.ended) core.memory.putEnded(scope, endedAt(ended, move));
}
