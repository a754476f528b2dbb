/** What a link is good for in a meeting, as data: the needs of each tier, and where the figures come from. */

/** From least to most. */
export const tiers = ['audio', 'sd', 'hd', 'fhd'] as const;
export type Tier = (typeof tiers)[number];

/** What a meeting of a tier needs: bits/s of IP packets, loss as a ratio, jitter in milliseconds. */
export type TierNeeds = {
  /** What one room sends and receives, bits/s: the largest group figures of the products below, rounded up. */
  upBps: number;
  downBps: number;
  /** Above `warn` people notice, above `critical` the tier is not to be had. Loss 0 to 1, times in milliseconds. */
  loss: { warn: number; critical: number };
  jitterMs: { warn: number; critical: number };
};

const kbit = 1_000;
const jitterMs = { warn: 30, critical: 50 };

/** The needs of each tier, made from `productNeeds`. */
export const tierNeeds: Record<Tier, TierNeeds> = {
  audio: { upBps: 100 * kbit, downBps: 100 * kbit, loss: { warn: 0.02, critical: 0.1 }, jitterMs },
  sd: { upBps: 600 * kbit, downBps: 1_000 * kbit, loss: { warn: 0.01, critical: 0.05 }, jitterMs },
  hd: { upBps: 1_800 * kbit, downBps: 2_600 * kbit, loss: { warn: 0.01, critical: 0.03 }, jitterMs },
  fhd: { upBps: 3_800 * kbit, downBps: 4_000 * kbit, loss: { warn: 0.01, critical: 0.03 }, jitterMs },
};

/** Beside what a tier needs there must be this much room; to go up again, this much (hysteresis). */
export const tierMargin = { stay: 1.2, rise: 1.35 };

/** What one maker publishes for one tier, bits/s, and where. */
export type ProductNeeds = { product: string; tier: Tier; upBps: number; downBps: number; source: string };

/** What the makers of meeting programs publish for one room in a group meeting, by which the table above was made. */
export const productNeeds: readonly ProductNeeds[] = [
  { product: 'Zoom', tier: 'audio', upBps: 80 * kbit, downBps: 80 * kbit, source: 'Zoom support, "Bandwidth requirements"' },
  {
    product: 'Zoom',
    tier: 'sd',
    upBps: 1_000 * kbit,
    downBps: 800 * kbit,
    source: 'Zoom support, "Bandwidth requirements", group, high quality',
  },
  {
    product: 'Zoom',
    tier: 'hd',
    upBps: 1_800 * kbit,
    downBps: 1_800 * kbit,
    source: 'Zoom support, "Bandwidth requirements", group, 720p',
  },
  {
    product: 'Zoom',
    tier: 'fhd',
    upBps: 3_800 * kbit,
    downBps: 3_000 * kbit,
    source: 'Zoom support, "Bandwidth requirements", group, 1080p',
  },
  { product: 'Teams', tier: 'audio', upBps: 76 * kbit, downBps: 76 * kbit, source: 'Microsoft Learn, "Prepare your network for Teams"' },
  {
    product: 'Teams',
    tier: 'hd',
    upBps: 2_500 * kbit,
    downBps: 4_000 * kbit,
    source: 'Microsoft Learn, "Prepare your network for Teams", meetings, recommended',
  },
  {
    product: 'Teams',
    tier: 'fhd',
    upBps: 4_000 * kbit,
    downBps: 4_000 * kbit,
    source: 'Microsoft Learn, "Prepare your network for Teams", meetings, best',
  },
];
