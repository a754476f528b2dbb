/**
 * The composition root: makes what is secret, starts the four parts, keeps them running, merges their logs, stops them in order.
 * It admits this PC by itself; nothing else is to be installed or configured.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { hashToken, makeRegistryKeys, type PcView, readSettings, type Settings } from '#contracts';

const runtimeMajor = 26;
const backoffMinMs = 500;
const backoffMaxMs = 30_000;
/** A part that ran this long begins its backoff anew. */
const steadyMs = 60_000;
const stopLimitMs = 2_500;
const healthLimitMs = 15_000;
/** Each row is stopped before the next, so that the agent's goodbye still finds a broker. */
const stopOrder: readonly (readonly PartName[])[] = [['agent'], ['dashboards'], ['flows'], ['broker']];

type PartName = 'broker' | 'flows' | 'dashboards' | 'agent';
type Part = { name: PartName; script: string; env: Record<string, string> };
type Running = Part & { child: ChildProcess | undefined; failures: number; ready: boolean; startedAt: number };

const log = pino({ base: { part: 'start' } });

async function main(): Promise<void> {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < runtimeMajor) stopWith(`Node ${process.version} is too old: run "npm ci && npm start", which brings Node ${runtimeMajor}`);
  const configFile = resolve(process.env['SABHA_CONFIG'] ?? 'sabha.json');
  const settings = await withPorts(loadSettings(configFile));
  const data = resolve(process.env['SABHA_DATA'] ?? 'data');
  const pc = `${settings.site.state}/${settings.site.id}/${settings.site.pcs[0]?.id}`;
  const places = prepare(data, pc);
  if (process.argv.includes('--editor')) places.editor = secret(join(data, 'flows', 'editor.password'));
  const parts = partsOf({ settings, configFile, data, pc, places }).map(
    (part): Running => ({ ...part, child: undefined, failures: 0, ready: false, startedAt: 0 }),
  );
  const state = { stopping: false };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop(parts, state, 0));
  for (const part of parts) if (part.name !== 'agent') run(part, parts, state);
  void sayHealth(settings, pc);
}

type Places = {
  flowsToken: string;
  exporterToken: string;
  agentToken: string;
  registryKey: string;
  admit: string;
  registry: string;
  editor?: string;
};

/** Makes folders and secrets that are not there yet. Every secret lies in the folder of the one part that may read it (0600). */
function prepare(data: string, pc: string): Places {
  const folder = (name: string) => {
    try {
      mkdirSync(join(data, name), { recursive: true, mode: 0o700 });
    } catch (error) {
      stopWith(`${join(data, name)}: cannot be used as a folder: ${(error as NodeJS.ErrnoException).code}`);
    }
    return join(data, name);
  };
  const [broker, flows, dashboards, agent] = [folder('broker'), folder('flows'), folder('dashboards'), folder('agent')];
  const places: Places = {
    flowsToken: join(flows, 'flows.token'),
    exporterToken: join(dashboards, 'exporter.token'),
    agentToken: join(agent, 'agent.token'),
    registryKey: join(flows, 'registry.key'),
    admit: join(flows, 'admit.json'),
    registry: join(flows, 'registry.json'),
  };
  const hashes = { flows: hashToken(secret(places.flowsToken)), exporter: hashToken(secret(places.exporterToken)) };
  write(join(broker, 'principals.json'), JSON.stringify(hashes));
  if (!existsSync(places.registryKey) || !existsSync(join(broker, 'registry.pub'))) {
    const keys = makeRegistryKeys();
    write(places.registryKey, keys.privateKey);
    write(join(broker, 'registry.pub'), keys.publicKey);
  }
  write(places.admit, JSON.stringify([{ pc, tokenHash: hashToken(secret(places.agentToken)), revoked: false }]));
  return places;
}

function secret(file: string): string {
  if (!existsSync(file)) write(file, randomBytes(32).toString('base64url'));
  return readFileSync(file, 'utf8').trim();
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text, { mode: 0o600 });
  } catch (error) {
    stopWith(`${file}: cannot be written: ${(error as NodeJS.ErrnoException).code}`);
  }
}

