/** The entry point of `flows`: reads settings from the environment, and logs one line when it is ready or when it fails. */
import { createPrivateKey, createPublicKey, type KeyObject, randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Cancel,
  type Clock,
  canaryTopic,
  flowsFilters,
  loadPem,
  loadText,
  makeFolder,
  openPartSession,
  openReflectorToken,
  type PartSession,
  readEnvironment,
  realClock,
  replaceFile,
  runPart,
  StartError,
  serveMetrics,
  supervisorOf,
} from '@sabha/contracts';
import { connect } from 'mqtt';
import { pino } from 'pino';
import { bundleWall } from './api/bytes/wall.ts';
import { startAlertmanagerExport, startHeartbeat } from './api/integrations/integrations.ts';
import { type Api, type HttpsOptions, startApi } from './api/server.ts';
import type { OfferMessage } from './engine/records/incidents.ts';
import { createMetrics } from './metrics.ts';
import { editorLogin, type NodeRed, startNodeRed } from './node-red/node-red.ts';
import { createPathRecorder } from './node-red/path-recorder.ts';
import { createReplay } from './node-red/replay/replay.ts';
import { createTabsOrders, openTabs } from './node-red/tabs.ts';
import type { FlowNode } from './node-red/tabs-storage.ts';
import { createAnswers } from './notify/alert-replies/alert-replies.ts';
import { addAnswers, addHooks, addNotices } from './notify/alert-replies/routes.ts';
import { createAnnouncements } from './notify/announce/announce.ts';
import { channelNames } from './notify/people/channels/channels.ts';
import { namesOf, wrongScope } from './notify/people/roster.ts';
import { openPeople, type PeopleParts, personOrdersOf, rosterOrdersOf, useRoster } from './people.ts';
import { type Accounts, createAccounts, firstName } from './pki/accounts/accounts.ts';
import { createOpenId } from './pki/accounts/openid.ts';
import { createPasswords } from './pki/accounts/password.ts';
import { openKnownAuthority } from './pki/authority.ts';
import { type Pki, type PkiOptions, startPki } from './pki/pki.ts';
import { keepReflectorKey, openRegistry } from './pki/registry.ts';
import { createRuntime, type Runtime } from './runtime.ts';
import { type Base, type FlowsSettings, loadFlowsSettings } from './settings.ts';
import { createSiteOperations } from './sites/site-orders.ts';
import { centrePlace } from './sites/table.ts';
import { createEventsReader } from './storage/archive/events.ts';
import { startRetention } from './storage/archive/retention.ts';
import { createAuditNote } from './storage/audit/chain.ts';
import { archivesIn, type Backups, openBackups, passphraseOf } from './storage/backup/backup.ts';
import { watchDisk } from './storage/backup/disk-watch.ts';
import { isSynchronised, watchLedger } from './storage/backup/watch.ts';
import { openLedger } from './storage/ledger/ledger.ts';
import { createExplain, createRecipientsLookup } from './view/explained.ts';
import { createReasonsReader } from './view/reasons.ts';

const log = pino({ base: { part: 'flows' } });
const { env } = process;
const { required, port, number } = readEnvironment(env);

await runPart({
  log,
  name: 'flows',
  stopLimitMs: 2_000,
  supervisor: supervisorOf(env),
  async start() {
    const parts = await start();
    return () => stop(parts);
  },
});

type StartedParts = Awaited<ReturnType<typeof start>>;
type ServerParts = Awaited<ReturnType<typeof openServer>>;
type ServerKeys = Awaited<ReturnType<typeof openKeys>>;
type OpenedParts = { base: Base; keys: ServerKeys; runtime: Runtime };

