import { expect, test } from 'vitest';
import { type LinkReport, reasons, vocabulary } from '#contracts';
import type { Scene } from '../parts/parts.js';
import { capacityText } from './link.js';

const scene: Scene = {
  ...{ lang: 'en', now: 60_000, live: true, lostAt: null, catalogue: {}, scope: '', role: 'central', act: async () => null },
  names: [],
  take: async () => null,
  ...{ reasons, words: vocabulary },
};
type Capacity = NonNullable<LinkReport['capacity']>;
const text = (more: Partial<Capacity>, lang: 'en' | 'hi' = 'en') =>
  capacityText({ ...scene, lang }, { at: 0, how: 'train', upBps: null, downBps: null, udpBlocked: false, ...more });

test('of every capacity that is not known the wall said that the measurements do not agree', () => {
  expect(
    text({ downBps: 8_000_000, reasons: { up: 'the rate is not steady', down: null }, atMost: { upBps: 4_500_000, downBps: null } }),
  ).toBe('unknown (the rate is not steady; at most 4.5 Mbit/s) up, 8 Mbit/s down · 1 min ago');
  const both = { up: 'too many packets were lost', down: 'too many packets were lost' };
  expect(text({ reasons: both })).toBe('unknown (too many packets were lost) · 1 min ago');
  expect(text({ reasons: { ...both, down: 'the measurements disagree' } })).toBe(
    'unknown (too many packets were lost) up, unknown (the measurements disagree) down · 1 min ago',
  );
  expect(text({})).toBe('unknown · 1 min ago');
  expect(text({ reasons: { up: 'the measurements disagree', down: null }, downBps: 1_000_000 }, 'hi')).not.toMatch(/disagree|unknown/);
});
