/** What the PC that measures a site's link says of it: the body of the event `link`, kept by `flows` as the latest of each site. */
import * as v from 'valibot';
import { tiers } from '../domain/tiers.ts';

const ratio = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const amount = v.pipe(v.number(), v.finite(), v.minValue(0));
const figure = v.pipe(v.number(), v.finite());
const reason = v.nullable(v.pipe(v.string(), v.maxLength(256)));

/** Why a tier is not a higher one. */
const tierLimits = ['capacity', 'loss', 'jitter', 'delay', 'udp-blocked', 'unknown'] as const;
export type TierLimit = (typeof tierLimits)[number];

const direction = v.object({
  loss: ratio,
  /** Mean length of a run of lost packets; 1 = they are lost one by one. */
  burst: amount,
  /** Mean absolute packet delay variation (MAPDV) and its 95th percentile. */
  jitterMs: amount,
  jitterP95Ms: amount,
  /** Null = not even audio; absent where the capacity is not known. */
  tier: v.optional(v.nullable(v.picklist(tiers))),
  /** What keeps it from the next higher tier; null at the top. */
  limit: v.optional(v.nullable(v.picklist(tierLimits))),
});

const rates = v.object({ upBps: v.nullable(amount), downBps: v.nullable(amount) });
const burst = v.nullable(v.object({ bps: amount, bytes: amount }));

const capacity = v.object({
  at: figure,
  /** `tcp`: a bounded estimate, since UDP did not get through. */
  how: v.picklist(['train', 'tcp']),
  /** What lasts, bits/s of IP packets; null = not known, for the reason below. */
  ...rates.entries,
  udpBlocked: v.boolean(),
  /** Which UDP: `all`, or only packets as large as those of a meeting. */
  blocked: v.optional(v.picklist(['all', 'large'])),
  /** More than lasts: what the line lends at first, and for how many bytes at once; absent where it was seen to lend nothing. */
  burst: v.optional(v.object({ up: burst, down: burst })),
  /** How many bytes were sent at the rate from the start: a line that lends more may not keep it. */
  seenBytes: v.optional(v.object({ up: v.nullable(amount), down: v.nullable(amount) })),
  /** What the busiest ten seconds of the minute before left of it, by the counters of this PC's network card: what other PCs use is not seen. */
  free: v.optional(rates),
  /** Where the rate is not known: the least that the line carries. */
  atLeast: v.optional(rates),
  reasons: v.optional(v.object({ up: reason, down: reason })),
});

/** The last answer of each test; what was not measured is absent. */
export const linkReport = v.object({
  /** The PC's own clock. */
  at: figure,
  quality: v.optional(
    v.object({
      sent: amount,
      roundTripMs: v.object({ median: amount, p95: amount }),
      up: direction,
      down: direction,
      /** E-model (G.107) R and MOS; `rAdjusted` allows for what people accept of a satellite (A = 20), only on GEO. */
      r: figure,
      rAdjusted: v.optional(figure),
      mos: figure,
    }),
  ),
  capacity: v.optional(capacity),
  /** Wire bytes of this month by the PC's own meter, and what its class may use. */
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
