/** Intervals and limits of each link class. Figures: DESIGN, table of link classes. */

/** Link classes, from the best to the thinnest. */
export const linkClasses = ['fibre', '4g', 'leo', 'geo', 'floor'] as const;
export type LinkClass = (typeof linkClasses)[number];

export type LinkSpec = {
  beatMs: number;
  /** MQTT keepalive. The broker accepts at most 300 s. */
  keepaliveMs: number;
  /** Time without a message, and without a last will, until a PC is silent. */
  silentMs: number;
  /** Longest reconnect backoff. The shortest is 1 s. */
  backoffMaxMs: number;
  /** Time until an unacknowledged message is sent again (R6 (retransmission)). */
  resendMs: number;
  /** Monthly bytes on the wire: telemetry of one PC in both directions, and link tests of one site. */
  budget: { telemetryBytes: number; testBytes: number };
  /** One round of the quality test; null = on request only. */
  quality: { probes: number; everyMs: number } | null;
  /**
   * Interval of the capacity measurements, and the rate (bits/s) above which no exact value is needed; null = on request only. A
   * measurement that must exhaust the burst allowance of a line needs some megabytes, so the interval follows from the test budget.
   */
  capacity: { everyMs: number; ceilingBps: number } | null;
  /** Normal round trip times of the class, milliseconds. A value outside suggests another class. */
  roundTripMs: readonly [number, number];
};

const MB = 1_000_000;
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

const quick = { beatMs: 60_000, keepaliveMs: 90_000, silentMs: 150_000, backoffMaxMs: 60_000, resendMs: 30_000 };
const slow = { keepaliveMs: 300_000, backoffMaxMs: 300_000, resendMs: 120_000, roundTripMs: [450, 900] as const };
const often = { probes: 20, everyMs: 5 * minuteMs };
const metered = { ...quick, budget: { telemetryBytes: 25 * MB, testBytes: 150 * MB }, quality: often };

export const links: Record<LinkClass, LinkSpec> = {
  fibre: {
    ...quick,
    budget: { telemetryBytes: 25 * MB, testBytes: 1_500 * MB },
    quality: often,
    capacity: { everyMs: 6 * hourMs, ceilingBps: 50 * MB },
    roundTripMs: [0, 100],
  },
  '4g': { ...metered, capacity: { everyMs: 72 * hourMs, ceilingBps: 20 * MB }, roundTripMs: [20, 250] },
  leo: { ...metered, capacity: { everyMs: 72 * hourMs, ceilingBps: 20 * MB }, roundTripMs: [20, 250] },
  geo: {
    ...slow,
    beatMs: 240_000,
    silentMs: 510_000,
    budget: { telemetryBytes: 8 * MB, testBytes: 36 * MB },
    quality: { probes: 10, everyMs: 15 * minuteMs },
    capacity: { everyMs: 336 * hourMs, ceilingBps: 20 * MB },
  },
  floor: {
    ...slow,
    beatMs: 600_000,
    silentMs: 930_000,
    budget: { telemetryBytes: 4.5 * MB, testBytes: 36 * MB },
    quality: null,
    capacity: null,
  },
};

/** Returns true for a thin link, where each byte costs. The server requests less, and a beat contains only changed numbers. */
export function isThin(link: Pick<LinkSpec, 'beatMs'>): boolean {
  return link.beatMs >= 4 * minuteMs;
}

export const thinBeatBytes = 150;

/** Grace time after a last will: a message of a newer session within it cancels the silence (R18 (silence)). */
export const willGraceMs = 90_000;
