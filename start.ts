/**
 * Entry point of the server. It creates the secrets, admits the agent of this PC, and starts and restarts the four parts of the server. It
 * also merges their logs, and stops them in order.
 * If systemd starts the parts, each as its own user, this program only creates the files that they need.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createPublicKey, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, renameSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import {
  codeOf,
  doubledMs,
  hashToken,
  languageFor,
  loadPem,
  loadText,
  logOutput,
  makeFolder,
  makeSigningKeys,
  modes,
  onShutdownRequest,
  parseStartOptions,
  pcLines,
  proveServer,
  readSettings,
  replaceFile,
  type Settings,
  StartError,
  siteLines,
  translateStartLine,
} from '@sabha/contracts';
import { pino } from 'pino';

const runtimeMajor = 26;
const backoff = { firstMs: 500, maxMs: 30_000 };
/** Run time after which a part counts as stable. A stable part that ends is restarted at once, and its backoff starts again. */
const stableMs = 60_000;
const stopLimitMs = 2_500;
/** Time after which a missing first health report is logged. A late report is still shown. */
const healthLimitMs = 15_000;
const healthRequest = { everyMs: 200, lateEveryMs: 1_000, limitMs: 2_000 };
/** The order in which parts are stopped. The agent stops first, so that its bye still reaches the broker. */
const stopOrder: readonly (readonly PartName[])[] = [['agent'], ['dashboards'], ['flows'], ['broker']];

/**
 * Flags of Node, the same as in the units of `packaging/server`. By default V8 uses up to 48 MiB for young objects in each process. The
 * limit saves about 30 MiB per process.
 */
const memoryFlags = ['--max-semi-space-size=4'];
const runFlags = ['--disable-warning=ExperimentalWarning', ...memoryFlags];

const partNames = ['broker', 'flows', 'dashboards', 'agent'] as const;
type PartName = (typeof partNames)[number];
type Part = { name: PartName; script: string; env: Record<string, string> };
type Running = Part & { child: ChildProcess | undefined; failures: number; ready: boolean; startedAt: number };
/** `onFlowsReady` is called once, when `flows` is ready. Before that time another program may listen on the port of `flows`. */
type StartState = { stopping: boolean; onFlowsReady: (() => void) | undefined };

const log = pino({ base: { part: 'start' } }, logOutput());

async function main(): Promise<void> {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < runtimeMajor) stopWith(`Node ${process.version} is too old: run "npm ci && npm start", which brings Node ${runtimeMajor}`);
  const options = parseStartOptions(process.argv.slice(2), process.env);
  if (options.help !== undefined) return console.log(options.help);
  const configFile = resolve(process.env['SABHA_CONFIG'] ?? 'sabha.json');
  const settings = await fillFreePorts(loadSettings(configFile));
  const data = resolve(process.env['SABHA_DATA'] ?? 'data');
  // If systemd starts the parts, the agent of this PC comes from its own package.
  const ownPcProfile = options['no-agent'] || options.prepare ? null : ownPc(settings);
  const places = secretFilesIn(data, options.editor || settings.editor === true);
  const all = describeParts({ settings, configFile, data, own: ownPcProfile, places });
  prepare(data, places, { pc: ownPcProfile?.pc, inputMode: options.prepare ? modes.shared : modes.own });
  if (options.prepare) return writeEnvironments(data, all);
  const parts = all.map((part): Running => ({ ...part, child: undefined, failures: 0, ready: false, startedAt: 0 }));
  const state: StartState = { stopping: false, onFlowsReady: () => void printHealth(settings, places, ownPcProfile?.pc) };
  onShutdownRequest({ env: process.env, script: process.argv[1] }, () => void stopAll(parts, state, 0));
  // The terminal or pipe of the output is closed, so the server stops. On a full disk only log lines are lost, and it continues.
  process.stdout.on('error', (error) => {
    if (process.stdout.isTTY || codeOf(error) === 'EPIPE') void stopAll(parts, state, 1);
  });
  for (const part of parts) if (part.name !== 'agent') startPart(part, parts, state);
}

