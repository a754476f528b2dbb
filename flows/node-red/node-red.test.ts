import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type RedOptions, startRed } from './node-red.ts';
import { heldWires, tabsDir } from './tabs.test-helper.ts';

let root: string;
let tabs: string;
let lines: string[];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sabha-red-'));
  tabs = join(root, 'tabs');
  lines = [];
  cpSync(tabsDir, tabs, { recursive: true, filter: (path) => !path.endsWith('.ts') });
});
afterEach(() => rmSync(root, { recursive: true }));

function options(change: Partial<RedOptions> = {}): RedOptions {
  const line = (level: string) => (_: object, text: string) => lines.push(`${level} ${text}`);
  const quiet = { info: line('info'), debug: () => {}, trace: () => {} };
  const log = { fatal: line('fatal'), error: line('error'), warn: line('warn'), ...quiet };
  return { wires: heldWires().wires, tabsDir: tabs, log, ...change };
}

test('it runs headless: no port, nothing written, silent when all is well, gone at once', async () => {
  const held = heldWires();
  const listening = () => process.getActiveResourcesInfo().filter((what) => what === 'TCPServerWrap').length;
  const before = listening();
  const startedAt = performance.now();
  const red = await startRed(options({ wires: held.wires }));
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
  expect(readdirSync(root)).toEqual(['tabs']);
  expect(lines).toEqual([]);
}, 20_000);

test('a broken tab file stops the start with one line that names file and place', async () => {
  writeFileSync(join(tabs, '40-who.json'), '[\n{"id": "a"\n');
  await expect(startRed(options())).rejects.toThrow(/tabs: 40-who\.json: not JSON: .*line 3 column 1/);
});

test('the editor needs a password, and a port that is free', async () => {
  await expect(startRed(options({ editor: { port: 0, password: '' } }))).rejects.toThrow('the editor needs a password');
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  const { port } = other.address() as AddressInfo;
  await expect(startRed(options({ editor: { port, password: 'x' } }))).rejects.toThrow(`editor: port ${port} is in use`);
  await new Promise((resolve) => other.close(resolve));
});

// Node-RED starts once per process: what follows needs one of its own.
test('a tab with a node "exec", "function", "delay", "mqtt in" or "telegram sender" stops the start with one line that names each type', async () => {
  const types = ['exec', 'function', 'delay', 'mqtt in', 'telegram sender'];
  const mine = types.map((type) => ({ id: `mine-${type}`, type, z: 'tab', name: '', x: 1, y: 1, wires: [] }));
  writeFileSync(join(tabs, 'mine.json'), JSON.stringify([{ id: 'tab', type: 'tab', label: 'Mine' }, ...mine]));
  expect(await startElsewhere()).toEqual({
    error: `the tabs cannot run: missing types ${types.join(', ')}`,
    lint: types.map((type) => `tabs: mine-${type} (${type}): nodes of type "${type}" are not used on the tabs`),
  });
}, 60_000);

test('a start that takes too long is given up with one line', async () => {
  expect(await startElsewhere({ timeoutMs: 1 })).toEqual({ error: 'the tabs did not run within 0.001 s', lint: [] });
}, 60_000);

/** Starts Node-RED in a process of its own, which must end by itself: a start that failed leaves nothing running. */
async function startElsewhere(more: Partial<RedOptions> = {}): Promise<unknown> {
  const plain = JSON.stringify({ tabsDir: tabs, ...more });
  const script = `
    const { startRed } = await import(${JSON.stringify(new URL('node-red.ts', import.meta.url).href)});
    const { heldWires } = await import(${JSON.stringify(new URL('tabs.test-helper.ts', import.meta.url).href)});
    const lint = []; const no = () => {};
    const log = { fatal: no, error: no, warn: (_, text) => { lint.push(text); }, info: no, debug: no, trace: no };
    await startRed({ wires: heldWires().wires, log, ...${plain} }).catch((error) =>
      console.log(JSON.stringify({ error: error.message, lint })));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], { timeout: 50_000 });
  return JSON.parse(stdout);
}
