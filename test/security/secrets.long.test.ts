// @module-tag long
/** S17: checks that no secret is in a log, on a metrics page or in a response of the API. */
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSite, isUp, type Site, startCentre } from '../system/centre-under-test.ts';

const canary = (name: string) => `canary-${name}-7f3a9c51`;
const webhookSecret = `whsec_${Buffer.from(canary('webhook-with-some-bytes-more')).toString('base64')}`;

let site: Site;
/** Accepts and closes connections, so that each channel fails and logs an error. */
let dead: ReturnType<typeof createServer>;

beforeAll(async () => {
  dead = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(dead, 'listening');
  const { port } = dead.address() as { port: number };
  site = await createSite(
    {
      https: { host: '127.0.0.1', port: 0, mqttPort: 0, names: ['centre.test'] },
      people: [
        { id: 'asha', name: 'Asha', role: 'technician', email: 'asha@office.test' },
        { id: 'desk', name: 'Desk', role: 'central', scope: '', webhook: true },
      ],
      channels: {
        email: { host: '127.0.0.1', port, user: 'sabha', password: canary('mail') },
        webhook: { url: `http://127.0.0.1:${port}/hook`, secret: webhookSecret },
      },
      communityNodes: { packages: [], credentials: { 'some-node': { token: canary('node') } } },
    },
    { SABHA_SPEED: '50' },
  );
});
afterAll(() => {
  site.remove();
  dead.close();
});

/** Returns every secret of the server: those in its settings, and those that it generated. */
function secretsOf(data: string): string[] {
  const files = readdirSync(data, { recursive: true, withFileTypes: true }).filter(
    (one) => one.isFile() && /\.(key|token)$|^first-secret$/.test(one.name),
  );
  const texts = files.map((one) => readFileSync(join(one.parentPath, one.name), 'utf8'));
  const own = texts.map((text) => text.split('\n').filter((line) => !line.startsWith('-----'))[0] ?? '');
  return [canary('mail'), webhookSecret, canary('node'), ...own];
}

test('S17 no secret of the settings or the data folder is output while every channel fails', async () => {
  const centre = startCentre(site);
  await isUp(centre);
  await centre.says('Messages cannot be delivered', 40_000);
  const { ports } = site;
  const pages = [
    ...['/metrics'].flatMap((path) =>
      [ports.brokerMetrics, ports.flowsMetrics, ports.exporter].map((port) => `http://127.0.0.1:${port}${path}`),
    ),
    ...['snapshot', 'sites', 'pcs', 'incidents', 'audit', 'accounts', 'program-tokens', 'commands', 'words', 'profile'].map(
      (path) => `http://127.0.0.1:${ports.api}/api/${path}`,
    ),
  ];
  const said = await Promise.all(pages.map(async (url) => `${url}\n${await (await fetch(url, { headers: site.token() })).text()}`));
  await centre.stop();
  const secrets = secretsOf(site.data);
  expect(secrets.length).toBeGreaterThanOrEqual(12);
  expect(secrets.every((secret) => secret.length >= 20)).toBe(true);
  const everything = [...said, ...centre.lines.map((line) => JSON.stringify(line)), ...centre.errors];
  expect(everything.length).toBeGreaterThan(20);
  for (const secret of secrets) expect(everything.filter((text) => text.includes(secret))).toEqual([]);
});
