/** What must know when the clock of the centre is set. */

/** Holds times of day: each keeps its distance to now when the centre's time is set by so much (R29). */
export type FollowsClock = { setClock(byMs: number): void };
