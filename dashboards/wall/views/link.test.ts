import { type LinkReport, reasons, vocabulary } from '@sabha/contracts';
import { expect, test } from 'vitest';
import type { Scene } from '../parts/parts.js';
import { capacityText, freeLines } from './link.js';

const scene: Scene = {
  lang: 'en',
  now: 60_000,
  live: true,
  lostAt: null,
  catalogue: {},
  scope: '',
  role: 'central',
  act: async () => null,
  names: [],
  take: async () => null,
  reasons,
  words: vocabulary,
};
type Capacity = NonNullable<LinkReport['capacity']>;
const text = (more: Partial<Capacity>, lang: 'en' | 'hi' = 'en') =>
  capacityText({ ...scene, lang }, { at: 0, how: 'train', upBps: null, downBps: null, udpBlocked: false, ...more });

test('an unknown capacity shows its reason and its lower bound, for each direction', () => {
  expect(
    text({ downBps: 8_000_000, reasons: { up: 'the rate is not steady', down: null }, atLeast: { upBps: 4_500_000, downBps: null } }),
  ).toBe('up at least 4.5 Mbit/s (the rate is not steady), down 8 Mbit/s · 1 min ago');
  const both = { up: 'too many packets were lost', down: 'too many packets were lost' };
  expect(text({ reasons: both })).toBe('unknown (too many packets were lost) · 1 min ago');
  expect(text({ reasons: { ...both, down: 'the measurements disagree' } })).toBe(
    'up unknown (too many packets were lost), down unknown (the measurements disagree) · 1 min ago',
  );
  expect(text({})).toBe('unknown · 1 min ago');
  expect(text({ reasons: { up: 'the measurements disagree', down: null }, downBps: 1_000_000 }, 'hi')).not.toMatch(/disagree|unknown/);
});

test('a capacity shows the sustained rate, the initial burst, and the bytes for which it was observed', () => {
  const rates = { upBps: 2_000_000, downBps: 8_000_000 };
  const lent = { ...rates, burst: { up: { bps: 7_910_000, bytes: 128_400 }, down: null }, seenBytes: { up: null, down: 5_947_600 } };
  expect(text(lent)).toBe('up 2 Mbit/s (at first 7.9 Mbit/s, for 128 kB), down at least 8 Mbit/s for the first 5.9 MB · 1 min ago');
  expect(text(lent, 'hi')).toBe('जाने में 2 Mbit/s (शुरू में 7.9 Mbit/s, 128 kB तक), आने में पहले 5.9 MB तक कम से कम 8 Mbit/s · 1 मिनट पहले');
});

test('the free capacity is shown only if it is less than the total', () => {
  const capacity = { at: 0, how: 'train' as const, upBps: 2_000_000, downBps: 8_000_000, udpBlocked: false };
  const free = (lang: 'en' | 'hi', downBps: number | null) =>
    freeLines({ ...scene, lang }, { ...capacity, free: { upBps: 2_000_000, downBps } });
  expect(free('en', 8_000_000)).toEqual([]);
  expect(freeLines(scene, capacity)).toEqual([]);
  expect(free('en', 5_500_000)).toEqual([['free', 'Free capacity, as seen by this PC', 'up 2 Mbit/s, down 5.5 Mbit/s']]);
  expect(free('hi', null)).toEqual([['free', 'बची हुई स्पीड, जैसा इस PC से दिखता है', 'जाने में 2 Mbit/s, आने में पता नहीं']]);
});
