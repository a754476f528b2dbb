import { existsSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { parseStartOptions, readSettings } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { dashboardFiles } from './generate.ts';

type Scrape = { job_name: string; metrics_path?: string; scrape_interval?: string; static_configs: { targets: string[] }[] };
type Prometheus = { global: { scrape_interval: string }; rule_files: string[]; scrape_configs: Scrape[] };
type DatasourcesFile = { datasources: { url: string; jsonData: { timeInterval: string } }[] };
type Service = {
  image: string;
  network_mode: string;
  command?: string[];
  build?: { context: string; dockerfile: string };
  env_file?: string;
  volumes: string[];
};
type Compose = { services: Record<'server' | 'prometheus' | 'grafana' | 'alertmanager', Service>; volumes: Record<string, null> };

const yaml = <T>(file: string): T => parse(readFileSync(file, 'utf8'));
const prometheus = yaml<Prometheus>('dashboards/prometheus/prometheus.yml');
const compose = yaml<Compose>('dashboards/compose.yaml');
const [source] = yaml<DatasourcesFile>('dashboards/grafana/provisioning/datasources/sabha.yaml').datasources;
const grafanaEnv = Object.fromEntries(
  [...readFileSync('dashboards/grafana/grafana.env', 'utf8').matchAll(/^(\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]),
);

test('Prometheus scrapes broker, flows and exporter on their default ports', () => {
  const read = readSettings('{}');
  if (!read.ok) throw new Error(read.line);
  const { brokerMetrics, flowsMetrics, exporter } = read.value.ports;
  const jobs = prometheus.scrape_configs.map((job) => [job.job_name, job.static_configs[0]?.targets, job.metrics_path]);
  expect(jobs).toEqual([
    ['sabha-broker', [`127.0.0.1:${brokerMetrics}`], undefined],
    ['sabha-flows', [`127.0.0.1:${flowsMetrics}`], undefined],
    ['sabha-exporter', [`127.0.0.1:${exporter}`], undefined],
    ['sabha-pcs', [`127.0.0.1:${exporter}`], '/metrics/pcs'],
  ]);
  for (const file of prometheus.rule_files) expect(existsSync(`dashboards/prometheus/${file}`)).toBe(true);
});

test('Grafana has the same interval as the Prometheus scrapes', () => {
  expect(prometheus.global.scrape_interval).toBe('15s');
  expect(source?.jsonData.timeInterval).toBe('15s');
});

test('all services of the compose file listen on loopback, at the addresses that the others use', () => {
  expect(Object.values(compose.services).map(({ network_mode }) => network_mode)).toEqual(['host', 'host', 'host', 'host']);
  expect(source?.url).toBe('http://127.0.0.1:9090');
  expect(compose.services.prometheus.command).toContain('--web.listen-address=127.0.0.1:9090');
  const [alertmanager] = yaml<{ targets: string[] }[]>('dashboards/alertmanager/targets.yml');
  expect(compose.services.alertmanager.command).toContain(`--web.listen-address=${alertmanager?.targets[0]}`);
  expect(compose.services.grafana.env_file).toBe('grafana/grafana.env');
  expect(grafanaEnv).toMatchObject({ GF_SERVER_HTTP_ADDR: '127.0.0.1', GF_AUTH_ANONYMOUS_ORG_ROLE: 'Viewer' });
});

test('all mounts and commands of the compose file exist', () => {
  const named = Object.keys(compose.volumes);
  const mounts = Object.values(compose.services).flatMap(({ volumes }) => volumes.map((volume) => volume.split(':')[0] ?? ''));
  for (const from of mounts) expect(named.includes(from) || existsSync(posix.join('dashboards', from)), from).toBe(true);
  const { context = '', dockerfile = '' } = compose.services.server.build ?? {};
  const containerfile = readFileSync(posix.join('dashboards', context, dockerfile), 'utf8');
  const [, script = '', ...words]: string[] = JSON.parse(/^ENTRYPOINT (.*)$/m.exec(containerfile)?.[1] ?? '[]');
  expect([script, parseStartOptions(words, {})]).toMatchObject(['start.ts', { 'no-agent': true }]);
});

test('the settings of the server container have no site, since no PC runs there', () => {
  expect(compose.services.server.volumes[0]).toBe('./sabha.json:/etc/sabha/sabha.json:ro');
  expect(readSettings(readFileSync('dashboards/sabha.json', 'utf8'))).toMatchObject({ ok: true, value: { site: null } });
});

test('each third-party image has a fixed version', () => {
  const [own, ...others] = Object.values(compose.services).map(({ image }) => image);
  expect(own).toBe('sabha-server');
  for (const image of others) expect(image).toMatch(/:v?\d+\.\d+\.\d+$/);
});

test('Grafana finds the dashboards in the mounted folder and opens Nation', () => {
  const mounted = compose.services.grafana.volumes[0]?.split(':') ?? [];
  const folder = grafanaEnv['SABHA_DASHBOARDS'];
  expect(mounted).toEqual(['./grafana', folder, 'ro']);
  for (const { file } of dashboardFiles) expect(posix.dirname(file)).toBe('dashboards/grafana');
  expect(grafanaEnv['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH']).toBe(`${folder}/nation.json`);
});
