/** A finding that stands after three windows in a row that say so, and falls after three that do not. */

export type Latch = { stands: boolean; against: number };

const inARow = 3;

export const openLatch: Latch = { stands: false, against: 0 };

export function latched({ stands, against }: Latch, said: boolean): Latch {
  if (said === stands) return { stands, against: 0 };
  return against + 1 >= inARow ? { stands: said, against: 0 } : { stands, against: against + 1 };
}