/** Opens the parts that the API and the tabs need, in the order of their dependencies. */
async function openServer() {
  const [registry, config] = [required('SABHA_REGISTRY'), required('SABHA_CONFIG')];
  const read = loadFlowsSettings(config);
  if (!read.ok) throw new StartError(read.line);
  const settings = read.value;
  const dataDir = makeFolder(required('SABHA_DATA'));
  const clock = realClock(number('SABHA_SPEED', 1), number('SABHA_EPOCH', Date.now()));
  const https = httpsOf(settings, clock);
  const gone = (line: string) => void people.tellDirectly('commit_failed', line);
  const watch = await openWatchedLedger({ settings, dataDir, clock }, registry, gone).catch(startFailed);
  const { ledger } = watch;
  const base: Base = { settings, dataDir, clock, ledger, log };
  const keys = await openKeys(base);
  const later: { useTls?: Api['useTls']; red?: NodeRed | undefined; session?: PartSession } = {};
  const people = openPeople(base, { answers: () => answers, runtime: () => runtime });
  const listed = await ledger.roster();
  useRoster(people, listed);
  const metrics = createMetrics({ outboxWaiting: () => runtime.waiting(), commitMs: () => runtime.commitMs() });
  // Until the MQTT session opens, messages to PCs are dropped. No PC depends on them, because it repeats its birth until it is
  // acknowledged.
  const send: PartSession['send'] = (topic, payload, qos) => later.session?.send(topic, payload, qos);
  let signed: Backups['signed'] = () => undefined;
  const note = createAuditNote(() => signed());
  const runtime = createRuntime({ ...runtimeOf(base, keys, people), note, send, count: metrics.count });
  const answers = createAnswers({ ...runtime, ...people, clock });
  await runtime.openFirstPipeline();
  const { say } = runtime;
  await watch.start(runtime.record, say);
  const beside = { registry, settings: config, registryKey: keys.registryKey, centreKey: keys.centreKey };
  const backups = openBackups(base, beside, say);
  signed = backups.signed;
  checkScopes(settings, runtime);
  const deciding = openTabTools(base, { people, runtime }, () => later.red);
  const session = openSessionOf(base, runtime);
  later.session = session;
  const accounts = await openAccounts(base, runtime.now);
  const pki = await startCertificates({ base, keys, runtime }, (tls) => later.useTls?.(tls));
  const { table } = runtime.sites;
  const roster = rosterOrdersOf(base, people, { ...runtime, ...deciding, table, listed });
  const announcements = createAnnouncements({ ...people, ...base, ...runtime, table });
  const proof = { make: backups.make, audit: async (isNew: boolean) => ({ ...(await backups.audit(isNew)), ...watch.older() }) };
  const told = { people, answers, roster, announcements };
  return { base, keys, https, watch, backups, runtime, session, accounts, pki, deciding, proof, metrics, later, ...told };
}

async function start() {
  const centre = await openServer();
  const { base, https, backups, runtime, accounts, deciding, metrics, later } = centre;
  const { settings, clock, dataDir } = base;
  const api = await openApi(centre).catch(startFailed);
  later.useTls = (tls) => api.useTls(tls);
  const metricsPort = port('SABHA_METRICS_PORT', settings.ports.flowsMetrics);
  const served = await serveMetrics(metrics.registry, metricsPort, runtime.view.unready).catch(startFailed);
  const red = await startTabs(centre);
  later.red = red;
  if (red) deciding.follow(red.watch);
  runtime.started();
  await backups.start();
  const endHousekeeping = startHousekeeping(base, runtime);
  const { view, record } = runtime;
  const endHeartbeat = startHeartbeat({ settings, clock, view, record, explain: deciding.orders.explain, log });
  const endMirror = startAlertmanagerExport({ settings, clock, view, say: runtime.say });
  if (https) await showFirstSecret(accounts, dataDir);
  log.info({ port: api.port, httpsPort: api.httpsPort, metricsPort: served.port, editorPort: red?.editorPort ?? null }, 'ready');
  return { ...centre, ends: [endHeartbeat, endMirror, endHousekeeping], api, red, served };
}

/**
 * Creates the first account if there is none. Its secret is printed once if the output is a terminal. Other output may be a stored log, so
 * then the secret is written to a file.
 */
async function showFirstSecret(accounts: Accounts, dataDir: string): Promise<void> {
  const made = await accounts.createFirstAdmin('first start');
  if (!made?.ok) return;
  const { name, secret } = made;
  if (process.stdout.isTTY || env['SABHA_TERMINAL'] !== undefined) {
    process.stdout.write(`There was no account, so there is a first one now. Name: ${name}  Secret, shown this once: ${secret}\n`);
    return;
  }
  const file = firstSecretIn(dataDir);
  replaceFile(file, `${secret}\n`);
  log.info(
    { file },
    `there was no account, so the account "${name}" was made: sign in once within three days with the secret in this file`,
  );
}

