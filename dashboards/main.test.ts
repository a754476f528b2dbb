/** Runs the exporter as a separate process, and checks its start and its end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, expect, test } from 'vitest';
import { ofTier } from '../test/figures.ts';

type Line = { level: number; part: string; msg: string; metricsPort?: number };

const folder = mkdtempSync(join(tmpdir(), 'exporter-'));
const tokenFile = join(folder, 'exporter.token');
const emptyFile = join(folder, 'empty.token');
const brokenFile = join(folder, 'broken.token');
writeFileSync(tokenFile, 'a token\n');
writeFileSync(emptyFile, '\n');
writeFileSync(brokenFile, 'one\ntwo');
const children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children.splice(0).filter((one) => one.exitCode === null && one.signalCode === null)) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Port 1 has no listener: the exporter must start without broker and API. */
function run(env: Record<string, string> = {}) {
  const child = spawn(process.execPath, ['dashboards/main.ts'], {
    env: {
      ...process.env,
      SABHA_MQTT_PORT: '1',
      SABHA_API: 'http://127.0.0.1:1',
      SABHA_TOKEN_FILE: tokenFile,
      SABHA_METRICS_PORT: '0',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  children.push(child);
  const lines: Line[] = [];
  createInterface({ input: child.stdout ?? process.stdin }).on('line', (text) => lines.push(JSON.parse(text)));
  return { child, lines };
}

async function ready(lines: Line[]): Promise<Line> {
  await expect.poll(() => lines.map(({ msg }) => msg), { timeout: 30_000, interval: 20 }).toContain('ready');
  return lines.find(({ msg }) => msg === 'ready') as Line;
}

test.each(ofTier(['SIGTERM'] as const, ['SIGTERM', 'SIGINT', 'disconnect'] as const))(
  'it logs ready with its port and serves; on %s it exits with 0 at once',
  async (end) => {
    const startedAt = performance.now();
    const { child, lines } = run();
    const line = await ready(lines);
    const startMs = performance.now() - startedAt;
    expect(line).toMatchObject({ part: 'dashboards', level: 30, metricsPort: expect.any(Number) });
    const page = await (await fetch(`http://127.0.0.1:${line.metricsPort}/metrics`)).text();
    expect(page).toContain('sabha_exporter_api_up 0');
    const before = performance.now();
    if (end === 'disconnect') child.disconnect();
    else child.kill(end);
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(performance.now() - before).toBeLessThan(1_000 + 4 * startMs);
  },
);

test.each([
  ['SABHA_MQTT_PORT', 'many', 'SABHA_MQTT_PORT: not a port: many'],
  ['SABHA_API', 'file:///etc', 'SABHA_API: not an http address: file:///etc'],
  ['SABHA_TOKEN_FILE', '', 'SABHA_TOKEN_FILE is not set'],
  ['SABHA_API_TOKEN_FILE', brokenFile, `${brokenFile}: holds no token`],
])('%s=%s gives one fatal log line and exit code 1', { tags: ['long'] }, async (name, value, line) => {
  const { child, lines } = run({ [name]: value });
  expect(await once(child, 'close')).toEqual([1, null]);
  expect(lines.map(({ level, msg }) => ({ level, msg }))).toEqual([{ level: 60, msg: line }]);
});
