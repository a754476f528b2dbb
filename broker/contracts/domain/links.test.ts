import { describe, expect, test } from 'vitest';
import { linkClasses, links, willGraceMs } from './links.ts';

/** The table of DESIGN, in seconds: beat, keepalive, silent, longest backoff. */
const table = {
  fibre: [60, 90, 150, 60],
  '4g': [60, 90, 150, 60],
  leo: [60, 90, 150, 60],
  geo: [240, 300, 510, 300],
  floor: [600, 300, 930, 300],
};

test('the limits equal the figures of the design', () => {
  for (const name of linkClasses) {
    const { beatMs, keepaliveMs, silentMs, backoffMaxMs } = links[name];
    expect([beatMs, keepaliveMs, silentMs, backoffMaxMs].map((ms) => ms / 1_000)).toEqual(table[name]);
  }
  expect(Object.keys(links)).toEqual([...linkClasses]);
});

describe.each(linkClasses)('%s', (name) => {
  const limits = links[name];

  test('R18 the silence limit exceeds the beat interval by 30 s and is at least 1.5 times the keepalive', () => {
    expect(limits.silentMs).toBeGreaterThan(limits.beatMs + 30_000);
    expect(limits.silentMs).toBeGreaterThanOrEqual(1.5 * limits.keepaliveMs);
  });

  test('R6 retransmits after 30 s, on thin links after 120 s', () => {
    expect(limits.resendMs).toBe(name === 'geo' || name === 'floor' ? 120_000 : 30_000);
  });
});

test('R18 a last will counts after 90 s without a newer session', () => {
  expect(willGraceMs).toBe(90_000);
});
