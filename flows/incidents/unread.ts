/** What a gap of our own kept waiting (R18a): it is read before anything that was due in that gap is told. */
import { isPcPath } from '#contracts';
import type { Core } from './scopes.ts';

/** Whoever has not spoken so long after a gap has nothing waiting. */
const readWithinMs = 60_000;

/** A gap of ours begins, or just was. Guarantee: of a row of gaps no more than half of the time is waited, or they would hold back all that is due. */
export function mayWait(core: Core, now: number): void {
  if (now >= core.unreadUntil + readWithinMs) core.unreadUntil = now + readWithinMs;
}

/**
 * True while what a room said in our last gap may be on its way to us: until a word of ours came back that was sent after the gap, and behind it
 * all that waited, and the PC has named its state since.
 */
export function isUnread({ unreadUntil, subscribedAt, provenAt, current }: Core, scope: string, now: number): boolean {
  if (now >= unreadUntil) return false;
  const isProven = subscribedAt !== null && provenAt > subscribedAt;
  return !isProven || (isPcPath(scope) && !current.has(scope));
}