type OwnPc = { pc: string; profile: object };
/** Returns this PC, which is the first PC of the site in the settings; null without one. */
function ownPc({ site }: Settings): OwnPc | null {
  return site && { pc: `${site.state}/${site.id}/${site.pcs[0]?.id}`, profile: site.profile };
}

type SecretFiles = ReturnType<typeof secretFilesIn>;

/** Returns the paths of the secrets. Each secret is in the folder of the only part that may read it. */
function secretFilesIn(data: string, hasEditor: boolean) {
  const [broker, flows, dashboards, agent] = partNames.map((name) => join(data, name));
  return {
    flowsToken: `${flows}/flows.token`,
    exporterToken: `${dashboards}/exporter.token`,
    apiToken: `${dashboards}/api.token`,
    // The token of the CLI is in a folder that the group of `flows` may enter.
    cliToken: `${data}/cli.token`,
    agentToken: `${agent}/agent.token`,
    registryKey: `${flows}/registry.key`,
    centreKey: `${flows}/centre.key`,
    centrePub: `${agent}/centre.pub`,
    admit: `${flows}/admit.json`,
    // The registry is not beside the ledger, so that a restored ledger does not bring an old registry.
    registry: `${broker}/registry.json`,
    ...(hasEditor && { editor: `${flows}/editor.password` }),
  };
}

/**
 * Returns the folder to which a part writes. The input files of broker and dashboards are one level above. These parts cannot write them:
 * only `flows` or this program does.
 */
function dataFolderOf(data: string, name: PartName): string {
  return name === 'broker' || name === 'dashboards' ? join(data, name, 'own') : join(data, name);
}

/**
 * Creates missing folders and secrets. `inputMode`: file mode of the input files of the parts. The group may read them if each part runs
 * as its own user.
 */
function prepare(data: string, places: SecretFiles, { pc, inputMode }: { pc: string | undefined; inputMode: number }): void {
  // A restore was killed between its two renames. A start would create new keys, which no PC accepts.
  if (existsSync(join(data, 'flows.restoring')) && !existsSync(join(data, 'flows')))
    stopWith(`${data}: a restore was interrupted: run "npm run sabha -- restore FILE" again`);
  for (const name of partNames) for (const one of [join(data, name), dataFolderOf(data, name)]) makeFolder(one);
  const broker = join(data, 'broker');
  migrateBrokerFiles(broker, dataFolderOf(data, 'broker'));
  // These files may come from an older or restored data folder, and `flows` writes them again only after a change.
  for (const file of [places.registry, join(broker, 'server.pem')]) if (existsSync(file)) chmodSync(file, inputMode);
  const hashes = {
    flows: hashToken(readOrCreateSecret(places.flowsToken)),
    exporter: hashToken(readOrCreateSecret(places.exporterToken, inputMode)),
  };
  writeOrStop(join(broker, 'principals.json'), JSON.stringify(hashes), inputMode);
  // The broker knows the exporter's MQTT token, so the API has a separate token.
  const command = { name: 'server-cli', role: 'central', hash: hashToken(readOrCreateSecret(places.cliToken, inputMode)) };
  const exporter = { name: 'server-exporter', role: 'reader', hash: hashToken(readOrCreateSecret(places.apiToken, inputMode)) };
  writeOrStop(join(data, 'flows', 'programs.json'), JSON.stringify([command, exporter]));
  if (!existsSync(places.registryKey)) writeOrStop(places.registryKey, makeSigningKeys().privateKey);
  writeOrStop(join(broker, 'registry.pub'), publicKeyPem(places.registryKey, 'the broker admits no PC'), inputMode);
  // A new key is created only without a ledger: its PCs accept only the old key, and `sabha restore` refuses a backup with another key.
  if (!existsSync(places.centreKey) && !existsSync(join(data, 'flows/ledger.db')))
    writeOrStop(places.centreKey, makeSigningKeys().privateKey);
  writeOrStop(places.centrePub, publicKeyPem(places.centreKey, 'the PCs accept no commands'));
  const admitted = pc === undefined ? [] : [{ pc, tokenHash: hashToken(readOrCreateSecret(places.agentToken)), revoked: false }];
  writeOrStop(places.admit, JSON.stringify(admitted));
  if (places.editor !== undefined) readOrCreateSecret(places.editor);
}

