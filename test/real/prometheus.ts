/** Debian's Prometheus or VictoriaMetrics on loopback with a temporary data folder, and promtool. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { freePorts } from '../system/processes.ts';

/** One series of an answer, with its last value. */
export type Found = { labels: Record<string, string>; value: number };

export type Store = {
  /** Where its API stands, such as http://127.0.0.1:9090. */
  at: string;
  /** The series of an instant query; throws where the query fails. */
  query(expr: string): Promise<Found[]>;
  /** The same over the last 10 s in steps of 1 s. */
  queryRange(expr: string): Promise<Found[]>;
  /** The values of a label among the series that match. */
  labelValues(label: string, match: string): Promise<string[]>;
  /** Stops it and removes its folder. */
  stop(): Promise<void>;
};

export type Engine = { name: string; programs: string[]; flags(port: number): string[]; ready: string; rules: boolean };

/** Where the pages of the parts stand. */
export type Pages = { exporter: number; flows: number; broker: number };

/** Both read the same configuration file and answer the same API. */
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
  // It holds back the last 30 s of an answer, unless told otherwise.
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

/** Starts a store that scrapes the pages of the parts once a second, with the dead man's rules where it knows rules; resolves when it is ready, throws with its own words after 20 s. */
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

/** What promtool says about an input; no line where all is well. */
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
