/**
 * Obtains the time of the server. A beat carries a random number (echo), and only a proven ack to that number is accepted. Implements R16
 * (sessions, births and the time of the server).
 */
import type { KeyObject } from 'node:crypto';
import { type Ack, type CentreClock, type Clock, centreClock, type LinkSpec, openSigned, type PcPath } from '@sabha/contracts';
import type { Spool } from './spool/spool.ts';

export type EchoOptions = {
  pc: PcPath;
  clock: Clock;
  random: () => number;
  /** Public key of the server. If null, the time is accepted without proof, and no command is accepted. */
  centreKey: KeyObject | null;
  limits: () => LinkSpec;
  spool: Pick<Spool, 'id'>;
  figures: ClockFigures;
};

export type EchoRequests = ReturnType<typeof createEcho>;

const echoEveryMs = 3_600_000;
/** Number of possible echoes. It is too large to guess, so an ack made in advance cannot prove an old time. */
const echoes = 2 ** 48;

/**
 * Requests the server's time and measures the round trip with the monotonic clock. The server's time is taken as the time in the middle of
 * the round trip.
 * Guarantee: with a key of the server, a PC accepts only a time that this key signed, for its last echo, within `resendMs`. A broker can
 * therefore shift the time by at most half of `resendMs`.
 */
export function createEcho({ pc, clock, random, centreKey, limits, spool, figures }: EchoOptions) {
  /** Last echo sent, and its send time by `clock.up()`. */
  let asked: { value: number; up: number } | undefined;

  function proven({ clock: sealed }: Ack, key: KeyObject): CentreClock | undefined {
    const opened = sealed && openSigned(centreClock, sealed, key);
    return opened?.ok && opened.value.pc === pc && opened.value.echo === asked?.value ? opened.value : undefined;
  }

  function ask(): number {
    asked = { value: Math.floor(random() * echoes), up: clock.up() };
    return asked.value;
  }

  return {
    /** Returns the echo for the next beat; undefined if the last proven ack is less than an hour old. */
    due: (): number | undefined => (figures.echoedUp !== null && clock.up() - figures.echoedUp < echoEveryMs ? undefined : ask()),
    /** Returns an echo at once, for a beat that must not wait for the hour. */
    ask,
    /** Reads an ack. Returns its `upTo` if the ack proves it for the current spool; otherwise undefined. */
    answered(ack: Ack): number | undefined {
      if (asked === undefined || ack.echo !== asked.value) return undefined;
      const roundTripMs = clock.up() - asked.up;
      const said = centreKey === null ? undefined : proven(ack, centreKey);
      if (centreKey !== null && (said === undefined || roundTripMs > limits().resendMs)) return undefined;
      asked = undefined;
      const clockOffsetMs = clock.now() - roundTripMs / 2 - (said ?? ack).at;
      Object.assign(figures, compareClocks(figures, { roundTripMs, clockOffsetMs }, clock));
      return said?.spool === spool.id() ? said.upTo : undefined;
    },
  };
}

/** Comparison of the clocks of PC and server, kept from session to session. */
export type ClockFigures = {
  /** Round trip of the last accepted echo, milliseconds; null before the first one. */
  roundTripMs: number | null;
  /** Clock of the PC minus clock of the server, milliseconds. */
  clockOffsetMs: number | null;
  /** Receive time of the last accepted echo, by `clock.up()`. */
  echoedUp: number | null;
  /** The clocks differ because somebody set the clock of the server. */
  serverClockStepped: boolean;
  /** Offset and drift at the last comparison, or at the last one before the server's clock was set. */
  compared: { offsetMs: number; driftMs: number } | null;
};

/** State before the first comparison. */
export const noClock: ClockFigures = { roundTripMs: null, clockOffsetMs: null, echoedUp: null, serverClockStepped: false, compared: null };

/** Largest difference at which two clocks still agree. */
export const agreeWithinMs = 5_000;
/** A smaller step of the PC clock does not count as set by somebody. */
const stepMinMs = 2_000;

/**
 * Returns the comparison after an echo. If the offset jumps while nobody set the PC clock, somebody set the server's clock. The PC clock is
 * then not at fault.
 */
function compareClocks({ compared }: ClockFigures, echo: { roundTripMs: number; clockOffsetMs: number }, clock: Clock): ClockFigures {
  const { roundTripMs, clockOffsetMs } = echo;
  const driftMs = clock.now() - clock.up();
  const isSame = compared !== null && Math.abs(driftMs - compared.driftMs) < stepMinMs;
  const isApart = Math.abs(clockOffsetMs) - roundTripMs / 2 > agreeWithinMs;
  const serverClockStepped = isApart && isSame && Math.abs(clockOffsetMs - compared.offsetMs) - roundTripMs / 2 > agreeWithinMs;
  const now = { offsetMs: clockOffsetMs, driftMs };
  return { roundTripMs, clockOffsetMs, echoedUp: clock.up(), serverClockStepped, compared: serverClockStepped ? compared : now };
}

export type ServerTime = ReturnType<typeof createServerTime>;

/** `onJump` receives the step of the PC clock in milliseconds. */
export type ServerTimeOptions = { clock: Clock; uplink: { figures(): ClockFigures; forgetClock(): void }; onJump(byMs: number): void };

const jumpMs = 5_000;
/** Validity of a comparison: three times the interval between comparisons. */
const comparedForMs = 3 * 3_600_000;

/** Derives the server's time from the PC clock and the last comparison. */
export function createServerTime({ clock, uplink, onJump }: ServerTimeOptions) {
  const drift = () => clock.now() - clock.up();
  /** Wall clock minus monotonic clock at the last check for a jump. */
  let driftMs = drift();
  const setByMs = () => Math.round(drift() - driftMs);
  const provenOffset = () => {
    const { clockOffsetMs, echoedUp } = uplink.figures();
    return echoedUp !== null && clock.up() - echoedUp < comparedForMs ? clockOffsetMs : null;
  };
  return {
    /** Returns the time in milliseconds since 1970, by the server's clock if known, otherwise by the PC clock. */
    now: (): number => clock.now() - (uplink.figures().clockOffsetMs ?? 0),
    /**
     * Returns the clock of the PC minus the clock of the server; null without a recent comparison. A slowly adjusted clock shows no jump,
     * so an old comparison proves nothing.
     */
    provenOffset,
    /** Returns the server's time, milliseconds since 1970; null without proof, also right after a jump of the PC clock. */
    proven(): number | null {
      const offsetMs = provenOffset();
      return offsetMs === null || Math.abs(setByMs()) > jumpMs ? null : clock.now() - offsetMs;
    },
    /** Discards the comparison after a jump of the PC clock. Until the server sends its time again, no command is judged by this clock. */
    checkForJump(): void {
      const byMs = setByMs();
      driftMs = drift();
      if (Math.abs(byMs) <= jumpMs) return;
      uplink.forgetClock();
      onJump(byMs);
    },
  };
}
