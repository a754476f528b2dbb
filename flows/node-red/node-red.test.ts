import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { editorLogin, type NodeRedOptions, startNodeRed } from './node-red.ts';
import { heldWires } from './tabs.test-helper.ts';
import { openTabs } from './tabs.ts';

let root: string;
let tabs: string;
let lines: string[];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sabha-red-'));
  tabs = join(root, 'tabs');
  lines = [];
});
afterEach(() => rmSync(root, { recursive: true }));

function options(change: Partial<NodeRedOptions> = {}): NodeRedOptions {
  const line = (level: string) => (_: object, text: string) => lines.push(`${level} ${text}`);
  const quiet = { info: line('info'), debug: () => {}, trace: () => {} };
  const log = { fatal: line('fatal'), error: line('error'), warn: line('warn'), ...quiet };
  return { wires: heldWires().wires, tabs: openTabs({ dir: tabs }), log, ...change };
}

test('a start of Node-RED without the editor opens no port, writes nothing, logs nothing, and stops at once', async () => {
  const held = heldWires();
  const listening = () => process.getActiveResourcesInfo().filter((what) => what === 'TCPServerWrap').length;
  const before = listening();
  const startedAt = performance.now();
  const red = await startNodeRed(options({ wires: held.wires }));
  const startMs = performance.now() - startedAt;
  expect(held.heads.size).toBe(1);
  const waits = ['escalate-15-min', 'escalate-45-min', 'escalate-60-min', 'faults-hold', 'thin-hold', 'when-when'];
  expect([...held.waits.keys()].sort()).toEqual(waits);
  expect(red.editorPort).toBeNull();
  expect(listening()).toBe(before);
  const began = performance.now();
  await red.stop();
  expect(performance.now() - began).toBeLessThan(1_000 + 4 * startMs);
  expect(held.heads.size).toBe(0);
  expect(held.waits.size).toBe(0);
  expect(readdirSync(root)).toEqual(['tabs', 'tabs-kept']);
  expect(lines).toEqual([]);
});

test('the start of the editor is refused if its port is in use', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  const { port } = other.address() as AddressInfo;
  await expect(startNodeRed(options({ editor: { port, login: editorLogin('x') } }))).rejects.toThrow(`editor: port ${port} is in use`);
  await new Promise((resolve) => other.close(resolve));
});

// Node-RED starts once per process, so the following test uses a separate process.
test('a tab with a forbidden node type is refused by name, and the last valid tabs run', async () => {
  const types = ['exec', 'function', 'debug', 'mqtt in', 'telegram sender'];
  openTabs({ dir: tabs });
  const mine = types.map((type) => ({ id: `mine-${type}`, type, z: 'tab', name: '', x: 1, y: 1, wires: [] }));
  writeFileSync(join(tabs, 'mine.json'), JSON.stringify([{ id: 'tab', type: 'tab', label: 'Mine' }, ...mine]));
  expect(await startElsewhere()).toEqual({
    error: null,
    heads: 1,
    refusal: 'mine-exec (exec): nodes of type "exec" are not used on the tabs',
  });
});

/** Starts Node-RED in a separate process. The test expects that process to exit by itself, which proves that nothing is left running. */
async function startElsewhere(more: Partial<NodeRedOptions> = {}, lint: object = {}): Promise<unknown> {
  const from = (name: string) => JSON.stringify(new URL(name, import.meta.url).href);
  const script = `
    const { startNodeRed } = await import(${from('node-red.ts')});
    const { openTabs } = await import(${from('tabs.ts')});
    const { heldWires } = await import(${from('tabs.test-helper.ts')});
    const no = () => {};
    const log = { fatal: no, error: no, warn: no, info: no, debug: no, trace: no };
    const tabs = openTabs({ dir: ${JSON.stringify(tabs)}, lint: ${JSON.stringify(lint)} });
    const held = heldWires();
    let error = null;
    const red = await startNodeRed({ wires: held.wires, tabs, log, ...${JSON.stringify(more)} }).catch((thrown) => { error = thrown.message; });
    console.log(JSON.stringify({ error, heads: held.heads.size, refusal: tabs.refusal() }));
    await red?.stop();`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], { timeout: 50_000 });
  return JSON.parse(stdout);
}
