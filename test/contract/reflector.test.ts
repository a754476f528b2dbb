/** Measures a link through the reflector of a real broker process and a relay that records every packet. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { quantile } from '../../agent/link/analysis/quality.ts';
import { bareRound, type ReflectorProcess, roundThrough, scenarios, startReflectorProcess } from '../reflector-process.ts';

let reflector: ReflectorProcess;
beforeAll(async () => {
  reflector = await startReflectorProcess();
});
afterAll(() => reflector.stop());

test.concurrent.each(Object.entries(scenarios))(
  '%s: measures the exact loss of each direction and the right round trip time, with clocks that differ by 1.2 s',
  { tags: ['long'] },
  async (name, model) => {
    const seed = 7 + Object.keys(scenarios).indexOf(name);
    const pace = { reflector, probes: 400, paceMs: 12, seed };
    const [{ quality, truth, beyondTruthMs, lossOfAll }, bareMs] = await Promise.all([roundThrough({ ...pace, model }), bareRound(pace)]);
    expect({ sent: quality.up.sent, lost: Math.round(quality.up.loss * quality.up.sent) }).toEqual({
      sent: truth.up.sent,
      lost: truth.up.lost,
    });
    expect({ sent: quality.down.sent, lost: Math.round(quality.down.loss * quality.down.sent) }).toEqual({
      sent: truth.down.sent,
      lost: truth.down.lost,
    });
    expect(Math.abs(quality.up.loss * 100 - lossOfAll.up)).toBeLessThanOrEqual(0.1);
    expect(Math.abs(quality.down.loss * 100 - lossOfAll.down)).toBeLessThanOrEqual(0.1);
    // Compares packet by packet. A few packets that a busy machine delays then do not change the result.
    expect(Math.min(...beyondTruthMs)).toBeGreaterThan(-0.1);
    expect(quantile(beyondTruthMs, 0.5)).toBeLessThan(2 + 5 * quantile(bareMs, 0.5));
  },
);
