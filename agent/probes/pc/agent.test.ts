import { coreReasonText } from '@sabha/contracts';
import { expect, it } from 'vitest';
import type { SelfFigures } from '../../checks/probe.ts';
import { createUnsupported } from '../../platform/unsupported.ts';
import { agentProbe } from './agent.ts';

const well: SelfFigures = { roundTripMs: 1, clockOffsetMs: 1, spool: { waiting: 3, bytes: 10, droppedInLastDay: 0 }, failing: [] };

function ask(self: SelfFigures) {
  const profile = { link: 'fibre', elevationM: 0, expected: {} } as const;
  return agentProbe.run({ platform: createUnsupported(), profile, self, signal: AbortSignal.timeout(1_000) });
}

it('the agent probe reports ok while every probe runs and no event was dropped, with its memory and spool', async () => {
  const { checks, numbers } = await ask(well);
  expect(checks.map((one) => `${one.device} ${one.status}`)).toEqual(['checks ok', 'history ok']);
  expect(numbers?.q).toBe(3);
  expect(numbers?.rss).toBeGreaterThan(10_000_000);
});

it('the agent probe names failing probes in order, without their changing error texts', async () => {
  const failing = [
    { probe: 'microphone', error: 'ENOMEM 123' },
    { probe: 'camera', error: 'late' },
  ];
  expect((await ask({ ...well, failing })).checks).toMatchObject([
    { device: 'checks', status: 'fault', fault: 'agent.probe_failed', reason: 'camera, microphone' },
    { device: 'history', status: 'ok' },
  ]);
});

it('the agent probe reports dropped events', async () => {
  const { checks } = await ask({ ...well, spool: { ...well.spool, droppedInLastDay: 2 } });
  expect(checks).toMatchObject([{ status: 'ok' }, { device: 'history', fault: 'agent.events_dropped' }]);
});

const dayMs = 86_400_000;

it.each([
  [31 * dayMs, 'ok', null],
  [30 * dayMs, 'fault', 'it ends within 30 d'],
  [7 * dayMs, 'fault', 'it ends within 7 d'],
  [dayMs, 'fault', 'it ends within 1 d'],
  [0, 'fault', 'it has ended'],
])('the agent probe rates a certificate that ends in %s ms as %s with the reason %s', async (certificateLeftMs, status, reason) => {
  const { checks } = await ask({ ...well, certificateLeftMs });
  const fault = status === 'fault' ? 'agent.certificate' : null;
  expect(checks[2]).toEqual({ component: 'agent', device: 'certificate', status, fault, reason });
  if (reason !== null) expect(coreReasonText(reason, 'hi')).not.toBe(reason);
});
