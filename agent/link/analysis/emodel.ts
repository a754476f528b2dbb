/**
 * Speech quality over a link by the E-model (ITU-T G.107, 2015), narrow band. Values that the network does not change have their
 * defaults. The defaults give R = 93.2; delay and loss reduce it. Without echo this is the whole model (emodel.test.ts writes it out).
 */

const defaultR = 93.2;
/** G.711 with packet loss concealment. Opus has no published figures, and this codec is the nearest that has some (G.113). */
const codec = { ie: 0, bpl: 25.1 };
/** Advantage factor for a hard-to-reach location that only a satellite serves (G.107, table 1). */
export const satelliteAdvantage = 20;
/** Delay of packetisation and codec, and the smallest depth of a jitter buffer, milliseconds. */
const packetisationMs = 30;
const leastBufferMs = 20;

export type CallConditions = { roundTripMs: number; jitterMs: number /** 0 to 1. */; loss: number; burstRatio: number; advantage?: number };

export function ratingOf({ roundTripMs, jitterMs, loss, burstRatio, advantage = 0 }: CallConditions): { r: number; mos: number } {
  const oneWayMs = roundTripMs / 2 + Math.max(leastBufferMs, 2 * jitterMs) + packetisationMs;
  const percent = loss * 100;
  const lossImpairment = codec.ie + ((95 - codec.ie) * percent) / (percent / burstRatio + codec.bpl);
  const r = Math.min(100, Math.max(0, defaultR - delayImpairment(oneWayMs) - lossImpairment + advantage));
  return { r, mos: mosOf(r) };
}

/** Idd, G.107 (7-27): 0 up to 100 ms. */
export function delayImpairment(oneWayMs: number): number {
  if (oneWayMs <= 100) return 0;
  const x = Math.log2(oneWayMs / 100);
  return 25 * ((1 + x ** 6) ** (1 / 6) - 3 * (1 + (x / 3) ** 6) ** (1 / 6) + 2);
}

/** G.107, annex B. Just above R = 0 the cubic falls below 1, which is not a valid score. */
function mosOf(r: number): number {
  if (r <= 0) return 1;
  return r >= 100 ? 4.5 : Math.max(1, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6);
}
