import { beatSeries, judgedSeries, type Series, statuses } from '@sabha/contracts';
import { Gauge, Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { fleetOf, manualClock, pc1, pc2, pcNow, samplesOf, siteNow } from './exporter.test-helper.ts';
import { createFleet } from './fleet.ts';
import { renderFleetPage, renderSeries } from './page.ts';
import type { FleetSnapshot } from './snapshot.ts';

const numbers = { up: 60, load: 0.25, rtt: 0.61, fan: 1_200 };
const labels = '{state="ladakh",site="ladakh/leh",pc="ladakh/leh/pc-1"}';
const site = 'state="ladakh",site="ladakh/leh"';
const check = (component: string, status: string) =>
  `sabha_check_status{${site},pc="ladakh/leh/pc-1",component="${component}",status="${status}"}`;

function stage(snapshot: FleetSnapshot, seriesPerSite = 500) {
  const clock = manualClock();
  const fleet = createFleet(clock.up);
  fleet.applySnapshot(snapshot);
  for (const pc of [pc1, pc2]) fleet.applyBeat(pc, numbers);
  let refused = 0;
  const text = () => [...renderSeries(fleet.view(), seriesPerSite, (count) => (refused += count))].join('');
  /** Returns the values of the samples whose name and labels begin with `start`. */
  const values = (start: string) => Object.fromEntries(Object.entries(samplesOf(text())).filter(([key]) => key.startsWith(start)));
  return { clock, fleet, text, values, refused: () => refused };
}

test('an online PC has its judged series and the numbers of its beat, and an unknown number is ignored', () => {
  const { values } = stage(fleetOf([pcNow(pc1)]));
  expect(values('sabha_pc_')).toEqual({
    [`sabha_pc_up${labels}`]: 1,
    [`sabha_pc_last_seen_timestamp_seconds${labels}`]: 1_700_000_000.5,
    [`sabha_pc_uptime_seconds${labels}`]: 60,
    [`sabha_pc_load_ratio${labels}`]: 0.25,
  });
  expect(values('sabha_link')).toEqual({ [`sabha_link_round_trip_seconds${labels}`]: 0.61 });
});

test('checks are counted by component and status, with a zero for each status without checks', () => {
  const checks = [
    { component: 'camera', status: 'fault' as const },
    { component: 'camera', status: 'ok' as const },
    { component: 'camera', status: 'fault' as const },
    { component: 'clock', status: 'unknown' as const },
  ];
  expect(stage(fleetOf([pcNow(pc1, { checks })])).values('sabha_check')).toEqual({
    [check('camera', 'ok')]: 1,
    [check('camera', 'fault')]: 2,
    [check('camera', 'unknown')]: 0,
    [check('clock', 'ok')]: 0,
    [check('clock', 'fault')]: 0,
    [check('clock', 'unknown')]: 1,
  });
});

test('a room is 1 when ready, 0 when not ready, and absent when its readiness is unknown', () => {
  const ready = (readiness: 'ready' | 'not-ready' | 'unknown') => stage(fleetOf([pcNow(pc1, { readiness })])).values('sabha_room');
  expect(ready('ready')).toEqual({ [`sabha_room_ready${labels}`]: 1 });
  expect(ready('not-ready')).toEqual({ [`sabha_room_ready${labels}`]: 0 });
  expect(ready('unknown')).toEqual({});
});

test.each([
  [3_524, 35 - 2624 / 300],
  [900, 35],
  [12, 35],
  [-400, 35],
])('a site at %d m has its stage, link and elevation, and a room temperature limit of %d degrees', (elevationM, limit) => {
  const sites = [siteNow('ladakh/leh', { stage: 'commissioning', link: '4g', elevationM })];
  expect(stage(fleetOf([], { sites })).values('sabha_site_')).toEqual({
    [`sabha_site_info{${site},stage="commissioning",link="4g"}`]: 1,
    [`sabha_site_elevation_meters{${site}}`]: elevationM,
    [`sabha_site_room_temperature_limit_celsius{${site}}`]: limit,
  });
});

test.each(['silent', 'lost', 'stopped', 'unheard'] as const)(
  'a PC that is %s keeps up 0 and last seen, has no numbers, and no check counts as ok',
  (presence) => {
    const { values } = stage(fleetOf([pcNow(pc1, { presence, readiness: 'unknown' })]));
    expect(values('sabha_pc_')).toEqual({
      [`sabha_pc_up${labels}`]: 0,
      [`sabha_pc_last_seen_timestamp_seconds${labels}`]: 1_700_000_000.5,
    });
    expect({ ...values('sabha_link'), ...values('sabha_room') }).toEqual({});
    expect(values('sabha_check')).toMatchObject({ [check('microphone', 'ok')]: 0, [check('microphone', 'unknown')]: 1 });
  },
);

test('the link capacity of a beat in bits becomes a series in bytes', () => {
  const { fleet, text } = stage(fleetOf([pcNow(pc1)]));
  fleet.applyBeat(pc1, { cu: 4_000_000, cd: 1 });
  const lines = text()
    .split('\n')
    .filter((line) => line.startsWith('sabha_link_capacity'));
  expect(lines.map((line) => line.replace(/\{.*\}/, ''))).toEqual([
    'sabha_link_capacity_up_bytes_per_second 500000',
    'sabha_link_capacity_down_bytes_per_second 0.125',
  ]);
});

test('the numbers of a beat are dropped when it is older than three beats of the link class', () => {
  const { clock, fleet, values } = stage(fleetOf([pcNow(pc1)]));
  clock.pass(3 * 240_000);
  fleet.applySnapshot(fleetOf([pcNow(pc1)]));
  expect(values('sabha_link')).not.toEqual({});
  clock.pass(1);
  expect(values('sabha_link')).toEqual({});
  expect(values('sabha_pc_up')).toEqual({ [`sabha_pc_up${labels}`]: 1 });
});

test('without events of the API judged series are absent, while fresh numbers and site facts stay', () => {
  const { clock, values } = stage(fleetOf([pcNow(pc1), pcNow(pc2, { presence: 'silent' })]));
  clock.pass(40_000);
  expect(Object.keys(values('sabha_pc_up{'))).toHaveLength(2);
  clock.pass(1);
  for (const judged of ['sabha_pc_up{', 'sabha_pc_last', 'sabha_check', 'sabha_room']) expect(values(judged)).toEqual({});
  expect(Object.values(values('sabha_link'))).toEqual([0.61, 0.61]);
  expect(Object.keys(values('sabha_site_'))).toHaveLength(3);
});

test('R18 while flows is not subscribed, presence, readiness and checks are absent', () => {
  const { values } = stage(fleetOf([pcNow(pc1, { presence: 'silent' })], { subscribed: false }));
  for (const judged of ['sabha_pc_up{', 'sabha_check', 'sabha_room']) expect(values(judged)).toEqual({});
  expect(Object.keys(values('sabha_pc_last'))).toHaveLength(1);
  expect(values('sabha_link')).toEqual({ [`sabha_link_round_trip_seconds${labels}`]: 0.61 });
});

test('the limit cuts the series of a site, numbers first, and counts each refused series once', () => {
  const snapshot = fleetOf([pcNow(pc1), pcNow(pc2)], { sites: [siteNow('ladakh/leh'), siteNow('ladakh/kargil')] });
  const { fleet, refused, values } = stage(snapshot, 7);
  expect(Object.keys(values('sabha_')).map((key) => key.slice(0, key.indexOf('{')))).toEqual([
    ...['sabha_site_info', 'sabha_site_info', 'sabha_site_elevation_meters', 'sabha_site_elevation_meters'],
    ...['sabha_site_room_temperature_limit_celsius', 'sabha_site_room_temperature_limit_celsius'],
    ...['sabha_pc_up', 'sabha_pc_up', 'sabha_room_ready', 'sabha_room_ready'],
  ]);
  expect(refused()).toBe(2 * (3 + 1 + 3));
  fleet.applyBeat(pc1, { ...numbers, mem: 0.5 });
  values('sabha_');
  expect(refused()).toBe(2 * (3 + 1 + 3) + 1);
});

test('1,000 series with special characters match the output of prom-client exactly', async () => {
  const names = ['microphone', 'speaker "left"', 'back\\slash', 'two\nlines'];
  const checks = names.map((component) => ({ component, status: 'fault' as const }));
  const outage = { cause: 'power-cut', confidence: 0.95 } as const;
  const pcs = Array.from({ length: 50 }, (_, at) => pcNow(`ladakh/leh/pc-${at}`, { checks, outage: at === 7 ? outage : null }));
  const { fleet, text } = stage(fleetOf(pcs), 10_000);
  const beats = pcs.map(({ pc }, at) => ({ pc, n: awkward(at) }));
  for (const { pc, n } of beats) fleet.applyBeat(pc, n);
  const theirs = await pageOfPromClient(beats, names);
  expect(theirs.match(/^sabha_/gm)?.length).toBeGreaterThanOrEqual(1_000);
  expect(text().trimEnd()).toBe(theirs.trimEnd());
});

const awkward = (at: number): Record<string, number> => ({
  load: at / 7,
  temp: -3.5 - at,
  up: 1e21 + at,
  rtt: 5e-7,
  q: 0,
  rss: 61_000_000,
  off: -0.031,
});

/** Writes the same PCs with prom-client from the same table: one site, online and ready, every component in fault. */
async function pageOfPromClient(beats: { pc: string; n: Record<string, number> }[], components: string[]): Promise<string> {
  const registry = new Registry();
  const gauge = ({ name, help, labels: labelNames }: Series) =>
    new Gauge({ name, help, labelNames: [...labelNames], registers: [registry] });
  const here = { state: 'ladakh', site: 'ladakh/leh' };
  gauge(judgedSeries.siteInfo).set({ ...here, stage: 'live', link: 'geo' }, 1);
  gauge(judgedSeries.siteElevation).set(here, 3_524);
  gauge(judgedSeries.siteRoomLimit).set(here, 35 - 2_624 / 300);
  const [up, ready] = [gauge(judgedSeries.pcUp), gauge(judgedSeries.roomReady)];
  gauge(judgedSeries.pcOutage).set({ ...here, pc: 'ladakh/leh/pc-7', cause: 'power-cut' }, 0.95);
  const status = gauge(judgedSeries.checkStatus);
  const seen = gauge(judgedSeries.lastSeen);
  gauge(judgedSeries.lastCalled);
  const answers = components.flatMap((component) => statuses.map((word) => ({ component, status: word })));
  for (const { pc } of beats) {
    up.set({ ...here, pc }, 1);
    ready.set({ ...here, pc }, 1);
    seen.set({ ...here, pc }, 1_700_000_000.5);
    for (const one of answers) status.set({ ...here, pc, ...one }, one.status === 'fault' ? 1 : 0);
  }
  for (const [key, series] of Object.entries(beatSeries)) {
    const one = gauge(series);
    for (const { pc, n } of beats.filter(({ n }) => key in n)) one.set({ ...here, pc }, n[key] as number);
  }
  return registry.metrics();
}

test('a total and its list show the same moment, and a change during the page appears on the next page', () => {
  const pcs = Array.from({ length: 3_000 }, (_, at) => pcNow(`ladakh/leh/pc-${at}`));
  const { fleet } = stage(fleetOf(pcs));
  const rows = { subscribed: true, sitesGone: [], pcsGone: [], heard: {}, incidents: [] };
  const lastPc = pcNow('ladakh/leh/pc-2999', { presence: 'silent', readiness: 'not-ready' });
  const page = renderFleetPage(fleet.view(), 100_000, () => {});
  const first = page.next().value ?? '';
  fleet.applyChange({ ...rows, pcs: [lastPc], sites: [siteNow('ladakh/leh', { readiness: 'not-ready' })] });
  const counted = (text: string) => {
    const samples = samplesOf(text);
    const away = Object.entries(samples).filter(([key, value]) => key.startsWith('sabha_pc_up{') && value === 0);
    const notReady = Object.entries(samples).filter(([key, value]) => key.startsWith('sabha_room_ready{') && value === 0);
    const total = (key: string) => samples[`${key}"}`];
    return {
      away: [total('sabha_pcs{state="ladakh",presence="silent'), away.length],
      notReady: [total('sabha_sites_readiness{state="ladakh",readiness="not-ready'), notReady.length],
    };
  };
  expect(counted([first, ...page].join(''))).toEqual({ away: [0, 0], notReady: [0, 0] });
  expect(counted([...renderFleetPage(fleet.view(), 100_000, () => {})].join(''))).toEqual({ away: [1, 1], notReady: [1, 1] });
});

test('F22 after a day without scrapes the page has the same series and the newest numbers', () => {
  const { fleet, text } = stage(fleetOf([pcNow(pc1), pcNow(pc2)]));
  const names = () => Object.keys(samplesOf(text())).toSorted();
  const before = names();
  for (let beat = 1; beat <= 24 * 60; beat += 1) {
    fleet.applySnapshot(fleetOf([pcNow(pc1), pcNow(pc2)]));
    for (const pc of [pc1, pc2]) fleet.applyBeat(pc, { ...numbers, up: 60 + beat * 60 });
  }
  expect(names()).toEqual(before);
  expect(samplesOf(text())[`sabha_pc_uptime_seconds${labels}`]).toBe(60 + 24 * 3_600);
});
