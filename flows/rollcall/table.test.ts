import { parse } from 'csv-parse/sync';
import { expect, test } from 'vitest';
import type { RollCallRow, RollCallView } from '#contracts';
import { rollCallTable } from './table.ts';

const row = (edit: Partial<RollCallRow>): RollCallRow => ({
  pc: 'ladakh/leh/vc-1',
  site: 'ladakh/leh',
  state: 'ladakh',
  siteName: { en: 'Leh', hi: 'लेह' },
  room: { en: 'Hall', hi: 'हॉल' },
  after: 1_234,
  readiness: 'ready',
  why: null,
  heardAt: Date.UTC(2026, 0, 2, 3, 4, 5),
  owner: null,
  ...edit,
});
const view = (rows: RollCallRow[]) => ({ rows }) as RollCallView;

test('one line a room in order, with what is wrong and whose it is', () => {
  const silent = {
    after: null,
    readiness: 'unknown',
    why: { component: 'pc', fault: null, reason: 'silent' },
    heardAt: null,
    owner: 'Asha',
  } as const;
  const table = rollCallTable(view([row({ pc: 'ladakh/leh/vc-2', ...silent }), row({})]));
  expect(table.split('\r\n')).toEqual([
    'state,site,site_name,room,pc,answer_after_s,readiness,component,fault,reason,last_heard,owner',
    'ladakh,ladakh/leh,Leh,Hall,ladakh/leh/vc-1,1.2,ready,,,,2026-01-02T03:04:05.000Z,',
    'ladakh,ladakh/leh,Leh,Hall,ladakh/leh/vc-2,,unknown,pc,,silent,,Asha',
    '',
  ]);
});

test.each(['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '\rx', ' =1+1', '\n=1', '\u00a0@x', '＝1'])(
  'a name %j is no formula to a spreadsheet',
  (name) => {
    const [, cells] = parse(rollCallTable(view([row({ room: { en: name, hi: name } })])), { record_delimiter: '\r\n' }) as string[][];
    expect(cells?.[3]).toBe(`'${name}`);
  },
);

test('quotes, commas and line breaks stay in their cell', () => {
  const name = 'Hall "A",\nfirst floor\r\n';
  const [, cells] = parse(rollCallTable(view([row({ room: { en: name, hi: name } })])), { record_delimiter: '\r\n' }) as string[][];
  expect(cells?.[3]).toBe(name);
  expect(cells).toHaveLength(12);
});
