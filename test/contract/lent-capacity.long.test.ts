// @module-tag long
/** Lines that lend a burst, and policers with a deep bucket: what is said of them is what lasts, or that it is not known. */
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { links, openReflectorToken, sealReflectorToken, trainSessionBytes } from '#contracts';
import { bucketSeconds, lastsAtLeast } from '../../agent/analysis/lasting.ts';
import { measureCapacity } from '../../agent/measure/capacity-test.ts';
import { directionBytesOf } from '../../agent/measure/measure.ts';
import { createTrains } from '../../broker/reflector/trains.ts';
import { createWay, type Narrow } from './narrow-way.ts';

const key = randomBytes(32);
const mbit = 1e6;
const kB = 1_000;
/** What a class may spend on one direction. */
const fibreBytes = 980 * kB;
const thinBytes = 480 * kB;

async function measure(line: Partial<Narrow> & { bps: number; bucketBytes: number }, directionBytes = fibreBytes) {
  const narrow: Narrow = { delayMs: 20, lost: () => false, ...line };
  const prove = (one: Buffer) => openReflectorToken(one, key, 0) ?? 'stranger';
  const way = createWay((clock) => createTrains({ prove, secret: randomBytes(32), clock, count: () => undefined }), {
    up: narrow,
    down: narrow,
  });
  const answer = measureCapacity({
    open: way.open,
    token: sealReflectorToken('ladakh/leh/hall', 3_600_000, key),
    clock: way.clock,
    budget: { left: () => Number.POSITIVE_INFINITY, used: () => undefined },
    ceilingBps: 50 * mbit,
    directionBytes,
    cardBps: null,
  });
  const measured = await way.run(answer);
  if (!measured.ok) throw new Error(measured.reason);
  const { up, down } = measured;
  return { ways: [up, down], passed: way.passed };
}

const boosted = { bps: 2 * mbit, bucketBytes: 128 * kB, peakBps: 8 * mbit };
const policed = { bps: 4 * mbit, bucketBytes: 400 * kB, peakBps: 20 * mbit, drops: true };

test.each([
  ['a line of 2 Mbit/s that lends 128 kB at 8 Mbit/s', boosted],
  ['a policer of 4 Mbit/s with a deep bucket in a line of 20 Mbit/s', policed],
])('%s is answered with what lasts, and with what it lends', async (_, line) => {
  const { ways, passed } = await measure(line);
  for (const { bps, burst, seenBytes } of ways) {
    expect(seenBytes).toBeNull();
    expect(Math.abs((bps ?? 0) / line.bps - 1)).toBeLessThan(0.03);
    expect(Math.abs((burst?.bps ?? 0) / line.peakBps - 1)).toBeLessThan(0.03);
    expect(Math.abs((burst?.bytes ?? 0) / line.bucketBytes - 1)).toBeLessThan(0.15);
  }
  expect(Math.max(passed.up, passed.down)).toBeLessThanOrEqual(trainSessionBytes);
});

const rates = [0.5, 1, 2, 4, 8];
const times = [2, 4, 8];
const buckets = [30, 64, 128, 256];
const kinds = [
  ['a shaper', false],
  ['a policer', true],
] as const;

test.each(kinds)(
  'of the buckets of %s that the bytes of a test can empty, three of five and more are told right, and none as the burst',
  async (_, drops) => {
    const lines = rates.flatMap((rate) =>
      times.flatMap((faster) =>
        buckets.map((bucketKB) => ({ bps: rate * mbit, bucketBytes: bucketKB * kB, peakBps: rate * faster * mbit, drops })),
      ),
    );
    const told: { line: string; error: number | null }[] = [];
    for (const line of lines) {
      const { ways, passed } = await measure(line);
      expect(Math.max(passed.up, passed.down)).toBeLessThanOrEqual(fibreBytes);
      for (const { bps } of ways) told.push({ line: JSON.stringify(line), error: bps === null ? null : Math.abs(bps / line.bps - 1) });
    }
    expect(told.filter(({ error }) => (error ?? 0) > 0.05)).toEqual([]);
    expect(told.filter(({ error }) => error !== null).length / told.length).toBeGreaterThan(0.6);
  },
);

