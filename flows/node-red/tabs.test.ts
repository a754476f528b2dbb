import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { nodeRedStorage } from './node-red.ts';
import { openTabs, releaseTabs, type TabsOptions } from './tabs.ts';
import { differences, type FlowNode, hashOf, readTabs, textsOf, writeTabs } from './tabs-storage.ts';

let root: string;
let dir: string;
type NewStep = Parameters<NonNullable<TabsOptions['record']>>[0];
let steps: NewStep[];
let refusals: (string | null)[];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sabha-tabs-'));
  dir = join(root, 'tabs');
  steps = [];
  refusals = [];
});
afterEach(() => rmSync(root, { recursive: true }));

function open(change: Partial<TabsOptions> = {}) {
  const record = async (step: NewStep) => steps.push(step) > 0;
  return openTabs({ dir, record, refused: (line) => refusals.push(line), ...change });
}

const release = nodesOf(releaseTabs);
const minor = (duration: string, nodes: readonly FlowNode[] = release) =>
  nodes.map((node) => (node.id === 'escalate-15-min' ? { ...node, duration } : node));
const cut = release.map((node) => (node.id === 'who-minor' ? { ...node, wires: [[]] } : node));

test('at the first start an empty folder receives the tabs of the release', () => {
  const tabs = open();
  expect(tabs.load()).toEqual(release);
  expect(textsOf(dir)).toEqual(textsOf(releaseTabs));
  expect(refusals).toEqual([null]);
});

test('a new release replaces unchanged tabs and never overwrites changed tabs', async () => {
  const releaseDir = join(root, 'release');
  mkdirSync(releaseDir);
  writeTabs(releaseDir, release);
  open({ releaseDir }).load();
  writeTabs(releaseDir, minor('20'));
  expect(hashOf(open({ releaseDir }).load())).toBe(hashOf(minor('20')));
  expect(steps).toMatchObject([{ who: 'release', what: 'tabs changed' }]);
  const own = open({ releaseDir });
  own.load();
  await own.save(minor('5'), 'asha');
  writeTabs(releaseDir, minor('30'));
  const later = open({ releaseDir });
  expect(hashOf(later.load())).toBe(hashOf(minor('5')));
  const { now, base } = later.release();
  expect(differences(base, later.running())).toEqual(['~ 50 Escalate: "15 min, unless acknowledged" (sabha-wait): duration "20" → "5"']);
  expect(differences(base, now)).toEqual(['~ 50 Escalate: "15 min, unless acknowledged" (sabha-wait): duration "20" → "30"']);
});

test('a Deploy is written to its file and recorded in the audit with user, hashes and differences', async () => {
  const tabs = open();
  tabs.load();
  await tabs.save(minor('5'), 'asha');
  expect(hashOf(nodesOf(dir))).toBe(hashOf(minor('5')));
  expect(steps).toEqual([
    {
      who: 'asha',
      what: 'tabs deployed',
      about: `${hashOf(release)} → ${hashOf(minor('5'))}\n~ 50 Escalate: "15 min, unless acknowledged" (sabha-wait): duration "15" → "5"`,
    },
  ]);
  expect(tabs.before()).toEqual(release);
  expect(readdirSync(join(root, 'tabs-kept')).sort()).toEqual(['before.json', 'release.json', 'running.json']);
});

test.each<[string, () => FlowNode[], string]>([
  ['a cut wire', () => cut, 'who-minor (minor: the technician): output 1 leads nowhere'],
  ['no tab at all', () => [], 'there is no tab'],
])('a Deploy with %s is refused with one line and changes nothing', async (_, nodes, line) => {
  const tabs = open();
  tabs.load();
  const texts = textsOf(dir);
  await expect(tabs.save(nodes(), 'asha')).rejects.toThrow(line);
  expect(textsOf(dir)).toEqual(texts);
  expect([steps, tabs.running()]).toEqual([[], release]);
});

test('a Deploy with an unknown person, role or channel is refused', async () => {
  const names = { people: () => ['technician', 'state', 'central', 'asha'], channels: ['own-order', 'email', 'console', 'webhook'] };
  const tabs = open({ lint: { names } });
  tabs.load();
  const to = (list: string) => [{ t: 'set', p: 'to', pt: 'msg', to: list, tot: 'json' }];
  const who = (list: string) =>
    release.map((node) => (node.id === 'faults-site-rule' ? { ...node, type: 'change', rules: to(list) } : node));
  await tabs.save(who('["technician","asha"]'), 'asha');
  await expect(tabs.save(who('["tecnician"]'), 'asha')).rejects.toThrow('"tecnician" is not a role, group or person of sabha.json');
  await expect(tabs.save(who('technician'), 'asha')).rejects.toThrow('its recipients are not a list of names');
  const over = release.map((node) => (node.id === 'deliver-own-order' ? { ...node, channel: 'emial' } : node));
  await expect(tabs.save(over, 'asha')).rejects.toThrow('deliver-own-order (sabha-deliver): there is no channel "emial"');
});

