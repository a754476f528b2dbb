/**
 * Tests that no measurement ends the agent, with a complete agent behind a relay that reorders, duplicates and drops packets. The suite has
 * its own office, because the reflector limits each PC to two measurements, and one more every five minutes.
 */

import { trainIpBytes, trainWireBytes } from '@sabha/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canShape } from '../bench/shaped-link.ts';
import { hasNamespaces } from './office-network.ts';
import { installed, requirePart } from './parts.ts';
import { openWholeOffice, type WholeOffice } from './whole-office.ts';

const runs = requirePart(
  'namespaces of one’s own with a name server and shaped links (root, ip, nft, tc, ethtool, dnsmasq)',
  installed(['ip', 'nft', 'tc', 'ethtool', 'ss', 'dnsmasq']) && hasNamespaces() && canShape(),
);
const patience = { timeout: 120_000, interval: 250 };
const mbit = 1e6;
const ofFrames = trainIpBytes / trainWireBytes;

describe.runIf(runs)('a running agent behind a relay', () => {
  let whole: WholeOffice;
  const presence = async () => (await whole.pc())?.presence;
  beforeAll(async () => {
    whole = await openWholeOffice({ link: 'fibre', expected: {}, tier: 'hd' });
  });
  afterAll(() => whole?.close());

  test('completes three measurements through a relay that reorders packet trains, reports no wrong figure, and keeps running', async () => {
    const agent = whole.startAgent();
    await expect.poll(presence, patience).toBe('online');
    whole.shape({ bps: 8 * mbit, bucketBytes: 3_000, queueBytes: 600_000 });
    // Columns: hold time, one packet in so many that is duplicated, loss in each direction, and additional loss towards the PC.
    const answers: [string, string | null][] = [];
    for (const bad of [
      [0, 0, 1, 40],
      [5, 0, 2, 40, 0.3],
      [5, 0, 3, 5, 0.1, 0.4],
    ]) {
      await whole.relay(...bad);
      const { outcome, reason, lines = [] } = await whole.order('measure-link');
      expect(outcome === 'done' ? lines.length : reason?.length, JSON.stringify({ bad, reason })).toBeGreaterThan(0);
      const [, , , , lost = 0, lostDown = 0] = bad;
      expect(lines.filter((line) => isWrong(line, { mbits: 8 * ofFrames, isLossy: lost + lostDown > 0.2 }))).toEqual([]);
      answers.push([outcome, reason]);
      expect([agent.isRunning(), agent.errors, await presence()]).toEqual([true, [], 'online']);
    }
    expect(answers).toContainEqual(['done', null]);
    const { link } = await whole.detail();
    expect(numbersIn(link?.report).filter((number) => !(number >= 0))).toEqual([]);
  });
});

/**
 * Whether a result about a line of so many Mbit/s has a rate far from that rate, or a lower bound above it. On a line that loses a quarter
 * of all packets, the measured rate may be too low.
 */
function isWrong(line: string, { mbits, isLossy }: { mbits: number; isLossy: boolean }): boolean {
  const figure = /(-?[\d.]+) Mbit\/s/.exec(line)?.[1];
  if (figure === undefined) return false;
  const share = Number(figure) / mbits;
  const isBound = line.includes(': not known') || line.includes('at least');
  return isBound ? share > 1.05 : share > 1.25 || (!isLossy && share < 0.75);
}

function numbersIn(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(numbersIn) : [];
}
