import { expect, test } from 'vitest';
import { fleetOf, handClock, pc1, pc2, pcNow } from './exporter.test-helper.ts';
import { createFleet } from './fleet.ts';
import { type Row, rowsOf } from './rows.ts';
import type { FleetSnapshot } from './snapshot.ts';

const numbers = { up: 60, load: 0.25, rtt: 0.61, fan: 1_200 };

function stage(snapshot: FleetSnapshot) {
  const clock = handClock();
  const fleet = createFleet(clock.up);
  fleet.takeSnapshot(snapshot);
  for (const pc of [pc1, pc2]) fleet.takeBeat(pc, numbers);
  const rows = (seriesPerSite = 500) => rowsOf(fleet.view(), seriesPerSite);
  /** Values by name and labels, of those that begin so. */
  const values = (start: string) =>
    Object.fromEntries(
      rows()
        .rows.map(entry)
        .filter(([key]) => key.startsWith(start)),
    );
  return { clock, fleet, rows, values };
}

function entry({ series, labels, value }: Row): [string, number] {
  return [[series.name, ...Object.values(labels)].join(' '), value];
}

const here = 'ladakh ladakh/leh ladakh/leh/pc-1';

test('an online PC has what is judged of it and the numbers of its beat; a number that no table names is ignored', () => {
  const { values } = stage(fleetOf([pcNow(pc1)]));
  expect(values('sabha_pc_')).toEqual({
    [`sabha_pc_up ${here}`]: 1,
    [`sabha_pc_last_seen_timestamp_seconds ${here}`]: 1_700_000_000.5,
    [`sabha_pc_uptime_seconds ${here}`]: 60,
    [`sabha_pc_load_ratio ${here}`]: 0.25,
  });
  expect(values('sabha_link')).toEqual({ [`sabha_link_round_trip_seconds ${here}`]: 0.61 });
});

test('checks are counted by component and answer, with a zero for each answer that nothing has', () => {
  const checks = [
    { component: 'camera', status: 'fault' as const },
    { component: 'camera', status: 'ok' as const },
    { component: 'camera', status: 'fault' as const },
    { component: 'clock', status: 'unknown' as const },
  ];
  expect(stage(fleetOf([pcNow(pc1, { checks })])).values('sabha_check')).toEqual({
    [`sabha_check_status ${here} camera ok`]: 1,
    [`sabha_check_status ${here} camera fault`]: 2,
    [`sabha_check_status ${here} camera unknown`]: 0,
    [`sabha_check_status ${here} clock ok`]: 0,
    [`sabha_check_status ${here} clock fault`]: 0,
    [`sabha_check_status ${here} clock unknown`]: 1,
  });
});

test.each(['silent', 'lost', 'stopped'] as const)(
  'a PC that is %s keeps up 0 and last seen, has no numbers, and nothing of it is ok',
  (presence) => {
    const { values } = stage(fleetOf([pcNow(pc1, { presence })]));
    expect(values('sabha_pc_')).toEqual({
      [`sabha_pc_up ${here}`]: 0,
      [`sabha_pc_last_seen_timestamp_seconds ${here}`]: 1_700_000_000.5,
    });
    expect(values('sabha_link')).toEqual({});
    expect(values('sabha_check')).toMatchObject({
      [`sabha_check_status ${here} microphone ok`]: 0,
      [`sabha_check_status ${here} microphone unknown`]: 1,
    });
  },
);

test('a PC that was never heard is not up and has no time of its own', () => {
  const { values } = stage(fleetOf([pcNow(pc1, { presence: 'never', heardAt: null, checks: [] })]));
  expect(values('sabha_pc_')).toEqual({ [`sabha_pc_up ${here}`]: 0 });
});

test('the numbers of a beat are dropped when it is older than three beats of the link class', () => {
  const { clock, fleet, values } = stage(fleetOf([pcNow(pc1)]));
  clock.pass(3 * 240_000);
  fleet.takeSnapshot(fleetOf([pcNow(pc1)]));
  expect(values('sabha_link')).not.toEqual({});
  clock.pass(1);
  expect(values('sabha_link')).toEqual({});
  expect(values('sabha_pc_up ')).toEqual({ [`sabha_pc_up ${here}`]: 1 });
});

