/** How patient the centre and the agent are with a link, by its class. Figures: DESIGN, table of link classes. */

export const linkClasses = ['fibre', '4g', 'leo', 'geo', 'floor'] as const;
export type LinkClass = (typeof linkClasses)[number];

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
};

const quick: LinkLimits = { beatMs: 60_000, keepaliveMs: 90_000, silentMs: 150_000, backoffMaxMs: 60_000, resendMs: 30_000 };

export const links: Record<LinkClass, LinkLimits> = {
  fibre: quick,
  '4g': quick,
  leo: quick,
  geo: { beatMs: 240_000, keepaliveMs: 300_000, silentMs: 510_000, backoffMaxMs: 300_000, resendMs: 120_000 },
  floor: { beatMs: 600_000, keepaliveMs: 300_000, silentMs: 930_000, backoffMaxMs: 300_000, resendMs: 120_000 },
};

/** A will counts as silence when nothing of a newer session is heard within this time (R18). */
export const willGraceMs = 90_000;
