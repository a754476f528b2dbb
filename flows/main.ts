/** `flows` as a process: settings from the environment, one log line when it is ready, one when it cannot go on. */
import { createPrivateKey, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect } from 'mqtt';
import { pino } from 'pino';
import {
  environment,
  flowsFilters,
  loadText,
  makeFolder,
  openSession,
  readSettings,
  realClock,
  type Session,
  type Settings,
  StartError,
  serveMetrics,
} from '#contracts';
import { type Api, startApi } from './api/server.ts';
import { type Centre, createCentre } from './centre.ts';
import { openLedger } from './ledger/ledger.ts';
import type { Ledger } from './ledger/model.ts';
import { createMetrics } from './metrics.ts';
import { openChannels } from './people/channels/index.ts';
import { createOffers } from './people/channels/offered.ts';
import { createDirect } from './people/direct.ts';
import { createRoster, wrongScope } from './people/roster.ts';
import { type Red, startRed } from './red.ts';
import { openRegistry } from './registry.ts';
import { createOffice } from './sites/office.ts';
import { createSiteTable } from './sites/table.ts';

const stopLimitMs = 2_000;
const log = pino({ base: { part: 'flows' } });
const { env } = process;
const { required, port, number } = environment(env);

process.on('uncaughtException', (error) => {
  if (error instanceof StartError) log.fatal(error.message);
  else log.fatal({ err: error }, 'flows cannot go on');
  process.exit(1);
});

const parts = await start();
for (const signal of ['SIGTERM', 'SIGINT', 'disconnect'] as const) process.once(signal, () => void stop());

type Parts = { ledger: Ledger; centre: Centre; session: Session; api: Api; red: Red | undefined; metrics: { close(): void } };

async function start(): Promise<Parts> {
  const settings = settingsOf(required('SABHA_CONFIG'));
  const dataDir = makeFolder(required('SABHA_DATA'));
  const clock = realClock(number('SABHA_SPEED', 1), number('SABHA_EPOCH', Date.now()));
  const ledger = await openLedger({ file: join(dataDir, 'ledger.db'), limitMiB: settings.ledgerLimitMiB }).catch(startFailed);
  const publish = await openRegistry({
    ledger,
    clock,
    file: required('SABHA_REGISTRY'),
    key: createPrivateKey(loadText(required('SABHA_REGISTRY_KEY'))),
    admitted: env['SABHA_ADMIT'] === undefined ? [] : JSON.parse(loadText(env['SABHA_ADMIT'])),
  });
  const roster = createRoster(settings.people);
  const offers = createOffers();
  const lines = openChannels({
    settings: settings.channels,
    offers,
    log: (fields, words) => log.warn(fields, words),
  });
  const onFailure = (channel: string, person: string, reason: string) =>
    log.error({ channel, person, reason }, 'central could not be told directly');
  const metrics = createMetrics(() => centre.waiting());
  const centre: Centre = createCentre({
    ledger,
    clock,
    site: settings.site,
    roster,
    lines,
    offers,
    tellDirectly: createDirect({ clock, lines, roster, place: createSiteTable([]).place('centre'), onFailure }),
    send: (topic, payload, qos) => session.send(topic, payload, qos),
    publish,
    count: metrics.count,
    log,
    random: Math.random,
    randomId: () => randomBytes(9).toString('base64url'),
  });
  await centre.open();
  checkScopes(settings, centre);
  const session = openSession({
    connect,
    name: 'flows',
    filters: flowsFilters,
    qos: 1,
    host: env['SABHA_MQTT_HOST'] ?? '127.0.0.1',
    port: port('SABHA_MQTT_PORT', settings.ports.mqtt),
    token: loadText(required('SABHA_TOKEN_FILE')).trim(),
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
    office: createOffice({ ...centre.sites, newToken: () => randomBytes(32).toString('base64url') }),
    wallDir: required('SABHA_WALL'),
    updatesDir: join(dataDir, 'updates'),
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
  return startRed({ wires, tabsDir: tabsDir(), community: settings.communityNodes, ...withEditor, log }).catch((error: Error) => {
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

/** With the one site of sabha.json a scope that is nowhere is a typo there; a site table may come later than its people. */
function checkScopes({ site, people }: Settings, { sites }: Centre): void {
  const wrong = wrongScope(
    people,
    [...sites.table().nodes()].map(({ path }) => path).filter((path) => path !== ''),
  );
  if (wrong === undefined) return;
  if (site !== null && sites.table().sites.length <= 1) throw new StartError(`sabha.json: ${wrong}`);
  log.warn({}, wrong);
}

function tabsDir(): string {
  return env['SABHA_TABS'] ?? fileURLToPath(new URL('tabs', import.meta.url));
}

function editor(settings: Settings): { editor?: { port: number; password: string } } {
  const password = env['SABHA_EDITOR_PASSWORD'];
  return password === undefined ? {} : { editor: { port: port('SABHA_EDITOR_PORT', settings.ports.editor), password } };
}

function settingsOf(file: string): Settings {
  const settings = readSettings(loadText(file), file);
  if (!settings.ok) throw new StartError(settings.line);
  return settings.value;
}

function startFailed(error: Error): never {
  throw new StartError(error.message);
}
