/** Starts Debian's Prometheus and Alertmanager for a comparison, on loopback, each in its own folder, at the given intervals. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePorts, type Program, startProgram } from '../system/processes.ts';

export type Peer = { at: string; stop(): Promise<void> };

/** Grouping of Alertmanager: `group_by` labels, times, and one inhibit rule on each line. */
export type Grouping = { by: readonly string[]; waitMs: number; intervalMs: number; repeatMs?: number; inhibit?: readonly string[] };

const readyLimitMs = 60_000;
const usualRepeatMs = 4 * 3_600_000;

/** Starts an Alertmanager that posts the start and the end of every alert to `desk`. */
export function startAlertmanager(
  desk: string,
  { by, waitMs, intervalMs, repeatMs = usualRepeatMs, inhibit = [] }: Grouping,
): Promise<Peer> {
  const ms = (value: number) => `${Math.round(value)}ms`;
  const times = `group_wait: ${ms(waitMs)}, group_interval: ${ms(intervalMs)}, repeat_interval: ${ms(repeatMs)}`;
  const config = [
    // A posted alert stays active until its end is posted.
    'global: { resolve_timeout: 1000h }',
    `route: { receiver: desk, group_by: [${by.join(', ')}], ${times} }`,
    ...(inhibit.length === 0 ? [] : ['inhibit_rules:', ...inhibit.map((rule) => `  - ${rule}`)]),
    `receivers: [{ name: desk, webhook_configs: [{ url: '${desk}', send_resolved: true, max_alerts: 0 }] }]`,
  ];
  return start({
    program: 'prometheus-alertmanager',
    files: { 'alertmanager.yml': config.join('\n') },
    flags: (port) => [
      '--config.file=alertmanager.yml',
      '--storage.path=data',
      `--web.listen-address=127.0.0.1:${port}`,
      '--cluster.listen-address=',
      '--log.level=warn',
    ],
  });
}

export type PrometheusOptions = { page: number; alertmanager: string; everyMs: number; alert: string };

/** Starts a Prometheus that scrapes a page of this process and evaluates one rule, both at the same interval. */
export function startPrometheus({ page, alertmanager, everyMs, alert }: PrometheusOptions): Promise<Peer> {
  const every = `${everyMs}ms`;
  const config = [
    `global: { scrape_interval: ${every}, scrape_timeout: ${every}, evaluation_interval: ${every} }`,
    "rule_files: ['rules.yml']",
    `alerting: { alertmanagers: [{ static_configs: [{ targets: ['${new URL(alertmanager).host}'] }] }] }`,
    `scrape_configs: [{ job_name: rooms, static_configs: [{ targets: ['127.0.0.1:${page}'] }] }]`,
  ];
  return start({
    program: 'prometheus',
    files: { 'prometheus.yml': config.join('\n'), 'rules.yml': `groups: [{ name: rooms, rules: [{ alert: Fault, expr: '${alert}' }] }]\n` },
    flags: (port) => [
      '--config.file=prometheus.yml',
      '--storage.tsdb.path=data',
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ],
  });
}

type Start = { program: string; files: Record<string, string>; flags(port: number): string[] };

async function start({ program, files, flags }: Start): Promise<Peer> {
  const folder = mkdtempSync(join(tmpdir(), 'sabha-peer-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), `${text}\n`);
  const [port = 0] = await freePorts(1);
  const running = startProgram({ program, args: flags(port), env: process.env, cwd: folder });
  const at = `http://127.0.0.1:${port}`;
  const stop = async () => {
    await running.end('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  await isReady(running, at).catch(async (error) => {
    await stop();
    throw error;
  });
  return { at, stop };
}

async function isReady(running: Program, at: string): Promise<void> {
  const deadline = performance.now() + readyLimitMs;
  while (running.isRunning() && performance.now() < deadline) {
    const answer = await fetch(`${at}/-/ready`).catch(() => undefined);
    if (answer?.ok) return;
    await delay(50);
  }
  throw new Error(`${at} is not ready: ${running.errors.join('; ')}`);
}
