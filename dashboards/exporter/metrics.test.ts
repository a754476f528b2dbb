import { afterEach, expect, test } from 'vitest';
import { allSeries } from '#contracts';
import { fleetOf, handClock, pc1, pc2, pcNow, samplesOf } from './exporter.test-helper.ts';
import { createFleet } from './fleet.ts';
import { createMetrics, serveMetrics } from './metrics.ts';

const clock = handClock();
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

function stage(seriesPerSite = 500) {
  const fleet = createFleet(clock.up);
  const metrics = createMetrics(fleet.view, seriesPerSite);
  const samples = async () => samplesOf((await metrics.page()).text);
  return { fleet, metrics, samples };
}

test('a page names, explains and labels each series as the table does', async () => {
  const { fleet, metrics } = stage();
  fleet.takeSnapshot(fleetOf([pcNow(pc1)]));
  fleet.takeBeat(pc1, { up: 1, load: 0, mem: 0.5, disk: 0.5, temp: -3.5, rtt: 0.01, off: -0.2, rss: 5e7, q: 0 });
  const { text } = await metrics.page();
  const names = [...new Set([...text.matchAll(/^(sabha_\w+)/gm)].map(([, name]) => name))];
  expect(names).toHaveLength(9 + 5 + 3);
  for (const { name, help, type, labels } of allSeries.filter((one) => names.includes(one.name))) {
    expect(text).toContain(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`);
    const sample = new RegExp(`^${name}(?:\\{(.*)\\})? `, 'm').exec(text)?.[1] ?? '';
    expect([...sample.matchAll(/(\w+)="/g)].map(([, label]) => label)).toEqual(labels);
  }
  expect(text).toContain('sabha_pc_temperature_celsius{state="ladakh",site="ladakh/leh",pc="ladakh/leh/pc-1"} -3.5\n');
  expect(text).toContain('process_resident_memory_bytes ');
});

test('a series that is gone from memory is gone from the next page', async () => {
  const { fleet, samples } = stage();
  fleet.takeSnapshot(fleetOf([pcNow(pc1), pcNow(pc2)]));
  expect(Object.keys(await samples()).filter((key) => key.includes('pc-2'))).not.toEqual([]);
  fleet.takeSnapshot(fleetOf([pcNow(pc1)]));
  expect(Object.keys(await samples()).filter((key) => key.includes('pc-2'))).toEqual([]);
});

test('it says whether the API answers: 0 before the first answer and 15 s after the last', async () => {
  const { fleet, samples } = stage();
  expect(await samples()).toMatchObject({ sabha_exporter_api_up: 0 });
  fleet.takeSnapshot(fleetOf([]));
  expect(await samples()).toMatchObject({ sabha_exporter_api_up: 1 });
  clock.pass(15_001);
  expect(await samples()).toMatchObject({ sabha_exporter_api_up: 0 });
});

test('a refused series is counted when it is refused, not again by each scrape', async () => {
  const { fleet, samples } = stage(3);
  fleet.takeSnapshot(fleetOf([pcNow(pc1)]));
  expect(await samples()).toMatchObject({ sabha_exporter_series_dropped_total: 2 });
  expect(await samples()).toMatchObject({ sabha_exporter_series_dropped_total: 2 });
  fleet.takeBeat(pc1, { up: 5 });
  expect(await samples()).toMatchObject({ sabha_exporter_series_dropped_total: 3 });
});

test('beats are counted by result, from 0', async () => {
  const { metrics, samples } = stage();
  metrics.countBeat('schema');
  metrics.countBeat('schema');
  expect(await samples()).toMatchObject({
    'sabha_exporter_beats_total{result="schema"}': 2,
    'sabha_exporter_beats_total{result="ok"}': 0,
  });
});

test('pages that are asked for at once are each whole', async () => {
  const { fleet, samples } = stage();
  fleet.takeSnapshot(fleetOf([pcNow(pc1), pcNow(pc2)]));
  const pages = await Promise.all([samples(), samples(), samples()]);
  for (const page of pages) expect(page).toEqual(await samples());
});

test('only GET /metrics is answered, and a port in use is one clear line', async () => {
  const { metrics } = stage();
  const server = await serveMetrics(metrics, 0);
  closing.push(server.close);
  const at = `http://127.0.0.1:${server.port}`;
  const page = await fetch(`${at}/metrics`);
  expect(page.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(await page.text()).toContain('sabha_exporter_api_up 0');
  expect((await fetch(`${at}/`)).status).toBe(404);
  expect((await fetch(`${at}/metrics`, { method: 'POST' })).status).toBe(404);
  await expect(serveMetrics(metrics, server.port)).rejects.toThrow(
    `port ${server.port} is in use by another program (metrics of the exporter)`,
  );
});
