// @module-tag long
/** `npm start`, the rest of its life: without a site, with a part killed, a second time, with the Node of the host. */
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { PcView } from '@sabha/contracts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Centre, createSite, isUp, type Site, startCentre } from './centre-under-test.ts';
import { livingWith, noneLeft } from './processes.ts';

const limitMs = 3_000;

let site: Site;
beforeEach(async () => {
  site = await createSite();
});
afterEach(() => site.remove());

test('with "site": null no agent runs here, and the first words say how many sites there are', async () => {
  site.configure({ site: null });
  const startedAt = performance.now();
  const centre = startCentre(site);
  await centre.says('Sites (0): 0 planned, 0 commissioning, 0 live, 0 closed', 60_000);
  const upMs = performance.now() - startedAt;
  expect(centre.pidOf('agent')).toBe(0);
  expect(readFileSync(join(site.data, 'flows/admit.json'), 'utf8')).toBe('[]');
  expect((await centre.stop()).ms).toBeLessThan(limitMs + upMs);
});

test('a first start on a full disk left an empty token: from then on the centre ran, and never reached its own broker', async () => {
  mkdirSync(join(site.data, 'flows'), { recursive: true });
  const token = join(site.data, 'flows/flows.token');
  writeFileSync(token, '');
  const centre = startCentre(site);
  await isUp(centre);
  expect(readFileSync(token, 'utf8')).toMatch(/^[\w-]{43}$/);
  expect(await centre.api('/api/snapshot')).toMatchObject({ subscribed: true });
  await centre.stop();
});

test('a part that is killed comes back by itself and the others go on', async () => {
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

test('F1 a part that was killed once waited before it was started again, and compiled all its code anew: the first time in a row it starts at once, compiled', async () => {
  const centre = startCentre({ ...site, env: { ...site.env, NODE_COMPILE_CACHE: undefined } });
  await isUp(centre);
  const compiled = join(site.data, 'dashboards/own/compiled');
  await expect.poll(() => readdirSync(compiled, { recursive: true }).length).toBeGreaterThan(100);
  const parts = ['dashboards', 'agent', 'broker'];
  const [first, second]: [number[], number[]] = [[], []];
  for (const part of parts) {
    first.push(await killed(centre, part));
    second.push(await killed(centre, part));
  }
  expect(Math.min(...second)).toBeGreaterThanOrEqual(500);
  // The quickest of each: what a machine does besides can keep one of them waiting for longer than we do.
  expect(Math.min(...first)).toBeLessThan(Math.min(...second));
  await centre.stop();
});

/** Kills a part and answers after how many milliseconds another one of it was there. */
async function killed({ pidOf }: Centre, part: string): Promise<number> {
  const before = pidOf(part);
  const killedAt = performance.now();
  process.kill(before || Number.NaN, 'SIGKILL');
  await expect.poll(() => pidOf(part), { timeout: 30_000, interval: 5 }).not.toBeOneOf([before, 0]);
  return performance.now() - killedAt;
}

test('the first health of a PC that speaks late was never printed: it is said that it is late, and the health when it comes', async () => {
  // It stops itself: whoever looks for it may come when it has spoken.
  const stop = "if (process.argv[1]?.endsWith('/agent/main.ts')) process.kill(process.pid, 'SIGSTOP')";
  const preload = `--import=data:text/javascript,${encodeURIComponent(stop)}`;
  const centre = startCentre({ ...site, env: { ...site.env, NODE_OPTIONS: preload } });
  await centre.says('this PC has not said anything yet', 120_000);
  process.kill(centre.pidOf('agent') || Number.NaN, 'SIGCONT');
  await isUp(centre);
  await centre.stop();
});

test('each secret lies in the folder of the one part that may read it, for its owner only; a second start goes on with all of them, and when the supervisor is killed the parts end by themselves within 3 s', async () => {
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
  // Now that nobody replaces a file any more.
  expect(foreignCopies(site.data, secrets)).toEqual([]);
  // Whoever has only the private half has the other one too.
  rmSync(join(site.data, 'agent/centre.pub'));
  const second = startCentre(site);
  const upMs = (await isUp(second)) * 1_000;
  // What is printed is not what an earlier day left behind.
  expect(await second.api<PcView[]>('/api/pcs')).toMatchObject([{ presence: 'online' }]);
  expect(secrets.map(text)).toEqual(before.secrets);
  expect(await version()).toBeGreaterThanOrEqual(before.version);
  // Nobody is left to stop the parts.
  expect(livingWith(site.folder).length).toBeGreaterThanOrEqual(5);
  await second.end('SIGKILL');
  expect(await noneLeft(site.folder, 60_000)).toBeLessThan(limitMs + upMs);
});

test('npm start does all this with the Node that the host has; a port 0 takes a free one, and all parts know it', async () => {
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

/** Files of another part in which a secret stands. */
function foreignCopies(data: string, secrets: string[]): string[] {
  const files = readdirSync(data, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  return secrets.flatMap((secret) => {
    const own = secret.split('/')[0] ?? '';
    const value = readFileSync(join(data, secret));
    const paths = files.map((file) => join(file.parentPath, file.name)).filter((path) => !path.startsWith(join(data, own)));
    return paths.filter((path) => readFileSync(path).includes(value)).map((path) => `${secret} in ${path}`);
  });
}