function runtimeOf({ settings, ledger, clock }: Base, keys: ServerKeys, people: PeopleParts) {
  return {
    ledger,
    clock,
    key: keys.centreKey,
    publish: keys.publish,
    reflector: env['SABHA_REFLECTOR_PORT'] ? { port: port('SABHA_REFLECTOR_PORT', 8620), key: keys.reflectorSecret } : undefined,
    site: settings.site,
    ...people,
    capacity: settings.capacity,
    log,
    random: Math.random,
    randomId: () => randomBytes(9).toString('base64url'),
  };
}

/** Opens the keys, and writes the registry that the broker reads. The returned `publish` writes each later registry. */
async function openKeys({ dataDir, ledger, clock }: Base) {
  const keyFile = required('SABHA_CENTRE_KEY');
  const [centreKey, registryKey] = [privateKey(keyFile), privateKey(required('SABHA_REGISTRY_KEY'))];
  const kept = { centreKey, keyFile, folder: join(dataDir, 'ca') };
  const authority = await openKnownAuthority(ledger, kept, { now: Date.now, random: randomBytes });
  const reflectorKey = await keepReflectorKey(ledger, randomBytes);
  const publish = await openRegistry({
    ...{ ledger, clock, log, roots: authority.roots, reflectorKey, key: registryKey },
    file: required('SABHA_REGISTRY'),
    admitted: env['SABHA_ADMIT'] === undefined ? [] : JSON.parse(loadText(env['SABHA_ADMIT'])),
  });
  return { centreKey, registryKey, authority, publish, reflectorSecret: Buffer.from(reflectorKey, 'base64url') };
}

function openSessionOf({ settings, clock }: Base, runtime: Runtime): PartSession {
  return openPartSession({
    connect,
    name: 'flows',
    filters: [...flowsFilters, canaryTopic],
    qos: 1,
    host: env['SABHA_MQTT_HOST'] ?? '127.0.0.1',
    port: port('SABHA_MQTT_PORT', settings.ports.mqtt),
    token: loadText(required('SABHA_TOKEN_FILE')).trim(),
    clock,
    random: Math.random,
    onMessage: runtime.take,
    onSubscribed: runtime.subscribed,
    onLost(reason) {
      log.warn({ reason }, 'the broker cannot be reached');
      runtime.unsubscribed();
    },
  });
}

function openApi({ base, keys, runtime, answers, accounts, pki, people, ...behind }: ServerParts): Promise<Api> {
  const { settings, dataDir, clock, ledger } = base;
  const { https, deciding, proof, roster, announcements, metrics } = behind;
  const { makeCode, codes, cancelCodes } = pki;
  return startApi({
    ...runtime,
    port: port('SABHA_API_PORT', settings.ports.api),
    https: https && { ...https, tls: pki.tls(), addEst: pki.addEst },
    accounts,
    tabs: deciding.orders,
    proof,
    acts: ledger,
    events: createEventsReader({
      ...{ ledger, ...archiveAccess(base), keptMonths: settings.retention.archiveMonths },
      has: (path) => runtime.sites.table().node(path) !== undefined,
    }),
    roster,
    people: personOrdersOf(base, { roster, ...runtime }),
    devices: people.devices ?? null,
    announcements,
    siteOrders: { ...createSiteOperations({ ...runtime.sites, newToken }), makeCode, codes, cancelCodes },
    wallDir: required('SABHA_WALL'),
    docsDir: process.env['SABHA_DOCS'],
    updatesDir: join(dataDir, 'updates'),
    addAnswers(app, head) {
      addAnswers(app, { answers, links: people.links.answers, clock, head });
      addNotices(app, { announcements, answers, links: people.links.notices, clock, timeZone: centrePlace().timeZone, head });
      addHooks(app, { ...people, clock });
    },
    prove: (token) => openReflectorToken(token, keys.reflectorSecret, clock.now()),
    modulesDir: required('SABHA_MODULES'),
    bundle: bundleWall,
    countRefused: metrics.countRefused,
    log,
  });
}

