import { trainWireBytes } from '@sabha/contracts';
import { describe, expect, test } from 'vitest';
import { randomFrom } from '../../../test/random.ts';
import { budgetBytes, measure, pass, type SimulatedLink } from './capacity.test-helper.ts';
import { capacityOf, nextTrain, type Train } from './capacity.ts';

const mbit = 1e6;
const kB = 1_000;
const rates = [0.5, 2, 8, 20, 50].map((rate) => rate * mbit);
const buckets = [3, 32, 40, 80, 128, 160].map((bucket) => bucket * kB);
const cells = rates.flatMap((bps) => buckets.map((bucketBytes) => ({ bps, bucketBytes })));
const words = ({ bps, bucketBytes }: SimulatedLink) => `${bps / mbit} Mbit/s, bucket ${bucketBytes / kB} kB`;

describe('capacity at each combination of rate and token bucket size', () => {
  test.each(cells)('the capacity measurement finds the rate of %o within 1 % and within the byte budget', (way) => {
    const run = measure(way);
    expect(run.reason, words(way)).toBeNull();
    expect(Math.abs(run.error), words(way)).toBeLessThan(0.01);
    expect(run.bytes).toBeLessThanOrEqual(budgetBytes);
  });

  test('the capacity measurement spends less than 125 kB on packet trains up to 8 Mbit/s if the link has no token bucket', () => {
    for (const bps of [0.5, 2, 8].map((rate) => rate * mbit)) {
      const { trains } = measure({ bps, bucketBytes: 3 * kB });
      expect(trains.reduce((sum, { packets }) => sum + packets * trainWireBytes, 0)).toBeLessThan(125 * kB);
    }
  });
});

describe('capacity under conditions in which packet trains without a stream fail', () => {
  test.each([40, 80, 144, 160])(
    'the capacity measurement detects a token bucket of %i kB that runs empty in the last half of a packet train',
    (bucket) => {
      for (const bps of rates) {
        const { error, bps: found } = measure({ bps, bucketBytes: bucket * kB });
        expect(found).not.toBeNull();
        expect(Math.abs(error)).toBeLessThan(0.01);
      }
      // The bucket passes three quarters of this train in one burst. The median rate of all pairs of arrivals is therefore too high.
      const packets = Math.round((bucket * kB) / 1_200 / 0.7);
      const train = { packets, arrivals: pass({ bps: 2 * mbit, bucketBytes: bucket * kB }, packets) };
      expect(capacityOf([train, train, train], { budgetBytes, ceilingBps: 50 * mbit, cardBps: null }).bps).toBeNull();
    },
  );

  test('the capacity measurement finds the sustained rate behind a token bucket larger than all packet trains, within the byte budget', () => {
    for (const bps of rates.slice(0, 4)) {
      const run = measure({ bps, bucketBytes: 512 * kB });
      expect(Math.abs(run.error)).toBeLessThan(0.01);
      expect(run.bytes).toBeLessThanOrEqual(budgetBytes);
    }
    const deeper = measure({ bps: 8 * mbit, bucketBytes: 4_000 * kB });
    expect(deeper).toMatchObject({ bps: null, reason: 'too fast to measure with so few bytes' });
  });

  test('the capacity measurement reports no rate if the network card of the PC may be the bottleneck', () => {
    const way = { bps: 900 * mbit, bucketBytes: 3 * kB, senderBps: 9.5 * mbit };
    expect(measure(way).bps ?? 0).toBeGreaterThan(9 * mbit);
    expect(measure(way, { cardBps: 10 * mbit })).toMatchObject({ bps: null, reason: 'as fast as the network card of this PC' });
    expect(measure({ bps: 50 * mbit, bucketBytes: 3 * kB }, { cardBps: 100 * mbit }).bps).not.toBeNull();
  });

  test('the capacity measurement reports the full rate despite packet loss', () => {
    for (const loss of [0.005, 0.01, 0.02, 0.05])
      for (const bps of [0.5, 2, 8].map((rate) => rate * mbit)) {
        const { error, bps: found } = measure({ bps, bucketBytes: 3 * kB, loss, random: randomFrom(7).next });
        expect(found).not.toBeNull();
        expect(Math.abs(error), `${bps} with ${loss}`).toBeLessThan(Math.max(0.02, 1.5 * loss));
      }
  });

  test.each([0.2, 0.23, 0.25, 0.27])(
    'the capacity measurement reports no token-bucket burst on a link with a random loss of %d',
    (loss) => {
      const { next } = randomFrom(5);
      const runs = Array.from({ length: 40 }, () =>
        measure({ bps: 8 * mbit, bucketBytes: 3 * kB, loss, random: next }, { budgetBytes: 6e6 }),
      );
      expect(runs.filter(({ burst }) => burst !== null)).toEqual([]);
    },
  );

  test('the capacity measurement reports only a lower bound if the rate changes until the end of the stream', () => {
    const slower = ({ packets, arrivals }: Train) => ({
      packets,
      arrivals: arrivals.map(({ seq, us }) => ({ seq, us: us < 3e5 ? us : 3e5 * Math.exp(us / 3e5 - 1) })),
    });
    const run = measure({ bps: 2 * mbit, bucketBytes: 3 * kB }, { change: slower });
    expect(run).toMatchObject({ bps: null, reason: 'the rate is not steady' });
    expect(run.atLeastBps ?? 0).toBeGreaterThan(0);
    expect(run.atLeastBps ?? 0).toBeLessThan(mbit);
  });
});

test.each([0.35, 0.5, 0.65])('the capacity measurement reports at most the link rate while other traffic takes a share of %d', (share) => {
  for (const queueBytes of [100 * kB, 300 * kB]) {
    for (const seed of [1, 2, 3, 4]) {
      const bps = 6 * mbit;
      const { next } = randomFrom(seed);
      const found = measure({ bps, bucketBytes: 3 * kB, queueBytes, othersBps: share * bps, random: next });
      const told = found.bps ?? found.atLeastBps ?? 0;
      expect(told).toBeLessThan(1.05 * bps);
      expect(told).toBeGreaterThan(0.8 * (1 - share) * bps);
    }
  }
});

describe('byte budget of the capacity measurement', () => {
  test('the capacity measurement sends no packet train that exceeds the remaining budget', () => {
    const limits = { budgetBytes: 24 * trainWireBytes - 1, ceilingBps: 50 * mbit, cardBps: null };
    expect(nextTrain([], limits)).toBeNull();
    expect(nextTrain([], { ...limits, budgetBytes: 24 * trainWireBytes })).toBe(24);
  });

  test('the capacity measurement reports a lower bound for a link faster than the ceiling of interest', () => {
    for (const rate of [100, 400, 1_000]) {
      const found = measure({ bps: rate * mbit, bucketBytes: 3 * kB }, { ceilingBps: 20 * mbit });
      expect(found).toMatchObject({ bps: null, reason: 'too fast to measure with so few bytes' });
      expect(found.atLeastBps ?? 0).toBeGreaterThan(20 * mbit);
      expect(found.atLeastBps ?? 0).toBeLessThan(rate * mbit);
    }
  });
});
