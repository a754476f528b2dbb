/** THE table of how messages are sent: how long, how many at once, and when over the next channel. */
import type { Severity } from '@sabha/contracts';

/** Longest time that one send may take. */
export const sendLimitMs = 30_000;

/** Of a message tried in vain: the first retry comes within the first of these, and none waits longer than the second. */
export const backoff = { firstMs: 5_000, maxMs: 15 * 60_000 };

/** What is being sent when the outbox is stopped has this long to end. */
export const stopGraceMs = 1_000;

/** Without `delivered` in this time a message goes out over the person's next channel too, and is no news on this one any more. */
export function newsLimitMs(severity: Severity): number {
  return severity === 'critical' ? 60_000 : 5 * 60_000;
}

/** What hangs in a channel goes on to the next as one message where it is late within so long, */
export const togetherMs = 2_000;
/** and is more than this: fewer are read one by one, each with its own buttons. */
export const aloneAtMost = 3;

/** A message that was accepted, and of which nothing is said in this time, did not arrive: no operator keeps one for longer. */
export const reportLimitMs = 24 * 60 * 60_000;

/** After a start, what waits has at least this long on its own channel. */
export const startGraceMs = 10_000;

/** A timer that goes off so much too late did so in a process that stood still: what waits in its sockets is read first (R18a), */
export const stoodStillMs = 5_000;
/** in this time. */
export const readMs = 1_000;

/** A channel that refuses our login is asked again only after this time: each wrong password may lock the account. */
export const loginPauseMs = 15 * 60_000;

/** Who takes longer than this to take a message is slow: the next one goes beside it. */
export const slowMs = 250;
/** While so many are on their way on a channel, only who has none of his own there is sent another, */
export const besideAtMost = 8;
/** and while so many are, nobody: each is a connection to the other side. */
export const besideEver = 40;
