import { expect, it } from 'vitest';
import { createUnwritten } from '../platform/unwritten.ts';
import type { SelfFigures } from '../probe.ts';
import { agentProbe } from './agent.ts';

const well: SelfFigures = { roundTripMs: 1, clockOffsetMs: 1, spool: { waiting: 3, bytes: 10, droppedInLastDay: 0 }, failing: [] };

function ask(self: SelfFigures) {
  const profile = { link: 'fibre', elevationM: 0, expected: {} } as const;
  return agentProbe.run({ platform: createUnwritten(), profile, self, signal: AbortSignal.timeout(1_000) });
}

it('says ok while every probe runs and no event was dropped, and gives its memory and spool', async () => {
  const { checks, numbers } = await ask(well);
  expect(checks.map((one) => `${one.device} ${one.status}`)).toEqual(['checks ok', 'history ok']);
  expect(numbers?.q).toBe(3);
  expect(numbers?.rss).toBeGreaterThan(10_000_000);
});

it('names the probes that fail, in order and without their errors, which change', async () => {
  const failing = [
    { probe: 'microphone', error: 'ENOMEM 123' },
    { probe: 'camera', error: 'late' },
  ];
  expect((await ask({ ...well, failing })).checks).toMatchObject([
    { device: 'checks', status: 'fault', fault: 'agent.probe_failed', reason: 'camera, microphone' },
    { device: 'history', status: 'ok' },
  ]);
});

it('says when events were dropped', async () => {
  const { checks } = await ask({ ...well, spool: { ...well.spool, droppedInLastDay: 2 } });
  expect(checks).toMatchObject([{ status: 'ok' }, { device: 'history', fault: 'agent.events_dropped' }]);
});
