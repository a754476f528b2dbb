import type { Words } from '#contracts';

/** The names of a scope, as people know it. */
export type Place = { site: Words; room: Words; timeZone: string };
