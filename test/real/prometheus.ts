/** Debian's Prometheus or VictoriaMetrics on loopback with a temporary data folder, and promtool. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { freePorts } from '../system/processes.ts';

/** One series of a result, with its last value. */
export type Found = { labels: Record<string, string>; value: number };

export type Store = {
  /** Base URL of its API, such as http://127.0.0.1:9090. */
  at: string;
  /** Returns the series of an instant query. Throws if the query fails. */
  query(expr: string): Promise<Found[]>;
  /** Returns the series of a range query over the last 10 s in steps of 1 s. */
  queryRange(expr: string): Promise<Found[]>;
  labelValues(label: string, match: string): Promise<string[]>;
  stop(): Promise<void>;
};

export type Engine = { name: string; programs: string[]; flags(port: number): string[]; ready: string; rules: boolean };

export type Pages = { exporter: number; flows: number; broker: number };

/** Both engines read the same configuration file and have the same API. */
export const prometheus: Engine = {
  name: 'Prometheus',
  programs: ['prometheus', 'promtool'],
  flags: (port) => ['--config.file=scrape.yml', '--storage.tsdb.path=data', `--web.listen-address=127.0.0.1:${port}`, '--log.level=warn'],
  ready: '/-/ready',
  rules: true,
};
export const victoriaMetrics: Engine = {
  name: 'VictoriaMetrics',
  programs: ['victoria-metrics'],
  // By default it hides the newest 30 s of a result.
  flags: (port) => [
    '-promscrape.config=scrape.yml',
    '-storageDataPath=data',
    `-httpListenAddr=127.0.0.1:${port}`,
    '-loggerLevel=ERROR',
    '-search.latencyOffset=0s',
    '-search.disableCache',
  ],
  ready: '/health',
  rules: false,
};

type Answer = { status: string; error?: string; data: unknown };
type Series = { metric: Record<string, string>; value?: [number, string]; values?: [number, string][] };

/**
 * Starts a database that scrapes the pages once a second, with the rules of the dead man's switch if it supports rules. Resolves when it is
 * ready. Throws with its output after 20 s.
 */
export async function startStore({ programs: [program = ''], flags, ready, rules }: Engine, pages: Pages): Promise<Store> {
  const folder = await mkdtemp(join(tmpdir(), 'sabha-store-'));
  await writeFile(join(folder, 'scrape.yml'), config(pages, rules));
  const [port = 0] = await freePorts(1);
  const child = spawn(program, flags(port), { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await rm(folder, { recursive: true, force: true });
  };
  const at = `http://127.0.0.1:${port}`;
  await answering(child, `${at}${ready}`).catch(async (error) => {
    await stop();
    throw error;
  });
  const ask = async (path: string, fields: Record<string, string>) => {
    const answer = (await (await fetch(`${at}${path}?${new URLSearchParams(fields)}`)).json()) as Answer;
    if (answer.status !== 'success') throw new Error(`${Object.values(fields)[0]}: ${answer.error}`);
    return answer.data;
  };
  return {
    at,
    query: async (query) => found(await ask('/api/v1/query', { query })),
    async queryRange(query) {
      const end = Date.now() / 1_000;
      return found(await ask('/api/v1/query_range', { query, start: `${end - 10}`, end: `${end}`, step: '1' }));
    },
    labelValues: async (label, match) => (await ask(`/api/v1/label/${label}/values`, { 'match[]': match })) as string[],
    stop,
  };
}

/** Runs promtool on an input. Returns no line if promtool finds no fault. */
export async function promtool(args: string[], input = ''): Promise<{ code: number; lines: string[] }> {
  const child = spawn('promtool', args, { stdio: ['pipe', 'pipe', 'pipe'], timeout: 20_000 });
  child.stdin.end(input);
  const [out, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code, lines: `${out}${errors}`.split('\n').filter((line) => line !== '') };
}

function config({ exporter, flows, broker }: Pages, rules: boolean): string {
  const job = (name: string, port: number, path = '/metrics') =>
    `  - { job_name: ${name}, metrics_path: ${path}, static_configs: [{ targets: ['127.0.0.1:${port}'] }] }`;
  return [
    `global: { scrape_interval: 1s, scrape_timeout: 1s${rules ? ', evaluation_interval: 1s' : ''} }`,
    ...(rules ? [`rule_files: ['${resolve('dashboards/prometheus/sabha.rules.yml')}']`] : []),
    'scrape_configs:',
    job('sabha-broker', broker),
    job('sabha-flows', flows),
    job('sabha-exporter', exporter),
    job('sabha-pcs', exporter, '/metrics/pcs'),
    '',
  ].join('\n');
}

function found(data: unknown): Found[] {
  const { result } = data as { result: Series[] };
  return result.map(({ metric, value, values }) => ({ labels: metric, value: Number((value ?? values?.at(-1))?.[1]) }));
}

async function answering(child: ChildProcess, url: string): Promise<void> {
  let said = '';
  child.stderr?.on('data', (data) => {
    said += data;
  });
  for (let waitedMs = 0; waitedMs < 20_000; waitedMs += 100) {
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended with ${child.exitCode}: ${said}`);
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok) return;
    await delay(100);
  }
  throw new Error(`${child.spawnfile} does not answer: ${said}`);
}
