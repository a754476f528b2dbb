/** `flows` as a process: settings from the environment, one log line when it is ready, one when it cannot go on. */
import { createPrivateKey, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { type Clock, type RegistryEntry, readSettings, realClock, type Settings } from '#contracts';
import { type Api, startApi } from './api/server.ts';
import { type Centre, createCentre } from './centre.ts';
import { openLedger } from './ledger/ledger.ts';
import type { Ledger } from './ledger/model.ts';
import { publishRegistry } from './ledger/registry.ts';
import { createMetrics, serveMetrics } from './metrics.ts';
import { openChannels } from './people/channels/index.ts';
import { createDirect } from './people/direct.ts';
import { createRoster, wrongScope } from './people/roster.ts';
import { type Red, startRed } from './red.ts';
import { openSession, type Session } from './session.ts';
import { siteTable } from './site-table.ts';

const stopLimitMs = 2_000;
const log = pino({ base: { part: 'flows' } });
const env = process.env;

process.on('uncaughtException', (error) => {
  if (error instanceof StartError) log.fatal(error.message);
  else log.fatal({ err: error }, 'flows cannot go on');
  process.exit(1);
});

/** Why `flows` did not start, in one line. */
class StartError extends Error {
  override name = 'StartError';
}

const parts = await start();
for (const signal of ['SIGTERM', 'SIGINT', 'disconnect'] as const) process.once(signal, () => void stop());

type Parts = { ledger: Ledger; centre: Centre; session: Session; api: Api; red: Red | undefined; metrics: { close(): void } };

async function start(): Promise<Parts> {
  const settings = settingsOf(required('SABHA_CONFIG'));
  const dataDir = folder(required('SABHA_DATA'));
  const clock = realClock(number('SABHA_SPEED', 1), number('SABHA_EPOCH', Date.now()));
  const ledger = await openLedger({ file: join(dataDir, 'ledger.db'), limitMiB: settings.ledgerLimitMiB }).catch(startFailed);
  await admit(ledger, clock);

  const table = siteTable(settings);
  const wrong = wrongScope(settings.people, [...table.known.map((one) => one.pc)]);
  if (wrong !== undefined) throw new StartError(`sabha.json: ${wrong}`);
  const roster = createRoster(settings.people);
  const lines = openChannels(settings.channels, (fields, words) => log.warn(fields, words));
  const onFailure = (channel: string, person: string, reason: string) =>
    log.error({ channel, person, reason }, 'central could not be told directly');
  const metrics = createMetrics(() => centre.waiting());
  const centre: Centre = createCentre({
    ledger,
    clock,
    table,
    roster,
    lines,
    tellDirectly: createDirect({ clock, lines, roster, place: table.place('centre'), onFailure }),
    send: (topic, payload, qos) => session.send(topic, payload, qos),
    count: metrics.count,
    log,
    random: Math.random,
    randomId: () => randomBytes(9).toString('base64url'),
  });
  await centre.open();
  const session = openSession({
    host: env['SABHA_MQTT_HOST'] ?? '127.0.0.1',
    port: port('SABHA_MQTT_PORT', settings.ports.mqtt),
    token: read(required('SABHA_TOKEN_FILE')).trim(),
    clock,
    random: Math.random,
    onMessage: centre.take,
    onSubscribed: centre.subscribed,
    onLost(reason) {
      log.warn({ reason }, 'the broker is out of reach');
      centre.unsubscribed();
    },
  });
  const api = await startApi({
    host: '127.0.0.1',
    port: port('SABHA_API_PORT', settings.ports.api),
    desk: centre.view,
    wallDir: required('SABHA_WALL'),
    modulesDir: required('SABHA_MODULES'),
    log,
  }).catch(startFailed);
  const served = await serveMetrics(metrics.registry, port('SABHA_METRICS_PORT', settings.ports.flowsMetrics)).catch(startFailed);
  const red = await startTabs(centre, settings);
  centre.started();
  log.info({ port: api.port, metricsPort: served.port, editorPort: red?.editorPort ?? null }, 'ready');
  return { ledger, centre, session, api, red, metrics: served };
}

/** An edit that broke the tabs must silence nobody: without them every alert takes the default route to central (R24). */
async function startTabs({ wires }: Centre, settings: Settings): Promise<Red | undefined> {
  const withEditor = editor(settings);
  return startRed({ wires, tabsDir: tabsDir(), ...withEditor, log }).catch((error: Error) => {
    if (withEditor.editor !== undefined) startFailed(error);
    log.error({}, `the tabs do not run, every alert goes to central: ${error.message}`);
    return undefined;
  });
}

async function stop(): Promise<void> {
  setTimeout(() => process.exit(0), stopLimitMs).unref();
  const { api, metrics, red, session, centre, ledger } = parts;
  metrics.close();
  await Promise.allSettled([api.close(), red?.stop(), session.close(), centre.close()]);
  await ledger.close();
  process.exit(0);
}

/** Takes the PCs that the supervisor admits into the registry, and gives the broker its snapshot. */
async function admit(ledger: Ledger, clock: Clock): Promise<void> {
  const file = env['SABHA_ADMIT'];
  const admitted: RegistryEntry[] = file !== undefined && existsSync(file) ? JSON.parse(read(file)) : [];
  const held = new Map((await ledger.load()).registry.entries.map((entry) => [entry.pc, entry]));
  const fresh = admitted.filter((entry) => held.get(entry.pc)?.tokenHash !== entry.tokenHash);
  if (fresh.length > 0) await ledger.commit(fresh.map((entry) => ({ op: 'registry', entry })));
  const { registry } = await ledger.load();
  const key = createPrivateKey(read(required('SABHA_REGISTRY_KEY')));
  await publishRegistry({ ledger, registry, file: required('SABHA_REGISTRY'), key, at: clock.now() });
}

function tabsDir(): string {
  return env['SABHA_TABS'] ?? fileURLToPath(new URL('tabs', import.meta.url));
}

function editor(settings: Settings): { editor?: { port: number; password: string } } {
  const password = env['SABHA_EDITOR_PASSWORD'];
  return password === undefined ? {} : { editor: { port: port('SABHA_EDITOR_PORT', settings.ports.editor), password } };
}

function settingsOf(file: string): Settings {
  const settings = readSettings(read(file), file);
  if (!settings.ok) throw new StartError(settings.line);
  return settings.value;
}

function folder(path: string): string {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return path;
  } catch (error) {
    throw new StartError(`${path}: cannot be used as a folder: ${(error as NodeJS.ErrnoException).code}`);
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new StartError(`${file}: cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}

function required(name: string): string {
  const value = env[name];
  if (!value) throw new StartError(`${name} is not set`);
  return value;
}

function port(name: string, fallback: number): number {
  const text = env[name];
  if (text === undefined) return fallback;
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new StartError(`${name}: not a port: ${text.slice(0, 40)}`);
  return Number(text);
}

function number(name: string, fallback: number): number {
  const value = Number(env[name] ?? fallback);
  if (!(value > 0)) throw new StartError(`${name}: not a number above 0: ${env[name]?.slice(0, 40)}`);
  return value;
}

function startFailed(error: Error): never {
  throw new StartError(error.message);
}
