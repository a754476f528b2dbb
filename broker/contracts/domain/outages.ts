/** Why a PC is away: the causes that the centre tells apart, and from when on it is sure of one. Who decides it: flows/outages; what it is called: words. */

/**
 * `intended` said goodbye; `power-cut`; `link-down`: the site's line; `upstream`: the line of a whole state or provider; `crash` of PC or system;
 * `pc-off`: this PC alone (switched off hard, unplugged, killed); `undetermined`: nobody can know yet.
 */
export const outageCauses = ['intended', 'power-cut', 'link-down', 'upstream', 'crash', 'pc-off', 'undetermined'] as const;
export type OutageCause = (typeof outageCauses)[number];

/** How sure the centre is of a cause: 0 to 1. */
export type Outage = { cause: OutageCause; confidence: number };

/** From this confidence on a cause is sure. */
export const sureFrom = 0.9;
/** Up to this one it is not known: more is never said of what two causes look alike in. Between the two it is likely. */
export const openUpTo = 0.6;

/** How sure a cause is, as words and the wall say it. */
export const surenesses = ['sure', 'likely', 'open'] as const;
export type Sureness = (typeof surenesses)[number];

/** How sure a confidence is: the one border of words and numbers. */
export function surenessOf(confidence: number): Sureness {
  if (confidence >= sureFrom) return 'sure';
  return confidence > openUpTo ? 'likely' : 'open';
}