/** Migrates a data folder of an older release, in which the broker's own files were beside its input files. */
function migrateBrokerFiles(broker: string, own: string): void {
  for (const name of ['registry-version', 'server.key', 'server.csr'])
    if (existsSync(join(broker, name))) renameSync(join(broker, name), join(own, name));
  rmSync(join(broker, 'compiled'), { recursive: true, force: true });
}

function publicKeyPem(file: string, without: string): string {
  const hint = `put it back from a copy, or run "sabha restore FILE"; without it ${without}`;
  if (!existsSync(file)) stopWith(`${file} is missing: ${hint}`);
  return loadPem(file, createPublicKey, `is no private key: ${hint}`).export({ type: 'spki', format: 'pem' }).toString();
}

function readOrCreateSecret(file: string, mode = modes.own): string {
  // A full disk at an earlier start may have left an empty file, and an empty secret admits nobody.
  const held = existsSync(file) ? loadText(file).trim() : '';
  const text = held || randomBytes(32).toString('base64url');
  if (held === '') writeOrStop(file, text, mode);
  else chmodSync(file, mode);
  return text;
}

function writeOrStop(file: string, text: string, mode = modes.own): void {
  try {
    replaceFile(file, text, mode);
  } catch (error) {
    stopWith(`${file}: cannot be written: ${codeOf(error)}`);
  }
}

function describeParts(at: { settings: Settings; configFile: string; data: string; own: OwnPc | null; places: SecretFiles }): Part[] {
  const { settings, configFile, data, own, places } = at;
  const folder = (path: string) => fileURLToPath(new URL(path, import.meta.url));
  const common = {
    SABHA_CONFIG: configFile,
    SABHA_MQTT_HOST: '127.0.0.1',
    SABHA_MQTT_PORT: `${settings.ports.mqtt}`,
    SABHA_REGISTRY: places.registry,
    // With SABHA_SPEED all parts count from this start time, so that a restarted part has the same clock as the others.
    SABHA_EPOCH: process.env['SABHA_EPOCH'] ?? `${Date.now()}`,
  };
  const reflector = { SABHA_REFLECTOR_PORT: `${settings.ports.reflector}` };
  const mqtts: Record<string, string> = settings.https === undefined ? {} : { SABHA_TLS_PORT: `${settings.https.mqttPort}` };
  const flows = {
    SABHA_TOKEN_FILE: places.flowsToken,
    SABHA_REGISTRY_KEY: places.registryKey,
    SABHA_CENTRE_KEY: places.centreKey,
    SABHA_ADMIT: places.admit,
    SABHA_PROGRAMS: join(data, 'flows', 'programs.json'),
    SABHA_BROKER_CSR: join(dataFolderOf(data, 'broker'), 'server.csr'),
    SABHA_BROKER_CERT: join(data, 'broker', 'server.pem'),
    ...mqtts,
    ...reflector,
    SABHA_WALL: folder('dashboards/wall'),
    SABHA_DOCS: folder('docs'),
    SABHA_MODULES: folder('node_modules'),
    SABHA_API_PORT: `${settings.ports.api}`,
    SABHA_EDITOR_PORT: `${settings.ports.editor}`,
    SABHA_METRICS_PORT: `${settings.ports.flowsMetrics}`,
    // The output of flows is a pipe to this process.
    ...(process.stdout.isTTY && { SABHA_TERMINAL: 'yes' }),
    ...(places.editor === undefined ? {} : { SABHA_EDITOR_PASSWORD_FILE: places.editor }),
  };
  const dashboards = {
    SABHA_TOKEN_FILE: places.exporterToken,
    SABHA_API: `http://127.0.0.1:${settings.ports.api}`,
    SABHA_API_TOKEN_FILE: places.apiToken,
    SABHA_METRICS_PORT: `${settings.ports.exporter}`,
  };
  const broker = {
    SABHA_TOLD: join(data, 'broker'),
    SABHA_METRICS_PORT: `${settings.ports.brokerMetrics}`,
    // PCs that enrol from other machines also connect over TLS.
    ...(settings.https && { SABHA_TLS_HOST: process.env['SABHA_TLS_HOST'] ?? settings.https.host }),
    ...mqtts,
    ...reflector,
    SABHA_REFLECTOR_HOST: process.env['SABHA_REFLECTOR_HOST'] ?? settings.https?.host ?? '127.0.0.1',
  };
  const env = (name: PartName, more: Record<string, string>) => ({
    ...common,
    // The compile cache halves the start time of a part. It contains code, so each part has its own.
    NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? join(dataFolderOf(data, name), 'compiled'),
    ...more,
    SABHA_DATA: dataFolderOf(data, name),
  });
  const agent = own && {
    ...(['0.0.0.0', '::'].includes(broker.SABHA_REFLECTOR_HOST) ? {} : { SABHA_REFLECTOR_HOST: broker.SABHA_REFLECTOR_HOST }),
    SABHA_PC: own.pc,
    SABHA_TOKEN_FILE: places.agentToken,
    SABHA_CENTRE_KEY: places.centrePub,
    SABHA_PROFILE: JSON.stringify(own.profile),
  };
  return [
    { name: 'broker', script: folder('broker/main.ts'), env: env('broker', broker) },
    { name: 'flows', script: folder('flows/main.ts'), env: env('flows', flows) },
    { name: 'dashboards', script: folder('dashboards/main.ts'), env: env('dashboards', dashboards) },
    ...(agent === null ? [] : [{ name: 'agent', script: folder('agent/main.ts'), env: env('agent', agent) } as const]),
  ];
}

