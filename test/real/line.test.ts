/**
 * Tests that need a complete agent and server on a broken office network. The capacity is the sustained rate, never a burst. `path` blames
 * the right party or none. A wrong year does not use up the budget.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type LinkReport, measureRefusals, trainIpBytes, trainWireBytes } from '@sabha/contracts';
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
/** Probes run once a minute. */
const isNightly = process.env['SABHA_NIGHTLY'] === '1';
const patience = { timeout: 120_000, interval: 250 };
const mbit = 1e6;
const ofFrames = trainIpBytes / trainWireBytes;
describe.runIf(runs)('a running agent at its server', () => {
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
    // The server may still show the previous agent as online.
    await agent.says(({ msg }) => msg === 'connected', patience.timeout);
    await expect.poll(async () => (await whole.pc())?.presence, patience).toBe('online');
    return agent;
  }
  const checkOf = async (component: string, device = '') =>
    (await whole.pc())?.checks.find((one) => one.component === component && one.device === device);

  // The burst ends soon, so that one measurement leaves budget at the reflector for the next tests.
  const lent = { bps: 2 * mbit, bucketBytes: 128_000, peakBps: 8 * mbit, queueBytes: 600_000 };

  test('reports the sustained rate of a line with bursts, shows the burst separately, and raises a fault for the tier', async () => {
    whole.shape(lent);
    await start();
    const found = await capacityOf();
    for (const way of ['up', 'down'] as const) {
      expect(isSaidRight(found, way, 2 * mbit * ofFrames), JSON.stringify(found)).toBe(true);
      const burst = found.burst?.[way] ?? null;
      expect(burst === null || Math.abs(burst.bps / (8 * mbit * ofFrames) - 1) < 0.15, JSON.stringify(found)).toBe(true);
    }
    expect([found.burst?.up, found.burst?.down].some(Boolean), JSON.stringify(found)).toBe(true);
    // A restarted agent determines the tier in a probe round within a minute.
    await agent?.end('SIGTERM');
    await start();
    await expect.poll(async () => (await checkOf('link', 'tier'))?.fault, { ...patience, timeout: 240_000 }).toBe('link.tier_low');
    const reason = /, because of its capacity \(at first [78](\.\d)? Mbit\/s, then (1\.9|2)\)$/;
    if (found.burst?.up && found.burst.down) expect((await checkOf('link', 'tier'))?.reason).toMatch(reason);
    expect((await whole.pc())?.readiness).not.toBe('ready');
  });

  test.runIf(isNightly)('reports path and connection ok and the room not ready when a third of the packets is lost', async () => {
    whole.shape(lent);
    await start();
    // The agent must know its anchors from a measurement. The earlier tests may already have used the quota of the reflector.
    expect([null, measureRefusals.spent]).toContain((await whole.order('measure-link')).reason);
    await brokenNetworks.find(({ what }) => what.startsWith('30 %'))?.breaks(whole.office);
    const room = async () => {
      const { presence, readiness, why } = (await whole.pc()) ?? {};
      return [presence, (await checkOf('link', 'loss'))?.fault, readiness, why?.component];
    };
    // One round may have too few packets for a verdict. The next round follows a minute later.
    await expect.poll(room, { ...patience, timeout: 240_000 }).toEqual(['online', 'link.loss_high', 'not-ready', 'link']);
    expect(await checkOf('path')).toMatchObject({ status: 'ok' });
  });

  test.runIf(isNightly)('keeps the data budget of the current month when one boot has a clock in 2030', async () => {
    const now = new Date().toISOString().slice(0, 7);
    const aheadMs = Date.UTC(2030, 0, 1) - Date.now();
    const kept = () => JSON.parse(readFileSync(join(whole.data, 'budget.json'), 'utf8')) as { month: string; tests: number };
    whole.shape(lent);
    // The PC has a stored month, and then boots where no server can correct its clock.
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
      // Earlier tests may have used the quota of the reflector, but never the budget of the month.
      expect([null, measureRefusals.spent]).toContain((await whole.order('measure-link')).reason);
      const { budget } = (await reportAfter(alone.tests)) ?? {};
      expect(budget).toMatchObject({ month: now, testLimit: 1_500_000_000 });
      expect(budget?.testBytes).toBeGreaterThan(alone.tests);
      await agent.end('SIGTERM');
      expect(kept().month).toBe(now);
    }
  });

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

/** Whether the rate is unknown, or within 10 % of the sustained rate. */
function isSaidRight(found: NonNullable<LinkReport['capacity']>, way: 'up' | 'down', lastsBps: number): boolean {
  const bps = found[`${way}Bps`];
  return bps === null || Math.abs(bps / lastsBps - 1) < 0.1;
}
