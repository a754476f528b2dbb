/** Lines with a burst and lines with a policer. The measured rate must never be the rate of the burst. */
import { type Cell, cell, errorsOf, type Taken } from './capacity-cells.ts';
import { median, type Row, row } from './model.ts';

const lends = (mbit: number, peakMbit: number, bucketKB: number, more: Partial<Cell> = {}) =>
  cell(mbit, bucketKB, { lent: { peakMbit, drops: false }, ...more });
const policed = (mbit: number, peakMbit: number, bucketKB: number, more: Partial<Cell> = {}) =>
  cell(mbit, bucketKB, { lent: { peakMbit, drops: true }, ...more });

/** Lines for this bench, each measured in two directions. The bytes that a class permits are enough to empty each bucket. */
export const lentCells: readonly Cell[] = [
  ...[lends(0.5, 2, 64), lends(0.5, 4, 128), lends(1, 4, 64), lends(1, 8, 128), lends(2, 4, 64), lends(2, 8, 128)],
  ...[lends(2, 8, 256), lends(4, 8, 128), lends(4, 20, 64), lends(4, 20, 256), lends(8, 16, 128), lends(8, 32, 256)],
  ...[lends(2, 8, 128, { link: '4g' }), lends(1, 4, 64, { link: 'geo' })],
  ...[policed(0.5, 2, 64), policed(1, 8, 128), policed(2, 4, 128), policed(2, 8, 64), policed(2, 8, 256), policed(4, 8, 128)],
  ...[policed(4, 20, 128), policed(4, 20, 480), policed(8, 16, 64), policed(8, 16, 256)],
  ...[policed(2, 8, 64, { link: '4g' }), policed(1, 4, 64, { link: 'geo' })],
];

const wrongFrom = 10;

/** Returns the rows about these lines: number of wrong rates, share of lines with a result, median error and bytes. */
export function lentRows(taken: readonly Taken[]): Row[] {
  const errors = errorsOf(taken);
  const wrong = errors.filter((error) => error > wrongFrom).length;
  const percent = { unit: '%', better: 'less' } as const;
  return [
    row({
      metric: `lent or policed: told wrong by ${wrongFrom} %, of ${taken.length} directions`,
      unit: 'runs',
      better: 'less',
      ours: wrong,
      target: { ours: 0 },
    }),
    row({ metric: 'the same, answered', unit: '%', better: 'more', ours: (100 * errors.length) / taken.length, target: { ours: 60 } }),
    row({ metric: 'the same, error of what lasts, median', ...percent, ours: median(errors), target: { ours: 3 } }),
    row({
      metric: 'the same, most bytes of a direction, of those of its class',
      ...percent,
      ours: 100 * Math.max(...taken.map(({ ofClass }) => ofClass)),
      target: { ours: 100 },
    }),
  ];
}
