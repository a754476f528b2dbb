/**
 * Rates the speech quality of a link by the narrow-band E-model (ITU-T G.107, 2015). Parameters that the network does not change have their
 * default values. These give R = 93.2; delay and loss reduce it. emodel.test.ts has the full formula without echo.
 */

const defaultR = 93.2;
/** Impairment of G.711 with packet loss concealment (ITU-T G.113). Opus has no published values; G.711 is the nearest codec that has. */
const codec = { ie: 0, bpl: 25.1 };
/** Advantage factor A for a remote location that only a satellite reaches (G.107, table 1). */
export const satelliteAdvantage = 20;
/** Delay of packetisation, codec and the smallest jitter buffer, milliseconds. */
const packetisationMs = 30;
const leastBufferMs = 20;

/** `loss` is a ratio from 0 to 1. */
export type CallConditions = { roundTripMs: number; jitterMs: number; loss: number; burstRatio: number; advantage?: number };

export function ratingOf({ roundTripMs, jitterMs, loss, burstRatio, advantage = 0 }: CallConditions): { r: number; mos: number } {
  const oneWayMs = roundTripMs / 2 + Math.max(leastBufferMs, 2 * jitterMs) + packetisationMs;
  const percent = loss * 100;
  const lossImpairment = codec.ie + ((95 - codec.ie) * percent) / (percent / burstRatio + codec.bpl);
  const r = Math.min(100, Math.max(0, defaultR - delayImpairment(oneWayMs) - lossImpairment + advantage));
  return { r, mos: mosOf(r) };
}

/** Idd of G.107, formula (7-27): impairment by delay, 0 up to 100 ms. */
export function delayImpairment(oneWayMs: number): number {
  if (oneWayMs <= 100) return 0;
  const x = Math.log2(oneWayMs / 100);
  return 25 * ((1 + x ** 6) ** (1 / 6) - 3 * (1 + (x / 3) ** 6) ** (1 / 6) + 2);
}

/** Returns the MOS for an R (G.107, annex B). Clamped to 1, because the cubic falls below 1 just above R = 0. */
function mosOf(r: number): number {
  if (r <= 0) return 1;
  return r >= 100 ? 4.5 : Math.max(1, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6);
}
