import { expect, test } from 'vitest';
import { links } from './links.ts';
import { productNeeds, tierNeeds, tiers } from './tiers.ts';

test('each tier needs at least as much as the one below it, and forgives no more', () => {
  for (const [at, tier] of tiers.entries()) {
    const below = tierNeeds[tiers[at - 1] ?? tier];
    const needs = tierNeeds[tier];
    expect(needs.upBps).toBeGreaterThanOrEqual(below.upBps);
    expect(needs.downBps).toBeGreaterThanOrEqual(below.downBps);
    expect(needs.loss.critical).toBeLessThanOrEqual(below.loss.critical);
    expect(needs.loss.warn).toBeLessThan(needs.loss.critical);
    expect(needs.jitterMs.warn).toBeLessThan(needs.jitterMs.critical);
  }
});

test('C13 a tier needs exactly the largest figure that a maker publishes for it, in each direction', () => {
  for (const tier of tiers) {
    const rows = productNeeds.filter((row) => row.tier === tier);
    expect([tierNeeds[tier].upBps, tierNeeds[tier].downBps]).toEqual([
      Math.max(...rows.map(({ upBps }) => upBps)),
      Math.max(...rows.map(({ downBps }) => downBps)),
    ]);
  }
});

test('C13 each figure names its page and the date of its check; Zoom sends more than it receives for SD and HD; Meet is there', () => {
  for (const { source, checked } of productNeeds) {
    expect(new URL(source).protocol).toBe('https:');
    expect(checked).toMatch(/^\d{4}-\d{2}-\d{2}$/);
  }
  const zoom = (tier: string) => productNeeds.find((row) => row.product === 'Zoom' && row.tier === tier);
  expect(zoom('sd')).toMatchObject({ upBps: 1_000_000, downBps: 600_000 });
  expect(zoom('hd')).toMatchObject({ upBps: 2_600_000, downBps: 1_800_000 });
  expect(new Set(productNeeds.map(({ product }) => product))).toEqual(new Set(['Zoom', 'Teams', 'Google Meet']));
});

test('a month of quality tests at the pace of a class takes less than half of what its tests may use', () => {
  const wireBytes = 2 * 86;
  for (const [name, { quality, budget }] of Object.entries(links)) {
    const rounds = quality === null ? 0 : (31 * 86_400_000) / quality.everyMs;
    expect(rounds * (quality?.probes ?? 0) * wireBytes, name).toBeLessThan(budget.testBytes / 2);
  }
});
