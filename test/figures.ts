/** Figures that a test measured for a row of the fault table. Only a run of the full tier writes them down. */
import { readFileSync } from 'node:fs';

declare module 'vitest' {
  interface TaskMeta {
    figures?: { row: string; figure: string }[];
  }
}

/** The figure of the last full run for a row, with date and machine. */
export type Figure = { row: string; file: string; figure: string; date: string; machine: string };

const tier = process.env['SABHA_FAULTS'];

/** Whether this run uses the figures of the table. Otherwise tests play a smaller part. */
export const isFullTier: boolean = tier === 'full';

/** Selects how much a test plays: a sample locally, more in `.ci/run` (SABHA_FAULTS=quick), the figures of the table at night. */
export function ofTier<T>(sample: T, quick: T, full: T = quick): T {
  if (isFullTier) return full;
  return tier === 'quick' ? quick : sample;
}

/** Records the figure of a test for a row, as a complete text: `100 kills, 0 of 61,204 acknowledged events missing`. */
export function tellFigure(task: { meta: { figures?: { row: string; figure: string }[] } }, row: string, figure: string): void {
  task.meta.figures = [...(task.meta.figures ?? []), { row, figure }];
  console.info(`${row}: ${figure}`);
}

export const figuresFile: URL = new URL('figures.json', import.meta.url);

export function figures(): Figure[] {
  return JSON.parse(readFileSync(figuresFile, 'utf8'));
}

/** Replaces earlier figures of the same rows and files with those of a run, sorted by row and file. */
export function merged(former: readonly Figure[], run: readonly Figure[]): Figure[] {
  const isNew = (one: Figure) => run.some(({ row, file }) => row === one.row && file === one.file);
  const key = ({ row, file }: Figure) => `${row[0]}${row.slice(1).padStart(3, '0')} ${file}`;
  return [...former.filter((one) => !isNew(one)), ...run].toSorted((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
}
