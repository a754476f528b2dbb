import type { RollCallRow, RollCallView } from '@sabha/contracts';
import { parse } from 'csv-parse/sync';
import { expect, test } from 'vitest';
import { rollCallTable, tableName } from './rollcall.ts';

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
const places = { stateName: () => 'Ladakh', timeZone: () => 'Asia/Kolkata' };
const tableOf = (rows: RollCallRow[]) => rollCallTable(view(rows), places).replace(/^\ufeff/, '');

test('the table of a roll call has one line for each room in order, with fault and owner', () => {
  const silent = {
    after: null,
    readiness: 'unknown',
    why: { component: 'pc', fault: null, reason: 'silent' },
    heardAt: null,
    owner: 'Asha',
  } as const;
  const table = tableOf([row({ pc: 'ladakh/leh/vc-2', ...silent }), row({})]);
  expect(table.split('\r\n')).toEqual([
    'state,site,site_name,room,pc,answer_after_s,readiness,component,fault,reason,last_heard,owner,state_name,last_heard_local,time_zone',
    'ladakh,ladakh/leh,Leh,Hall,ladakh/leh/vc-1,1.2,ready,,,,2026-01-02T03:04:05.000Z,,Ladakh,2026-01-02 08:34:05,Asia/Kolkata',
    'ladakh,ladakh/leh,Leh,Hall,ladakh/leh/vc-2,,unknown,pc,,silent,,Asha,Ladakh,,Asia/Kolkata',
    '',
  ]);
});

test.each(['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '\rx', ' =1+1', '\n=1', '\u00a0@x', '＝1'])(
  'the name %j is not a formula in a spreadsheet',
  (name) => {
    const [, cells] = parse(tableOf([row({ room: { en: name, hi: name } })]), { record_delimiter: '\r\n' }) as string[][];
    expect(cells?.[3]).toBe(`'${name}`);
  },
);

test('quotes, commas and line breaks stay in their cell', () => {
  const name = 'Hall "A",\nfirst floor\r\n';
  const [, cells] = parse(tableOf([row({ room: { en: name, hi: name } })]), { record_delimiter: '\r\n' }) as string[][];
  expect(cells?.[3]).toBe(name);
  expect(cells).toHaveLength(15);
});

test('the file of a roll call starts with a byte order mark, and its name has scope and time', () => {
  expect(rollCallTable(view([row({})]), places).startsWith('\ufeffstate,')).toBe(true);
  const startedAt = Date.UTC(2026, 10, 28, 20, 2);
  expect(tableName({ scope: 'ladakh/leh', startedAt }, 'Asia/Kolkata')).toBe('roll-call-ladakh-leh-2026-11-29-0132.csv');
  expect(tableName({ scope: '', startedAt }, 'Asia/Kolkata')).toBe('roll-call-nation-2026-11-29-0132.csv');
});
