/** The agent as a process. */

import { createPublicKey, type KeyObject } from 'node:crypto';
import { accessSync, constants, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { realClock } from '#contracts';
import { type Agent, createAgent } from './agent.ts';
import { type AgentSettings, readAgentSettings } from './config.ts';
import { createPlatform } from './platform/index.ts';
import { probes } from './probes/index.ts';
import { createProfileStore } from './profile-store.ts';
import { openSpoolDisk } from './spool-disk.ts';
import { createMqttTransport } from './transport.ts';
import { isInMeeting } from './update/meeting.ts';
import { createOffers } from './update/offers.ts';
import { openSlots } from './update/slots.ts';
import { startUpdater } from './update/updater.ts';

const stopLimitMs = 2_000;

/** Set where the agent was packed into one file. */
declare const SABHA_VERSION: string | undefined;

/** Runs the agent until SIGTERM or SIGINT, or until another version of it is to be started. A setting or a folder that will not do: one line, exit 1. */
export async function main(): Promise<void> {
  const log = pino({ base: { part: 'agent' } });
  const settings = readAgentSettings(process.env);
  if (!settings.ok) return fail(log, settings.line);
  let parts: ReturnType<typeof prepare>;
  try {
    parts = prepare(settings.value);
  } catch (error) {
    return fail(log, error instanceof Error ? error.message : String(error));
  }
  const agent = compose(settings.value, { ...parts, log });
  agent.start();
  const { promise: ended, resolve: end } = Promise.withResolvers<string>();
  const updater = settings.value.updates && updaterOf(settings.value, { ...parts, agent, log, end });
  log.info({ pc: settings.value.pc, version: readVersion() }, 'ready');
  const reason = await Promise.race([asked(), ended]);
  updater?.stop();
  // Whatever the network does, the stop is over in time.
  setTimeout(() => process.exit(0), stopLimitMs).unref();
  await agent.stop(reason);
  process.exit(0);
}

function prepare({ dataDir, tokenFile, updates }: AgentSettings) {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  const token = readFileSync(tokenFile, 'utf8').trim();
  if (token === '') throw new Error(`${tokenFile}: holds no token`);
  const updateKey = updates && createPublicKey(readFileSync(updates.keyFile));
  return { token, updateKey, disk: openSpoolDisk(join(dataDir, 'spool.db')), profiles: createProfileStore(join(dataDir, 'config.json')) };
}

function compose(
  { pc, host, port, profile, speed, epochMs }: AgentSettings,
  given: ReturnType<typeof prepare> & { log: pino.Logger },
): Agent {
  return createAgent({
    ...given,
    pc,
    version: readVersion(),
    platform: createPlatform(),
    probes,
    transport: createMqttTransport({ host, port, speed }),
    profile,
    clock: realClock(speed, epochMs),
    random: Math.random,
  });
}

type Beside = Pick<ReturnType<typeof prepare>, 'updateKey'> & { agent: Agent; log: pino.Logger; end(reason: string): void };

function updaterOf({ dataDir, updates, speed, epochMs }: AgentSettings, { updateKey, agent, log, end }: Beside) {
  const platform = createPlatform();
  return startUpdater({
    version: readVersion(),
    slots: openSlots(join(dataDir, 'update')),
    offers: createOffers(updates?.at ?? ''),
    key: updateKey as KeyObject,
    clock: realClock(speed, epochMs),
    random: Math.random,
    isBusy: () => isInMeeting(platform),
    isHeard: agent.isHeard,
    record: agent.record,
    restart: end,
    log,
  });
}

function readVersion(): string {
  if (typeof SABHA_VERSION === 'string') return SABHA_VERSION;
  return JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version;
}

/** Resolves when the system, a person or the supervisor (which may have died) wants an end. */
function asked(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve('stopped'));
    process.once('disconnect', () => resolve('orphaned'));
  });
}

function fail(log: pino.Logger, line: string): never {
  log.fatal(line);
  process.exit(1);
}

if (import.meta.main) await main();
