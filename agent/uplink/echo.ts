/** The time of the centre: a beat asks for it by a random number, and only a proven answer to that number is believed (R16). */
import type { KeyObject } from 'node:crypto';
import { type Ack, type CentreClock, type Clock, centreClock, type LinkLimits, openSigned, type PcPath } from '@sabha/contracts';
import type { Spool } from './spool/spool.ts';

/** Who asks, whom it believes, and where it writes down what it learnt. */
export type EchoOptions = {
  pc: PcPath;
  clock: Clock;
  random: () => number;
  /** Public half of the centre's key, by which its time is believed; null = nobody's is proven, and no command is taken. */
  centreKey: KeyObject | null;
  limits: () => LinkLimits;
  spool: Pick<Spool, 'id'>;
  figures: ClockFigures;
};

/** The question of one session for the time. */
export type Echo = ReturnType<typeof createEcho>;

const echoEveryMs = 3_600_000;
/** Not to be guessed: an answer that was got beforehand would prove an old time. */
const echoes = 2 ** 48;

/**
 * Round trip on the clock that never jumps; the centre's time is taken as the middle of it.
 * Guarantee: a PC that has the centre's key believes the time of nobody else, nor an answer to another question, nor one that came later than
 * an event would be sent again: half of that is the most by which a broker can mislead it.
 */
export function createEcho({ pc, clock, random, centreKey, limits, spool, figures }: EchoOptions) {
  /** The last that was asked for: what was sent, and when by clock.up(). */
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
    /** What the next beat asks; undefined where the last answer is not an hour old. */
    due: (): number | undefined => (figures.echoedUp !== null && clock.up() - figures.echoedUp < echoEveryMs ? undefined : ask()),
    /** What a beat asks that does not wait for the hour. */
    ask,
    /** Reads the answer. What it returns is proven: up to where the ledger has the present spool. */
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
function compareClocks({ compared }: ClockFigures, echo: { roundTripMs: number; clockOffsetMs: number }, clock: Clock): ClockFigures {
  const { roundTripMs, clockOffsetMs } = echo;
  const driftMs = clock.now() - clock.up();
  const isSame = compared !== null && Math.abs(driftMs - compared.driftMs) < setMs;
  const isApart = Math.abs(clockOffsetMs) - roundTripMs / 2 > apartMs;
  const centreMoved = isApart && isSame && Math.abs(clockOffsetMs - compared.offsetMs) - roundTripMs / 2 > apartMs;
  const now = { offsetMs: clockOffsetMs, driftMs };
  return { roundTripMs, clockOffsetMs, echoedUp: clock.up(), centreMoved, compared: centreMoved ? compared : now };
}

/** The time of the centre. */
export type CentreTime = ReturnType<typeof createCentreTime>;

/** `onJump` is told by how much the clock of the PC jumped. */
export type CentreTimeOptions = {
  clock: Clock;
  uplink: { figures(): ClockFigures; forgetClock(): void };
  onJump(byMs: number): void;
};

const jumpMs = 5_000;
/** Three times as long as until the next comparison. */
const comparedForMs = 3 * 3_600_000;

/** By the clock of the PC and what the uplink last learnt of the centre's. */
export function createCentreTime({ clock, uplink, onJump }: CentreTimeOptions) {
  const drift = () => clock.now() - clock.up();
  /** When it was last looked at. */
  let driftMs = drift();
  const setByMs = () => Math.round(drift() - driftMs);
  const provenOffset = () => {
    const { clockOffsetMs, echoedUp } = uplink.figures();
    return echoedUp !== null && clock.up() - echoedUp < comparedForMs ? clockOffsetMs : null;
  };
  return {
    /** Milliseconds since 1970, by the centre's clock where that is known. */
    now: (): number => clock.now() - (uplink.figures().clockOffsetMs ?? 0),
    /**
     * Clock of the PC minus clock of the centre; null where nothing proves it. A clock is set little by little as well, which no jump tells of:
     * what was compared long ago proves nothing.
     */
    provenOffset,
    /** Milliseconds since 1970 at the centre; null where nothing proves it, as between a jump and the look that finds it. */
    proven(): number | null {
      const offsetMs = provenOffset();
      return offsetMs === null || Math.abs(setByMs()) > jumpMs ? null : clock.now() - offsetMs;
    },
    /** After a jump nothing is known of the centre's time until it answers again; no command is judged by what was known before. */
    mindJumps(): void {
      const byMs = setByMs();
      driftMs = drift();
      if (Math.abs(byMs) <= jumpMs) return;
      uplink.forgetClock();
      onJump(byMs);
    },
  };
}
