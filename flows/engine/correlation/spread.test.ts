/** Tests `createCommonFaults`: when one fault in many rooms is a spread, to which rooms it belongs, and when it ends. */
import { expect, test } from 'vitest';
import { type Cause, type CommonFaults, createCommonFaults } from './correlation.ts';
import { defaultNumbers as numbers } from './numbers.ts';

const minute = 60_000;
const hour = 60 * minute;
const scope = 'spread:camera.missing Logi Rally';
const camera = { key: 'camera.missing|expected-1', fault: 'camera.missing', name: 'Logi Rally' } as const;
const room = (at: number) => `bihar/site-${at}/vc-1`;

function breaks(spreads: CommonFaults, at: number, since: number, more: { fault?: string; name?: string | null } = {}): void {
  spreads.recordFaults(room(at), [{ ...camera, ...more, since }], since);
}
const many = (spreads: CommonFaults, count: number, since = 0) => {
  for (let at = 0; at < count; at += 1) breaks(spreads, at, since);
};
const fresh = (causes = new Map<string, Cause>()) => createCommonFaults(causes);

test.each([
  ['five rooms at once', [0, 0, 0, 0, 0], [scope]],
  ['four rooms only', [0, 0, 0, 0], []],
  ['five rooms within exactly an hour', [0, 1, 2, 3, 60].map((at) => at * minute), [scope]],
  ['five rooms within more than an hour', [0, 1, 2, 3, 60.1].map((at) => at * minute), []],
] as const)(
  'createCommonFaults: one fault on one device model is a spread only if five rooms get it within an hour: %s',
  (_, times, scopes) => {
    const spreads = fresh();
    for (const [at, since] of times.entries()) breaks(spreads, at, since);
    expect(spreads.judge(2 * hour).scopes).toEqual(scopes);
  },
);

test.each([
  ['if each room has another device model', (at: number) => ({ name: `model ${at}` })],
  ['if the devices name no model', () => ({ name: null })],
  ['if it is a fault that people cause by hand', () => ({ fault: 'microphone.muted' })],
] as const)('createCommonFaults: one fault in ten rooms is no spread %s', (_, how) => {
  const spreads = fresh();
  for (let at = 0; at < 10; at += 1) breaks(spreads, at, 0, how(at));
  expect(spreads.judge(0)).toEqual({ scopes: [], pcs: [] });
});

test.each([
  [numbers.updatedMs - 1, ['spread:camera.missing agent 0.2.0']],
  [numbers.updatedMs, []],
])(
  'createCommonFaults: five rooms with one fault %d ms after the same agent update are a spread only within 24 h of the update',
  (afterMs, scopes) => {
    const spreads = fresh();
    for (let at = 0; at < 5; at += 1) spreads.updated(room(at), [{ what: 'agent 0.2.0', at: 0 }]);
    for (let at = 0; at < 5; at += 1) breaks(spreads, at, afterMs, { name: null });
    expect(spreads.judge(afterMs).scopes).toEqual(scopes);
  },
);

test('createCommonFaults: if rooms with one fault share an update and a model, the spread names the update, or the model if that has more rooms', () => {
  const updated = (spreads: CommonFaults, count: number) => {
    for (let at = 0; at < count; at += 1)
      spreads.updated(room(at), [
        { what: 'system Windows 11 10.0.26100.4061', at: 0 },
        { what: 'driver Logi Rally 1.3.2', at: 0 },
      ]);
  };
  const all = fresh();
  updated(all, 5);
  many(all, 5);
  expect(all.judge(0).scopes).toEqual(['spread:camera.missing system Windows 11 10.0.26100.4061']);
  expect(all.commonCauseOf(room(0), camera, 0)).toBe('spread:camera.missing system Windows 11 10.0.26100.4061');

  const most = fresh();
  updated(most, 5);
  many(most, 9);
  expect(most.judge(0).scopes).toEqual([scope]);
});

test('createCommonFaults: a spread covers its fault only in the rooms that belong to it', () => {
  const spreads = fresh();
  many(spreads, 5);
  expect(spreads.judge(0).pcs.toSorted()).toEqual([0, 1, 2, 3, 4].map(room));
  expect(spreads.commonCauseOf(room(0), camera, 0)).toBe(scope);
  expect(spreads.commonCauseOf(room(9), camera, 0)).toBeUndefined();
  expect(spreads.commonCauseOf(room(0), { ...camera, fault: 'camera.busy' }, 0)).toBeUndefined();
});

test('createCommonFaults: after its end a spread lists the rooms that still have its fault', () => {
  const causes = new Map<string, Cause>();
  const spreads = fresh(causes);
  many(spreads, 10);
  spreads.judge(minute);
  for (let at = 0; at < 8; at += 1) spreads.recordFaults(room(at), [], 2 * minute);
  spreads.judge(2 * minute);
  expect(causes.get(scope)?.endedAt).toBe(2 * minute);
  for (const at of [8, 9]) spreads.recordFaults(room(at), [], 3 * minute);
  breaks(spreads, 1, 3 * minute);
  expect(spreads.judge(3 * minute).scopes).toEqual([scope]);
  expect(causes.get(scope)?.away).toEqual([room(1)]);
});
