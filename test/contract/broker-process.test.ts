/** Tests the broker as a separate process: its start and its end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { flowsFilters, pcTopic } from '@sabha/contracts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { brokerFiles } from './broker-under-test.ts';
import { connect, connectBare } from './peers.ts';

type Line = { level: number; part: string; msg: string; port?: number; metricsPort?: number };

const pc = 'ladakh/leh/pc-1';
let files: ReturnType<typeof brokerFiles>;
let children: ChildProcess[];

beforeEach(() => {
  files = brokerFiles();
  children = [];
});
afterEach(async () => {
  for (const child of children.filter((one) => one.exitCode === null && one.signalCode === null)) {
    child.kill('SIGKILL');
    await once(child, 'close');
  }
  rmSync(files.folder, { recursive: true });
});

test('logs ready with its ports, works, and on SIGTERM exits with 0 at once while clients are connected', async () => {
  files.publish(1, [{ pc }]);
  const startedAt = performance.now();
  const { child, lines } = run();
  const ready = await lineOf(lines, 'ready');
  const startMs = performance.now() - startedAt;
  expect(ready).toMatchObject({ part: 'broker', level: 30, port: expect.any(Number), metricsPort: expect.any(Number) });
  const agent = await connect(ready.port ?? 0, pc);
  const page = await (await fetch(`http://127.0.0.1:${ready.metricsPort}/metrics`)).text();
  expect(page).toContain('sabha_broker_clients{principal="pc"} 1');
  expect(page).toContain('process_resident_memory_bytes');
  const before = performance.now();
  child.kill('SIGTERM');
  expect(await once(child, 'close')).toEqual([0, null]);
  expect(performance.now() - before).toBeLessThan(1_000 + 4 * startMs);
  await agent.closed;
});

test('S7 with few file descriptors logs a warning and gives unauthenticated connections a quarter of them, so a known PC can connect', {
  tags: ['long'],
}, async () => {
  files.publish(1, [{ pc }]);
  const { lines } = run({}, 400);
  const ready = await lineOf(lines, 'ready');
  expect(await lineOf(lines, 'few connections are possible: LimitNOFILE should be 65536')).toMatchObject({ openFiles: 400 });
  const strangers = await Promise.all(Array.from({ length: 800 }, () => connectBare(ready.port ?? 0)));
  const agent = await connect(ready.port ?? 0, pc);
  await expect.poll(() => strangers.filter(({ socket }) => !socket.destroyed).length, { timeout: 40_000 }).toBeLessThanOrEqual(101);
  for (const { socket } of strangers) socket.destroy();
  agent.client.end(true);
});

test('F33 a clock that is set forward publishes no will of a connected PC', {
  tags: ['long'],
}, async () => {
  files.publish(1, [{ pc }]);
  // Runs the timers of the broker that last minutes in tenths of a second, and sets its clock forward by an hour again and again.
  const preload = join(files.folder, 'hasty.mjs');
  writeFileSync(
    preload,
    `const [every, real] = [setInterval, Date.now];
     const look = (task) => () => { task(); console.log('{"msg":"looked for dead brokers"}'); };
     globalThis.setInterval = (task, ms) => every(ms === 240_000 ? look(task) : task, ms >= 60_000 ? ms / 600 : ms);
     const startedAt = real();
     Date.now = () => real() + Math.floor((real() - startedAt) / 10) * 3_600_000;`,
  );
  const { lines } = run({ NODE_OPTIONS: `--import=${preload}` });
  const { port = 0 } = await lineOf(lines, 'ready');
  const flows = await connect(port, 'flows');
  await flows.subscribe([...flowsFilters]);
  const will = { topic: pcTopic(pc, 'presence'), payload: Buffer.from('gone'), qos: 1 as const, retain: false };
  const agent = await connect(port, pc, { will });
  const looks = () => lines.filter(({ msg }) => msg === 'looked for dead brokers').length;
  const before = looks();
  await expect.poll(looks).toBeGreaterThan(before + 3);
  await agent.publish(pcTopic(pc, 'beat'), 'there');
  await flows.hears(pcTopic(pc, 'beat'), 'there');
  expect(flows.heard.map(({ text }) => text)).toEqual(['there']);
  agent.cut();
  await flows.hears(pcTopic(pc, 'presence'), 'gone');
});

function run(env: Record<string, string> = {}, openFiles?: number) {
  const limit = openFiles === undefined ? '' : `ulimit -n ${openFiles} && `;
  const child = spawn('sh', ['-c', `${limit}exec "$0" broker/main.ts`, process.execPath], {
    env: {
      ...process.env,
      SABHA_DATA: files.folder,
      SABHA_REGISTRY: files.options.registryFile,
      SABHA_MQTT_PORT: '0',
      SABHA_METRICS_PORT: '0',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const lines: Line[] = [];
  createInterface(child.stdout).on('line', (text) => lines.push(JSON.parse(text)));
  return { child, lines };
}

async function lineOf(lines: Line[], msg: string): Promise<Line> {
  await expect.poll(() => lines.map((one) => one.msg), { timeout: 40_000, interval: 20 }).toContain(msg);
  return lines.find((one) => one.msg === msg) as Line;
}
