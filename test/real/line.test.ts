/**
 * The proofs that take a whole running agent and its centre, on one broken office: no burst is told for what lasts,
 * the way names the right party or none, and a wrong year costs no budget.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type LinkReport, measureLater, trainIpBytes, trainWireBytes } from '@sabha/contracts';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { canShape } from '../bench/shaped-link.ts';
import type { Program } from '../system/processes.ts';
import { brokenNetworks } from './broken-networks.ts';
import { hasNamespaces } from './office-network.ts';
import { installed, requirePart } from './parts.ts';
import { openWholeOffice, type WholeOffice } from './whole-office.ts';

const runs = requirePart(
  'namespaces of one’s own with a name server and shaped links (root, ip, nft, tc, ethtool, dnsmasq)',
  installed(['ip', 'nft', 'tc', 'ethtool', 'ss', 'dnsmasq']) && hasNamespaces() && canShape(),
);
/** Probes come by the minute. */
const isNightly = process.env['SABHA_NIGHTLY'] === '1';
const patience = { timeout: 120_000, interval: 250 };
const mbit = 1e6;
const ofFrames = trainIpBytes / trainWireBytes;
describe.runIf(runs)('a running agent at its centre', () => {
  let whole: WholeOffice;
  let agent: Program | undefined;
  beforeAll(async () => {
    whole = await openWholeOffice({ link: 'fibre', expected: {}, tier: 'hd' });
  });
  afterAll(() => whole?.close());
  afterEach(async () => {
    await agent?.end('SIGTERM');
    whole.shape(null);
    await whole.office.mend();
  });

  async function start(how: { aheadMs?: number } = {}): Promise<Program> {
    agent = whole.startAgent(how);
    // The centre may not have heard yet of the end of the one before it.
    await agent.says(({ msg }) => msg === 'connected', patience.timeout);
    await expect.poll(async () => (await whole.pc())?.presence, patience).toBe('online');
    return agent;
  }
  const checkOf = async (component: string, device = '') =>
    (await whole.pc())?.checks.find((one) => one.component === component && one.device === device);

  // Its end is soon seen, so that a test of it leaves the reflector enough for the next ones.
  const lent = { bps: 2 * mbit, bucketBytes: 128_000, peakBps: 8 * mbit, queueBytes: 600_000 };

  test('a line that lends a burst was 8 Mbit/s and ok for HD: the centre shows what lasts, and what is lent, and the tier is a fault', async () => {
    whole.shape(lent);
    await start();
    const found = await capacityOf();
    for (const way of ['up', 'down'] as const) {
      expect(isSaidRight(found, way, 2 * mbit * ofFrames), JSON.stringify(found)).toBe(true);
      const burst = found.burst?.[way] ?? null;
      expect(burst === null || Math.abs(burst.bps / (8 * mbit * ofFrames) - 1) < 0.15, JSON.stringify(found)).toBe(true);
    }
    expect([found.burst?.up, found.burst?.down].some(Boolean), JSON.stringify(found)).toBe(true);
    // The round by which the tier is known comes a minute after a start at the latest.
    await agent?.end('SIGTERM');
    await start();
    await expect.poll(async () => (await checkOf('link', 'tier'))?.fault, { ...patience, timeout: 240_000 }).toBe('link.tier_low');
    const reason = /, for want of capacity \(at first [78](\.\d)? Mbit\/s, then (1\.9|2)\)$/;
    if (found.burst?.up && found.burst.down) expect((await checkOf('link', 'tier'))?.reason).toMatch(reason);
    expect((await whole.pc())?.readiness).not.toBe('ready');
  });

  test.runIf(isNightly)(
    'on a line that loses a third the way is ok and so is its connection: the room is not ready, by the loss',
    async () => {
      whole.shape(lent);
      await start();
      // It measures, and knows where; what the tests before this one were sent may be enough for the reflector.
      expect([null, measureLater.spent]).toContain((await whole.order('measure-link')).reason);
      await brokenNetworks.find(({ what }) => what.startsWith('30 %'))?.breaks(whole.office);
      const room = async () => {
        const { presence, readiness, why } = (await whole.pc()) ?? {};
        return [presence, (await checkOf('link', 'loss'))?.fault, readiness, why?.component];
      };
      // Of one round too few may be there to be sure; the next comes a minute later.
      await expect.poll(room, { ...patience, timeout: 240_000 }).toEqual(['online', 'link.loss_high', 'not-ready', 'link']);
      expect(await checkOf('path')).toMatchObject({ status: 'ok' });
    },
  );

  test('one boot in 2030 took the tests of all time away: the month is that of the centre, there and afterwards, and the line is measured', async () => {
    const now = new Date().toISOString().slice(0, 7);
    const aheadMs = Date.UTC(2030, 0, 1) - Date.now();
    const kept = () => JSON.parse(readFileSync(join(whole.data, 'budget.json'), 'utf8')) as { month: string; tests: number };
    whole.shape(lent);
    // It has a month, and then a boot in which no centre tells it the time.
    await start();
    await agent?.end('SIGTERM');
    await brokenNetworks.find(({ what }) => what === 'a login page answers at every port')?.breaks(whole.office);
    agent = whole.startAgent({ aheadMs });
    await expect.poll(whole.onCard, patience).toBe('path.between');
    await agent.end('SIGTERM');
    const alone = kept();
    expect(alone).toMatchObject({ month: now });
    await whole.office.mend();
    for (const ahead of [aheadMs, 0]) {
      await start({ aheadMs: ahead });
      // What the tests before this one were sent may be enough for the reflector; the month never is.
      expect([null, measureLater.spent]).toContain((await whole.order('measure-link')).reason);
      const { budget } = (await reportAfter(alone.tests)) ?? {};
      expect(budget).toMatchObject({ month: now, testLimit: 1_500_000_000 });
      expect(budget?.testBytes).toBeGreaterThan(alone.tests);
      await agent.end('SIGTERM');
      expect(kept().month).toBe(now);
    }
  });

  /** What the centre shows of the capacity once it was measured anew. */
  async function capacityOf(): Promise<NonNullable<LinkReport['capacity']>> {
    const last = (await whole.detail()).link?.report.capacity?.at;
    expect(await whole.order('measure-link')).toMatchObject({ outcome: 'done', reason: null });
    await expect.poll(async () => (await whole.detail()).link?.report.capacity?.at !== last, patience).toBe(true);
    const { link } = await whole.detail();
    if (link?.report.capacity === undefined) throw new Error('no capacity');
    return link.report.capacity;
  }
  async function reportAfter(testBytes: number): Promise<LinkReport | undefined> {
    await expect.poll(async () => (await whole.detail()).link?.report.budget?.testBytes ?? 0, patience).toBeGreaterThan(testBytes);
    return (await whole.detail()).link?.report;
  }
});

/** Not known, or what lasts. */
function isSaidRight(found: NonNullable<LinkReport['capacity']>, way: 'up' | 'down', lastsBps: number): boolean {
  const bps = found[`${way}Bps`];
  return bps === null || Math.abs(bps / lastsBps - 1) < 0.1;
}
