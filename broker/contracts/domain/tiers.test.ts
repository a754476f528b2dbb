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

test('a tier carries what Zoom publishes for it, within the margin that every tier has', () => {
  for (const { product, tier, upBps, downBps, source } of productNeeds) {
    expect(source.length, product).toBeGreaterThan(10);
    if (product !== 'Zoom') continue;
    expect(tierNeeds[tier].upBps * 1.7, tier).toBeGreaterThanOrEqual(upBps);
    expect(tierNeeds[tier].downBps * 1.2, tier).toBeGreaterThanOrEqual(downBps);
  }
});

test('a month of quality tests at the pace of a class takes less than half of what its tests may use', () => {
  const wireBytes = 2 * 86;
  for (const [name, { quality, budget }] of Object.entries(links)) {
    const rounds = quality === null ? 0 : (31 * 86_400_000) / quality.everyMs;
    expect(rounds * (quality?.probes ?? 0) * wireBytes, name).toBeLessThan(budget.testBytes / 2);
  }
});
