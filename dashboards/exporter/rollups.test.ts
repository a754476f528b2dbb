import { faults } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { fleetOf, manualClock, pc1, pc2, pcNow, siteNow } from './exporter.test-helper.ts';
import { createFleet } from './fleet.ts';
import { apiRollups, receivingRollups } from './rollups.ts';
import type { FleetSnapshot } from './snapshot.ts';

function stage(snapshot: FleetSnapshot) {
  const clock = manualClock();
  const fleet = createFleet(clock.up);
  fleet.applySnapshot(snapshot);
  /** Returns the positive values whose name and labels begin with `start`. */
  const values = (start: string) => {
    const found = rows().map(({ series, labels, value }) => [[series.name, ...Object.values(labels)].join(' '), value] as const);
    return Object.fromEntries(found.filter(([key, value]) => key.startsWith(start) && value > 0));
  };
  const rows = () => [...apiRollups(fleet.view()), ...receivingRollups(fleet.view())];
  return { clock, fleet, values, rows };
}

const counted = Object.keys(faults).filter((fault) => /^(link|path|bridge|power|climate)\./.test(fault)).length;

const incident = { severity: 'major', overAt: null } as const;

test('PCs are counted by presence and open incidents by severity for each state, and server incidents as `centre`', () => {
  const incidents = [
    { ...incident, id: 1, scope: pc1 },
    { ...incident, id: 2, scope: pc2 },
    { ...incident, id: 3, scope: pc2, overAt: 5 },
    { ...incident, id: 4, scope: 'centre/unheard', severity: 'critical' as const },
  ];
  const { values, rows } = stage(fleetOf([pcNow(pc1), pcNow(pc2, { presence: 'silent' })], { incidents }));
  expect(values('sabha_pcs')).toEqual({ 'sabha_pcs ladakh online': 1, 'sabha_pcs ladakh silent': 1 });
  expect(values('sabha_incidents')).toEqual({ 'sabha_incidents_open ladakh major': 2, 'sabha_incidents_open centre critical': 1 });
  expect(rows().filter(({ series, value }) => series.name === 'sabha_incidents_open' && value === 0)).toHaveLength(6);
  expect(rows().filter(({ series, value }) => series.name === 'sabha_pcs' && value === 0)).toHaveLength(4);
});

test('sites are counted by stage, and readiness, PCs and incidents only for live sites', () => {
  const sites = [
    siteNow('ladakh/leh', { readiness: 'not-ready' }),
    siteNow('ladakh/kargil'),
    siteNow('ladakh/nubra', { stage: 'commissioning', readiness: 'not-ready' }),
    siteNow('goa/panaji', { stage: 'planned', readiness: 'unknown' }),
  ];
  const nubra = 'ladakh/nubra/pc-1';
  const incidents = [nubra, pc1].map((scope, id) => ({ ...incident, id, scope }));
  const { values, rows } = stage(
    fleetOf([pcNow(pc1), pcNow(nubra), pcNow('goa/panaji/pc-1', { presence: 'never' })], { sites, incidents }),
  );
  expect(values('sabha_sites')).toEqual({
    'sabha_sites ladakh live': 2,
    'sabha_sites ladakh commissioning': 1,
    'sabha_sites goa planned': 1,
    'sabha_sites_readiness ladakh not-ready': 1,
    'sabha_sites_readiness ladakh ready': 1,
  });
  expect(values('sabha_pcs')).toEqual({ 'sabha_pcs ladakh online': 1 });
  expect(values('sabha_incidents')).toEqual({ 'sabha_incidents_open ladakh major': 1 });
  expect(rows().filter(({ labels }) => labels['state'] === 'goa')).toHaveLength(4 + 3 + 6 + 4 + counted);
});

test('R18 while flows is not subscribed, PCs and readiness are not counted, but incidents and sites are', () => {
  const names = new Set(
    stage(fleetOf([pcNow(pc1, { presence: 'silent' })], { subscribed: false }))
      .rows()
      .map(({ series }) => series.name),
  );
  expect([...names]).toEqual(['sabha_sites', 'sabha_incidents_open']);
});

test('faults of link, path, bridge, power and climate are counted per state, for online PCs of live sites only; any other fault is 0', () => {
  const broken = { checks: [{ component: 'link', status: 'fault' as const, fault: 'link.udp_blocked' }] };
  const sites = [siteNow('ladakh/leh'), siteNow('ladakh/nubra', { stage: 'commissioning' })];
  const pcs = [pcNow(pc1, broken), pcNow(pc2, { ...broken, presence: 'silent' }), pcNow('ladakh/nubra/pc-1', broken)];
  const { values, rows } = stage(fleetOf(pcs, { sites }));
  expect(values('sabha_faults')).toEqual({ 'sabha_faults_standing ladakh link.udp_blocked': 1 });
  expect(rows().filter(({ series }) => series.name === 'sabha_faults_standing')).toHaveLength(counted);
});
