/**
 * Sends beats: digest of the state, numbers, and a request for the server's time. Implements R13 (convergence) and R16 (sessions, births
 * and the time of the server).
 */
import { type Beat, type BeatKey, type Cancel, type Clock, encode, isThin, type LinkSpec, thinBeatBytes } from '@sabha/contracts';
import type { CheckTable, Numbers } from '../checks/check-table.ts';
import { tcpWireBytes } from '../link/net/meter.ts';
import type { EchoRequests } from './echo.ts';

export type BeatSenderOptions = {
  table: Pick<CheckTable, 'digest' | 'numbers'>;
  clock: Clock;
  session: number;
  limits: () => LinkSpec;
  /** Length of the MQTT topic of beats, which counts towards the size of each beat. */
  topicBytes: number;
  /** Source of the echoes that request the server's time. */
  echo: Pick<EchoRequests, 'due' | 'ask'>;
  /** Runs a task after a delay, unless the session ended meanwhile. */
  later(delayMs: number, task: () => void): Cancel;
  /** Resolves to true at the PUBACK. */
  send(payload: Buffer): Promise<boolean>;
};

export type BeatSender = ReturnType<typeof createBeatSender>;

/** Creates the beat sender of one session. It sends nothing before `start`. */
export function createBeatSender({ table, clock, session, limits, topicBytes, echo, later, send }: BeatSenderOptions) {
  const beatNumbers = createBeatNumbers();
  const room = createBeatSizeLimit(limits, topicBytes);

  function beat(): void {
    sendBeat(echo.due());
    later(limits().beatMs, beat);
  }

  /** Sends one beat; a beat without all numbers is marked as partial (`part`). */
  function sendBeat(asked: number | undefined): void {
    const bare: Omit<Beat, 'n'> = { digest: table.digest(), session, at: clock.now(), ...(asked !== undefined && { echo: asked }) };
    const numbers = table.numbers();
    const n = beatNumbers.pick(numbers, room.bytes() - encode('beat', { ...bare, part: 1, n: {} }).length);
    const isPart = Object.keys(n).length < Object.keys(numbers).length;
    const payload = encode('beat', { ...bare, ...(isPart && { part: 1 as const }), n });
    room.used(payload.length);
    void send(payload).then((acked) => acked && beatNumbers.said(n));
  }

  return {
    /** Sends a beat at once, and then at the beat interval of the link class. */
    start: beat,
    /** Sends an extra beat at once, with a request for the server's time. */
    ask: (): void => sendBeat(echo.ask()),
    /** Makes all numbers due again, because the server may have missed the earlier beats. */
    forget: beatNumbers.forget,
  };
}

/** An unchanged number is sent again after this many acknowledged beats. */
const resendAfterBeats = 8;
const significantDigits = 3;

/**
 * Selects the numbers of each beat: changed numbers and those due again. The number that was sent longest ago comes first.
 * Guarantee: with 29 numbers and 60 B per beat, each number is sent again within 15 acknowledged beats. A receiver that starts late has
 * every number by then. It can drop a number that is missing for 16 beats.
 */
export function createBeatNumbers() {
  const told = new Map<string, { value: number; beat: number }>();
  let beat = 0;
  return {
    /** Returns the numbers of the next beat, which take at most `roomBytes` of JSON. */
    pick: (numbers: Numbers, roomBytes: number): Numbers => {
      const rows = Object.entries(numbers).map(([key, value]) => ({
        key,
        value: Math.abs(value) < 1_000 ? rounded(value) : Math.round(value),
        said: told.get(key),
      }));
      const wanted = rows
        .filter(({ value, said }) => said === undefined || rounded(said.value) !== rounded(value) || beat - said.beat >= resendAfterBeats)
        .sort((a, b) => (a.said?.beat ?? -1) - (b.said?.beat ?? -1));
      return numbersThatFit(wanted, roomBytes);
    },
    /** Records the numbers of a beat that was acknowledged. */
    said: (picked: Numbers): void => {
      for (const [key, value] of Object.entries(picked)) told.set(key, { value, beat });
      beat += 1;
    },
    /** Makes all numbers due again, because the server may have missed the earlier beats. */
    forget: (): void => told.clear(),
  };
}

function numbersThatFit(rows: readonly { key: string; value: number }[], roomBytes: number): Numbers {
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

/** Rounds, so that noise in the last digits is no change. */
function rounded(value: number): number {
  return Number(value.toPrecision(significantDigits));
}

/** Share of the telemetry budget that beats may use. Births, events, readings and time requests use the rest. */
const beatsShare = 0.85;
const monthMs = 31 * 86_400_000;
/** Bytes that MQTT and TLS add to a PUBLISH. */
const publishBytes = 29;
const pubackBytes = 26;
/** Limit of the saved bytes; it suffices for all numbers in the first beat of a session. */
const maxSavedBytes = 1_000;

/**
 * Limits the size of beats. Each beat gets the same share of the month, and later beats may use what earlier ones saved. On a thin link a
 * beat has at most `thinBeatBytes`. No link has a lower limit.
 * Guarantee: with a topic of at most 70 B the beats of a month stay within their share over IPv4.
 */
export function createBeatSizeLimit(limits: () => LinkSpec, topicBytes: number) {
  let spare = maxSavedBytes;
  return {
    bytes: (): number => (isThin(limits()) ? thinBeatBytes : Math.max(thinBeatBytes, spare)),
    used(payloadBytes: number): void {
      const left = Math.max(0, spare - payloadBytes);
      spare = Math.min(maxSavedBytes, left + payloadOf(limits(), topicBytes));
    },
  };
}

function payloadOf({ budget, beatMs }: LinkSpec, topicBytes: number): number {
  const beatBytes = (budget.telemetryBytes * beatsShare * beatMs) / monthMs;
  // The TCP acknowledgement of the beat travels with its PUBACK, so three frames suffice.
  const frames = tcpWireBytes(0, 1) * 1.5;
  return beatBytes - frames - publishBytes - pubackBytes - topicBytes;
}