/** Writes an `EnvironmentFile` for systemd. */
function writeEnvironments(data: string, parts: readonly Part[]): void {
  for (const { name, env } of parts) {
    const rows = Object.entries(env).map(([key, value]) => `${key}="${value.replaceAll(/["\\$`]/g, '\\$&')}"\n`);
    writeOrStop(join(data, name, 'service.env'), rows.join(''));
  }
}

/** Starts a part, and restarts it whenever it ends. If a part ends before it was ever ready, all parts stop; its log has the reason. */
function startPart(part: Running, parts: Running[], state: StartState): void {
  const child = spawn(process.execPath, [...runFlags, part.script], {
    env: { ...process.env, ...part.env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // A separate process group: Ctrl-C reaches only this process, which stops the parts in order.
    detached: true,
  });
  Object.assign(part, { child, startedAt: performance.now() });
  for (const input of [child.stdout, child.stderr]) {
    if (input === null) continue;
    createInterface({ input }).on('line', (line) => {
      if (line.includes('"msg":"ready"')) handleReady(part, parts, state);
      printLine(line, part.name);
    });
  }
  child.on('exit', (code, signal) => {
    part.child = undefined;
    if (state.stopping) return;
    const never = !part.ready && signal === null;
    log.warn({ code, signal }, `${part.name} ended`);
    if (never) return void stopAll(parts, state, 1);
    const inARow = performance.now() - part.startedAt > stableMs ? 0 : part.failures;
    part.failures = inARow + 1;
    setTimeout(() => state.stopping || startPart(part, parts, state), inARow === 0 ? 0 : doubledMs(inARow - 1, backoff));
  });
}

/** Starts the agent once `flows` has admitted it. The broker would refuse an earlier connection, and the backoff would cost time. */
function handleReady(part: Running, parts: Running[], state: StartState): void {
  part.ready = true;
  if (part.name === 'flows') {
    state.onFlowsReady?.();
    state.onFlowsReady = undefined;
  }
  const agent = parts.find(({ name, startedAt }) => name === 'agent' && startedAt === 0);
  if (part.name === 'flows' && agent !== undefined && !state.stopping) startPart(agent, parts, state);
}

async function stopAll(parts: Running[], state: StartState, code: number): Promise<void> {
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

/** Merges the logs of all parts: unchanged JSON, or short lines on a terminal. */
function printLine(line: string, part: string): void {
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

/** Prints the addresses, then the first state of this PC that the server received. Without an agent it prints the number of sites. */
async function printHealth({ ports, https }: Settings, { editor, cliToken }: SecretFiles, pc: string | undefined): Promise<void> {
  const wall = `http://127.0.0.1:${ports.api}`;
  const addresses = [
    ...(https?.names ?? []).map((name) => `wall        https://${name}:${https?.port}, with an account`),
    ...(https
      ? []
      : [`wall        ${wall}`, 'open        no sign-in: every user of this machine may act; set "https" in sabha.json to change that']),
    ...(editor === undefined
      ? []
      : [`editor      http://127.0.0.1:${ports.editor}, as sabha with the password in data/flows/editor.password`]),
    `mqtt        127.0.0.1:${ports.mqtt}`,
    `prometheus  127.0.0.1:${ports.brokerMetrics}, ${ports.flowsMetrics}, ${ports.exporter}`,
  ];
  process.stdout.write(`\nSabha runs.\n  ${addresses.join('\n  ')}\n`);
  const startedAt = Date.now();
  const lateAt = performance.now() + healthLimitMs;
  for (let isLate = false; ; await new Promise((go) => setTimeout(go, isLate ? healthRequest.lateEveryMs : healthRequest.everyMs))) {
    const asked = await fetchList<never>(`${wall}/api/${pc === undefined ? 'sites' : 'pcs'}`, loadText(cliToken).trim());
    const lines = pc === undefined ? siteLines(asked) : pcLines(asked, pc, startedAt);
    if (lines !== undefined) return void process.stdout.write(`${lines.join('\n')}\n\n`);
    if (isLate || performance.now() < lateAt) continue;
    isLate = true;
    log.warn(pc === undefined ? 'the server does not answer yet' : 'this PC has not reported yet');
  }
}

/** Returns a list from the API; undefined for any other or no response. */
async function fetchList<T>(url: string, token: string): Promise<T[] | undefined> {
  try {
    await proveServer(url, { name: 'server-cli', text: token });
    const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` }, signal: AbortSignal.timeout(healthRequest.limitMs) });
    const said: unknown = answer.ok ? await answer.json() : undefined;
    return Array.isArray(said) ? said : undefined;
  } catch {
    return undefined;
  }
}

/** Loads the settings. `flows` validates its own settings before any file is created, and prints its own error line. */
function loadSettings(file: string): Settings {
  const settings = readSettings(loadText(file), file);
  if (!settings.ok) stopWith(settings.line);
  const validator = fileURLToPath(new URL('flows/settings.ts', import.meta.url));
  if (spawnSync(process.execPath, [...runFlags, validator, file], { stdio: 'inherit' }).status !== 0) process.exit(1);
  return settings.value;
}

/** Replaces each port 0 by a free port, so that all parts know the same port. */
async function fillFreePorts(settings: Settings): Promise<Settings> {
  const rows = Object.entries(settings.ports).map(async ([name, port]) => [name, port || (await freePort())]);
  const { https } = settings;
  const secure = https && { https: { ...https, port: https.port || (await freePort()), mqttPort: https.mqttPort || (await freePort()) } };
  return { ...settings, ...secure, ports: Object.fromEntries(await Promise.all(rows)) };
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
  process.stderr.write(`${translateStartLine(line, languageFor(process.argv, process.env))}\n`);
  process.exit(1);
}

await main().catch((error) => (error instanceof StartError ? stopWith(error.message) : Promise.reject(error)));
