/** A finding that stands after three windows in a row that say so, and falls after three that do not. */

/** Whether the finding stands, and how many windows in a row spoke against that. */
export type Latch = { stands: boolean; against: number };

const inARow = 3;

/** A finding that nothing speaks for yet. */
export const openLatch: Latch = { stands: false, against: 0 };

/** The finding after one more window that said so or did not. */
export function latched({ stands, against }: Latch, said: boolean): Latch {
  if (said === stands) return { stands, against: 0 };
  return against + 1 >= inARow ? { stands: said, against: 0 } : { stands, against: against + 1 };
}
