/** What must know when the clock of the centre is set. */

/** Holds times of day: each keeps its distance to now when the centre's time is set by so much (R29). */
export type FollowsClock = { setClock(byMs: number): void };

/** Keeps rows of the ledger that end at a time of day: what a clock that was ahead wrote is of now, or it would last for as long as that was ahead. */
export type NotAhead = { notAhead(): void };
