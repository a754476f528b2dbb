import { digestOf, encode, faultOf, pcTopic } from '@sabha/contracts';
import { expect, test } from 'vitest';
import type { TestClock } from '../notify/people/people.test-helper.ts';
import { birth, checks, createRig, digest, pc } from './ingest.test-helper.ts';

const clearMs = faultOf('microphone.missing')?.clearMs ?? 0;

/**
 * Sets up faults that were just fixed, so that their clears are pending. Returns a function that passes time and returns how each incident
 * ended, or null.
 */
async function gone(timers: (clock: TestClock) => Partial<TestClock>) {
  const rig = await createRig(undefined, undefined, 0, timers);
  rig.ingest.subscribed();
  rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', birth));
  rig.ingest.takeMessage(pcTopic(pc, 'state'), encode('state', { digest, session: 1, rev: 1, checks: [...checks] }));
  await rig.clock.pass(10_370);
  const well = checks.map((one) => ({ ...one, status: 'ok' as const, fault: null }));
  rig.ingest.takeMessage(pcTopic(pc, 'state'), encode('state', { digest: digestOf(well), session: 1, rev: 2, checks: well }));
  return async (ms: number) => {
    await rig.clock.pass(ms);
    return [...rig.ingest.memory.incidents.values()].map(({ over }) => over);
  };
}

/** Timers that fire a few milliseconds early, as the timers of the system do. */
const earlyTimers = (clock: TestClock): Partial<TestClock> => ({ after: (ms, task) => clock.after(Math.max(1, ms - 3), task) });

test('a clear is applied at its due time, between two full ticks', async () => {
  const overAfter = await gone(() => ({}));
  expect(clearMs).toBeGreaterThan(1_000);
  expect([await overAfter(clearMs - 60), await overAfter(120)]).toEqual([[null], ['cleared']]);
});

test('a clear is applied at its due time even if its timer fires a few milliseconds early', async () => {
  const overAfter = await gone(earlyTimers);
  expect([await overAfter(clearMs - 60), await overAfter(75)]).toEqual([[null], ['cleared']]);
});
