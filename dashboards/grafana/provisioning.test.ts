import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readSettings } from '#contracts';

const prometheus = readFileSync('dashboards/prometheus/prometheus.yml', 'utf8');

test('Prometheus scrapes the pages of broker, flows and exporter where they stand by default', () => {
  const read = readSettings('{}');
  if (!read.ok) throw new Error(read.line);
  const { brokerMetrics, flowsMetrics, exporter } = read.value.ports;
  const targets = [...prometheus.matchAll(/targets: \["127\.0\.0\.1:(\d+)"\]/g)].map(([, port]) => Number(port));
  expect(targets).toEqual([brokerMetrics, flowsMetrics, exporter]);
});

test('Grafana is told the interval at which Prometheus scrapes', () => {
  const source = readFileSync('dashboards/grafana/provisioning/datasources/sabha.yaml', 'utf8');
  const interval = /^ +scrape_interval: (\S+)$/m.exec(prometheus)?.[1];
  expect(interval).toBe('15s');
  expect(/^ +timeInterval: (\S+)$/m.exec(source)?.[1]).toBe(interval);
});
