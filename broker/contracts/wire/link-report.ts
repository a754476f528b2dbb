/** Link report of the PC that measures a site's link: body of the event `link`. `flows` keeps the latest of each site. */
import * as v from 'valibot';
import { tiers } from '../domain/tiers.ts';

const ratio = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const amount = v.pipe(v.number(), v.finite(), v.minValue(0));
const figure = v.pipe(v.number(), v.finite());
const reason = v.nullable(v.pipe(v.string(), v.maxLength(256)));

const tierLimits = ['capacity', 'loss', 'jitter', 'delay', 'udp-blocked', 'unknown'] as const;
export type TierLimit = (typeof tierLimits)[number];

const direction = v.object({
  loss: ratio,
  /** Mean length of a run of lost packets. The value 1 means single losses. */
  burst: amount,
  /** Mean absolute packet delay variation (MAPDV) and its 95th percentile. */
  jitterMs: amount,
  jitterP95Ms: amount,
  /** Null = not even audio; absent if the capacity is unknown. */
  tier: v.optional(v.nullable(v.picklist(tiers))),
  /** Reason why the tier is not higher; null at the top. */
  limit: v.optional(v.nullable(v.picklist(tierLimits))),
});

const rates = v.object({ upBps: v.nullable(amount), downBps: v.nullable(amount) });
const burst = v.nullable(v.object({ bps: amount, bytes: amount }));

const capacity = v.object({
  at: figure,
  /** `tcp`: an estimate with bounds, because UDP is blocked. */
  how: v.picklist(['train', 'tcp']),
  /** Sustained rates in bits/s of IP packets. Null = unknown, with the reason in `reason`. */
  ...rates.entries,
  udpBlocked: v.boolean(),
  /** Blocked UDP: `all`, or only packets as large as those of a meeting. */
  blocked: v.optional(v.picklist(['all', 'large'])),
  /** Higher rate at the start of a transfer, and for how many bytes; absent if none was seen. */
  burst: v.optional(v.object({ up: burst, down: burst })),
  /** Bytes for which a rate was observed from the start. A line with a larger burst may not sustain that rate. */
  seenBytes: v.optional(v.object({ up: v.nullable(amount), down: v.nullable(amount) })),
  /**
   * Free capacity of the line in the busiest ten seconds of the last minute, from the counters of this PC's network card. Use by other PCs
   * is not included.
   */
  free: v.optional(rates),
  atLeast: v.optional(rates),
  reasons: v.optional(v.object({ up: reason, down: reason })),
});

/** Last result of each link test; absent without one. */
export const linkReport = v.object({
  /** Time by the PC's clock. */
  at: figure,
  quality: v.optional(
    v.object({
      sent: amount,
      roundTripMs: v.object({ median: amount, p95: amount }),
      up: direction,
      down: direction,
      /** E-model (G.107) R and MOS. `rAdjusted` includes the advantage factor for satellites (A = 20), only on GEO. */
      r: figure,
      rAdjusted: v.optional(figure),
      mos: figure,
    }),
  ),
  capacity: v.optional(capacity),
  /** Bytes on the wire in this month by the PC's own count, and the limits of its link class. */
  budget: v.optional(
    v.object({
      month: v.pipe(v.string(), v.regex(/^\d{4}-\d{2}$/)),
      telemetryBytes: amount,
      telemetryLimit: amount,
      testBytes: amount,
      testLimit: amount,
    }),
  ),
});
export type LinkReport = v.InferOutput<typeof linkReport>;
export type LinkDirection = v.InferOutput<typeof direction>;
