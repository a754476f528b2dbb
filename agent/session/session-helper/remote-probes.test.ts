import { expect, test } from 'vitest';
import type { Probe } from '../../checks/probe.ts';
import { isInMeeting } from '../../platform/in-meeting.ts';
import type { Answer, OrderResult } from '../../platform/platform.ts';
import { throttledMs } from '../../platform/questions/restart.ts';
import { sleepsWhenIdle } from '../../platform/questions/session.ts';
import { createUnsupported } from '../../platform/unsupported.ts';
import { createProbes } from '../../probes/probes.ts';
import { type HelperOrder, roomProbes } from './messages.ts';
import { platformWithHelper, probesWithHelper } from './remote-probes.ts';

const signal = new AbortController().signal;

function setUp(answer: OrderResult = { done: true }) {
  const asked: (HelperOrder | string)[] = [];
  const ask = async (order: HelperOrder) => {
    asked.push(order);
    return answer;
  };
  return { asked, seat: { ask } };
}

test('probesWithHelper takes room probes from the session helper, watches the session through it, and leaves other probes unchanged', () => {
  const own = createProbes();
  const watched: string[] = [];
  const watch = (name: string) => {
    watched.push(name);
    return () => undefined;
  };
  const apart = probesWithHelper(own, { answer: () => ({ checks: [] }), watch });
  const changed = apart.filter((probe, at) => probe !== own[at]).map(({ name }) => name);
  expect(changed.toSorted()).toEqual([...roomProbes, 'session'].toSorted());
  const times = (probes: readonly Probe[]) => probes.map(({ name, everyMs, timeoutMs }) => ({ name, everyMs, timeoutMs }));
  expect(times(apart)).toEqual(times(own));
  for (const probe of apart) if (changed.includes(probe.name)) probe.watch?.(createUnsupported(), () => undefined);
  expect(watched.toSorted()).toEqual([...roomProbes, 'session'].toSorted());
});

test('the service forwards orders that need the session and returns their results, but not a reboot', async () => {
  const { asked, seat } = setUp({ done: false, reason: 'no sound service of this user runs' });
  const platform = platformWithHelper(createUnsupported(), seat);
  expect(await platform.restartSound(signal)).toEqual({ done: false, reason: 'no sound service of this user runs' });
  await platform.setDefaultDevice({ kind: 'speaker', name: 'Bar' }, signal);
  expect(await platform.reboot(signal)).toEqual({ done: false, reason: 'not possible here' });
  expect(asked).toEqual([{ verb: 'restart-sound' }, { verb: 'set-default-device', kind: 'speaker', name: 'Bar' }]);
});

test('the service asks the session helper for the sleep setting of the desktop only if the system setting is known and off', async () => {
  const seen = async (own: Answer<boolean>, answer: OrderResult) => {
    const { asked, seat } = setUp(answer);
    const platform = platformWithHelper({ ...createUnsupported(), ask: async () => own as Answer<never> }, seat);
    return [await platform.ask(sleepsWhenIdle, signal), asked, await platform.ask(throttledMs, signal)];
  };
  const [yes, no, unknown] = [
    { known: true, value: true },
    { known: true, value: false },
    { known: false, reason: 'x' },
  ] as const;
  const not: OrderResult = { done: false, reason: 'the session helper is silent' };
  expect(await seen(no, { done: true })).toEqual([yes, [{ verb: 'sleeps' }], no]);
  expect(await seen(no, not)).toEqual([no, [{ verb: 'sleeps' }], no]);
  for (const own of [yes, unknown]) expect(await seen(own, { done: true })).toEqual([own, [], own]);
});

test('the service asks the session helper whether a meeting runs, because only the session shows it', async () => {
  const seen = async (answer: OrderResult) => {
    const { asked, seat } = setUp(answer);
    return [await isInMeeting(platformWithHelper(createUnsupported(), seat)), asked];
  };
  expect(await seen({ done: true })).toEqual([true, [{ verb: 'meeting' }]]);
  for (const reason of ['no program has camera or microphone', 'the session helper is silent'])
    expect(await seen({ done: false, reason })).toEqual([false, [{ verb: 'meeting' }]]);
});
