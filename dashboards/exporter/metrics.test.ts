import { allSeries } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { fleetOf, manualClock, pc1, pcNow, samplesOf } from './exporter.test-helper.ts';
import { createFleet } from './fleet.ts';
import { createMetrics } from './metrics.ts';
import { renderFleetPage } from './page.ts';

function stage() {
  const clock = manualClock();
  const fleet = createFleet(clock.up);
  const metrics = createMetrics(fleet.view);
  const samples = async () => samplesOf((await metrics.page()).text);
  return { clock, fleet, metrics, samples };
}

test('each series on the pages has the name, help, type and labels of the table', async () => {
  const { fleet, metrics } = stage();
  fleet.applySnapshot(fleetOf([pcNow(pc1)]));
  fleet.applyBeat(pc1, {});
  const text = (await metrics.page()).text + [...renderFleetPage(fleet.view(), 500, () => {})].join('');
  const names = [...new Set([...text.matchAll(/^(sabha_\w+)/gm)].map(([, name]) => name))];
  expect(names).toHaveLength(2 + 5 + 3 + 7);
  for (const { name, help, type, labels } of allSeries.filter((one) => names.includes(one.name))) {
    expect(text).toContain(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`);
    const sample = new RegExp(`^${name}(?:\\{(.*)\\})? `, 'm').exec(text)?.[1] ?? '';
    expect([...sample.matchAll(/(\w+)="/g)].map(([, label]) => label)).toEqual(labels);
  }
  expect(text).toContain('process_resident_memory_bytes ');
});

test('the broker metric is 1 only while the exporter, and flows if it responds, is subscribed', async () => {
  const { clock, fleet, samples } = stage();
  const broker = async () => (await samples())['sabha_exporter_broker_up'];
  expect(await broker()).toBe(0);
  fleet.setBrokerConnected(true);
  expect(await broker()).toBe(1);
  fleet.applySnapshot(fleetOf([], { subscribed: false }));
  expect(await broker()).toBe(0);
  clock.pass(40_001);
  expect(await broker()).toBe(1);
  fleet.applySnapshot(fleetOf([]));
  expect(await broker()).toBe(1);
  fleet.setBrokerConnected(false);
  expect(await broker()).toBe(0);
});

test('the age of the newest beat is absent before the first beat', async () => {
  const { clock, fleet, samples } = stage();
  const age = async () => (await samples())['sabha_exporter_newest_beat_age_seconds'];
  expect(await age()).toBeUndefined();
  fleet.applyBeat(pc1, {});
  clock.pass(61_000);
  expect(await age()).toBe(61);
  fleet.applyBeat(pc1, {});
  expect(await age()).toBe(0);
});

test('beats are counted by result and refused series in total, both from 0', async () => {
  const { metrics, samples } = stage();
  expect(await samples()).toMatchObject({ 'sabha_exporter_beats_total{result="ok"}': 0, sabha_exporter_series_dropped_total: 0 });
  metrics.countBeat('schema');
  metrics.countBeat('schema');
  metrics.countRefused(3);
  metrics.countRefused(4);
  expect(await samples()).toMatchObject({
    'sabha_exporter_beats_total{result="schema"}': 2,
    'sabha_exporter_beats_total{result="ok"}': 0,
    sabha_exporter_series_dropped_total: 7,
  });
});
