import { expect, test } from 'vitest';
import { type Figure, merged } from '../figures.ts';
import { pageOf } from './promises.ts';

const figure = (row: string, file: string, said: string): Figure => ({ row, file, figure: said, date: '2026-11-27', machine: 'one' });

test('new figures replace older ones of the same row and file only, and the rows stay in order', () => {
  const former = [figure('F2', 'a', 'old'), figure('F10', 'a', 'kept'), figure('F2', 'b', 'kept')];
  const now = merged(former, [figure('S1', 'a', 'new'), figure('F2', 'a', 'new'), figure('F2', 'a', 'new too')]);
  expect(now.map((one) => [one.row, one.file, one.figure])).toEqual([
    ['F2', 'a', 'new'],
    ['F2', 'a', 'new too'],
    ['F2', 'b', 'kept'],
    ['F10', 'a', 'kept'],
    ['S1', 'a', 'new'],
  ]);
});

test('the page shows the figures of a row with their date', () => {
  const page = pageOf([{ file: 'a.test.ts', name: 'F1 killed' }], [figure('F1', 'a.test.ts', '100 kills, 0 missing')]);
  expect(page).toContain('- killed (`a.test.ts`)\n\nMeasured:\n\n- 2026-11-27: 100 kills, 0 missing (`a.test.ts`)\n\n## F2');
});
