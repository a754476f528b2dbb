/** THE numbers of handling: for how long the word of a person counts, each with its reason. */
import type { LinkClass, Severity } from '@sabha/contracts';

const minuteMs = 60_000;
/** One hour, milliseconds. */
export const hourMs = 60 * minuteMs;

/** Somebody who is on it has this long; then they are asked, and then the next level. Critical: half a working day. Else: the same hour of the next day. */
export function takenForMs(severity: Severity): number {
  return severity === 'critical' ? 4 * hourMs : 24 * hourMs;
}

/**
 * So long who took it takes it back, as if it had not been: ten seconds that a person is shown, and what a thin line needs to carry both. Until
 * then an acknowledgement ends nothing.
 */
export const withdrawForMs = 15_000;

/**
 * What is said to be fixed has this long to be seen as well. A PC runs its probes anew as soon as it is asked and says what changed within seconds;
 * it must be heard once more, and whoever is at the cable may have pulled two: two beats of the link and some minutes.
 */
export const fixedForMs: Readonly<Record<LinkClass, number>> = {
  fibre: 5 * minuteMs,
  '4g': 5 * minuteMs,
  leo: 5 * minuteMs,
  geo: 12 * minuteMs,
  floor: 25 * minuteMs,
};

/** Nothing is quiet for longer at a time: whoever comes to work tomorrow hears of it again. */
export const snoozeMostMs: number = 24 * hourMs;

/** More of what was done about one incident nobody reads. */
export const deedsKept = 64;

/** Nor more notes: each change of an incident writes all of them. */
export const notesKept = 256;

/** So often in an hour an incident is assigned or made quiet: each of them tells somebody, and nobody at work decides more often. */
export const tellingOrdersAnHour = 12;
