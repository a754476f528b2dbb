import { expect, test } from 'vitest';
import { productNeeds, tierNeeds, tiers } from './tiers.ts';

test('C13 a tier needs the largest figure that a vendor publishes for it, in each direction', () => {
  for (const tier of tiers) {
    const rows = productNeeds.filter((row) => row.tier === tier);
    expect([tierNeeds[tier].upBps, tierNeeds[tier].downBps]).toEqual([
      Math.max(...rows.map(({ upBps }) => upBps)),
      Math.max(...rows.map(({ downBps }) => downBps)),
    ]);
  }
});

test('C13 each figure has its source and date, Zoom sends more than it receives for SD and HD, and Meet is included', () => {
  for (const { source, checked } of productNeeds) {
    expect(new URL(source).protocol).toBe('https:');
    expect(checked).toMatch(/^\d{4}-\d{2}-\d{2}$/);
  }
  const zoom = (tier: string) => productNeeds.find((row) => row.product === 'Zoom' && row.tier === tier);
  expect(zoom('sd')).toMatchObject({ upBps: 1_000_000, downBps: 600_000 });
  expect(zoom('hd')).toMatchObject({ upBps: 2_600_000, downBps: 1_800_000 });
  expect(new Set(productNeeds.map(({ product }) => product))).toEqual(new Set(['Zoom', 'Teams', 'Google Meet']));
});
