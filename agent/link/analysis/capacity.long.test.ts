// @module-tag long
/** Seeded random links of any rate, bucket, queue, loss and delay: each reported capacity is right, or none is reported. */
import { expect, test } from 'vitest';
import { ofTier } from '../../../test/figures.ts';
import { randomFrom } from '../../../test/random.ts';
import { heldUp, measure, type SimulatedLink } from './capacity.test-helper.ts';
import type { Train } from './capacity.ts';

const mbit = 1e6;
const kB = 1_000;
const ways = ofTier(60, 100, 400);
const words = ({ bps, bucketBytes }: SimulatedLink) => `${bps / mbit} Mbit/s, bucket ${bucketBytes / kB} kB`;

/** Delays each packet by a random time up to `mostMs`, so that some packets overtake others. */
const late = (train: Train, mostMs: number, next: () => number): Train => ({
  ...train,
  arrivals: train.arrivals.map(({ seq, us }) => ({ seq, us: us + mostMs * 1_000 * next() })),
});

test(`the capacity measurement reports no rate with an error above 15 % on ${ways} random links with loss and a short queue`, () => {
  const { next } = randomFrom(20);
  const wrong: string[] = [];
  let answered = 0;
  for (let at = 0; at < ways; at += 1) {
    const way = {
      bps: 0.3 * mbit * 200 ** next(),
      bucketBytes: 2 * kB * 150 ** next(),
      loss: next() < 0.5 ? 0 : 0.05 * next(),
      queueBytes: 15 * kB * 100 ** next(),
      random: next,
    };
    const { error, bps } = measure(way);
    answered += bps === null ? 0 : 1;
    if (Math.abs(error) > 0.15) wrong.push(`${words(way)}, queue ${way.queueBytes / kB} kB, loss ${way.loss}: ${error}`);
  }
  expect(wrong).toEqual([]);
  expect(answered).toBeGreaterThan(0.7 * ways);
});

test('the capacity measurement never reports a lower bound above the link rate, whatever the jitter', () => {
  const { next } = randomFrom(9);
  const above: string[] = [];
  for (let at = 0; at < ways; at += 1) {
    const way = { bps: 0.5 * mbit * 40 ** next(), bucketBytes: 3 * kB };
    const mostMs = 200 * next();
    const isHeld = next() < 0.5;
    const run = measure(way, {
      change: (train) => (isHeld ? heldUp(train, next(), mostMs * 1_000) : late(train, mostMs, next)),
    });
    if (run.atLeastBps !== null && run.atLeastBps > 1.05 * way.bps) above.push(`${words(way)}, ${mostMs} ms: ${run.atLeastBps / mbit}`);
  }
  expect(above).toEqual([]);
});

test('the capacity measurement reports no token-bucket burst on a link without a token bucket, whatever the jitter', () => {
  const { next } = randomFrom(6);
  const said = { fallen: [] as string[], answered: 0 };
  for (let at = 0; at < ways; at += 1) {
    const way = { bps: 0.5 * mbit * 40 ** next(), bucketBytes: 3 * kB };
    const run = measure(way, { change: (train) => late(train, 40 * next(), next) });
    said.answered += run.bps === null ? 0 : 1;
    if (run.bps !== null && run.seenBytes === null) said.fallen.push(`${words(way)}: ${run.bps / mbit}, lent ${run.burst?.bytes}`);
  }
  expect(said).toEqual({ fallen: [], answered: expect.toSatisfy((count: number) => count > ways / 4) });
});

test('the capacity measurement never sends more bytes than the budget', () => {
  const { next } = randomFrom(11);
  for (let at = 0; at < 0.75 * ways; at += 1) {
    const budget = Math.round(1_200 * 1_000 * next());
    const { bytes } = measure({ bps: 0.5 * mbit * 100 ** next(), bucketBytes: 3 * kB * 80 ** next() }, { budgetBytes: budget });
    expect(bytes).toBeLessThanOrEqual(budget);
  }
});
