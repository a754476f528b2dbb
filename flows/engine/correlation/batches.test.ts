import { expect, test } from 'vitest';
import type { Incident, News, StandingFault } from '../records/incidents.ts';
import { createBatches } from './batches.ts';

const minute = 60_000;

function fault(device: string, id = 'centre.unheard'): StandingFault {
  const times = { since: 0, goneAt: null, unknownSince: null };
  return { key: `${id}|${device}`, fault: id, device, name: null, reason: null, severity: 'major', ...times, hidden: false, told: 'major' };
}

function incidentOf(standing: readonly StandingFault[], { scope = 'centre/unheard', over = null as Incident['over'] } = {}): Incident {
  const nothing = { closedBecause: null, acknowledged: null, told: [], notes: [], flapping: false };
  return { id: 1, scope, openedAt: 0, overAt: over === null ? null : 1, over, severity: 'major', faults: [...standing], ...nothing };
}
const eased = (...devices: string[]): News[] => [{ kind: 'eased', faults: devices.map((device) => fault(device)) }];
const said = (news: readonly News[]) => news.map(({ kind, faults }) => `${kind} ${faults.map(({ device }) => device).join()}`);

test('the first step is told at once, those of the next ten minutes with the one after them', () => {
  const batches = createBatches();
  const incident = incidentOf([]);
  expect(said(batches.told(incident, eased('a'), 0))).toEqual(['eased a']);
  expect(said(batches.told(incident, eased('b'), minute))).toEqual([]);
  expect(said(batches.told(incident, eased('c'), 2 * minute))).toEqual([]);
  expect([batches.isDue(incident.scope, 10 * minute - 1), batches.isDue(incident.scope, 10 * minute)]).toEqual([false, true]);
  expect(said(batches.told(incident, [], 10 * minute))).toEqual(['eased b,c']);
  expect(batches.isDue(incident.scope, 30 * minute)).toBe(false);
});

test('what stands again when its step is due has not eased', () => {
  const batches = createBatches();
  batches.told(incidentOf([]), eased('a'), 0);
  batches.told(incidentOf([]), eased('b', 'c'), minute);
  expect(said(batches.told(incidentOf([fault('b')]), [], 10 * minute))).toEqual(['eased c']);
});

test('that more PCs are noisy waits, and is not told of one that is noisy no more', () => {
  const batches = createBatches();
  const noisy = (device: string) => fault(device, 'pc.noisy');
  const more = (device: string): News[] => [{ kind: 'worsened', faults: [noisy(device)] }];
  const scope = { scope: 'centre' };
  batches.told(incidentOf([noisy('a')], scope), more('a'), 0);
  for (const device of ['b', 'c']) expect(batches.told(incidentOf([noisy('b'), noisy('c')], scope), more(device), minute)).toEqual([]);
  expect(said(batches.told(incidentOf([noisy('c')], scope), [], 11 * minute))).toEqual(['worsened c']);
});

test('the end of an incident says it all: what waited is told no more', () => {
  const batches = createBatches();
  batches.told(incidentOf([]), eased('a'), 0);
  batches.told(incidentOf([]), eased('b'), minute);
  const over = incidentOf([], { over: 'cleared' });
  expect(said(batches.told(over, [{ kind: 'cleared', faults: [fault('a')] }], 2 * minute))).toEqual(['cleared a']);
  expect(batches.isDue(over.scope, 30 * minute)).toBe(false);
});