function partsOf(at: { settings: Settings; configFile: string; data: string; pc: string; places: Places }): Part[] {
  const { settings, configFile, data, pc, places } = at;
  const script = (part: string) => fileURLToPath(new URL(`${part}/main.ts`, import.meta.url));
  const folder = (path: string) => fileURLToPath(new URL(path, import.meta.url));
  const common = {
    SABHA_CONFIG: configFile,
    SABHA_MQTT_HOST: '127.0.0.1',
    SABHA_MQTT_PORT: `${settings.ports.mqtt}`,
    SABHA_REGISTRY: places.registry,
    // With a SABHA_SPEED all parts count it from here, so that one which starts anew is not behind the others.
    SABHA_EPOCH: process.env['SABHA_EPOCH'] ?? `${Date.now()}`,
  };
  const flows = {
    SABHA_TOKEN_FILE: places.flowsToken,
    SABHA_REGISTRY_KEY: places.registryKey,
    SABHA_ADMIT: places.admit,
    SABHA_WALL: folder('dashboards/wall'),
    SABHA_MODULES: folder('node_modules'),
    SABHA_API_PORT: `${settings.ports.api}`,
    SABHA_EDITOR_PORT: `${settings.ports.editor}`,
    SABHA_METRICS_PORT: `${settings.ports.flowsMetrics}`,
    ...(places.editor === undefined ? {} : { SABHA_EDITOR_PASSWORD: places.editor }),
  };
  const dashboards = {
    SABHA_TOKEN_FILE: places.exporterToken,
    SABHA_API: `http://127.0.0.1:${settings.ports.api}`,
    SABHA_METRICS_PORT: `${settings.ports.exporter}`,
  };
  const agent = { SABHA_PC: pc, SABHA_TOKEN_FILE: places.agentToken, SABHA_PROFILE: JSON.stringify(settings.site.profile) };
  const env = (name: PartName, own: Record<string, string>) => ({ ...common, ...own, SABHA_DATA: join(data, name) });
  return [
    { name: 'broker', script: script('broker'), env: env('broker', { SABHA_METRICS_PORT: `${settings.ports.brokerMetrics}` }) },
    { name: 'flows', script: script('flows'), env: env('flows', flows) },
    { name: 'dashboards', script: script('dashboards'), env: env('dashboards', dashboards) },
    { name: 'agent', script: script('agent'), env: env('agent', agent) },
  ];
}

/** Starts a part, and starts it again whenever it ends. One that never came up stops everything, with its own line above. */
function run(part: Running, parts: Running[], state: { stopping: boolean }): void {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', part.script], {
    env: { ...process.env, ...part.env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // A group of its own: Ctrl-C reaches us alone, and we stop the parts in order.
    detached: true,
  });
  Object.assign(part, { child, startedAt: performance.now() });
  for (const input of [child.stdout, child.stderr]) {
    if (input === null) continue;
    createInterface({ input }).on('line', (line) => {
      if (line.includes('"msg":"ready"')) came(part, parts, state);
      print(line, part.name);
    });
  }
  child.on('exit', (code, signal) => {
    part.child = undefined;
    if (state.stopping) return;
    const never = !part.ready && signal === null;
    log.warn({ code, signal }, `${part.name} ended`);
    if (never) return void stop(parts, state, 1);
    part.failures = performance.now() - part.startedAt > steadyMs ? 1 : part.failures + 1;
    const waitMs = Math.min(backoffMaxMs, backoffMinMs * 2 ** (part.failures - 1));
    setTimeout(() => state.stopping || run(part, parts, state), waitMs);
  });
}

/** The agent starts when `flows` has admitted it: a PC that knocks before is refused, and is slow to knock again. */
function came(part: Running, parts: Running[], state: { stopping: boolean }): void {
  part.ready = true;
  const agent = parts.find(({ name, startedAt }) => name === 'agent' && startedAt === 0);
  if (part.name === 'flows' && agent !== undefined && !state.stopping) run(agent, parts, state);
}

