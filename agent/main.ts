import { randomInt } from 'node:crypto';
import { accessSync, constants, mkdirSync, readFileSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { disableNumberCache, exitOrphaned, logOutput, messageOf, onShutdownRequest, realClock } from '@sabha/contracts';
import { pino } from 'pino';
import { type Agent, createAgent } from './agent.ts';
import type { Runner } from './checks/runner.ts';
import { createRoomResultWriter } from './checks/saved-room-results.ts';
import type { Identity } from './identity/identity.ts';
import { type AgentSettings, readIdentityAndSettings } from './identity/settings.ts';
import { createBudget } from './link/net/data-budget.ts';
import { openSlots } from './maintain/update/slots.ts';
import { createUpdateSource } from './maintain/update/source.ts';
import { startUpdater } from './maintain/update/updater.ts';
import { keepHeapSmall } from './platform/heap.ts';
import { isInMeeting } from './platform/in-meeting.ts';
import type { Platform } from './platform/platform.ts';
import { createProbes } from './probes/probes.ts';
import type { RoomFacts } from './session/card/statement.ts';
import { reportHourly } from './session/session-helper/peer-auth.ts';
import { isRoomProbe, platformWithHelper, probesWithHelper, runnerWithHelper } from './session/session-helper/remote-probes.ts';
import { createSessionHelper } from './session/session-helper/session-helper.ts';
import type { Output } from './spoken.ts';
import { createPlatform, localAddress, sessionEnv } from './this-pc.ts';
import { keepPoolsSmall } from './uplink/mqtt.ts';
import { accessByCertificate, accessByToken, publicKey } from './uplink/server-access.ts';
import { openSpoolDisk } from './uplink/spool/database.ts';
import { createConfigStore } from './uplink/store/config-store.ts';
import { budgetFile, cardFile, centreAddressFile, type Env, linkFile, roomFile } from './uplink/store/data-folder.ts';
import { type Log, rotatingFile } from './uplink/store/log.ts';

const stopLimitMs = 2_000;
/** Part of `stopLimitMs` for asking the operating system whether it is shutting down. */
const askSystemMs = 400;

/** Version; the bundler defines it in a package. */
declare const SABHA_VERSION: string | undefined;

/**
 * Runs the agent until it must end, or restart into another version. An invalid setting or folder ends it with one line and exit code 1.
 */
export async function main(env = process.env): Promise<void> {
  const voice = await outputOf(env);
  const { log } = voice;
  const who = readIdentityAndSettings(env);
  if (!who.ok) return fail(voice, who.line);
  const { settings, identity } = who.value;
  await disableNumberCache();
  keepPoolsSmall();
  let parts: Prepared;
  try {
    parts = prepare(settings, identity, log);
  } catch (error) {
    return fail(voice, messageOf(error));
  }
  const restart = Promise.withResolvers<string>();
  // Registers for signals before the start, so that a signal right after the start counts too.
  const ended = Promise.race([endRequested(), restart.promise]);
  const running = { log, restart: restart.resolve };
  const { agent, platform } = compose(settings, parts, running);
  voice.follow({ centre: parts.centre, pc: settings.pc, profile: settings.profile, ...agent });
  agent.start();
  keepHeapSmall(parts.clock, globalThis.gc);
  const updates = startUpdates(settings, { ...parts, platform }, { ...running, agent });
  log.info({ pc: settings.pc, version: parts.version }, 'ready');
  flushCompileCache();
  const endReason = await ended;
  updates?.stop();
  // Exits after `stopLimitMs`, even if the network blocks the stop.
  const exit = () => (endReason === 'orphaned' ? exitOrphaned() : process.exit(0));
  setTimeout(() => {
    // Stores the bye at once, if the operating system did not respond in time.
    void agent.stop(endReason);
    exit();
  }, stopLimitMs).unref();
  await agent.stop(await endReasonOf(endReason, parts.platform));
  exit();
}

function prepare(settings: AgentSettings, identity: Identity | undefined, log: Log) {
  const { dataDir } = settings;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  const clock = realClock(settings.speed, settings.epochMs);
  const budget = createBudget({ clock, store: budgetFile(dataDir, log) });
  const access = identity === undefined ? accessByToken(settings, { budget }) : accessByCertificate(settings, { identity, log, budget });
  const updateKey = settings.updates && publicKey(settings.updates.keyFile);
  return {
    ...access,
    updateKey,
    version: readVersion(),
    platform: createPlatform({ env: sessionEnv(process.env) }),
    clock,
    budget,
    linkFile: linkFile(dataDir, log),
    cardFile: cardFile(dataDir, log),
    disk: openSpoolDisk(join(dataDir, 'spool.db')),
    configs: createConfigStore(join(dataDir, 'config.json')),
  };
}

type Prepared = ReturnType<typeof prepare>;
/** `platform`: with a separate session helper, it includes the functions of the helper. */
type Composed = { agent: Agent; platform: Platform };
type Process = { log: Log; restart: (reason: string) => void };

function compose(settings: AgentSettings, { centre, updateKey: _, ...given }: Prepared, { log, restart }: Process): Composed {
  const { pc, profile, anchors, dataDir, roomSocket } = settings;
  const { clock } = given;
  const probes = createProbes();
  const seat = roomSocket === undefined ? undefined : createRemoteHelper(roomSocket, { clock, platform: given.platform, log }, () => agent);
  const platform = seat ? platformWithHelper(given.platform, seat) : given.platform;
  const agent = createAgent({
    ...given,
    platform,
    probes,
    ...(seat && { sessionHelper: seat, probes: probesWithHelper(probes, seat) }),
    centre: { ...centre, anchors, lastAddress: centreAddressFile(dataDir, log) },
    pc,
    profile,
    // Uses a secure generator, because Math.random can be predicted from earlier values.
    random: () => randomInt(2 ** 48 - 1) / 2 ** 48,
    log,
    restart: () => restart('restarted'),
  });
  seat?.open().catch((error: unknown) => log.warn({}, `no session helper can connect: ${messageOf(error)}`));
  return { agent, platform };
}

/**
 * Connects the session helper of the signed-in user, which is a separate process. The agent records refusals and repairs of the helper as
 * events.
 */
function createRemoteHelper(file: string, { log, ...given }: Pick<Prepared, 'clock' | 'platform'> & { log: Log }, agent: () => Agent) {
  const seat = createSessionHelper({
    ...given,
    seat: localAddress(file),
    ownUid: process.getuid?.(),
    onRefused: reportHourly(given.clock, (why, count) => {
      log.warn({ count }, `a session helper is refused: ${why}`);
      agent().record('refused', { leaf: 'room', reason: why, count });
    }),
    onRepaired: (mended) => agent().record('mended', { ...mended }),
  });
  const kept = roomFile(file, log);
  const lastWord = createRoomResultWriter({ clock: given.clock, isRoomProbe, hasReported: kept.load() !== undefined, save: kept.save });
  const look = (known: RoomFacts) => {
    seat.tell(known);
    lastWord(known.checks);
  };
  const card = (known: () => RoomFacts) => ({ look: () => look(known()), stop: () => undefined });
  return { ...seat, card, runner: (own: Runner) => runnerWithHelper(own, seat) };
}

/** Starts the updater if a release key is configured. The returned object stops it. */
function startUpdates(
  { updates, dataDir }: AgentSettings,
  { updateKey: key, enrolServer, platform, clock, version, budget }: Prepared,
  { agent, log, restart }: Process & { agent: Agent },
): { stop(): void } | undefined {
  if (!updates || !key) return undefined;
  return startUpdater({
    version,
    key,
    clock,
    log,
    restart,
    slots: openSlots(join(dataDir, 'update')),
    source: createUpdateSource(enrolServer?.at ?? updates.at, {
      roots: enrolServer?.roots,
      used: (bytes) => budget.used('telemetry', bytes),
    }),
    random: Math.random,
    isBusy: () => isInMeeting(platform),
    isBirthAcknowledged: agent.isBirthAcknowledged,
    now: agent.now,
    record: agent.record,
  });
}

function readVersion(): string {
  if (typeof SABHA_VERSION === 'string') return SABHA_VERSION;
  return JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version;
}

/** Resolves with the reason when a signal arrives or the parent process ends. */
function endRequested(): Promise<string> {
  return new Promise((resolve) => {
    onShutdownRequest({ env: process.env, script: process.argv[1] }, resolve);
  });
}

/** Distinguishes an agent that is stopped from a PC that shuts down; the server needs the difference. */
async function endReasonOf(asking: string, platform: Platform): Promise<string> {
  if (asking !== 'stopped') return asking;
  const isShuttingDown = await platform.isShuttingDown(AbortSignal.timeout(askSystemMs)).catch(() => false);
  return isShuttingDown ? 'shutdown' : asking;
}

/** Prints JSON lines for services and pipes, and plain text for a person at a terminal. */
async function outputOf(env: Env): Promise<Output> {
  if (process.stdout.isTTY === true) {
    const { createTerminalOutput: speak } = await import('./spoken.ts');
    return speak({ args: process.argv, env, clock: realClock(), out: console });
  }
  const file = env['SABHA_LOG'];
  const log = pino({ base: { part: 'agent' } }, file === undefined ? logOutput() : rotatingFile(file));
  // Without a service manager, the crash output of Node.js would be lost.
  if (file !== undefined) process.on('uncaughtExceptionMonitor', (error) => log.fatal(error));
  return { log, fatal: (line) => log.fatal(line), follow: () => undefined };
}

function fail({ fatal }: Output, line: string): never {
  fatal(line);
  process.exit(1);
}

if (import.meta.main) await main();
