/** How patient the centre and the agent are with a link, by its class. Figures: DESIGN, table of link classes. */

/** Every class of link, from the best to the thinnest. */
export const linkClasses = ['fibre', '4g', 'leo', 'geo', 'floor'] as const;
export type LinkClass = (typeof linkClasses)[number];

/** What a class of link is given and allowed. */
export type LinkLimits = {
  /** Time between two beats. */
  beatMs: number;
  /** MQTT keepalive; the broker admits at most 300 s. */
  keepaliveMs: number;
  /** Nothing heard for this long, without a will, is silence. */
  silentMs: number;
  /** Longest wait before a reconnect; the shortest is 1 s. */
  backoffMaxMs: number;
  /** What is not acknowledged in this time is sent again (R6). */
  resendMs: number;
  /** What one PC may send and receive a month for telemetry of all causes, and one site for tests of its link; wire bytes. */
  budget: { telemetryBytes: number; testBytes: number };
  /** One round of the quality test; null = only when it is asked for. */
  quality: { probes: number; everyMs: number } | null;
  /**
   * Time between two measurements of the capacity, and above which rate (bits/s) nobody needs to know it exactly; null = only on request. The
   * interval divides the budget of the tests: a measurement that is to empty what a line lends needs some megabytes, and so is rare.
   */
  capacity: { everyMs: number; ceilingBps: number } | null;
  /** Round trips that are normal on such a link, milliseconds: one outside of it belongs to a link of another class. */
  roundTripMs: readonly [number, number];
};

const MB = 1_000_000;
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

const quick = { beatMs: 60_000, keepaliveMs: 90_000, silentMs: 150_000, backoffMaxMs: 60_000, resendMs: 30_000 };
const slow = { keepaliveMs: 300_000, backoffMaxMs: 300_000, resendMs: 120_000, roundTripMs: [450, 900] as const };
const often = { probes: 20, everyMs: 5 * minuteMs };
const metered = { ...quick, budget: { telemetryBytes: 25 * MB, testBytes: 150 * MB }, quality: often };

/** The limits of each class. */
export const links: Record<LinkClass, LinkLimits> = {
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

/** True where each byte is paid for: there less is asked, and a beat carries only what is new. */
export function isThin(link: Pick<LinkLimits, 'beatMs'>): boolean {
  return link.beatMs >= 4 * minuteMs;
}

/** Largest payload of a beat on a thin link. */
export const thinBeatBytes = 150;

/** A will counts as silence when nothing of a newer session is heard within this time (R18). */
export const willGraceMs = 90_000;