/** Starts the certificates. They use system time at any demo speed, because browsers and PCs check them by their own clocks. */
async function startCertificates({ base, keys, runtime }: OpenedParts, onHttps: PkiOptions['onHttps']): Promise<Pki> {
  const { settings, dataDir, ledger } = base;
  const [request, certificate] = [env['SABHA_BROKER_CSR'], env['SABHA_BROKER_CERT']];
  const publicPem = createPublicKey(keys.centreKey).export({ type: 'spki', format: 'pem' }).toString();
  return startPki({
    ...runtime,
    authority: keys.authority,
    folder: join(dataDir, 'ca'),
    onHttps,
    https: settings.https,
    codes: (await ledger.registry()).codes,
    broker: request === undefined || certificate === undefined ? undefined : { request, certificate },
    centre: { mqtt: { port: port('SABHA_TLS_PORT', 8_883) }, centreKey: publicPem },
    now: Date.now,
    clock: realClock(),
    random: randomBytes,
    log,
  });
}

/**
 * Starts Node-RED. If the tabs do not run, every alert takes the default route to central operations: R24 (repeated offers and the default
 * route). The editor opens only if `SABHA_EDITOR_PASSWORD_FILE` is set.
 */
async function startTabs({ base: { settings }, deciding, accounts }: ServerParts): Promise<NodeRed | undefined> {
  const { tabs, wires, tryOut } = deciding;
  const file = env['SABHA_EDITOR_PASSWORD_FILE'];
  const mayEdit = (name: string) => accounts.may(name, 'tabs');
  const proves = (name: string, given: string) => accounts.verifyPassword({ name, address: '127.0.0.1' }, given);
  const editor = file !== undefined && {
    editor: { port: port('SABHA_EDITOR_PORT', settings.ports.editor), login: editorLogin(loadText(file).trim(), { mayEdit, proves }) },
  };
  return startNodeRed({ wires, tabs, community: settings.communityNodes, ...editor, tryOut, log }).catch((error: Error) => {
    if (error instanceof StartError) throw error;
    log.error({}, `the tabs do not run, so every alert goes to central: ${error.message}`);
    return undefined;
  });
}

async function stop({ ends, api, pki, served, red, session, runtime, watch, backups }: StartedParts): Promise<void> {
  for (const end of ends) end();
  served.close();
  backups.close();
  await Promise.allSettled([api.close(), pki.close(), red?.stop(), session.close(), runtime.close()]);
  await watch.close();
  await watch.ledger.close();
}

/**
 * Checks that the scope of each person in `sabha.json` exists. An unknown scope stops the start if `sabha.json` defines the only site.
 * Otherwise it is only logged, because the site table may be imported later.
 */
function checkScopes({ site, people }: FlowsSettings, { sites }: Runtime): void {
  const wrong = wrongScope(
    people,
    [...sites.table().nodes()].map(({ path }) => path).filter((path) => path !== ''),
  );
  if (wrong === undefined) return;
  if (site !== null && sites.table().sites.length <= 1) throw new StartError(`sabha.json: ${wrong}`);
  log.warn({}, wrong);
}

/**
 * Returns the HTTPS options; undefined without HTTPS. A certificate of the organisation needs both its key file and its certificate file.
 */
function httpsOf({ https }: FlowsSettings, clock: Clock): Omit<HttpsOptions, 'tls'> | undefined {
  if (https === undefined) return undefined;
  const text = (name: string) => loadText(required(name));
  const isOwn = env['SABHA_HTTPS_KEY'] === undefined && env['SABHA_HTTPS_CERT'] === undefined;
  const { openid: directory, ...at } = https;
  const openid = directory && createOpenId({ settings: directory, secret: loadText(directory.secretFile).trim(), up: clock.up });
  return { ...at, openid, organisation: isOwn ? undefined : { key: text('SABHA_HTTPS_KEY'), cert: text('SABHA_HTTPS_CERT') } };
}

function startFailed(error: Error): never {
  throw new StartError(error.message);
}

function privateKey(file: string): KeyObject {
  return loadPem(file, createPrivateKey, 'is no private key');
}

function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/**
 * Opens the accounts of people and the tokens of local programs, which the file `SABHA_PROGRAMS` lists. The file with the first secret is
 * deleted when that secret becomes invalid.
 */