test('a Deploy is refused if a file changed on disk since it was read, and succeeds after a reload', async () => {
  const tabs = open();
  tabs.load();
  writeTabs(dir, minor('7'));
  await expect(tabs.save(minor('5'), 'asha')).rejects.toThrow('50-escalate.json was changed on disk since the editor read it: choose');
  expect(hashOf(nodesOf(dir))).toBe(hashOf(minor('7')));
  expect(hashOf(tabs.load())).toBe(hashOf(minor('7')));
  await tabs.save(minor('5'), 'asha');
  expect(steps.map(({ who, what }) => `${who}: ${what}`)).toEqual(['disk: tabs changed', 'asha: tabs deployed']);
});

test('a Deploy is refused while the ledger cannot record it', async () => {
  const tabs = open({ record: async () => false });
  tabs.load();
  await expect(tabs.save(minor('5'), 'asha')).rejects.toThrow('the ledger stores nothing now');
  expect(textsOf(dir)).toEqual(textsOf(releaseTabs));
  expect(open().load()).toEqual(release);
});

test.each([
  ['a zero-byte file', '', '40-who.json: the file is empty'],
  ['a file without a node', '[]', 'escalate-15-min'],
])('F21 with %s the last valid tabs run, the reason is reported, and a Deploy repairs the file', async (_, text, line) => {
  const first = open();
  first.load();
  await first.save(minor('5'), 'asha');
  writeFileSync(join(dir, '40-who.json'), text);
  const tabs = open();
  expect(hashOf(tabs.load())).toBe(hashOf(minor('5')));
  if (text !== '[]') expect(refusals.at(-1)).toContain(line);
  else expect(refusals.at(-1)).toMatch(/a wire leads to "who-.*", which does not exist/);
  expect(tabs.refusal()).toBe(refusals.at(-1));
  await tabs.save(minor('5'), 'asha');
  expect([hashOf(nodesOf(dir)), refusals.at(-1)]).toEqual([hashOf(minor('5')), null]);
});

test('if copies of the tabs cannot be stored, as on a full disk, the tabs run and a Deploy is refused', async () => {
  open().load();
  const keptDir = join(root, 'kept');
  // A folder in place of each file makes every write fail, like a full disk.
  for (const name of ['running', 'release', 'next']) mkdirSync(join(keptDir, `${name}.json`, 'x'), { recursive: true });
  const lines: string[] = [];
  const tabs = open({ keptDir, warn: (line) => lines.push(line) });
  expect(tabs.load()).toEqual(release);
  expect(lines).toEqual(Array(2).fill(expect.stringMatching(/^the tabs cannot be copied aside: (EISDIR|ENOTEMPTY)$/)));
  await expect(tabs.save(minor('5'), 'asha')).rejects.toThrow(/directory/);
  expect(textsOf(dir)).toEqual(textsOf(releaseTabs));
});

test('the storage of Node-RED reads and writes tabs only, and refuses credentials and library entries', async () => {
  const storage = nodeRedStorage({ tabs: open() });
  expect(await storage.getFlows()).toEqual(release);
  await storage.saveFlows(minor('5'), { username: 'asha' });
  expect(steps[0]?.who).toBe('asha');
  await expect(storage.saveFlows(cut)).rejects.toThrow('leads nowhere');
  await expect(storage.saveCredentials()).rejects.toThrow('no credentials');
  await expect(storage.saveLibraryEntry()).rejects.toThrow('not used');
  await storage.saveSettings({ a: 1 });
  expect(await storage.getSettings()).toEqual({ a: 1 });
});

test('the list of differences names each changed node, and only counts moved nodes', () => {
  const moved = release.map((node) => (node.id === 'who-minor' ? { ...node, x: 1 } : node));
  expect(differences(release, moved)).toEqual(['  1 node moved']);
  expect(differences(release, release.toReversed())).toEqual([]);
  const lost = release.filter(({ id }) => id !== 'who-minor');
  expect(differences(release, lost)).toEqual([`- 40 Who: "minor: the technician" (${release.find(({ id }) => id === 'who-minor')?.type})`]);
  expect(differences([], [{ id: 't', type: 'tab', label: '15 Ours' }])).toEqual(['+ tab "15 Ours"']);
  expect(readFileSync(join(releaseTabs, '40-who.json'), 'utf8')).toContain('who-minor');
});

function nodesOf(folder: string): FlowNode[] {
  const read = readTabs(folder);
  if (!read.ok) throw new Error(read.line);
  return read.nodes;
}
