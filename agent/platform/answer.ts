/** What any question to a system is answered with. */

/** An answer, or the reason why none can be had (a tool is missing, nobody is signed in). */
export type Answer<T> = { known: true; value: T } | { known: false; reason: string };
