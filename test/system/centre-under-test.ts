/** Runs all of Sabha for a test: `start.ts` as a separate process with its own folder and ports. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Settings } from '@sabha/contracts';
import { type Command, freePorts, killAllWith, livingWith, noneLeft, type Program, startProgram } from './processes.ts';

/** The settings of a test. They are written to `sabha.json` unchanged, because the product must find their faults. */
export type SettingsFile = { [key in keyof Settings]?: unknown };
export type Ports = Settings['ports'];

export type Site = {
  folder: string;
  data: string;
  ports: Ports;
  env: Record<string, string | undefined>;
  /** Returns the header with the token of the CLI, once the server has started. */
  token(): { authorization: string };
  configure(settings: SettingsFile | string): void;
  remove(): void;
};

/** Creates a folder with settings. The environment of every process contains the path of the folder, so tests can find the processes. */
export async function createSite(settings: SettingsFile | string = {}, env: Record<string, string | undefined> = {}): Promise<Site> {
  const folder = mkdtempSync(join(tmpdir(), 'sabha-system-'));
  const [mqtt = 0, api = 0, editor = 0, brokerMetrics = 0, flowsMetrics = 0, exporter = 0, reflector = 0] = await freePorts(7);
  const ports = { mqtt, api, editor, brokerMetrics, flowsMetrics, exporter, reflector };
  const configFile = join(folder, 'sabha.json');
  const configure = (given: SettingsFile | string) =>
    writeFileSync(configFile, typeof given === 'string' ? given : JSON.stringify({ ports, ...given }), { mode: 0o600 });
  configure(settings);
  const data = join(folder, 'data');
  const remove = () => {
    killAllWith(folder);
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  };
  const token = () => ({ authorization: `Bearer ${readFileSync(join(data, 'cli.token'), 'utf8')}` });
  return { folder, data, ports, env: { ...process.env, SABHA_CONFIG: configFile, SABHA_DATA: data, ...env }, token, configure, remove };
}

export type Centre = Program & {
  site: Site;
  api<T>(path: string): Promise<T>;
  /** Returns a sample of a metrics page, such as `sabha_outbox_waiting`; 0 if missing. */
  sample(page: 'brokerMetrics' | 'flowsMetrics' | 'exporter', series: string): Promise<number>;
  pidOf(part: string): number;
  /** Sends SIGINT, like Ctrl-C; resolves when no process is left. */
  stop(): Promise<{ code: number | null; ms: number }>;
};

/** Starts `start.ts`, or another command that does; resolves at once. */
export function startCentre(site: Site, command: Partial<Command> = {}): Centre {
  const program = startProgram({ args: ['start.ts'], env: site.env, ...command });
  return {
    ...program,
    site,
    api: (path) => ask(site.ports, path, site.token()),
    sample: (page, series) => sampleOf(site.ports[page], series),
    pidOf: (part) => pidIn(livingWith(site.folder), part),
    async stop() {
      const { code, ms } = await program.end('SIGINT', { group: command.program !== undefined });
      return { code, ms: ms + (await noneLeft(site.folder, 30_000)) };
    },
  };
}

/**
 * Returns the process id of the part itself. A child of the part has the same command line until its exec, and survives a kill of the part
 * for a moment.
 */
export function pidIn(living: ReturnType<typeof livingWith>, part: string): number {
  const starters = new Set(living.filter(({ command }) => /\bstart\.ts\b/.test(command)).map(({ pid }) => pid));
  return living.find(({ parent, command }) => starters.has(parent) && command.endsWith(`/${part}/main.ts`))?.pid ?? 0;
}

/** Resolves when the server has printed the line about this PC and all parts are ready. Returns the seconds until that line. */
export async function isUp(centre: Pick<Centre, 'says'>, limitMs?: number): Promise<number> {
  const startedAt = performance.now();
  await centre.says('This PC (', limitMs);
  const upSeconds = (performance.now() - startedAt) / 1_000;
  // The exporter is not needed for that line and may be ready later.
  await centre.says(({ msg, part }) => msg === 'ready' && part === 'dashboards', limitMs);
  return upSeconds;
}

/**
 * Returns true if the machine was too busy: the log has more receive gaps than the one that a test may cause. The server is then right to
 * report that it is slow.
 */
export function isStarved({ lines }: Pick<Program, 'lines'>): boolean {
  return lines.filter(({ msg }) => msg.startsWith('no PC is judged offline')).length > 1;
}

/** Returns the JSON of a GET on the API of `flows`; with HTTPS it needs the header of a token. */
export async function ask<T>(ports: Ports, path: string, headers: Record<string, string> = {}): Promise<T> {
  const answer = await fetch(`http://127.0.0.1:${ports.api}${path}`, { headers });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return (await answer.json()) as T;
}

/** Posts a body as JSON. A response without a body returns an empty object. */
export async function post<T>({ ports }: Pick<Site, 'ports'>, path: string, body: object): Promise<{ status: number; body: T }> {
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const answer = await fetch(`http://127.0.0.1:${ports.api}${path}`, init);
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? {} : JSON.parse(text) };
}

/** Runs a command of `sabha` as a local user. Returns its output, also parsed as `json`. */
export async function sabha(site: Site, ...args: string[]) {
  const command = ['flows/api/cli/cli.ts', ...args, '--json', '--by', 'anil'];
  const { code, stdout, stderr } = await promisify(execFile)(process.execPath, command, { env: site.env }).then(
    (done) => ({ code: 0, ...done }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
  return { code, json: stdout === '' ? null : JSON.parse(stdout), err: stderr };
}

export async function sampleOf(port: number, series: string, path = '/metrics'): Promise<number> {
  const page = await (await fetch(`http://127.0.0.1:${port}${path}`)).text();
  const line = page.split('\n').find((one) => one.startsWith(`${series} `));
  return Number(line?.slice(series.length + 1) ?? 0);
}
