import { expect, it } from 'vitest';
import { decode, digestOf, encode, faultOf, type Profile, realClock } from '#contracts';
import type { LinkView } from '../measure/quality-rounds.ts';
import { createBudget, memoryStore } from '../net/data-budget.ts';
import { createPlatform } from '../this-pc.ts';
import { createProbes } from './probes.ts';

const probes = createProbes();

it('lists each probe once, with a time-out well inside its interval', () => {
  expect(new Set(probes.map((probe) => probe.name)).size).toBe(probes.length);
  for (const probe of probes) expect(probe.timeoutMs, probe.name).toBeLessThanOrEqual(probe.everyMs / 3);
});

it('answers on this very PC with checks that the contract carries, of its own component, with faults of the catalogue', async () => {
  const tiers = { up: undefined, down: undefined };
  const link: LinkView = { windows: [], problem: null, regular: true, tiers, slow: undefined, numbers: () => ({}), capacity: undefined };
  const self = { roundTripMs: null, clockOffsetMs: null, spool: { waiting: 0, bytes: 0, droppedInLastDay: 0 }, failing: [], link };
  const bridge = { transport: 'tcp' as const, host: '127.0.0.1', port: 1 };
  const profile: Profile = { link: 'fibre', elevationM: 0, expected: { camera: [{}], microphone: [{}], speaker: [{}] }, bridge };
  const budget = createBudget({ clock: realClock(), store: memoryStore() });
  const centre = { host: '127.0.0.1', port: 1883, anchors: [] };
  const context = { platform: createPlatform(), profile, self, budget, centre };
  for (const probe of probes) {
    const { checks } = await probe.run({ ...context, signal: AbortSignal.timeout(probe.timeoutMs) });
    // A PC without battery, UPS and sensors gives no answer about them.
    if (!['power', 'climate'].includes(probe.name)) expect(checks.length, probe.name).toBeGreaterThan(0);
    for (const check of checks) {
      expect(check.component).toBe(probe.name);
      expect(check.fault === null || faultOf(check.fault) !== undefined, `${check.fault}`).toBe(true);
      expect((check.fault !== null) === (check.status === 'fault')).toBe(true);
    }
    const message = { digest: digestOf(checks), session: 1, rev: 1, checks };
    expect(decode('state', encode('state', message))).toMatchObject({ ok: true });
  }
});
