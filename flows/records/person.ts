/** One person, as the ledger is asked for all of their rows. */

/** `ids`: by which programs name the person; `texts`: name, phone, addresses, as people write them. `alias`: what stands in their place. */
export type PersonWords = { ids: readonly string[]; texts: readonly string[]; alias: string };
/** A row in which the person stands. */
export type PersonRow = { table: string; row: Record<string, unknown> };
/** Who forgets whom, and when. */
export type Forgetting = { words: PersonWords; by: string; at: number };
/** Out of how many rows a person was taken. */
export type Forgotten = { audit: number; elsewhere: number };