test('a PC that the snapshot does not know has no series, and its beat is forgotten', () => {
  const { fleet, values } = stage(fleetOf([pcNow(pc1)]));
  expect(Object.keys(values('sabha_link'))).toEqual([`sabha_link_round_trip_seconds ${here}`]);
  fleet.takeSnapshot(fleetOf([pcNow(pc1)]));
  fleet.takeSnapshot(fleetOf([pcNow(pc1), pcNow(pc2)]));
  expect(Object.keys(values('sabha_link'))).toEqual([`sabha_link_round_trip_seconds ${here}`]);
});

test('PCs are counted by state and presence, open incidents by state and severity, with zeros; one of no state is the centre’s own', () => {
  const incident = { severity: 'major', overAt: null } as const;
  const incidents = [
    { ...incident, scope: pc1 },
    { ...incident, scope: pc2 },
    { ...incident, scope: pc2, overAt: 5 },
    { ...incident, scope: 'centre/unheard', severity: 'critical' as const },
  ];
  const { values } = stage(fleetOf([pcNow(pc1), pcNow(pc2, { presence: 'silent' })], { incidents }));
  expect(values('sabha_pcs')).toEqual({
    'sabha_pcs ladakh online': 1,
    'sabha_pcs ladakh silent': 1,
    'sabha_pcs ladakh stopped': 0,
    'sabha_pcs ladakh lost': 0,
    'sabha_pcs ladakh never': 0,
  });
  expect(values('sabha_incidents')).toEqual({
    'sabha_incidents_open ladakh critical': 0,
    'sabha_incidents_open ladakh major': 2,
    'sabha_incidents_open ladakh minor': 0,
    'sabha_incidents_open ladakh info': 0,
    'sabha_incidents_open centre critical': 1,
    'sabha_incidents_open centre major': 0,
    'sabha_incidents_open centre minor': 0,
    'sabha_incidents_open centre info': 0,
  });
});

test('without an answer of the API for 15 s everything judged is gone, a zero included; young numbers stay', () => {
  const { clock, values } = stage(fleetOf([pcNow(pc1), pcNow(pc2, { presence: 'silent' })]));
  clock.pass(15_000);
  expect(Object.keys(values('sabha_pc_up '))).toHaveLength(2);
  clock.pass(1);
  for (const judged of ['sabha_pc_up ', 'sabha_pc_last', 'sabha_check', 'sabha_pcs', 'sabha_incidents']) expect(values(judged)).toEqual({});
  expect(Object.values(values('sabha_link'))).toEqual([0.61, 0.61]);
});

test('R18 while flows hears nobody, presence and checks are gone instead of silent; incidents stay', () => {
  const { values } = stage(fleetOf([pcNow(pc1, { presence: 'silent' })], { subscribed: false }));
  for (const judged of ['sabha_pc_up ', 'sabha_check', 'sabha_pcs']) expect(values(judged)).toEqual({});
  expect(Object.keys(values('sabha_incidents'))).toHaveLength(8);
  expect(Object.keys(values('sabha_pc_last'))).toHaveLength(1);
  expect(values('sabha_link')).toEqual({ [`sabha_link_round_trip_seconds ${here}`]: 0.61 });
});

test('the cap cuts the series of a site, numbers first, and tells each that it refused', () => {
  const { rows } = stage(fleetOf([pcNow(pc1), pcNow(pc2)]));
  const perPc = rows(4);
  const kept = perPc.rows.filter(({ labels }) => labels['pc'] !== undefined);
  expect(kept.map(({ series }) => series.name)).toEqual([
    'sabha_pc_up',
    'sabha_pc_up',
    'sabha_pc_last_seen_timestamp_seconds',
    'sabha_pc_last_seen_timestamp_seconds',
  ]);
  expect(perPc.refused).toHaveLength(2 * (3 + 3));
  expect(new Set(perPc.refused).size).toBe(perPc.refused.length);
  expect(rows(16).refused).toEqual([]);
});
