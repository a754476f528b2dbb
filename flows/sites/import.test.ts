import { expect, test } from 'vitest';
import { planImport, toCsv } from './csv.ts';
import { nation, smallTree } from './sites.test-helper.ts';
import { createSiteTable } from './table.ts';

const table = createSiteTable(smallTree());

function edited(edit: (text: string) => string) {
  return planImport({ csv: edit(toCsv(table)), table, now: 9, by: 'Anil' });
}

test('the difference lists added places, changed cells, the number of equal places and places missing in the file', () => {
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

test('an import of 5,000 sites with 2 PCs each takes little more than ten times as long as one of 500', { tags: ['long'] }, () => {
  const importedMs = (sites: number) => {
    const csv = toCsv(createSiteTable(nation(sites)));
    const before = process.threadCpuUsage();
    const { change } = planImport({ csv, table: createSiteTable([]), now: 1, by: 'x' });
    expect(change?.nodes).toHaveLength(36 + 3 * sites);
    return process.threadCpuUsage(before).user / 1_000;
  };
  const few = Array.from({ length: 3 }, () => importedMs(500));
  // Quadratic growth would take a hundred times as long.
  expect(importedMs(5_000) / Math.min(...few)).toBeLessThan(30);
});
