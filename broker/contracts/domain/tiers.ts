/** Quality tiers of a link for meetings: the needs of each tier, and the sources of the figures. */

/** In rising order. */
export const tiers = ['audio', 'sd', 'hd', 'fhd'] as const;
export type Tier = (typeof tiers)[number];

const kbit = 1_000;
const jitterMs = { warn: 30, critical: 50 };

/**
 * Needs of each tier. `upBps`, `downBps`: rates of one room, bits/s of IP packets, the largest figure of `productNeeds`. Above `warn`
 * people notice; above `critical` the tier is not available. Loss 0 to 1, times in milliseconds. `r`: R of the E-model without the
 * advantage factor for satellites. G.107, annex B: below 60 nearly all users are dissatisfied, below 50 it is not recommended.
 */
export const tierNeeds = {
  audio: { upBps: 100 * kbit, downBps: 100 * kbit, loss: { warn: 0.02, critical: 0.1 }, jitterMs, r: 0 },
  sd: { upBps: 1_000 * kbit, downBps: 1_000 * kbit, loss: { warn: 0.01, critical: 0.05 }, jitterMs, r: 50 },
  hd: { upBps: 2_600 * kbit, downBps: 2_000 * kbit, loss: { warn: 0.01, critical: 0.03 }, jitterMs, r: 60 },
  fhd: { upBps: 4_000 * kbit, downBps: 4_000 * kbit, loss: { warn: 0.01, critical: 0.03 }, jitterMs, r: 60 },
} satisfies Record<Tier, object>;

/** Factors of the required capacity: to keep a tier, and to reach a higher one (hysteresis). */
export const tierMargin = { stay: 1.2, rise: 1.35 };

/** Needs that a vendor publishes for one tier, bits/s, with the source and the date of the last check. */
export type ProductNeeds = { product: string; tier: Tier; upBps: number; downBps: number; source: string; checked: string };

const needs = (product: string, source: string, rows: Partial<Record<Tier, readonly [upKbps: number, downKbps: number]>>): ProductNeeds[] =>
  tiers.flatMap((tier) => {
    const [up, down] = rows[tier] ?? [];
    if (up === undefined || down === undefined) return [];
    return [{ product, tier, upBps: up * kbit, downBps: down * kbit, source, checked: '2026-12-01' }];
  });

/**
 * Published needs of meeting programs for one room in a group meeting. Microsoft's "recommended" for Teams (2.5/4.0 Mbit/s) names no
 * resolution and is no tier. Its rows for SD and HD are those of the same media stack. The row of Meet for HD is the mean of one
 * participant.
 */
export const productNeeds: readonly ProductNeeds[] = [
  ...needs('Zoom', 'https://support.zoom.com/hc/en/article?id=zm_kb&sysparm_article=KB0060748', {
    audio: [80, 80],
    sd: [1_000, 600],
    hd: [2_600, 1_800],
    fhd: [3_800, 3_000],
  }),
  ...needs('Teams', 'https://learn.microsoft.com/en-us/microsoftteams/prepare-network', { audio: [76, 76], fhd: [4_000, 4_000] }),
  ...needs('Teams', 'https://learn.microsoft.com/en-us/azure/communication-services/concepts/voice-video-calling/network-requirements', {
    sd: [500, 1_000],
    hd: [1_000, 2_000],
  }),
  ...needs('Google Meet', 'https://knowledge.workspace.google.com/admin/meet/prepare-your-network-for-meet-meetings-and-live-streams', {
    audio: [100, 100],
    hd: [1_700, 1_300],
    fhd: [3_600, 3_600],
  }),
];
