import { expect, test } from 'vitest';
import {
  causeKindOf,
  causeKinds,
  causeScope,
  confidenceLevelOf,
  nameInScope,
  openThreshold,
  pathOfScope,
  sureThreshold,
} from './outages.ts';

test('a scope gives the kind and name of its cause, and no PC path is mistaken for one', () => {
  for (const kind of causeKinds) expect([kind, causeKindOf(causeScope(kind, 'bihar/gaya'))]).toEqual([kind, kind]);
  for (const room of ['site/leh/pc-1', 'nation/leh/pc-1', 'state', 'centre', 'centre/unheard', '', 'toaster:bihar'])
    expect([room, causeKindOf(room)]).toEqual([room, undefined]);
  expect(nameInScope(causeScope('provider', 'BSNL: fibre'))).toBe('BSNL: fibre');
  expect(nameInScope('bihar/gaya/pc-1')).toBe('bihar/gaya/pc-1');
});

test('a cause belongs to the path that its scope names, or to the whole nation', () => {
  expect(pathOfScope(causeScope('site', 'bihar/gaya'))).toBe('bihar/gaya');
  expect(pathOfScope(causeScope('state', 'bihar'))).toBe('bihar');
  for (const kind of ['link', 'provider', 'nation', 'plane', 'spread'] as const)
    expect([kind, pathOfScope(causeScope(kind, 'x'))]).toEqual([kind, '']);
  expect(pathOfScope('bihar/gaya/pc-1')).toBe('bihar/gaya/pc-1');
});

test('a confidence maps to sure, likely or open at fixed limits', () => {
  expect([1, sureThreshold, sureThreshold - 0.01, openThreshold + 0.01, openThreshold, 0].map(confidenceLevelOf)).toEqual([
    'sure',
    'sure',
    'likely',
    'likely',
    'open',
    'open',
  ]);
});
