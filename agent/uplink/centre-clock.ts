/** The clock of the centre as an echo shows it, and which of the two clocks was set where they part (R29). */
import type { KeyObject } from 'node:crypto';
import { type Ack, type CentreClock, type Clock, centreClock, openSigned } from '#contracts';

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

type Asked = { pc: string; echo: { value: number; up: number }; key: KeyObject | null; limitMs: number; clock: Clock };

/**
 * Round trip on the clock that never jumps; the centre's time is taken as the middle of it. Undefined where the ack is not believed.
 * Guarantee: a PC that has the centre's key believes the time of nobody else, nor an answer to another question, nor one that came later than
 * an event would be sent again: half of that is the most by which a broker can mislead it.
 */
export function readEcho(ack: Ack, { pc, echo, key, limitMs, clock }: Asked) {
  if (ack.echo !== echo.value) return undefined;
  const roundTripMs = clock.up() - echo.up;
  const said = key === null ? undefined : proven(ack, { pc, echo: echo.value, key });
  if (key !== null && (said === undefined || roundTripMs > limitMs)) return undefined;
  return { said, roundTripMs, clockOffsetMs: clock.now() - roundTripMs / 2 - (said ?? ack).at };
}

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

function proven({ clock }: Ack, { pc, echo, key }: { pc: string; echo: number; key: KeyObject }): CentreClock | undefined {
  const opened = clock && openSigned(centreClock, clock, key);
  return opened?.ok && opened.value.pc === pc && opened.value.echo === echo ? opened.value : undefined;
}
