// @module-tag long
/** Tests `start.ts --prepare`: the files that each part needs when systemd starts it as a separate user. */
import { execFile } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSite, type Site } from './centre-under-test.ts';

const run = promisify(execFile);
let site: Site;
beforeEach(async () => {
  site = await createSite({ site: null });
});
afterEach(() => site.remove());

const start = async (...words: string[]) => (await run(process.execPath, ['start.ts', ...words], { env: site.env })).stdout;
const at = (file: string) => join(site.data, file);
const text = (file: string) => readFileSync(at(file), 'utf8');
const modeOf = (file: string) => (statSync(at(file)).mode & 0o777).toString(8);

test('the unit of each part starts the part with the flags of npm start', () => {
  const flags = [...readFileSync('start.ts', 'utf8').matchAll(/'(--(?:disable-warning|max-semi-space-size)=\w+)'/g)].map(
    ([, flag]) => flag,
  );
  expect(flags).toHaveLength(2);
  for (const part of ['broker', 'flows', 'dashboards']) {
    const unit = readFileSync(`packaging/server/usr/lib/systemd/system/sabha-${part}.service`, 'utf8');
    const [node, ...words] = /^ExecStart=(.*)$/m.exec(unit)?.[1]?.split(' ') ?? [];
    expect([node, words.toSorted()]).toEqual(['/usr/lib/sabha-server/node', [...flags, `${part}/main.ts`].toSorted()]);
  }
});

test('files for other parts are readable by their group and secrets of flows only by their owner, and a second run keeps these files', async () => {
  await start('--prepare');
  const told = ['broker/principals.json', 'broker/registry.pub', 'dashboards/exporter.token'];
  const own = ['flows/flows.token', 'flows/registry.key', 'flows/centre.key', 'flows/admit.json'];
  expect([...told, ...own].map(modeOf)).toEqual([...told.map(() => '640'), ...own.map(() => '600')]);
  const before = [...told, ...own].map(text);
  // A restored backup or an older server leaves the registry with this content and mode.
  writeFileSync(at('broker/registry.json'), '{}', { mode: 0o600 });
  await start('--prepare');
  expect([...told, ...own].map(text)).toEqual(before);
  expect(modeOf('broker/registry.json')).toBe('640');
});

test('each part has an environment file for systemd with the values of npm start, and the broker has a separate data folder', async () => {
  await start('--prepare');
  const told = Object.fromEntries([...text('broker/service.env').matchAll(/^(\w+)="(.*)"$/gm)].map(([, name, value]) => [name, value]));
  expect(told).toMatchObject({
    SABHA_DATA: at('broker/own'),
    SABHA_TOLD: at('broker'),
    SABHA_REGISTRY: at('broker/registry.json'),
    SABHA_MQTT_PORT: `${site.ports.mqtt}`,
  });
  expect(text('broker/service.env')).not.toContain(at('flows'));
  expect(text('flows/service.env')).toContain(`SABHA_BROKER_CSR="${at('broker/own/server.csr')}"`);
});
