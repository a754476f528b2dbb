import { expect, test } from 'vitest';
import { node, smallTree } from './sites.test-helper.ts';
import { createSiteTable, liesWithin } from './table.ts';

const tree = [
  ...smallTree().filter(({ path }) => path !== 'ladakh/leh'),
  node('ladakh/leh', {}, { groups: ['magadh', 'block-7'] }),
  node('goa'),
  node('goa/panaji', {}, { groups: ['magadh'] }),
  node('goa/panaji/vc-1'),
];
const table = createSiteTable(tree);
const lies = (outer: string, inner: string) => liesWithin(table.pathsOf, outer, inner);

test('a place belongs to the groups of its site, a group consists of its sites, and a state has no group', () => {
  expect(table.groupsOf('ladakh/leh/vc-1')).toEqual(['group:magadh', 'group:block-7']);
  expect([table.groupsOf('ladakh/leh'), table.groupsOf('ladakh'), table.groupsOf('')]).toEqual([['group:magadh', 'group:block-7'], [], []]);
  expect([table.pathsOf('group:magadh'), table.pathsOf('group:nowhere'), table.pathsOf('ladakh')]).toEqual([
    ['goa/panaji', 'ladakh/leh'],
    [],
    ['ladakh'],
  ]);
});

test('a group is within each scope that contains all of its sites, and contains what is within one of its sites', () => {
  expect([lies('', 'group:magadh'), lies('group:magadh', 'group:magadh'), lies('group:magadh', 'group:block-7')]).toEqual([
    true,
    true,
    true,
  ]);
  expect([lies('group:magadh', 'goa/panaji/vc-1'), lies('ladakh', 'group:block-7')]).toEqual([true, true]);
  expect([lies('ladakh', 'group:magadh'), lies('group:block-7', 'group:magadh'), lies('group:magadh', 'ladakh/kargil')]).toEqual([
    false,
    false,
    false,
  ]);
  expect([lies('group:magadh', 'goa'), lies('group:magadh', ''), lies('group:nowhere', 'goa'), lies('goa', 'group:nowhere')]).toEqual([
    false,
    false,
    false,
    false,
  ]);
});
