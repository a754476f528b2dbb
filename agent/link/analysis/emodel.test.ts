import { describe, expect, it } from 'vitest';
import { delayImpairment, ratingOf, satelliteAdvantage } from './emodel.ts';

describe('delayImpairment', () => {
  it.each([
    [100, '0.00'],
    [150, '0.16'],
    [177.3, '1.17'],
    [200, '3.04'],
    [250, '8.92'],
    [300, '14.76'],
    [400, '24.07'],
    [500, '30.64'],
  ])('delayImpairment returns for a delay of %d ms an impairment of %s', (ms, points) =>
    expect(delayImpairment(ms).toFixed(2)).toBe(points),
  );
});

it.each([
  [0, 0, 0, 1, 0, '93.20', '4.409'],
  [60, 10, 1, 1, 0, '89.56', '4.328'],
  [100, 30, 1, 1, 0, '89.51', '4.327'],
  [300, 20, 1, 1, 0, '84.30', '4.176'],
  [500, 30, 1, 1, 0, '70.69', '3.629'],
  [640, 15, 1, 1, 0, '67.10', '3.458'],
  [640, 15, 1, 1, satelliteAdvantage, '87.10', '4.262'],
  [640, 15, 5, 1, 0, '54.96', '2.836'],
  [640, 15, 5, 2, 0, '53.53', '2.761'],
  [60, 5, 10, 1, 0, '66.13', '3.411'],
  [60, 5, 10, 2, 0, '61.64', '3.184'],
])(
  'ratingOf rates round trip %d ms, jitter %d ms, loss %d %% in bursts of ratio %d, advantage %d as R %s, MOS %s',
  (roundTripMs, jitterMs, percent, burstRatio, advantage, r, mos) => {
    const rating = ratingOf({ roundTripMs, jitterMs, loss: percent / 100, burstRatio, advantage });
    expect([rating.r.toFixed(2), rating.mos.toFixed(3)]).toEqual([r, mos]);
  },
);

it('the E-model keeps R between 0 and 100 for extreme delay, jitter and loss', () => {
  expect(ratingOf({ roundTripMs: 3_000, jitterMs: 500, loss: 0.9, burstRatio: 4 })).toEqual({ r: 0, mos: 1 });
  expect(ratingOf({ roundTripMs: 0, jitterMs: 0, loss: 0, burstRatio: 1, advantage: 20 })).toEqual({ r: 100, mos: 4.5 });
});
