/** What a gap of our own, or the time before a start, kept waiting (R18a): it is read before anything that was due in it is told. */
import { isPcPath } from '@sabha/contracts';

/** What is known of our hearing; `unreadUntil`: until when something may be waiting, `current`: who named the state that is held. */
export type Reading = { unreadUntil: number; subscribedAt: number | null; provenAt: number; current: ReadonlySet<string> };

/** Whoever has not spoken so long after a gap has nothing waiting. */
export const readWithinMs = 60_000;

/** A gap of ours begins, or just was. Guarantee: of a row of gaps no more than half of the time is waited, or they would hold back all that is due. */
export function mayWait(reading: Pick<Reading, 'unreadUntil'>, now: number): void {
  if (now >= reading.unreadUntil + readWithinMs) reading.unreadUntil = now + readWithinMs;
}

/**
 * True while what a room said in our last gap, or before our start, may be on its way to us: until a word of ours came back that was sent after
 * it, and behind it all that waited, and the PC has named its state since.
 */
export function isUnread({ unreadUntil, subscribedAt, provenAt, current }: Reading, scope: string, now: number): boolean {
  if (now >= unreadUntil) return false;
  const isProven = subscribedAt !== null && provenAt > subscribedAt;
  return !isProven || (isPcPath(scope) && !current.has(scope));
}
