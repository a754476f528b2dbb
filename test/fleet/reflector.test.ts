import { expect, test } from 'vitest';
import { handClock } from '../../agent/checks/agent.test-helper.ts';
import { qualityOf, windowOf } from '../../agent/link/analysis/quality.ts';
import { stampRound } from '../../agent/link/measure/stamp.ts';
import { createLine, snowLoss, thinLine } from './line.ts';
import { reflectorBehind } from './reflector.ts';

const clock = handClock();

async function measured(snow: number, probes: number) {
  const line = createLine({ clock, ...thinLine });
  line.snow(snow);
  const grant = { port: 1, token: Buffer.alloc(16), endsUp: Number.POSITIVE_INFINITY };
  const round = stampRound({ clock, open: reflectorBehind(line, clock), grant, session: 7, probes, paceMs: 100 });
  for (let n = 0; n < probes + 60; n += 1) await clock.pass(100);
  const made = await round;
  const window = typeof made === 'string' ? undefined : windowOf(made);
  return window && qualityOf([window]);
}

test('a round over the line of Leh finds its round trip, no jitter and no loss', async () => {
  const found = await measured(0, 20);
  expect(found?.roundTripMs.median).toBeCloseTo(thinLine.roundTripMs, -1);
  expect(found).toMatchObject({ up: { loss: 0 }, down: { loss: 0 } });
  expect(Math.max(found?.up.jitterMs ?? 99, found?.down.jitterMs ?? 99)).toBeLessThan(1);
});

test('under snow it finds what the snow takes, each way', async () => {
  const found = await measured(snowLoss, 400);
  for (const way of [found?.up, found?.down]) expect(Math.abs((way?.loss ?? 0) - snowLoss)).toBeLessThan(0.08);
});
