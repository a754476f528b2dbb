// @module-tag long
/** Tests that all processes end with npm however npm is stopped, and that they survive the end of the shell that started npm. */

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeSigningKeys } from '@sabha/contracts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ask, createSite, isUp, type Site, startCentre } from './centre-under-test.ts';
import { livingWith, noneLeft, type Program, startProgram } from './processes.ts';

const limitMs = 3_000;

let site: Site;
beforeEach(async () => {
  site = await createSite();
});
afterEach(() => site.remove());

const npm = (...args: string[]) => ({ program: 'npm', args });

const ways: [string, (program: Program) => unknown][] = [
  ['SIGTERM to npm alone', ({ pid }) => process.kill(pid, 'SIGTERM')],
  ['npm killed with -9', ({ pid }) => process.kill(pid, 'SIGKILL')],
  ['SIGHUP to npm alone', ({ pid }) => process.kill(pid, 'SIGHUP')],
  ['a terminal that closes', ({ pid }) => process.kill(-pid, 'SIGHUP')],
  ['Ctrl-C', ({ pid }) => process.kill(-pid, 'SIGINT')],
  ['SIGTERM to the group', ({ pid }) => process.kill(-pid, 'SIGTERM')],
];

test.each([...ways, ['start.ts killed with -9', killStart]] as typeof ways)('npm start: %s ends all parts within 3 s', async (_, stop) => {
  const centre = startCentre(site, npm('start'));
  const upMs = (await isUp(centre)) * 1_000;
  expect(livingWith(site.folder).length).toBeGreaterThanOrEqual(7);
  stop(centre);
  expect(await noneLeft(site.folder, 60_000)).toBeLessThan(limitMs + upMs);
});

function killStart(): void {
  const start = livingWith(site.folder).find(({ command }) => command === 'node start.ts');
  process.kill(start?.pid ?? Number.NaN, 'SIGKILL');
}

test('npm start: start.ts killed with -9 during the start of its parts leaves no part running', async () => {
  const startedAt = performance.now();
  const centre = startCentre(site, npm('start'));
  await centre.says('ready');
  const bootMs = performance.now() - startedAt;
  killStart();
  expect(await noneLeft(site.folder, 60_000)).toBeLessThan(limitMs + bootMs);
});

test('npm start under nohup and in a separate session continues when its shell is gone', async () => {
  execFileSync('sh', ['-c', 'nohup setsid npm start > "$SABHA_DATA.log" 2>&1 &'], { env: site.env });
  const pcs = () => ask<unknown[]>(site.ports, '/api/pcs').catch(() => []);
  await expect.poll(async () => (await pcs()).length, { timeout: 60_000 }).toBe(1);
  const start = livingWith(site.folder).find(({ command }) => command === 'npm start');
  process.kill(start?.pid ?? Number.NaN, 'SIGTERM');
  await noneLeft(site.folder, 60_000);
});

test.each(ways)('npm run agent: %s ends the agent within 3 s', async (_, stop) => {
  const at = (name: string, text: string) => {
    writeFileSync(join(site.folder, name), text);
    return join(site.folder, name);
  };
  const files = { SABHA_TOKEN_FILE: at('agent.token', 'x'.repeat(43)), SABHA_CENTRE_KEY: at('centre.pub', makeSigningKeys().publicKey) };
  const env = { ...site.env, SABHA_PC: 'capital/this-office/this-pc', SABHA_MQTT_PORT: `${site.ports.mqtt}`, ...files };
  const startedAt = performance.now();
  const agent = startProgram({ ...npm('run', 'agent', '--', 'run'), env });
  await agent.says('ready');
  const upMs = performance.now() - startedAt;
  stop(agent);
  expect(await noneLeft(site.folder, 60_000)).toBeLessThan(limitMs + upMs);
});
