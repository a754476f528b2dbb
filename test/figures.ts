/** Figures: what a test measured, beside the row that it proves. Only a run of the full tier writes them down. */
import { readFileSync } from 'node:fs';

declare module 'vitest' {
  interface TaskMeta {
    figures?: { row: string; figure: string }[];
  }
}

/** What the last full run measured for a row, when and on what. */
export type Figure = { row: string; file: string; figure: string; date: string; machine: string };

const tier = process.env['SABHA_FAULTS'];

/** True where the numbers of the table are asked for; otherwise a test plays a smaller part of them. */
export const isFullTier: boolean = tier === 'full';

/** How much of the same a test plays: a sample at somebody's desk, more in `.ci/run` (SABHA_FAULTS=quick), the numbers of the table in the night. */
export function ofTier<T>(sample: T, quick: T, full: T = quick): T {
  if (isFullTier) return full;
  return tier === 'quick' ? quick : sample;
}

/** Says what a test measured for a row, in words that need no other: `100 kills, 0 of 61,204 acknowledged events missing`. */
export function tellFigure(task: { meta: { figures?: { row: string; figure: string }[] } }, row: string, figure: string): void {
  task.meta.figures = [...(task.meta.figures ?? []), { row, figure }];
  console.info(`${row}: ${figure}`);
}

/** Where they stand. */
export const figuresFile: URL = new URL('figures.json', import.meta.url);

/** All that were written down. */
export function figures(): Figure[] {
  return JSON.parse(readFileSync(figuresFile, 'utf8'));
}

/** Those of a run in place of the former ones of the same rows and files, in the order of rows and files. */
export function merged(former: readonly Figure[], run: readonly Figure[]): Figure[] {
  const isNew = (one: Figure) => run.some(({ row, file }) => row === one.row && file === one.file);
  const key = ({ row, file }: Figure) => `${row[0]}${row.slice(1).padStart(3, '0')} ${file}`;
  return [...former.filter((one) => !isNew(one)), ...run].toSorted((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
}