test.each([
  ['fibre', false, { slow: 370, fast: 300 }],
  ['fibre', true, { slow: 350, fast: 300 }],
  ['4g', false, { slow: 135, fast: 80 }],
  ['4g', true, { slow: 115, fast: 80 }],
  ['geo', false, { slow: 110, fast: 85 }],
  ['geo', true, { slow: 90, fast: 85 }],
] as const)(
  'on %s (policed: %s) what lasts is found behind a burst as deep as docs/link.md says, %j kB',
  async (link, drops, { slow, fast }) => {
    const wrong: string[] = [];
    for (const rate of rates) {
      const bucketBytes = (rate > 4 ? fast : slow) * kB;
      const line = { bps: rate * mbit, bucketBytes, peakBps: 2 * rate * mbit, drops, delayMs: link === 'geo' ? 300 : 20 };
      const { ways } = await measure(line, directionBytesOf(links[link]));
      for (const { bps, reason } of ways)
        if (bps === null || Math.abs(bps / line.bps - 1) > 0.05) wrong.push(`${rate} Mbit/s: ${bps ?? reason}`);
    }
    expect(wrong).toEqual([]);
  },
);

/** Each is deeper than the bytes of a test: nobody sees its end. */
const deepBuckets = [512, 1_024, 4_096];

test.each(kinds)(
  'a burst of %s that is deeper than the bytes reach was a confident rate: it is told for how many bytes it was seen, and what a tier rests on lasts behind any usual bucket',
  async (_, drops) => {
    const lines = [0.5, 2, 8].flatMap((rate) =>
      times.flatMap((faster) =>
        deepBuckets.map((bucketKB) => ({ bps: rate * mbit, bucketBytes: bucketKB * kB, peakBps: rate * faster * mbit, drops })),
      ),
    );
    const lies: string[] = [];
    let answered = 0;
    for (const line of lines) {
      const { ways, passed } = await measure(line);
      expect(Math.max(passed.up, passed.down)).toBeLessThanOrEqual(fibreBytes);
      for (const { bps, seenBytes } of ways) {
        if (bps === null) continue;
        answered += 1;
        const lasts = Math.abs(bps / line.bps - 1) < 0.1;
        // As much as the line lets pass at this rate, so that the sentence is true.
        const lentAtMost = line.bucketBytes / (1 - line.bps / line.peakBps);
        const isSaid = seenBytes !== null && seenBytes > 0 && seenBytes < 1.05 * lentAtMost && bps < 1.1 * line.peakBps;
        const isUsual = line.bucketBytes <= (bucketSeconds * line.bps) / 8;
        if (!lasts && (!isSaid || (isUsual && lastsAtLeast(bps, seenBytes) > 1.02 * line.bps)))
          lies.push(`${JSON.stringify(line)}: ${bps}, ${seenBytes}`);
      }
    }
    expect(lies).toEqual([]);
    expect(answered / lines.length / 2).toBeGreaterThan(0.6);
  },
);

test('a line that lends nothing is told as it is, and as one that lends nothing', async () => {
  for (const rate of [0.3, 0.5, 2, 8, 20, 50]) {
    const { ways } = await measure({ bps: rate * mbit, bucketBytes: 3 * kB }, rate > 20 ? fibreBytes : thinBytes);
    for (const { bps, burst, seenBytes } of ways) {
      expect(Math.abs((bps ?? 0) / rate / mbit - 1), `${rate}`).toBeLessThan(0.01);
      expect(burst).toBeNull();
      expect(seenBytes).toBeGreaterThan(100 * kB);
    }
  }
});

test('where too few bytes are left to empty a bucket it is not known whether the rate lasts: it is at most that', async () => {
  const { ways } = await measure(boosted, 150 * kB);
  for (const { bps, reason, atMostBps } of ways) {
    expect(bps).toBeNull();
    expect(reason).toBe('too few bytes to tell whether it lasts');
    expect((atMostBps ?? 0) / boosted.peakBps).toBeCloseTo(1, 1);
  }
});
