/**
 * The time of the server. A beat carries a random number, and only a proven ack to that number is accepted. Implements R16 (sessions,
 * births and the time of the server).
 */
import type { KeyObject } from 'node:crypto';
import { type Ack, type CentreClock, type Clock, centreClock, type LinkSpec, openSigned, type PcPath } from '@sabha/contracts';
import type { Spool } from './spool/spool.ts';

export type EchoOptions = {
  pc: PcPath;
  clock: Clock;
  random: () => number;
  /** Public half of the server's signing key. If null, the time is accepted without proof and no command is accepted. */
  centreKey: KeyObject | null;
  limits: () => LinkSpec;
  spool: Pick<Spool, 'id'>;
  figures: ClockFigures;
};

export type EchoRequests = ReturnType<typeof createEcho>;

const echoEveryMs = 3_600_000;
/** Range of the random numbers, too large to guess. Otherwise an ack obtained in advance could prove an old time. */
const echoes = 2 ** 48;

/**
 * Requests the server's time and measures the round trip with the monotonic clock. The server's time counts for the middle of the round
 * trip.
 * Guarantee: a PC with the server's key accepts only a time that this key signed, for its last echo, within `resendMs`.
 * A broker can therefore shift the time by at most half of `resendMs`.
 */
export function createEcho({ pc, clock, random, centreKey, limits, spool, figures }: EchoOptions) {
  /** The last number sent, and its send time by `clock.up()`. */
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
    /** Returns the echo of the next beat, or undefined if the last proven ack is less than an hour old. */
    due: (): number | undefined => (figures.echoedUp !== null && clock.up() - figures.echoedUp < echoEveryMs ? undefined : ask()),
    /** Returns an echo for a beat that does not wait for the hour. */
    ask,
    /** Reads an ack. Returns the proven `upTo` of the current spool, or undefined if the ack proves none. */
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

/** Comparison of both clocks. It outlives each session. */
export type ClockFigures = {
  /** Round trip of the last accepted echo in milliseconds; null before the first. */
  roundTripMs: number | null;
  /** Clock of the PC minus clock of the server. */
  clockOffsetMs: number | null;
  /** Receive time of the last accepted echo, by `clock.up()`. */
  echoedUp: number | null;
  /** The clocks differ because the server's clock was set. */
  serverClockStepped: boolean;
  /** Both clocks at the last comparison in which they agreed, or at the first one. */
  compared: { offsetMs: number; driftMs: number } | null;
};

/** State before the first comparison. */
export const noClock: ClockFigures = { roundTripMs: null, clockOffsetMs: null, echoedUp: null, serverClockStepped: false, compared: null };

/** Largest difference at which two clocks still agree. */
export const agreeWithinMs = 5_000;
/** Smallest step of the PC clock that counts as a change of its setting. */
const stepMinMs = 2_000;

/**
 * Returns the comparison after an echo. If the offset changes and the PC clock was not set, then the server's clock was set. The PC clock
 * is then not at fault.
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
/** Time for which a comparison is valid: three times the interval between comparisons. */
const comparedForMs = 3 * 3_600_000;

/** Derives the server's time from the PC clock and the last comparison. */
export function createServerTime({ clock, uplink, onJump }: ServerTimeOptions) {
  const drift = () => clock.now() - clock.up();
  /** Difference of wall clock and monotonic clock at the last check for a jump. */
  let driftMs = drift();
  const setByMs = () => Math.round(drift() - driftMs);
  const provenOffset = () => {
    const { clockOffsetMs, echoedUp } = uplink.figures();
    return echoedUp !== null && clock.up() - echoedUp < comparedForMs ? clockOffsetMs : null;
  };
  return {
    /** Milliseconds since 1970, by the server's clock if it is known, otherwise by the PC clock. */
    now: (): number => clock.now() - (uplink.figures().clockOffsetMs ?? 0),
    /**
     * Clock of the PC minus clock of the server, or null without a valid comparison. A slewed clock shows no jump, so an old comparison
     * proves nothing.
     */
    provenOffset,
    /** Server time in milliseconds since 1970; null without proof, also between a jump and its detection. */
    proven(): number | null {
      const offsetMs = provenOffset();
      return offsetMs === null || Math.abs(setByMs()) > jumpMs ? null : clock.now() - offsetMs;
    },
    /** Discards the comparison after a jump of the PC clock. Commands are not judged by it until the server sends its time again. */
    checkForJump(): void {
      const byMs = setByMs();
      driftMs = drift();
      if (Math.abs(byMs) <= jumpMs) return;
      uplink.forgetClock();
      onJump(byMs);
    },
  };
}
