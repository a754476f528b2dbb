// @module-tag long
/** Measures simulated lines of each link class with a known rate. The reported rate and its tier must not exceed what the line sustains. */
import { randomBytes } from 'node:crypto';
import { type LinkClass, links, openReflectorToken, sealReflectorToken, type Tier, tierMargin, tierNeeds, tiers } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { tooFewBytes } from '../../agent/link/analysis/capacity.ts';
import { nextTier } from '../../agent/link/analysis/tier.ts';
import { measureCapacity } from '../../agent/link/measure/capacity-test.ts';
import { directionBytesOf } from '../../agent/link/measure/measure.ts';
import { createTrainHandler } from '../../broker/reflector/trains.ts';
import { createWay, type Narrow } from './narrow-way.ts';

const key = randomBytes(32);
const mbit = 1e6;
const kB = 1_000;
type Measured = LinkClass & ('fibre' | '4g' | 'geo');
const delayMs = { fibre: 10, '4g': 40, geo: 350 };
const ways = ['up', 'down'] as const;

async function measure(link: Measured, line: Partial<Narrow> & { bps: number }, directionBytes = directionBytesOf(links[link])) {
  const narrow: Narrow = { bucketBytes: 3 * kB, delayMs: delayMs[link], lost: () => false, ...line };
  const checkToken = (one: Buffer) => openReflectorToken(one, key, 0) ?? 'stranger';
  const way = createWay((clock) => createTrainHandler({ checkToken, secret: randomBytes(32), clock, count: () => undefined }), {
    up: narrow,
    down: narrow,
  });
  const answer = measureCapacity({
    open: way.open,
    token: sealReflectorToken('ladakh/leh/hall', 3_600_000, key),
    clock: way.clock,
    budget: { left: () => Number.POSITIVE_INFINITY, used: () => undefined },
    ceilingBps: links[link].capacity?.ceilingBps ?? 20 * mbit,
    directionBytes,
    cardBps: null,
  });
  const measured = await way.run(answer);
  if (!measured.ok) throw new Error(measured.reason);
  expect(Math.max(way.passed.up, way.passed.down)).toBeLessThanOrEqual(directionBytes);
  return measured;
}

type Way = Awaited<ReturnType<typeof measure>>['up'];

/** Returns the tier of a direction by its capacity alone, as the agent judges it. */
function tierOf(way: 'up' | 'down', { bps, atLeastBps }: Way): Tier | null | undefined {
  const bound = bps === null && atLeastBps !== null ? { leastBps: atLeastBps } : {};
  const freeBps = bps ?? atLeastBps;
  return nextTier(undefined, way, { freeBps, ...bound, udpBlocked: false, lossAt: () => 0, jitterMs: 1 }).tier;
}

/** Returns the highest tier whose needs, with the margin of the table, this rate meets. */
function tierOfTable(way: 'up' | 'down', bps: number): Tier | null {
  const needs = (tier: Tier) => tierMargin.stay * (way === 'up' ? tierNeeds[tier].upBps : tierNeeds[tier].downBps);
  return tiers.findLast((tier) => needs(tier) <= bps) ?? null;
}

const classes = ['fibre', '4g', 'geo'] as const;

test.each(classes)('C12 a %s line without bursts, 0.7 to 300 Mbit/s, gets the tier of the table in both directions', async (link) => {
  for (const rate of [0.7, 1, 1.5, 2, 2.8, 4, 6, 8, 13, 20, 35, 50, 100, 300]) {
    const measured = await measure(link, { bps: rate * mbit });
    for (const way of ways) {
      expect(tierOf(way, measured[way]), `${rate} ${way} ${JSON.stringify(measured[way])}`).toBe(tierOfTable(way, rate * mbit));
      const { bps, atLeastBps } = measured[way];
      if (bps === null) expect(atLeastBps ?? 0).toBeGreaterThan(20 * mbit);
      else expect(Math.abs(bps / rate / mbit - 1)).toBeLessThan(0.02);
    }
  }
});

