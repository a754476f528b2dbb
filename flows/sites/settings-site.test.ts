import { type RegistryEntry, readSettings, type SettingsSite } from '@sabha/contracts';
import { expect, test } from 'vitest';
import type { Op } from '../engine/records/ops.ts';
import type { TreeNode } from '../engine/records/sites.ts';
import { settingsSiteChange } from './settings-site.ts';
import { createSiteTable } from './table.ts';

function siteOf(edit: object): SettingsSite {
  const read = readSettings(JSON.stringify({ site: { state: 'goa', id: 'panaji', ...edit } }));
  if (!read.ok || read.value.site === null) throw new Error('no site');
  return read.value.site;
}

const pc = (id: string) => ({ id, room: { en: `Room ${id}` } });
const both = siteOf({ pcs: [pc('vc-1'), pc('vc-2')] });

function starts(nodes: TreeNode[] = [], registry = new Map<string, RegistryEntry>()) {
  const held = { nodes, meta: {} as Record<string, string> };
  const start = (site: SettingsSite | null) => {
    const own = settingsSiteChange({
      site,
      table: createSiteTable(held.nodes),
      entry: (one) => registry.get(one),
      meta: held.meta,
      now: 1,
    });
    if (own === null) return null;
    const gone = new Map(own.change.gone.map(({ path, because }) => [path, because]));
    const fresh = new Map([...held.nodes, ...own.change.nodes].map((node) => [node.path, node]));
    held.nodes = [...fresh.values()].filter(({ path }) => !gone.has(path));
    for (const { key, value } of own.ops as Extract<Op, { op: 'meta' }>[]) held.meta[key] = value ?? '';
    for (const entry of own.change.registry) registry.set(entry.pc, entry);
    return { paths: held.nodes.map(({ path }) => path).sort(), gone };
  };
  const retire = (pc: string) => {
    held.nodes = held.nodes.filter(({ path }) => path !== pc);
  };
  return Object.assign(start, { retire });
}

test('the first start adds the site of sabha.json to the tree, and the second start changes nothing', () => {
  const start = starts();
  expect(start(both)?.paths).toEqual(['', 'goa', 'goa/panaji', 'goa/panaji/vc-1', 'goa/panaji/vc-2']);
  expect(start(both)).toBeNull();
});

test('R15 a PC or site that sabha.json no longer names is removed with that reason', () => {
  const start = starts();
  start(both);
  const fewer = start(siteOf({ pcs: [pc('vc-1')] }));
  expect(fewer?.gone).toEqual(new Map([['goa/panaji/vc-2', 'no longer in sabha.json']]));
  const moved = start(siteOf({ id: 'margao', pcs: [pc('vc-1')] }));
  expect(moved?.paths).toEqual(['', 'goa', 'goa/margao', 'goa/margao/vc-1']);
  expect(start(null)?.paths).toEqual(['', 'goa']);
  expect(start(null)).toBeNull();
});

const panaji = (id: string) => `goa/panaji/${id}`;
const admitted = (...ids: string[]) =>
  new Map(ids.map((id) => [panaji(id), { pc: panaji(id), tokenHash: `hash-${id}`, certificates: [], revoked: false } as RegistryEntry]));

test('a PC removed from sabha.json is revoked, and admitted again when it is back in the file', () => {
  const registry = admitted('vc-1', 'vc-2');
  const start = starts([], registry);
  start(both);
  start(siteOf({ pcs: [pc('vc-1')] }));
  expect([...registry.values()].map(({ revoked }) => revoked)).toEqual([false, true]);
  start(null);
  expect([...registry.values()].map(({ revoked }) => revoked)).toEqual([true, true]);
  expect(start(both)?.paths).toContain(panaji('vc-2'));
  expect([...registry.values()]).toEqual([...admitted('vc-1', 'vc-2').values()]);
});

test('an edit of sabha.json does not restore a PC that an operator retired or moved', () => {
  const registry = admitted('vc-1', 'vc-2');
  const start = starts([], registry);
  start(both);
  registry.set(panaji('vc-2'), { pc: panaji('vc-2'), tokenHash: null, certificates: [], revoked: true });
  start.retire(panaji('vc-2'));
  for (const timeZone of ['UTC', 'Asia/Kolkata']) {
    expect(start(siteOf({ timeZone, pcs: both.pcs }))?.paths).not.toContain(panaji('vc-2'));
    expect(registry.get(panaji('vc-2'))?.revoked).toBe(true);
  }
  expect(start(null)?.paths).toEqual(['', 'goa']);
  expect(start(both)?.paths).toEqual(['', 'goa', 'goa/panaji', panaji('vc-1')]);
});
