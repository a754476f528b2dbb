import { expect, test } from 'vitest';
import { causeKindOf, causeKinds, causeScope, nameInScope, openUpTo, pathOfScope, sureFrom, surenessOf } from './outages.ts';

test('a scope says what kind of cause it is, and its name; no path of a PC reads like one, whatever its state is called', () => {
  for (const kind of causeKinds) expect([kind, causeKindOf(causeScope(kind, 'bihar/gaya'))]).toEqual([kind, kind]);
  for (const room of ['site/leh/pc-1', 'nation/leh/pc-1', 'state', 'centre', 'centre/unheard', '', 'toaster:bihar'])
    expect([room, causeKindOf(room)]).toEqual([room, undefined]);
  expect(nameInScope(causeScope('provider', 'BSNL: fibre'))).toBe('BSNL: fibre');
  expect(nameInScope('bihar/gaya/pc-1')).toBe('bihar/gaya/pc-1');
});

test('a cause belongs to the part of the tree that its scope names; what is of no single state to all of it', () => {
  expect(pathOfScope(causeScope('site', 'bihar/gaya'))).toBe('bihar/gaya');
  expect(pathOfScope(causeScope('state', 'bihar'))).toBe('bihar');
  for (const kind of ['link', 'provider', 'nation', 'plane', 'spread'] as const)
    expect([kind, pathOfScope(causeScope(kind, 'x'))]).toEqual([kind, '']);
  expect(pathOfScope('bihar/gaya/pc-1')).toBe('bihar/gaya/pc-1');
});

test('a confidence is sure, likely or open, at one border each', () => {
  expect([1, sureFrom, sureFrom - 0.01, openUpTo + 0.01, openUpTo, 0].map(surenessOf)).toEqual([
    'sure',
    'sure',
    'likely',
    'likely',
    'open',
    'open',
  ]);
});
