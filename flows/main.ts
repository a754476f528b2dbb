/** `flows` as a process: settings from the environment, one log line when it is ready, one when it cannot go on. */
import { createPrivateKey, createPublicKey, type KeyObject, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { connect } from 'mqtt';
import { pino } from 'pino';
import {
  type Cancel,
  type Clock,
  environment,
  flowsFilters,
  hearingTopic,
  loadPem,
  loadText,
  makeFolder,
  openPartSession,
  openReflectorToken,
  type PartSession,
  realClock,
  replaceFile,
  runPart,
  StartError,
  serveMetrics,
} from '#contracts';
import { type Accounts, createAccounts, type Made } from './accounts/accounts.ts';
import { createOpenId } from './accounts/openid.ts';
import { createPasswords } from './accounts/password.ts';
import { type Api, type ApiOptions, type HttpsOptions, startApi } from './api/server.ts';
import { createMeetingOrders } from './calendar/meeting-orders.ts';
import { openLedger } from './ledger/ledger.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { editorLogin } from './node-red/editor-login.ts';
import { createExplainer } from './node-red/explain.ts';
import { type Red, type RedOptions, startRed } from './node-red/node-red.ts';
import { openTabs, type Tabs } from './node-red/tabs.ts';
import { createTabsOrders } from './node-red/tabs-orders.ts';
import { startOutside } from './outside/outside.ts';
import { takeAnswers } from './people/answers.ts';
import { channelNames, openChannels } from './people/channels/channels.ts';
import { createOffers } from './people/channels/offered.ts';
import { createDirect } from './people/direct.ts';
import { createRoster, namesOf, wrongScope } from './people/roster.ts';
import { smsOf } from './people/sms/sms.ts';
import { toldIn } from './people/told-before.ts';
import { wallAddress } from './people/visit.ts';
import { openAuthority } from './pki/authority.ts';
import { type Pki, type PkiOptions, startPki } from './pki/pki.ts';
import { keepReflectorKey, openRegistry } from './pki/registry.ts';
import type { LogLine } from './records/notices.ts';
import type { Ledger } from './records/ops.ts';
import { createRuntime, type Runtime, type RuntimeOptions } from './runtime.ts';
import { type CentreSettings, loadCentreSettings } from './settings.ts';
import { createSiteOrders } from './sites/site-orders.ts';
import { createSiteTable } from './sites/table.ts';
import { createExplained } from './view/explained.ts';

const log = pino({ base: { part: 'flows' } });
const { env } = process;
const { required, port, number } = environment(env);

await runPart({
  log,
  name: 'flows',
  stopLimitMs: 2_000,
  async start() {
    const parts = await start();
    return () => stop(parts);
  },
});

type Metered = { close(): void };
type Parts = {
  endOutside: Cancel;
  ledger: Ledger;
  runtime: Runtime;
  session: PartSession;
  pki: Pki;
  api: Api;
  red: Red | undefined;
  metrics: Metered;
};

/** What everything else stands on. */
type Base = { settings: CentreSettings; dataDir: string; clock: Clock; ledger: Ledger };
/** The secrets of the centre, and what the broker is told of them. */
type Keys = Pick<PkiOptions, 'authority'> & { centreKey: KeyObject; reflectorKey: string; reflectorSecret: Buffer };
type People = Pick<RuntimeOptions, 'roster' | 'channels' | 'offers' | 'tellDirectly'>;

async function start(): Promise<Parts> {
  const settings = settingsOf(required('SABHA_CONFIG'));
  const dataDir = makeFolder(required('SABHA_DATA'));
  const clock = realClock(number('SABHA_SPEED', 1), number('SABHA_EPOCH', Date.now()));
  const https = httpsOf(settings, clock);
  const ledger = await openLedger({ file: join(dataDir, 'ledger.db'), limitMiB: settings.ledgerLimitMiB }).catch(startFailed);
  const base: Base = { settings, dataDir, clock, ledger };
  const keys = await openKeys(base);
  const publish = await openRegistryOf(base, keys);
  const people = openPeople(base, () => runtime.view);
  const metrics = createMetrics({ outboxWaiting: () => runtime.waiting(), commitMs: () => runtime.commitMs() });
  const send: PartSession['send'] = (topic, payload, qos) => session.send(topic, payload, qos);
  const runtime = createRuntime({
    ledger,
    clock,
    key: keys.centreKey,
    reflector: reflectorWith(keys.reflectorSecret),
    site: settings.site,
    ...people,
    wall: wallAddress(settings.https),
    send,
    publish,
    capacity: settings.capacity,
    count: metrics.count,
    log,
    random: Math.random,
    randomId: () => randomBytes(9).toString('base64url'),
  });
  await runtime.open();
  checkScopes(settings, runtime);
  const tabs = openTabsOf(base, runtime, people);
  const session = openSessionOf(base, runtime);
  const accounts = await openAccounts(base, runtime);
  let onTls: Api['useTls'] | undefined;
  let red: Red | undefined;
  const pki = await startCertificates(base, keys, {
    runtime,
    tellDirectly: people.tellDirectly,
    onHttps: (tls) => onTls?.(tls),
  });
  const explainer = createExplainer({ wires: runtime.wires, tabs, clock });
  const explain = createExplained({
    ...people,
    table: runtime.sites.table,
    way: async (message) => red && explainer.explain(message, red.watch),
    now: runtime.now,
  });
  const orders = { ...createTabsOrders({ tabs, red: () => red, steps: ledger.tabsSteps }), explain };
  const api = await openApi(base, { keys, runtime, accounts, pki, https, tabs: orders, countRefused: metrics.countRefused }).catch(
    startFailed,
  );
  onTls = (tls) => api.useTls(tls);
  const served = await serveMetrics(metrics.registry, port('SABHA_METRICS_PORT', settings.ports.flowsMetrics)).catch(startFailed);
  red = await startTabs(base, explainer, { tabs, accounts });
  runtime.started();
  const endOutside = startOutside({ settings, clock, view: runtime.view, record: runtime.record, say: runtime.say, explain, log });
  if (https) sayFirst(await accounts.first('first start'), dataDir);
  log.info({ port: api.port, httpsPort: api.httpsPort, metricsPort: served.port, editorPort: red?.editorPort ?? null }, 'ready');
  return { endOutside, ledger, runtime, session, pki, api, red, metrics: served };
}

async function openKeys({ dataDir, ledger }: Base): Promise<Keys> {
  const centreKey = privateKey(required('SABHA_CENTRE_KEY'));
  const authority = await openAuthority(join(dataDir, 'ca'), { now: Date.now, random: randomBytes });
  const reflectorKey = await keepReflectorKey(ledger, randomBytes);
  return { centreKey, authority, reflectorKey, reflectorSecret: Buffer.from(reflectorKey, 'base64url') };
}

/** Gives the broker its first registry; what is answered gives it each later one. */
function openRegistryOf({ ledger, clock }: Base, { authority, reflectorKey }: Keys) {
  return openRegistry({
    ledger,
    clock,
    log,
    roots: authority.roots,
    reflectorKey,
    file: required('SABHA_REGISTRY'),
    key: privateKey(required('SABHA_REGISTRY_KEY')),
    admitted: env['SABHA_ADMIT'] === undefined ? [] : JSON.parse(loadText(env['SABHA_ADMIT'])),
  });
}

function openPeople({ settings, dataDir, clock }: Base, view: () => Runtime['view']): People {
  const roster = createRoster(settings.people);
  const offers = createOffers();
  const onAnswer = takeAnswers({
    roster,
    answer: ({ name }, incident, word) => (word === 'going' ? view().acknowledge(incident, name) : view().note(incident, name, word)),
  });
  const toLog: LogLine = (fields, words) => log.warn(fields, words);
  const channels = openChannels({ settings: settings.channels, offers, log: toLog, clock, onAnswer, shortText: smsOf });
  const onFailure = (channel: string, person: string, reason: string) =>
    log.error({ channel, person, reason }, 'central could not be told directly');
  const place = createSiteTable([]).place('centre');
  const tellDirectly = createDirect({ clock, channels, roster, place, before: toldIn(dataDir), onFailure });
  return { roster, channels, offers, tellDirectly };
}

function openSessionOf({ settings, clock }: Base, runtime: Runtime): PartSession {
  return openPartSession({
    connect,
    name: 'flows',
    filters: [...flowsFilters, hearingTopic],
    qos: 1,
    host: env['SABHA_MQTT_HOST'] ?? '127.0.0.1',
    port: port('SABHA_MQTT_PORT', settings.ports.mqtt),
    token: loadText(required('SABHA_TOKEN_FILE')).trim(),
    clock,
    random: Math.random,
    onMessage: runtime.take,
    onSubscribed: runtime.subscribed,
    onLost(reason) {
      log.warn({ reason }, 'the broker is out of reach');
      runtime.unsubscribed();
    },
  });
}

/** 32 random bytes as text. */
function newToken(): string {
  return randomBytes(32).toString('base64url');
}

async function openAccounts({ ledger, clock }: Base, { now, settledAt, follow }: Runtime): Promise<Accounts> {
  const contents = await ledger.accounts();
  const passwords = createPasswords();
  return createAccounts({ contents, passwords, commit: ledger.commit, now, settledAt, follow, up: clock.up, newToken, log });
}

type Behind = Pick<Metrics, 'countRefused'> & {
  keys: Keys;
  runtime: Runtime;
  accounts: Accounts;
  pki: Pki;
  tabs: NonNullable<ApiOptions['tabs']>;
  https: Omit<HttpsOptions, 'tls'> | undefined;
};

function openApi({ settings, dataDir, clock }: Base, { keys, runtime, accounts, pki, https, tabs, countRefused }: Behind): Promise<Api> {
  const { makeCode, codes, cancelCodes } = pki;
  return startApi({
    host: '127.0.0.1',
    port: port('SABHA_API_PORT', settings.ports.api),
    https: https && { ...https, tls: pki.tls(), addEst: pki.addEst },
    accounts,
    tabs,
    view: runtime.view,
    meetings: createMeetingOrders(runtime.meetings),
    siteOrders: { ...createSiteOrders({ ...runtime.sites, newToken }), makeCode, codes, cancelCodes },
    wallDir: required('SABHA_WALL'),
    updatesDir: join(dataDir, 'updates'),
    prove: (token) => openReflectorToken(token, keys.reflectorSecret, clock.now()),
    modulesDir: required('SABHA_MODULES'),
    countRefused,
    log,
  });
}

/** Where the broker answers those who measure; undefined where it does not. */
function reflectorWith(key: Buffer): { port: number; key: Buffer } | undefined {
  return env['SABHA_REFLECTOR_PORT'] ? { port: port('SABHA_REFLECTOR_PORT', 8620), key } : undefined;
}

type Told = Pick<PkiOptions, 'tellDirectly' | 'onHttps'> & { runtime: Runtime };

/** Certificates go by the time of the machine, whatever the speed of the clock: others judge them by theirs. */
async function startCertificates({ settings, dataDir, ledger }: Base, keys: Keys, told: Told): Promise<Pki> {
  const [request, certificate] = [env['SABHA_BROKER_CSR'], env['SABHA_BROKER_CERT']];
  const publicPem = createPublicKey(keys.centreKey).export({ type: 'spki', format: 'pem' }).toString();
  const { runtime, tellDirectly, onHttps } = told;
  return startPki({
    authority: keys.authority,
    folder: join(dataDir, 'ca'),
    tellDirectly,
    onHttps,
    https: settings.https,
    codes: (await ledger.registry()).codes,
    sites: runtime.sites,
    record: runtime.record,
    broker: request === undefined || certificate === undefined ? undefined : { request, certificate },
    centre: { mqtt: { port: port('SABHA_TLS_PORT', 8_883) }, centreKey: publicPem },
    now: Date.now,
    settledAt: runtime.settledAt,
    follow: runtime.follow,
    clock: realClock(),
    random: randomBytes,
    log,
  });
}

/** To a person who looks on, this once; where nobody does, what is written may be kept as a log, so it goes into a file of its own. */
function sayFirst(made: Made | undefined, dataDir: string): void {
  if (!made?.ok) return;
  const { name, secret } = made;
  if (process.stdout.isTTY || env['SABHA_TERMINAL'] !== undefined)
    return void process.stdout.write(
      `Nobody can log in yet, so there is an account now. Name: ${name}  Secret, shown this once: ${secret}\n`,
    );
  const file = join(dataDir, 'first-secret');
  replaceFile(file, `${secret}\n`);
  log.info(
    { file },
    `nobody can log in yet, so there is an account "${name}": its secret is in this file, for one login within three days`,
  );
}

/** An operator's own, beside the ledger. What is refused of them central hears, whatever runs instead. */
function openTabsOf({ settings, dataDir }: Base, { say, record, now }: Runtime, { roster }: People): Tabs {
  const dir = env['SABHA_TABS'] ?? join(dataDir, 'tabs');
  return openTabs({
    dir,
    keptDir: join(dataDir, 'tabs-kept'),
    warn: (line) => log.warn({}, line),
    lint: {
      community: settings.communityNodes.packages.length > 0,
      names: { people: namesOf(roster), channels: channelNames(settings.channels) },
    },
    record: (step) => record([{ op: 'audit', at: now(), ...step }]),
    refused(line) {
      if (line !== null) log.error({ dir }, `the tabs on disk cannot run, so the last good ones do: ${line}`);
      say({ type: 'centre', fault: 'centre.tabs_refused', device: '', standing: line !== null, ...(line !== null && { reason: line }) });
    },
  });
}

/** The tabs, and who may change them. */
type Decided = { tabs: Tabs; accounts: Accounts };

/** An edit that broke the tabs must silence nobody: without them every alert takes the default route to central (R24). */
async function startTabs({ settings }: Base, { wires }: Pick<Runtime, 'wires'>, { tabs, accounts }: Decided): Promise<Red | undefined> {
  const beside = editor(settings, accounts);
  return startRed({ wires, tabs, community: settings.communityNodes, ...beside, log }).catch((error: Error) => {
    if (error instanceof StartError) throw error;
    log.error({}, `the tabs do not run, every alert goes to central: ${error.message}`);
    return undefined;
  });
}

async function stop({ endOutside, api, pki, metrics, red, session, runtime, ledger }: Parts): Promise<void> {
  endOutside();
  metrics.close();
  await Promise.allSettled([api.close(), pki.close(), red?.stop(), session.close(), runtime.close()]);
  await ledger.close();
}

/** With the one site of sabha.json a scope that is nowhere is a typo there; a site table may come later than its people. */
function checkScopes({ site, people }: CentreSettings, { sites }: Runtime): void {
  const wrong = wrongScope(
    people,
    [...sites.table().nodes()].map(({ path }) => path).filter((path) => path !== ''),
  );
  if (wrong === undefined) return;
  if (site !== null && sites.table().sites.length <= 1) throw new StartError(`sabha.json: ${wrong}`);
  log.warn({}, wrong);
}

/** With key and certificate of the organisation, where it has some: nobody names only one of the two files. */
function httpsOf({ https }: CentreSettings, clock: Clock): Omit<HttpsOptions, 'tls'> | undefined {
  if (https === undefined) return undefined;
  const text = (name: string) => loadText(required(name));
  const isOwn = env['SABHA_HTTPS_KEY'] === undefined && env['SABHA_HTTPS_CERT'] === undefined;
  const { openid: directory, ...at } = https;
  const openid = directory && createOpenId({ settings: directory, secret: loadText(directory.secretFile).trim(), up: clock.up });
  return { ...at, openid, organisation: isOwn ? undefined : { key: text('SABHA_HTTPS_KEY'), cert: text('SABHA_HTTPS_CERT') } };
}

/** Open where the password is told: by `npm run editor`, or by the settings. */
function editor(settings: CentreSettings, { may, vouches }: Accounts): Pick<RedOptions, 'editor'> {
  const password = env['SABHA_EDITOR_PASSWORD'];
  if (password === undefined) return {};
  const mayEdit = (name: string) => may(name, 'tabs');
  const proves = (name: string, given: string) => vouches({ name, address: '127.0.0.1' }, given);
  const login = editorLogin(password, { mayEdit, proves });
  return { editor: { port: port('SABHA_EDITOR_PORT', settings.ports.editor), login } };
}

function settingsOf(file: string): CentreSettings {
  const settings = loadCentreSettings(file);
  if (!settings.ok) throw new StartError(settings.line);
  return settings.value;
}

function startFailed(error: Error): never {
  throw new StartError(error.message);
}

function privateKey(file: string): KeyObject {
  return loadPem(file, createPrivateKey, 'is no private key');
}