async function openAccounts({ ledger, clock, dataDir }: Base, now: () => number): Promise<Accounts> {
  const secretGone = (name: string) => {
    if (name === firstName) rmSync(firstSecretIn(dataDir), { force: true });
  };
  const programs = env['SABHA_PROGRAMS'] === undefined ? [] : JSON.parse(loadText(env['SABHA_PROGRAMS']));
  const given = { contents: await ledger.accounts(), programs, passwords: createPasswords(), commit: ledger.commit };
  return createAccounts({ ...given, now, up: clock.up, newToken, log, secretGone });
}

function firstSecretIn(dataDir: string): string {
  return join(dataDir, 'first-secret');
}

/**
 * Opens the tabs with their tools: path recorder, replay and explanations. If the tabs on disk are refused, central operations are
 * notified, and the last valid tabs run. `red` returns undefined until Node-RED runs.
 */
function openTabTools(base: Base, { people, runtime }: { people: PeopleParts; runtime: Runtime }, red: () => NodeRed | undefined) {
  const { settings, dataDir, clock, ledger } = base;
  const { record, say, now } = runtime;
  const dir = env['SABHA_TABS'] ?? join(dataDir, 'tabs');
  const tabs = openTabs({
    dir,
    keptDir: join(dataDir, 'tabs-kept'),
    warn: (line) => log.warn({}, line),
    lint: {
      community: settings.communityNodes.packages.length > 0,
      names: { people: () => namesOf(people.roster), channels: channelNames(settings.channels) },
    },
    record: (step) => record([{ op: 'audit', at: now(), ...step }]),
    refused(line) {
      if (line !== null) log.error({ dir }, `the tabs on disk cannot run, so the last good ones run: ${line}`);
      say('centre.tabs_refused', line);
    },
  });
  const { wires, follow, explain: wayOf } = createPathRecorder({ wires: runtime.wires, tabs, clock });
  const way = async (message: OfferMessage) => {
    const watch = red()?.watch;
    return watch && wayOf(message, watch);
  };
  const about = { ...people, table: runtime.sites.table, now };
  const replay = createReplay({ ...about, ledger, tabs, clock: realClock() });
  return {
    tabs,
    wires,
    follow,
    tryOut: (nodes: readonly FlowNode[]) => replay.tryNodes(nodes),
    tells: createRecipientsLookup({ ...about, way }),
    orders: {
      ...createTabsOrders({ tabs, red, steps: ledger.tabsSteps }),
      explain: createExplain({ ...about, way }),
      replay,
      reasons: createReasonsReader(ledger, (id) => people.roster.person(id).name),
    },
  };
}

/**
 * Opens the ledger and checks it before the first write. `gone` is called if its file disappears. The checks use system time, not the clock
 * of a demo.
 */
async function openWatchedLedger(
  { settings, dataDir, clock }: Omit<Base, 'ledger' | 'log'>,
  registry: string,
  gone: (line: string) => void,
) {
  const ledgerFile = join(dataDir, 'ledger.db');
  const ledger = await openLedger({ file: ledgerFile, limitMiB: settings.ledgerLimitMiB });
  // A demo clock runs faster than real time, so the times in its ledger cannot show a wrong system clock.
  const isOwnTime = clock.speed === undefined || clock.speed === 1;
  const at = { flows: dataDir, ledgerFile, registry, clock: realClock(), now: Date.now };
  return watchLedger({ ledger, ...at, isSynchronised, ignoresTime: !isOwnTime, gone, log });
}

/** Returns the folder and the passphrase of archives. Backups have the same passphrase. */
function archiveAccess({ settings, dataDir }: Base) {
  return { folder: archivesIn(dataDir), passphrase: passphraseOf(settings) };
}

/** Starts the archiving of old rows and the watch of free disk space. The returned function stops both. */
function startHousekeeping(base: Base, { now, settledAt, full, say }: Runtime): Cancel {
  const { settings, dataDir, clock, ledger } = base;
  const ledgerFile = join(dataDir, 'ledger.db');
  const endRetention = startRetention({
    ...{ ledger, ledgerFile, ...archiveAccess(base), clock, now, settledAt, log },
    settings: settings.retention,
  });
  const endDisk = watchDisk({ folder: dataDir, ledgerFile, limitMiB: settings.ledgerLimitMiB, clock: realClock(), say, full, log });
  return () => {
    endRetention();
    endDisk();
  };
}
