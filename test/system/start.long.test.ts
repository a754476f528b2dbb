// @module-tag long
/** Tests further cases of `npm start`: without a site, with a killed part, a second start, and with the Node of the host. */
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { PcView } from '@sabha/contracts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSite, isUp, type Site, startCentre } from './centre-under-test.ts';
import { killAllWith, livingWith, noneLeft } from './processes.ts';

const limitMs = 3_000;

let site: Site;
beforeEach(async () => {
  site = await createSite();
});
afterEach(() => site.remove());

test('with "site": null no agent runs on this machine, and the start prints the number of sites', async () => {
  site.configure({ site: null });
  const startedAt = performance.now();
  const centre = startCentre(site);
  await centre.says('Sites (0): 0 planned, 0 commissioning, 0 live, 0 closed', 60_000);
  const upMs = performance.now() - startedAt;
  expect(centre.pidOf('agent')).toBe(0);
  expect(readFileSync(join(site.data, 'flows/admit.json'), 'utf8')).toBe('[]');
  expect((await centre.stop()).ms).toBeLessThan(limitMs + upMs);
});

test('a restart after a power cut with another room name in sabha.json sends the PC its configuration, and no part logs an error', async () => {
  const office = (room: string) => ({
    state: 'goa',
    id: 'panaji',
    name: { en: 'Panaji', hi: 'पणजी' },
    pcs: [{ id: 'vc-1', room: { en: room, hi: room } }],
    profile: {},
  });
  site.configure({ site: office('Hall') });
  const first = startCentre(site);
  await isUp(first);
  const held = async (centre: typeof first) =>
    (await centre.api<PcView[]>('/api/pcs').catch(() => [])).map(({ presence, config }) => [presence, config.held]);
  await expect.poll(() => held(first), { timeout: 40_000 }).toEqual([['online', 1]]);
  // After a power cut the ledger still has the PC as online.
  killAllWith(site.folder);
  await noneLeft(site.folder, 30_000);
  site.configure({ site: office('Library') });
  const second = startCentre(site);
  await expect.poll(() => held(second), { timeout: 60_000 }).toEqual([['online', 2]]);
  await second.stop();
  expect(second.lines.filter(({ level = 0 }) => level >= 50)).toEqual([]);
});

test('a killed part restarts while the others continue', async () => {
  const centre = startCentre(site);
  const upMs = (await isUp(centre)) * 1_000;
  for (const part of ['agent', 'broker', 'flows', 'dashboards']) {
    const others = ['agent', 'broker', 'flows', 'dashboards'].filter((one) => one !== part).map(centre.pidOf);
    const before = centre.pidOf(part);
    process.kill(before || Number.NaN, 'SIGKILL');
    await expect.poll(() => centre.pidOf(part), { timeout: 30_000 }).not.toBeOneOf([before, 0]);
    expect(['agent', 'broker', 'flows', 'dashboards'].filter((one) => one !== part).map(centre.pidOf)).toEqual(others);
  }
  const online = async () => (await centre.api<PcView[]>('/api/pcs').catch(() => [])).map(({ presence }) => presence);
  await expect.poll(online, { timeout: 40_000 }).toEqual(['online']);
  expect((await centre.stop()).ms).toBeLessThan(limitMs + upMs);
});

test('each secret is readable by one part only and survives a second start; all parts end when the supervisor is killed', async () => {
  const first = startCentre(site);
  await isUp(first);
  const secrets = ['agent/agent.token', 'dashboards/exporter.token', 'flows/flows.token', 'flows/registry.key', 'flows/centre.key'];
  const text = (file: string) => readFileSync(join(site.data, file), 'utf8');
  for (const file of secrets) expect(`${file} ${(statSync(join(site.data, file)).mode & 0o777).toString(8)}`).toBe(`${file} 600`);
  for (const part of ['agent', 'broker', 'dashboards', 'flows']) expect(statSync(join(site.data, part)).mode & 0o777).toBe(0o700);
  const version = () => first.sample('brokerMetrics', 'sabha_broker_registry_version');
  const before = { secrets: secrets.map(text), version: await version() };
  expect(before.version).toBeGreaterThanOrEqual(1);
  await first.stop();
  // Checks the copies now, because no process replaces files at this time.
  expect(foreignCopies(site.data, secrets)).toEqual([]);
  // The server derives the public key from the private key, so the file is created again.
  rmSync(join(site.data, 'agent/centre.pub'));
  const second = startCentre(site);
  const upMs = (await isUp(second)) * 1_000;
  // The printed state is the current one, not that of an earlier start.
  expect(await second.api<PcView[]>('/api/pcs')).toMatchObject([{ presence: 'online' }]);
  expect(secrets.map(text)).toEqual(before.secrets);
  expect(await version()).toBeGreaterThanOrEqual(before.version);
  // Without a supervisor no process stops the parts.
  expect(livingWith(site.folder).length).toBeGreaterThanOrEqual(5);
  await second.end('SIGKILL');
  expect(await noneLeft(site.folder, 60_000)).toBeLessThan(limitMs + upMs);
});

test('npm start runs with the Node of the host, and port 0 selects a free port that all parts know', async () => {
  site.configure({ ports: { mqtt: 0, api: 0, editor: 0, brokerMetrics: 0, flowsMetrics: 0, exporter: 0, reflector: 0 } });
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'));
  const clean = Object.fromEntries(Object.entries(site.env).filter(([name]) => !/^npm_|^NODE_|^VITEST|^INIT_CWD$/i.test(name)));
  const centre = startCentre(site, { program: 'npm', args: ['start'], env: { ...clean, PATH: path.join(delimiter) } });
  const upMs = (await isUp(centre)) * 1_000;
  const wall = /^ +wall +(http\S+)/m.exec(centre.lines.map(({ msg }) => msg).join('\n'))?.[1];
  expect((await fetch(`${wall}/api/pcs`)).status).toBe(200);
  const { ms } = await centre.stop();
  expect(ms).toBeLessThan(limitMs + upMs);
});

function foreignCopies(data: string, secrets: string[]): string[] {
  const files = readdirSync(data, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  return secrets.flatMap((secret) => {
    const own = secret.split('/')[0] ?? '';
    const value = readFileSync(join(data, secret));
    const paths = files.map((file) => join(file.parentPath, file.name)).filter((path) => !path.startsWith(join(data, own)));
    return paths.filter((path) => readFileSync(path).includes(value)).map((path) => `${secret} in ${path}`);
  });
}
