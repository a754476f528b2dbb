/** A value, or the reason why it is unknown (a tool is missing, nobody is signed in). */
export type Answer<T> = { known: true; value: T } | { known: false; reason: string };
