import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type DyingDisk, installDyingDisk } from '../../test/dying-disk.ts';
import { openTabs } from './tabs.ts';
import { type FlowNode, hashOf, readTabs, writeTabs } from './tabs-storage.ts';

let disk: DyingDisk;
beforeAll(() => {
  disk = installDyingDisk();
});
afterAll(() => disk.remove());

let root: string;
beforeEach(() => {
  disk.left = Number.POSITIVE_INFINITY;
  root = mkdtempSync(join(tmpdir(), 'sabha-cut-'));
});
afterEach(() => {
  disk.left = Number.POSITIVE_INFINITY;
  rmSync(root, { recursive: true });
});

/** Two sets of tabs. From `old` to `changed` two tabs differ, one is removed and one is new. */
const tab = (n: number, info: string): FlowNode => ({ id: `tab-${n}`, type: 'tab', label: `${n}0 Tab`, info });
const way: FlowNode[] = [
  { id: 'head', type: 'sabha-incident', z: 'tab-1', wires: [['end']] },
  { id: 'end', type: 'sabha-conclude', z: 'tab-1', how: 'told', howType: 'str', wires: [] },
];
const old = [tab(1, ''), ...way, tab(2, ''), tab(3, '')];
const changed = [tab(1, 'new'), ...way, tab(2, 'new'), tab(4, 'new')];
const judge = () => [];

test('F21 if flows is killed at any disk operation of a Deploy, all of the old tabs or all of the new tabs remain', async () => {
  const releaseDir = releaseOf('old', old);
  const open = (at: string) => openTabs({ dir: join(at, 'tabs'), releaseDir, judge });
  open(root).load();
  const found = await eachStep((at) => {
    const tabs = open(at);
    tabs.load();
    return { run: () => tabs.save(structuredClone(changed), 'asha'), after: () => open(at).load() };
  });
  expect(new Set(found)).toEqual(new Set([hashOf(old), hashOf(changed)]));
  expect(found.length).toBeGreaterThan(5);
});

test('if flows is killed at any disk operation of an update to a new release, the next start completes the update', async () => {
  openTabs({ dir: join(root, 'tabs'), releaseDir: releaseOf('old', old) }).load();
  const later = releaseOf('new', changed);
  const open = (at: string) => openTabs({ dir: join(at, 'tabs'), releaseDir: later });
  const found = await eachStep((at) => ({ run: () => open(at).load(), after: () => open(at).load() }));
  expect(new Set(found)).toEqual(new Set([hashOf(changed)]));
  expect(found.length).toBeGreaterThan(5);
});

function releaseOf(name: string, nodes: readonly FlowNode[]): string {
  const dir = join(root, `release-${name}`);
  mkdirSync(dir, { recursive: true });
  writeTabs(dir, nodes);
  return dir;
}

type TabsProcess = { run(): unknown; after(): FlowNode[] };

/**
 * Kills the process at the first disk operation, then at the second, and so on, until it completes. Returns the hash of the tabs that run
 * after each restart.
 */
async function eachStep(live: (at: string) => TabsProcess): Promise<string[]> {
  const found: string[] = [];
  for (let steps = 0; ; steps += 1) {
    const at = join(root, `kill-${steps}`);
    for (const folder of ['tabs', 'tabs-kept']) cpSync(join(root, folder), join(at, folder), { recursive: true });
    const { run, after } = live(at);
    disk.left = steps;
    await Promise.resolve()
      .then(run)
      .catch(() => undefined);
    const isDone = disk.left > 0;
    disk.left = Number.POSITIVE_INFINITY;
    const runs = hashOf(after());
    expect(hashOf(nodesOf(join(at, 'tabs'))), `killed at step ${steps}`).toBe(runs);
    found.push(runs);
    rmSync(at, { recursive: true });
    if (isDone) return found;
  }
}

function nodesOf(from: string): FlowNode[] {
  const read = readTabs(from);
  if (!read.ok) throw new Error(read.line);
  return read.nodes;
}
