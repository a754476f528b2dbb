import { describe, expect, it } from 'vitest';
import { delayImpairment, lossImpairment, mosOf, ratingOf, satelliteAdvantage } from './emodel.ts';

const lg = Math.log10;

/** The whole model, equation by equation (G.107, 7), with echo: `t` one way to the echo, `ta` one way of the call, `tr` there and back. */
function wholeModel({ t = 0, ta = 0, tr = 0, ie = 0, bpl = 4.3, ppl = 0 }) {
  const [slr, rlr, stmr, ds, dr, telr, wepl, qdu, nc, nfor, ps, pr] = [8, 2, 15, 3, 3, 65, 110, 1, -70, -64, 35, 35];
  const olr = slr + rlr;
  const nos = ps - slr - ds - 100 + 0.004 * (ps - olr - ds - 14) ** 2;
  const pre = pr + 10 * lg(1 + 10 ** ((10 - (stmr + dr)) / 10));
  const nor = rlr - 121 + pre + 0.008 * (pre - 35) ** 2;
  const no = 10 * lg(10 ** (nc / 10) + 10 ** (nos / 10) + 10 ** (nor / 10) + 10 ** ((nfor + rlr) / 10));
  const ro = 15 - 1.5 * (slr + no);
  const xolr = olr + 0.2 * (64 + no - rlr);
  const iolr = 20 * ((1 + (xolr / 8) ** 8) ** (1 / 8) - xolr / 8);
  const stmro = -10 * lg(10 ** (-stmr / 10) + Math.exp(-t / 4) * 10 ** (-telr / 10));
  const side = 12 * (1 + ((stmro - 13) / 6) ** 8) ** (1 / 8) - 28 * (1 + ((stmro + 1) / 19.4) ** 35) ** (1 / 35);
  const ist = side - 13 * (1 + ((stmro - 3) / 33) ** 13) ** (1 / 13) + 29;
  const q = 37 - 15 * lg(qdu);
  const g = 1.07 + 0.258 * q + 0.0602 * q * q;
  const iq = 15 * lg(1 + 10 ** ((ro - 100) / 15 + 46 / 8.4 - g / 9) + 10 ** (46 / 30 - g / 40));
  const terv = telr - 40 * lg((1 + t / 10) / (1 + t / 150)) + 6 * Math.exp(-0.3 * t * t);
  const [roe, re] = [-1.5 * (no - rlr), 80 + 2.5 * (terv - 14)];
  const idte = ((roe - re) / 2 + Math.sqrt((roe - re) ** 2 / 4 + 100) - 1) * (1 - Math.exp(-t));
  const rle = 10.5 * (wepl + 7) * (tr + 1) ** -0.25;
  const idle = (ro - rle) / 2 + Math.sqrt((ro - rle) ** 2 / 4 + 169);
  const is = iolr + ist + iq;
  const r = ro - is - (idte + idle + delayImpairment(ta)) - lossImpairment(ppl, { ie, bpl, burstRatio: 1 });
  return { r, ro, is, iolr, ist, iq, id: idte + idle };
}

describe('the E-model', () => {
  it('has the defaults of the standard: R 93.2, MOS 4.41', () => {
    const whole = wholeModel({});
    expect(whole.r).toBeCloseTo(93.2062, 4);
    expect(whole.ro).toBeCloseTo(94.7688, 4);
    expect(whole.is).toBeCloseTo(1.4136, 4);
    expect([whole.iolr, whole.ist, whole.iq].map((one) => one.toFixed(4))).toEqual(['0.4402', '-0.0007', '0.9741']);
    expect(whole.id).toBeCloseTo(0.149, 3);
    expect(mosOf(whole.r).toFixed(3)).toBe('4.409');
  });

  it.each([
    [100, '0.00'],
    [150, '0.16'],
    [177.3, '1.17'],
    [200, '3.04'],
    [250, '8.92'],
    [300, '14.76'],
    [400, '24.07'],
    [500, '30.64'],
  ])('the delay of %d ms takes %s', (ms, points) => expect(delayImpairment(ms).toFixed(2)).toBe(points));
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
  'a round trip of %d ms with jitter %d ms, loss %d %% in bursts of ratio %d, advantage %d: R %s, MOS %s',
  (roundTripMs, jitterMs, percent, burstRatio, advantage, r, mos) => {
    const rating = ratingOf({ roundTripMs, jitterMs, loss: percent / 100, burstRatio, advantage });
    expect([rating.r.toFixed(2), rating.mos.toFixed(3)]).toEqual([r, mos]);
  },
);

it('is never below 0 nor above 100, whatever the link does', () => {
  expect(ratingOf({ roundTripMs: 3_000, jitterMs: 500, loss: 0.9, burstRatio: 4 })).toEqual({ r: 0, mos: 1 });
  expect(ratingOf({ roundTripMs: 0, jitterMs: 0, loss: 0, burstRatio: 1, advantage: 20 })).toEqual({ r: 100, mos: 4.5 });
});
