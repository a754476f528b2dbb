/** Says the beat: the digest of the state and the numbers, and the question for the centre's time (R13, R16). */
import { type Beat, type BeatKey, type Cancel, type Clock, encode, isThin, type LinkLimits, thinBeatBytes } from '@sabha/contracts';
import type { CheckTable, Numbers } from '../checks/check-table.ts';
import { tcpWireBytes } from '../link/net/meter.ts';
import type { Echo } from './echo.ts';

/** What is said, in which session, how often, and how. */
export type BeatSenderOptions = {
  table: Pick<CheckTable, 'digest' | 'numbers'>;
  clock: Clock;
  session: number;
  limits: () => LinkLimits;
  /** Of the topic, which each beat carries as well. */
  topicBytes: number;
  /** The question for the time. */
  echo: Pick<Echo, 'due' | 'ask'>;
  /** Runs a task later, unless the session is over by then. */
  later(delayMs: number, task: () => void): Cancel;
  /** True when the broker has it. */
  send(payload: Buffer): Promise<boolean>;
};

/** The beats of one session. */
export type BeatSender = ReturnType<typeof createBeatSender>;

/** Says nothing before `start`. */
export function createBeatSender({ table, clock, session, limits, topicBytes, echo, later, send }: BeatSenderOptions) {
  const beatNumbers = createBeatNumbers();
  const room = createBeatRoom(limits, topicBytes);

  function beat(): void {
    say(echo.due());
    later(limits().beatMs, beat);
  }

  /** Where something is left out, the beat says that it is a part. */
  function say(asked: number | undefined): void {
    const bare: Omit<Beat, 'n'> = { digest: table.digest(), session, at: clock.now(), ...(asked !== undefined && { echo: asked }) };
    const numbers = table.numbers();
    const n = beatNumbers.pick(numbers, room.bytes() - encode('beat', { ...bare, part: 1, n: {} }).length);
    const isPart = Object.keys(n).length < Object.keys(numbers).length;
    const payload = encode('beat', { ...bare, ...(isPart && { part: 1 as const }), n });
    room.used(payload.length);
    void send(payload).then((acked) => acked && beatNumbers.said(n));
  }

  return {
    /** The first is said now, the next as the class of the link says. */
    start: beat,
    /** One more, now, which asks for the time. */
    ask: (): void => say(echo.ask()),
    /** Who listens now may have heard none of them. */
    forget: beatNumbers.forget,
  };
}

/** So many beats after it was last said, a number is said again though it did not change. */
const againAfter = 8;
const significantDigits = 3;

/**
 * Guarantee: with the 29 numbers that there are and 60 B of room each one is said again within 15 acknowledged beats, so that a receiver which
 * began in the middle has all of them by then, and what it did not hear in 16 is gone.
 */
export function createBeatNumbers() {
  const told = new Map<string, { value: number; beat: number }>();
  let beat = 0;
  return {
    /** What this beat is to carry, in at most `roomBytes` of JSON. */
    pick: (numbers: Numbers, roomBytes: number): Numbers => {
      const rows = Object.entries(numbers).map(([key, value]) => ({
        key,
        value: Math.abs(value) < 1_000 ? rounded(value) : Math.round(value),
        said: told.get(key),
      }));
      const wanted = rows
        .filter(({ value, said }) => said === undefined || rounded(said.value) !== rounded(value) || beat - said.beat >= againAfter)
        .sort((a, b) => (a.said?.beat ?? -1) - (b.said?.beat ?? -1));
      return fitting(wanted, roomBytes);
    },
    /** The beat of this pick was acknowledged. */
    said: (picked: Numbers): void => {
      for (const [key, value] of Object.entries(picked)) told.set(key, { value, beat });
      beat += 1;
    },
    /** Who listens now may have heard nothing: all of it is news. */
    forget: (): void => told.clear(),
  };
}

function fitting(rows: readonly { key: string; value: number }[], roomBytes: number): Numbers {
  const picked: Numbers = {};
  let left = roomBytes;
  for (const { key, value } of rows) {
    const bytes = JSON.stringify(key).length + String(value).length + 2;
    if (bytes > left) continue;
    picked[key as BeatKey] = value;
    left -= bytes;
  }
  return picked;
}

/** A figure that trembles in its last digit is no news. */
function rounded(value: number): number {
  return Number(value.toPrecision(significantDigits));
}

/** The rest is for births, events, readings and the time of the centre. */
const beatsShare = 0.85;
const monthMs = 31 * 86_400_000;
/** What MQTT and TLS put around topic and payload, and how long the PUBACK is. */
const publishBytes = 29;
const pubackBytes = 26;
/** The first beat of a session says everything there is. */
const spareAtMost = 1_000;

/**
 * Each beat of a month has the same. What one leaves is for the next ones, save on a thin link: there none has more than `thinBeatBytes`, which
 * is also the least anywhere.
 * Guarantee: where the topic has up to 70 B the beats of a month take no more than their share over IPv4, whatever there is to say.
 */
export function createBeatRoom(limits: () => LinkLimits, topicBytes: number) {
  let spare = spareAtMost;
  return {
    /** How long the next one may be. */
    bytes: (): number => (isThin(limits()) ? thinBeatBytes : Math.max(thinBeatBytes, spare)),
    /** So long it was. */
    used(payloadBytes: number): void {
      const left = Math.max(0, spare - payloadBytes);
      spare = Math.min(spareAtMost, left + payloadOf(limits(), topicBytes));
    },
  };
}

/** What is left for the payload of one beat. */
function payloadOf({ budget, beatMs }: LinkLimits, topicBytes: number): number {
  const beatBytes = (budget.telemetryBytes * beatsShare * beatMs) / monthMs;
  // The acknowledgement of the beat goes with its PUBACK.
  const frames = tcpWireBytes(0, 1) * 1.5;
  return beatBytes - frames - publishBytes - pubackBytes - topicBytes;
}
