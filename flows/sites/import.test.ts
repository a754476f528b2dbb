import { expect, test } from 'vitest';
import { planImport, toCsv } from './csv.ts';
import { nation, smallTree } from './sites.test-helper.ts';
import { createSiteTable } from './table.ts';

const table = createSiteTable(smallTree());

function edited(edit: (text: string) => string) {
  return planImport({ csv: edit(toCsv(table)), table, now: 9, by: 'Anil' });
}

test('the difference names what is added, each changed cell, what is the same and what the file leaves out', () => {
  const { import: plan, change } = edited((text) =>
    text
      .replace('ladakh/leh/vc-1 का नाम', 'मीटिंग रूम')
      .replace('live,3524', 'live,3500')
      .replace(/ladakh,kargil,vc-1.*\r\n/, 'ladakh,leh,vc-9,New hall,,,,,,,,,,,,,,,,,,,,,,,,,,,,\r\n'),
  );
  expect(plan).toEqual({
    problems: [],
    applied: false,
    difference: {
      added: ['ladakh/leh/vc-9'],
      changed: [
        { path: 'ladakh/leh', column: 'elevation_m', from: '3524', to: '3500' },
        { path: 'ladakh/leh/vc-1', column: 'name_hi', from: 'ladakh/leh/vc-1 का नाम', to: 'मीटिंग रूम' },
      ],
      same: 4,
      missing: ['ladakh/kargil/vc-1'],
    },
  });
  expect(change?.nodes.map(({ path }) => path).sort()).toEqual(['ladakh/leh', 'ladakh/leh/vc-1', 'ladakh/leh/vc-9']);
  expect(change).toMatchObject({
    gone: [],
    replaced: [],
    registry: [],
    audit: { who: 'Anil', what: 'sites imported', about: '1 added, 2 changed, 4 the same' },
  });
});

test('5,000 sites with 2 PCs each are imported for little more than ten times what 500 cost', { tags: ['long'] }, () => {
  const importedMs = (sites: number) => {
    const csv = toCsv(createSiteTable(nation(sites)));
    const before = process.threadCpuUsage();
    const { change } = planImport({ csv, table: createSiteTable([]), now: 1, by: 'x' });
    expect(change?.nodes).toHaveLength(36 + 3 * sites);
    return process.threadCpuUsage(before).user / 1_000;
  };
  const few = Array.from({ length: 3 }, () => importedMs(500));
  // What grew with the square would be a hundred times as much.
  expect(importedMs(5_000) / Math.min(...few)).toBeLessThan(30);
});