const lendsAt = ([rate, peak, bucketKB]: readonly [number, number, number]) => ({
  bps: rate * mbit,
  peakBps: peak * mbit,
  bucketBytes: bucketKB * kB,
});
const lending = [0.7, 1.7, 3, 5]
  .flatMap((rate) => [2, 5].flatMap((faster) => [40, 700, 2_000].map((bucketKB) => [rate, faster * rate, bucketKB] as const)))
  .concat([
    [0.99, 7.7, 1_739],
    [1.2, 9, 1_900],
    [2.3, 18, 1_900],
  ])
  .map(lendsAt);
/** Returns the bytes that pass at the peak rate. */
const lentBytes = ({ bps, peakBps, bucketBytes }: (typeof lending)[number]) => bucketBytes / (1 - bps / peakBps);

test.each(classes.flatMap((link) => [false, true].map((drops) => [link, drops ? 'policed' : 'shaped', drops] as const)))(
  'C17 a %s line, %s, with a burst of up to 2 MB gets no tier and no rate above the sustained one',
  async (link, _, drops) => {
    const wrong: string[] = [];
    let answered = 0;
    const lines = lending.filter((line) => lentBytes(line) < 0.85 * directionBytesOf(links[link]));
    for (const line of lines) {
      const measured = await measure(link, { ...line, drops });
      for (const way of ways) {
        const { bps, atLeastBps, reason } = measured[way];
        answered += bps === null ? 0 : 1;
        const place = tiers.indexOf(tierOf(way, measured[way]) as Tier);
        const isTooHigh = place > tiers.indexOf(tierOfTable(way, 1.02 * line.bps) as Tier);
        // A TCP transfer follows when no rate is known. It would measure the burst, so such a result is wrong.
        const asksTcp = line.bucketBytes > 100 * kB && bps === null && atLeastBps === null && reason !== tooFewBytes;
        if (isTooHigh || asksTcp || (bps ?? atLeastBps ?? 0) > 1.1 * line.bps)
          wrong.push(`${JSON.stringify(line)} ${way}: ${bps} ${atLeastBps}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(answered).toBeGreaterThan(0.6 * 2 * lines.length);
  },
);

test('C17 a sustained rate is reported with the bytes that prove it, and a burst with its rate and size', async () => {
  for (const line of [
    { bps: 2 * mbit, bucketBytes: 128 * kB, peakBps: 8 * mbit },
    { bps: 4 * mbit, bucketBytes: 1_200 * kB, peakBps: 20 * mbit, drops: true },
  ]) {
    const { up, down } = await measure('fibre', line);
    for (const { bps, burst, seenBytes } of [up, down]) {
      expect(seenBytes).toBeNull();
      expect(Math.abs((bps ?? 0) / line.bps - 1)).toBeLessThan(0.03);
      expect(Math.abs((burst?.bps ?? 0) / line.peakBps - 1)).toBeLessThan(0.03);
      expect(Math.abs((burst?.bytes ?? 0) / line.bucketBytes - 1)).toBeLessThan(0.15);
    }
  }
  const plain = await measure('fibre', { bps: 9 * mbit });
  for (const { burst, seenBytes } of [plain.up, plain.down]) {
    expect(burst).toBeNull();
    expect(seenBytes).toBeGreaterThan(5_000 * kB);
  }
});

test('C15 a queue of 8 to 30 kB gives a rate or a lower bound, and neither exceeds the rate of the line', async () => {
  for (const link of ['fibre', '4g'] as const) {
    for (const rate of [2, 6, 15]) {
      for (const queueKB of [8, 14, 22, 30]) {
        const { up, down } = await measure(link, { bps: rate * mbit, queueBytes: queueKB * kB });
        for (const { bps, atLeastBps } of [up, down]) {
          expect(bps ?? atLeastBps ?? 0, `${rate} ${queueKB}`).toBeGreaterThan(0.6 * rate * mbit);
          expect(bps ?? atLeastBps ?? 0, `${rate} ${queueKB}`).toBeLessThan(1.05 * rate * mbit);
        }
      }
    }
  }
});

test('too few bytes to empty the bucket give neither a rate nor a lower bound', async () => {
  const { up, down } = await measure('fibre', { bps: 2 * mbit, bucketBytes: 128 * kB, peakBps: 8 * mbit }, 300 * kB);
  for (const { bps, atLeastBps, reason } of [up, down])
    expect([bps, atLeastBps, reason]).toEqual([null, null, 'too few bytes to know whether the speed lasts']);
});
