/** Why a PC is away: the causes that the centre tells apart, and from when on it is sure of one. Who decides it: flows/outages; what it is called: words. */

/**
 * `intended` said goodbye; `power-cut`; `link-down`: the site's line; `upstream`: the line of a whole state or provider; `crash` of PC or system;
 * `pc-off`: this PC alone (switched off hard, unplugged, killed); `undetermined`: nobody can know yet.
 */
export const outageCauses = ['intended', 'power-cut', 'link-down', 'upstream', 'crash', 'pc-off', 'undetermined'] as const;
export type OutageCause = (typeof outageCauses)[number];

/** How sure the centre is of a cause: 0 to 1. */
export type Outage = { cause: OutageCause; confidence: number };

/** Confidences from which a cause is said to be sure, or likely. */
export const sureFrom = 0.9;
/** Below it a cause is said to be not sure. */
export const likelyFrom = 0.7;
