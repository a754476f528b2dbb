import type { Check } from '@sabha/contracts';
import { expect, test } from 'vitest';
import type { Probe } from '../../checks/probe.ts';
import { fault, ok, unknown } from '../../link/analysis/verdict.ts';
import { createUnwritten } from '../../platform/unwritten.ts';
import { asFarAsKnown } from './self-test.ts';

const self = { roundTripMs: null, clockOffsetMs: null, spool: { waiting: 0, bytes: 0, droppedInLastDay: 0 }, failing: [] };
const context = { platform: createUnwritten(), profile: { link: 'fibre', elevationM: 0, expected: {} }, self } as const;

function said(name: string, checks: Omit<Check, 'component'>[]) {
  const all = checks.map((check) => ({ component: name, ...check }));
  const probe: Probe = { name, everyMs: 1_000, timeoutMs: 1_000, run: async () => ({ checks: all, numbers: { load: 1 } }) };
  return asFarAsKnown(probe).run({ ...context, signal: AbortSignal.timeout(1_000) });
}

test('a PC that was busy for the second of the self-test, by the installation that it ends, was told as too busy', async () => {
  const busy = { device: 'processor', ...fault('pc.load_high') };
  const full = { device: 'disk', ...fault('pc.disk_full') };
  const { checks, numbers } = await said('pc', [busy, full]);
  expect(checks).toEqual([
    { component: 'pc', device: 'processor', ...unknown('measured for one second only') },
    { component: 'pc', ...full },
  ]);
  expect(numbers).toEqual({ load: 1 });
  expect((await said('pc', [{ device: 'processor', ...ok }])).checks).toMatchObject([{ status: 'ok' }]);
});
