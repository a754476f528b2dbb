import { expect, test } from 'vitest';
import { type OwnSite, readSettings } from '#contracts';
import type { Op } from './ledger/model.ts';
import { ownSiteChange } from './own-site.ts';
import type { TreeNode } from './sites/model.ts';
import { createSiteTable, noFacts } from './sites/table.ts';

function siteOf(edit: object): OwnSite {
  const read = readSettings(JSON.stringify({ site: { state: 'goa', id: 'panaji', ...edit } }));
  if (!read.ok || read.value.site === null) throw new Error('no site');
  return read.value.site;
}

const pc = (id: string) => ({ id, room: { en: `Room ${id}` } });
const both = siteOf({ pcs: [pc('vc-1'), pc('vc-2')] });

/** One start after the other, each with the settings of its day. */
function starts(nodes: TreeNode[] = []) {
  const held = { nodes, meta: {} as Record<string, string> };
  return (site: OwnSite | null) => {
    const own = ownSiteChange({ site, table: createSiteTable(held.nodes), meta: held.meta, now: 1 });
    if (own === null) return null;
    const gone = new Map(own.change.gone.map(({ path, because }) => [path, because]));
    const fresh = new Map([...held.nodes, ...own.change.nodes].map((node) => [node.path, node]));
    held.nodes = [...fresh.values()].filter(({ path }) => !gone.has(path));
    const { key, value } = own.op as Extract<Op, { op: 'meta' }>;
    held.meta[key] = value;
    return { paths: held.nodes.map(({ path }) => path).sort(), gone };
  };
}

test('the first start brings the site into the tree, the second finds it there', () => {
  const start = starts();
  expect(start(both)?.paths).toEqual(['', 'goa', 'goa/panaji', 'goa/panaji/vc-1', 'goa/panaji/vc-2']);
  expect(start(both)).toBeNull();
});

test('R15 a PC that sabha.json no longer names is gone, with that reason; so is a whole site', () => {
  const start = starts();
  start(both);
  const fewer = start(siteOf({ pcs: [pc('vc-1')] }));
  expect(fewer?.gone).toEqual(new Map([['goa/panaji/vc-2', 'no longer in sabha.json']]));
  const moved = start(siteOf({ id: 'margao', pcs: [pc('vc-1')] }));
  expect(moved?.paths).toEqual(['', 'goa', 'goa/margao', 'goa/margao/vc-1']);
  expect(start(null)?.paths).toEqual(['', 'goa']);
  expect(start(null)).toBeNull();
});

test('PCs that an import brought to the site of sabha.json outlive a change of its text, and so does then the site', () => {
  const plain = (path: string): TreeNode => ({ path, name: { en: path, hi: path }, layer: {}, site: null });
  const start = starts([plain(''), plain('goa'), { ...plain('goa/panaji'), site: noFacts }, plain('goa/panaji/hall')]);
  expect(start(siteOf({ pcs: [pc('vc-1')] }))?.gone).toEqual(new Map());
  const renamed = start(siteOf({ timeZone: 'UTC', pcs: [pc('vc-2')] }));
  expect([...(renamed?.gone.keys() ?? [])]).toEqual(['goa/panaji/vc-1']);
  expect(start(null)?.paths).toEqual(['', 'goa', 'goa/panaji', 'goa/panaji/hall']);
});

test('what an import said of other places stays as it is', () => {
  const imported = { path: 'goa', name: { en: 'Goa state', hi: 'गोवा' }, layer: {}, site: null };
  const other = { path: 'goa/margao/vc-1', name: { en: 'Hall', hi: 'हॉल' }, layer: {}, site: null };
  const start = starts([imported, other]);
  expect(start(both)?.paths).toContain('goa/margao/vc-1');
  expect(start(null)?.paths).toEqual(['', 'goa', 'goa/margao/vc-1']);
});
