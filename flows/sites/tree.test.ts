import { expect, test } from 'vitest';
import type { PcRecord } from '../engine/records/incidents.ts';
import type { SiteChange, TreeNode } from '../engine/records/sites.ts';
import { createTree, emptyFacts } from './table.ts';

const name = { en: 'Name', hi: 'नाम' };
const plain = (path: string, layer: TreeNode['layer'] = {}): TreeNode => ({ path, name: { ...name, en: path }, layer, site: null });
const site = (path: string, edit: Partial<NonNullable<TreeNode['site']>> = {}): TreeNode => ({
  ...plain(path),
  site: { ...emptyFacts, stage: 'live', ...edit },
});
const change = (edit: Partial<SiteChange>): SiteChange => ({
  nodes: [],
  gone: [],
  replaced: [],
  registry: [],
  audit: { who: 'Asha', what: 'test', about: 'it' },
  ...edit,
});
const goa = 'goa/panaji/vc-1';
const leh = 'ladakh/leh/vc-1';
const registry = { version: 1, entries: [{ pc: leh, tokenHash: 'x', certificates: [], revoked: false }] };

function setUp(held: Record<string, number> = {}) {
  const nodes = [plain(''), plain('goa'), plain('ladakh'), site('goa/panaji'), site('ladakh/leh'), plain(goa), plain(leh)];
  const tree = createTree({ nodes, meta: {}, registry }, (pc) => ({ config: held[pc] ?? 0 }) as PcRecord);
  tree.versionOps();
  return tree;
}

test('each PC gets one version, which is higher than any version that the PC reports', () => {
  const tree = setUp({ [leh]: 7 });
  expect([tree.wanted(goa), tree.wanted(leh)]).toEqual([1, 8]);
  expect(tree.versionOps()).toEqual([]);
  expect(tree.config(goa).config).toMatchObject({ version: 1, profile: { link: 'fibre' } });
});

test.each([
  ['', [goa, leh]],
  ['goa', [goa]],
  ['goa/panaji', [goa]],
  [goa, [goa]],
])('a profile change at "%s" gives a new version to the PCs below it and to no others', (path, pcs) => {
  const tree = setUp();
  const node = path === 'goa/panaji' ? site(path) : plain(path);
  const done = tree.change(change({ nodes: [{ ...node, layer: { link: 'geo' } }] }), 5);
  expect(done.configured).toEqual(pcs);
  expect(done.ops.filter(({ op }) => op === 'meta')).toHaveLength(pcs.length);
  expect(done.sites).toEqual(pcs.map((pc) => pc.slice(0, pc.lastIndexOf('/'))));
  expect(tree.config(goa).config).toMatchObject({ version: 2, profile: { link: 'geo' } });
});

test('a change of a site that does not concern the engine is not passed to the engine', () => {
  const tree = setUp();
  const dated = tree.change(change({ nodes: [site('goa/panaji', { cleanSince: 9 })], audit: null }), 5);
  expect(dated).toMatchObject({ known: null, sites: ['goa/panaji'], ops: [{ op: 'node' }] });
  expect(tree.change(change({ nodes: [site('goa/panaji', { stage: 'closed' })] }), 5).known?.because).toEqual({ [goa]: 'site closed' });
  expect(tree.change(change({ replaced: [leh] }), 5).known).toMatchObject({ replaced: [leh], pcs: [{ pc: leh }] });
});

test('a removed PC is written to the ledger as removed, and its name stays known until its path exists again', () => {
  const tree = setUp();
  const done = tree.change(change({ gone: [{ path: goa, because: 'retired' }] }), 5);
  expect(done.ops).toEqual([
    { op: 'node-gone', path: goa },
    { op: 'audit', at: 5, who: 'Asha', what: 'test', about: 'it' },
  ]);
  expect(done).toMatchObject({ pcsGone: [goa], sites: ['goa/panaji'], known: { because: { [goa]: 'retired' } } });
  expect(tree.table().node(goa)).toBeUndefined();
  expect(tree.place(goa).room.en).toBe(goa);
  tree.change(change({ nodes: [{ ...plain(goa), name: { en: 'New hall', hi: 'हॉल' } }] }), 6);
  expect(tree.place(goa).room.en).toBe('New hall');
});

test('a configuration names site and room, and a rename gives a new version', () => {
  const tree = setUp();
  tree.versionOps();
  const { place, version } = tree.config(goa).config;
  expect(place).toEqual({ site: tree.place(goa).site, room: { en: goa, hi: 'नाम' } });
  const named = { ...plain(goa), name: { en: 'New hall', hi: 'हॉल' } };
  expect(tree.change(change({ nodes: [named] }), 5).configured).toEqual([goa]);
  expect(tree.config(goa).config).toMatchObject({ version: version + 1, place: { room: named.name } });
  expect(tree.change(change({ nodes: [named] }), 6).configured).toEqual([]);
  expect(tree.change(change({ nodes: [{ ...plain('goa'), name: { en: 'State of Goa', hi: 'गोवा' } }] }), 7).configured).toEqual([]);
});