async function stop(parts: Running[], state: { stopping: boolean }, code: number): Promise<void> {
  if (state.stopping) return;
  state.stopping = true;
  const kill = setTimeout(() => {
    for (const { child } of parts) child?.kill('SIGKILL');
  }, stopLimitMs);
  for (const row of stopOrder) await Promise.all(parts.filter(({ name }) => row.includes(name)).map(stopPart));
  clearTimeout(kill);
  process.exit(code);
}

function stopPart({ child }: Running): Promise<void> {
  if (child === undefined) return Promise.resolve();
  return new Promise((done) => {
    child.once('exit', () => done());
    child.kill('SIGTERM');
  });
}

/** One log of all parts: JSON as it comes, or short lines where a person looks at it. */
function print(line: string, part: string): void {
  if (!process.stdout.isTTY) return void process.stdout.write(`${line}\n`);
  try {
    const { time, level, msg, part: who, pid, hostname, ...rest } = JSON.parse(line) as Record<string, unknown>;
    const mark = Number(level) >= 50 ? '!!' : Number(level) >= 40 ? ' !' : '  ';
    const more = Object.keys(rest).length > 0 ? ` ${JSON.stringify(rest)}` : '';
    const clock = new Date(Number(time)).toTimeString().slice(0, 8);
    process.stdout.write(`${clock} ${mark} ${String(who ?? part).padEnd(10)} ${msg}${more}\n`);
  } catch {
    process.stdout.write(`${line}\n`);
  }
}

/** Prints the addresses, and the first health of this PC as the centre sees it. */
async function sayHealth({ ports }: Settings, pc: string): Promise<void> {
  const wall = `http://127.0.0.1:${ports.api}`;
  const startedAt = Date.now();
  for (const deadline = performance.now() + healthLimitMs; performance.now() < deadline; await new Promise((go) => setTimeout(go, 200))) {
    const view = await fetch(`${wall}/api/pcs`).then(
      (answer) => answer.json() as Promise<PcView[]>,
      () => [],
    );
    const own = view.find((one) => one.pc === pc);
    // What the ledger remembers of an earlier day is no health.
    if (own === undefined || own.checks.length === 0 || (own.heardAt ?? 0) < startedAt) continue;
    const checks = own.checks.map(({ component, device, status, fault, reason, name }) => {
      return `  ${{ ok: '●', fault: '◆', unknown: '○' }[status]} ${component}${placeOf(device, name)}: ${fault ?? status}${reason ? `, ${reason}` : ''}`;
    });
    const addresses = [
      `wall        ${wall}`,
      `mqtt        127.0.0.1:${ports.mqtt}`,
      `prometheus  127.0.0.1:${ports.brokerMetrics}, ${ports.flowsMetrics}, ${ports.exporter}`,
    ];
    process.stdout.write(`\nSabha runs.\n  ${addresses.join('\n  ')}\nThis PC (${pc}):\n${checks.join('\n')}\n\n`);
    return;
  }
  log.warn('this PC has not said anything yet');
}

function placeOf(device: string, name: string | undefined): string {
  return name !== undefined ? ` (${name})` : device === '' || device.startsWith('expected-') ? '' : ` ${device}`;
}

function loadSettings(file: string): Settings {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return stopWith(`${file}: cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
  const settings = readSettings(text, file);
  return settings.ok ? settings.value : stopWith(settings.line);
}

/** A port 0 takes a free one, which is chosen here so that all parts know it. */
async function withPorts(settings: Settings): Promise<Settings> {
  const rows = Object.entries(settings.ports).map(async ([name, port]) => [name, port || (await freePort())]);
  return { ...settings, ports: Object.fromEntries(await Promise.all(rows)) };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function stopWith(line: string): never {
  process.stderr.write(`${line}\n`);
  process.exit(1);
}

await main();
