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

const stopLimitMs = 2_000;

/** Runs the agent until SIGTERM or SIGINT. A setting or a folder that will not do: one line, exit 1. */
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
  const restart = Promise.withResolvers<string>();
  const agent = compose(settings.value, { ...parts, log, restart: () => restart.resolve('restarted') });
  agent.start();
  log.info({ pc: settings.value.pc }, 'ready');
  const reason = await Promise.race([asked(), restart.promise]);
  // Whatever the network does, the stop is over in time.
  setTimeout(() => process.exit(0), stopLimitMs).unref();
  await agent.stop(reason);
  process.exit(0);
}

function prepare({ dataDir, tokenFile, centreKeyFile }: AgentSettings) {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  const token = readFileSync(tokenFile, 'utf8').trim();
  if (token === '') throw new Error(`${tokenFile}: holds no token`);
  const centreKey = centreKeyFile === undefined ? null : publicKey(centreKeyFile);
  return { token, centreKey, disk: openSpoolDisk(join(dataDir, 'spool.db')), profiles: createProfileStore(join(dataDir, 'config.json')) };
}

function publicKey(file: string): KeyObject {
  const pem = readFileSync(file);
  try {
    return createPublicKey(pem);
  } catch {
    throw new Error(`${file}: is no public key`);
  }
}

function compose(
  { pc, host, port, profile, speed, epochMs }: AgentSettings,
  given: ReturnType<typeof prepare> & { log: pino.Logger; restart: () => void },
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

function readVersion(): string {
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
