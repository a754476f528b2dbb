/** Tests the update of an installed agent with real builds, a real broker and flows, and the launcher as a supervisor starts it. */
import { createPrivateKey } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeSigningKeys, type PcView } from '@sabha/contracts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Pack, pack } from '../../agent/maintain/install/pack.ts';
import { ask } from '../system/centre-under-test.ts';
import { createParts, type Parts } from '../system/parts-under-test.ts';
import { type Program, startProgram } from '../system/processes.ts';

const keys = makeSigningKeys();
const key = createPrivateKey(keys.privateKey);
/**
 * Clock speeds of the agent. At `fast` the first update check comes 6 to 12 s after the start. A version that does not connect is rolled
 * back in 3 s there. At `patient` a version has 30 s to connect, even on a busy machine. The server uses the real clock.
 */
const [fast, patient] = [100, 10];
const within = { timeout: 120_000, interval: 200 };

let parts: Parts;
let speed = fast;
let installed: Installed | undefined;

beforeEach(async () => {
  speed = fast;
  parts = await createParts({ pcs: ['pc-1'] });
  await parts.start('broker');
  await parts.start('flows');
});
afterEach(async () => {
  await installed?.stop();
  parts.site.remove();
});

type Installed = {
  lines(): string[];
  restart(): Promise<unknown>;
  stop(): Promise<void>;
  slots(): { trial: unknown; rejected: { version: string } | null };
};

/** Installs the packed agent in a separate folder. Restarts it whenever it ends, as systemd and the task scheduler do. */
async function install(version: string): Promise<Installed> {
  const { folder, data, ports, env } = parts.site;
  const program = join(folder, 'program');
  await release({ out: program, version });
  writeFileSync(join(folder, 'wrong.token'), 'wrong', { mode: 0o600 });
  writeFileSync(join(folder, 'update.pub'), keys.publicKey);
  const own = {
    SABHA_PC: 'ladakh/leh/pc-1',
    SABHA_DATA: join(data, 'agent'),
    SABHA_TOKEN_FILE: join(data, 'agent/agent.token'),
    SABHA_WRONG_TOKEN_FILE: join(folder, 'wrong.token'),
    SABHA_MQTT_PORT: `${ports.mqtt}`,
    SABHA_UPDATES: `http://127.0.0.1:${ports.api}`,
    SABHA_UPDATE_KEY: join(folder, 'update.pub'),
  };
  const state = { stopped: false, lines: [] as string[], program: undefined as Program | undefined };
  const run = () => {
    const started = startProgram({ args: [join(program, 'launch.mjs'), 'run'], env: { ...env, ...own, SABHA_SPEED: `${speed}` } });
    state.program = started;
    void started.ended.then(() => {
      state.lines.push(...started.lines.map(({ msg }) => msg));
      if (!state.stopped) run();
    });
  };
  run();
  return {
    lines: () => [...state.lines, ...(state.program?.lines ?? []).map(({ msg }) => msg)],
    restart: async () => state.program?.end('SIGKILL'),
    async stop() {
      state.stopped = true;
      await state.program?.end('SIGTERM');
    },
    slots: () => JSON.parse(readFileSync(join(data, 'agent/update/slots.json'), 'utf8')),
  };
}

const release = (about: Pick<Pack, 'out' | 'version'> & Partial<Pack>) =>
  pack({ minimum: '0.0.0', expires: Date.now() * 2, key, ...about });
const offer = (version: string, more: Partial<Pack> = {}) => release({ out: join(parts.site.data, 'flows/updates'), version, ...more });
const running = async () => (await ask<PcView[]>(parts.site.ports, '/api/pcs')).map(({ agent, presence }) => `${presence} ${agent}`);

test('S10, F25 a signed release replaces the agent, and is rolled back if it never connects or hangs', async () => {
  // The release must be complete before the first update check, because the next check follows only after hours.
  await offer('0.2.0');
  installed = await install('0.1.0');
  await expect.poll(running, within).toEqual(['online 0.1.0']);
  speed = patient;
  await expect.poll(running, within).toEqual(['online 0.2.0']);
  await expect.poll(() => installed?.slots(), within).toMatchObject({ trial: null, proven: { version: '0.2.0' } });

  speed = fast;
  await offer('0.3.0', { entry: 'test/real/mute-agent.ts' });
  await installed.restart();
  await expect.poll(() => installed?.slots(), within).toMatchObject({ trial: null, rejected: { version: '0.3.0' } });
  await expect.poll(running, within).toEqual(['online 0.2.0']);

  await offer('0.4.0', { entry: 'test/real/hung-agent.ts' });
  await installed.restart();
  await expect.poll(() => installed?.slots(), within).toMatchObject({ trial: null, rejected: { version: '0.4.0' } });
  await expect.poll(running, within).toEqual(['online 0.2.0']);
}, 600_000);
