import { describe, expect, test } from 'vitest';
import { noneExpected } from './reasons.ts';
import { byReadiness, groupOfScope, groupScope, isWithin, meetingComponents, readinesses, readinessOf, shownStatus } from './sites.ts';
import { type Check, presences } from './states.ts';

const ok = (component: string): Check => ({ component, device: 'expected-1', status: 'ok', fault: null, reason: null });
const fault = (id: string): Check => ({ ...ok(id.split('.')[0] ?? ''), status: 'fault', fault: id, reason: 'why' });
const unknown = (component: string): Check => ({ ...ok(component), status: 'unknown', reason: 'no audio server' });
const well = [...meetingComponents.map(ok), ok('pc')];
const online = (checks: Check[]) => readinessOf({ presence: 'online', checks });

test('an ok microphone, camera or speaker is unproven unless no device is expected, and any other ok check is ok', () => {
  for (const component of meetingComponents) {
    expect(shownStatus(ok(component))).toBe('unproven');
    expect(shownStatus({ ...ok(component), reason: 'in use by zoom' })).toBe('unproven');
    expect(shownStatus({ ...ok(component), reason: noneExpected })).toBe('ok');
    expect(shownStatus(unknown(component))).toBe('unknown');
  }
  expect(shownStatus(fault('microphone.muted'))).toBe('fault');
  for (const component of ['clock', 'sound', 'display']) expect(shownStatus(ok(component))).toBe('ok');
});

describe('the readiness of a room', () => {
  test('is ready if every check that a meeting needs is ok', () => expect(online(well)).toEqual({ readiness: 'ready', why: null }));

  test('is not ready with a critical or major fault of any component, with the most severe as the reason', () => {
    expect(online([...well, fault('microphone.not_default'), fault('microphone.missing')])).toEqual({
      readiness: 'not-ready',
      why: { component: 'microphone', fault: 'microphone.missing', reason: 'why' },
    });
  });

  test('is ready with only a minor fault', () => expect(online([...well, fault('microphone.volume_low')]).readiness).toBe('ready'));

  test('treats an unknown fault id as major', () => expect(online([...well, fault('projector.dark')]).readiness).toBe('not-ready'));

  test('is unknown if a meeting component is unknown, and ready if another component is', () => {
    expect(online([...well, unknown('speaker')])).toEqual({
      readiness: 'unknown',
      why: { component: 'speaker', fault: null, reason: 'no audio server' },
    });
    expect(online([...well, unknown('clock')]).readiness).toBe('ready');
  });

  test.each(presences.filter((presence) => presence !== 'online'))(
    'is unknown for a PC that is %s, whatever its last state',
    (presence) => {
      expect(readinessOf({ presence, checks: well })).toEqual({
        readiness: 'unknown',
        why: { component: 'pc', fault: null, reason: presence },
      });
    },
  );
});

test('the worst room determines the readiness of its site', () => {
  expect([...readinesses].reverse().sort(byReadiness)[0]).toBe('not-ready');
});

describe('scopes', () => {
  test.each([
    ['', 'goa/panaji', true],
    ['goa', 'goa', true],
    ['goa', 'goa/panaji', true],
    ['goa', 'goa-north/panaji', false],
    ['goa/panaji', 'goa', false],
  ])('"%s" contains %s: %s', (scope, path, holds) => expect(isWithin(scope, path)).toBe(holds));

  test('a group scope converts to its group and back, and differs from any path', () => {
    expect(groupScope('magadh')).toBe('group:magadh');
    expect(groupOfScope('group:magadh')).toBe('magadh');
    expect(groupOfScope('goa/panaji')).toBeUndefined();
  });
});
