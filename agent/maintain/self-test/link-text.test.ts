import type { LinkReport } from '@sabha/contracts';
import { expect, it } from 'vitest';
import { linkLines } from './link-text.ts';

const now = 1_764_000_000_000;
const way = { loss: 0, burst: 1, jitterMs: 4.2, jitterP95Ms: 9 };
const report: LinkReport = {
  at: now - 7 * 60_000,
  quality: {
    sent: 300,
    roundTripMs: { median: 641.7, p95: 702 },
    up: { ...way, loss: 0.0123, tier: 'sd', limit: 'capacity' },
    down: { ...way, tier: 'hd', limit: null },
    r: 67.1,
    rAdjusted: 87.1,
    mos: 3.46,
  },
  capacity: { at: now, how: 'train', upBps: 1_990_000, downBps: null, udpBlocked: false },
};

it('the link section shows the usable tier, its limit and the figures', () => {
  expect(linkLines(report, now, 'en')).toEqual([
    'Link, as measured 7 min ago',
    '  Good for: up SD video (too slow for more), down HD video',
    '  Round trip: 642 ms',
    '  Data lost: up 1.2 %, down 0 %',
    '  Varies by: up 4 ms, down 4 ms',
    '  Sound: MOS 3.5, R 67 (for a satellite 87)',
    '  Capacity: up 1.99 Mbit/s, down unknown',
  ]);
});

it('C17 the link section marks a lower bound, and a rate without a seen end of the burst, as "at least"', () => {
  const capacity = { at: now, how: 'train' as const, udpBlocked: false, upBps: 2_000_000, downBps: null };
  const more = { seenBytes: { up: 5_847_600, down: null }, atLeast: { upBps: null, downBps: 57_200_000 } };
  const said = (language: 'en' | 'hi') => linkLines({ at: now, capacity: { ...capacity, ...more } }, now, language)[1];
  expect(said('en')).toBe('  Capacity: up at least 2 Mbit/s for the first 5.8 MB, down at least 57.2 Mbit/s');
  expect(said('hi')).toBe('  स्पीड: जाने में पहले 5.8 MB तक कम से कम 2 Mbit/s, आने में कम से कम 57.2 Mbit/s');
});

it('the link section returns nothing without measurements, "unknown" without a tier, and "at least" for a TCP transfer', () => {
  expect(linkLines({ at: now }, now, 'en')).toEqual([]);
  const blocked = { at: now, how: 'tcp', upBps: 4_000_000, downBps: 8_000_000, udpBlocked: true } as const;
  expect(linkLines({ at: now, capacity: blocked }, now, 'en').at(-1)).toBe(
    '  Capacity: up 4 Mbit/s, down 8 Mbit/s (at least, measured by TCP)',
  );
  const up = { ...way, limit: 'udp-blocked' as const };
  const lines = linkLines(
    { ...report, quality: { sent: 1, roundTripMs: { median: 1, p95: 1 }, up, down: { ...way, tier: null }, r: 1, mos: 1 } },
    now,
    'en',
  );
  expect(lines[1]).toBe('  Good for: up unknown (UDP does not get through), down not even audio');
});
