/** The clock of the centre as an echo shows it, and which of the two clocks was set where they part (R29). */
import type { Clock } from '#contracts';

/** What is known of both clocks; it outlives each session. */
export type ClockFigures = {
  /** From the last answer to an echo that was believed, milliseconds; null before the first. */
  roundTripMs: number | null;
  /** Clock of the PC minus clock of the centre. */
  clockOffsetMs: number | null;
  /** When that answer came, by clock.up(). */
  echoedUp: number | null;
  /** The clocks part, and it was the centre's that was set. */
  centreMoved: boolean;
  /** How both stood when they last agreed, or were first compared. */
  compared: { offsetMs: number; driftMs: number } | null;
};

/** Nothing is known of the centre's clock. */
export const noClock: ClockFigures = { roundTripMs: null, clockOffsetMs: null, echoedUp: null, centreMoved: false, compared: null };

/** Clocks that are closer than this agree. */
export const apartMs = 5_000;
/** A clock of ours that was set by less was not set. */
const setMs = 2_000;

/**
 * What is known after an echo. Two clocks that agreed, or stood apart by as much as now, and of which ours was not set meanwhile, part only
 * because the centre's was: that says nothing of ours.
 */
export function compareClocks(
  { compared }: ClockFigures,
  echo: { roundTripMs: number; clockOffsetMs: number },
  clock: Clock,
): ClockFigures {
  const { roundTripMs, clockOffsetMs } = echo;
  const driftMs = clock.now() - clock.up();
  const isSame = compared !== null && Math.abs(driftMs - compared.driftMs) < setMs;
  const isApart = Math.abs(clockOffsetMs) - roundTripMs / 2 > apartMs;
  const centreMoved = isApart && isSame && Math.abs(clockOffsetMs - compared.offsetMs) - roundTripMs / 2 > apartMs;
  const now = { offsetMs: clockOffsetMs, driftMs };
  return { roundTripMs, clockOffsetMs, echoedUp: clock.up(), centreMoved, compared: centreMoved ? compared : now };
}
