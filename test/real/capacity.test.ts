/** Tests packet trains over a real kernel link of known rate, with the agent's code and the reflector of a real broker process. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { trainIpBytes, trainSessionBytes, trainWireBytes } from '@sabha/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ClientRun } from '../bench/capacity-client-child.ts';
import { prepareReflector, type ReflectorStage } from '../bench/capacity-reflector.ts';
import { canShape, createShapedLink, type ShapedLink } from '../bench/shaped-link.ts';
import { requirePart } from './parts.ts';

/** Rates that the nightly run measures too. */
const isNightly = process.env['SABHA_NIGHTLY'] === '1';
const runs = requirePart('a shaped link (root, ip, tc, nft, ethtool)', canShape());

describe.runIf(runs)('the capacity test on a link of known rate', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sabha-real-capacity-'));
  let link: ShapedLink;
  let stage: ReflectorStage;
  beforeAll(async () => {
    link = createShapedLink('real');
    stage = await prepareReflector(link, folder);
  });
  afterAll(async () => {
    await stage?.stop();
    link?.remove();
    rmSync(folder, { recursive: true });
  });

  async function measure(): Promise<Extract<ClientRun, { ok: true }>> {
    const args = ['test/bench/capacity-client-child.ts', link.address, `${stage.port}`, stage.tokens(1).join(',')];
    const client = link.start('pc', { program: process.execPath, args });
    expect(await client.ended, client.errors.join()).toMatchObject({ code: 0 });
    const run = JSON.parse(client.lines[0]?.msg ?? '') as ClientRun;
    if (!run.ok) throw new Error(run.reason);
    return run;
  }

  // Other load on the machine can distort a packet train; the result is then null. Any other result must be right.
  const buckets: [mbit: number, bucketKB: number][] = isNightly
    ? [
        [8, 3],
        [12, 40],
      ]
    : [[8, 3]];
  test.each(buckets)('measures a rate of %i Mbit/s with a bucket of %i kB to within 15 percent', async (mbit, bucketKB) => {
    link.shape({ bps: mbit * 1e6, bucketBytes: bucketKB * 1_000, queueBytes: 600_000 });
    const ways = [await measure(), await measure()].flatMap(({ up, down }) => [up, down]);
    const answered = ways.filter(({ bps }) => bps !== null);
    expect(answered.length, JSON.stringify(ways)).toBeGreaterThan(0);
    for (const { bps, wireBytes } of answered) {
      expect(Math.abs((bps ?? 0) / (mbit * 1e6 * (trainIpBytes / trainWireBytes)) - 1)).toBeLessThan(0.15);
      expect(wireBytes).toBeLessThan(trainSessionBytes);
    }
  });

  const lends = {
    what: 'a link of 6 Mbit/s that lends 256 kB at 24 Mbit/s',
    mbit: 6 * (trainIpBytes / trainWireBytes),
    shape: { bps: 6e6, bucketBytes: 256_000, peakBps: 24e6 },
    police: undefined,
  };
  const policed = {
    what: 'a policer of 4 Mbit/s with a deep bucket in a line of 20 Mbit/s',
    mbit: 4,
    shape: { bps: 20e6, bucketBytes: 3_000 },
    police: { packetsPerSecond: 417, atOnce: 400 },
  };
  test.each(isNightly ? [lends, policed] : [policed])('measures to within 10 percent the sustained rate of $what', async (line) => {
    const { mbit, shape, police } = line;
    link.shape({ queueBytes: 600_000, ...shape }, police);
    const ways = [await measure(), await measure()].flatMap(({ up, down }) => [up, down]);
    const answered = ways.filter(({ bps }) => bps !== null);
    expect(answered.length, JSON.stringify(ways)).toBeGreaterThan(0);
    for (const { bps, wireBytes } of answered) {
      expect(Math.abs((bps ?? 0) / mbit / 1e6 - 1), JSON.stringify(ways)).toBeLessThan(0.1);
      expect(wireBytes).toBeLessThan(trainSessionBytes);
    }
  });
});
