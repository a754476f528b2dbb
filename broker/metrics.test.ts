import { ownSeries, serveMetrics } from '@sabha/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMetrics } from './metrics.ts';

const metrics = createMetrics({ clients: (kind) => (kind === 'pc' ? 2 : 0), registryVersion: () => 7 });
let server: Awaited<ReturnType<typeof serveMetrics>>;
let text: string;

beforeAll(async () => {
  metrics.countMessage('beat');
  metrics.countMessage('beat');
  metrics.countRefused('publish', 'retain');
  metrics.countDropped('exporter', 'stalled');
  metrics.countSlowed();
  server = await serveMetrics(metrics.series, 0);
  text = await (await fetch(`http://127.0.0.1:${server.port}/metrics`)).text();
});
afterAll(() => server.close());

test('the metrics page has the series of the table `ownSeries` with their help and values', () => {
  for (const { name, help, type } of [
    ownSeries.brokerClients,
    ownSeries.brokerMessages,
    ownSeries.brokerRefused,
    ownSeries.brokerDropped,
    ownSeries.brokerSlowed,
    ownSeries.registryVersion,
  ]) {
    expect(text).toContain(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`);
  }
  expect(text).toContain('sabha_broker_clients{principal="pc"} 2\n');
  expect(text).toContain('sabha_broker_clients{principal="exporter"} 0\n');
  expect(text).toContain('sabha_broker_messages_total{leaf="beat"} 2\n');
  expect(text).toContain('sabha_broker_refused_total{action="publish",reason="retain"} 1\n');
  expect(text).toContain('sabha_broker_dropped_total{principal="exporter",reason="stalled"} 1\n');
  expect(text).toContain('sabha_broker_slowed_total 1\n');
  expect(text).toContain('sabha_broker_registry_version 7\n');
});
