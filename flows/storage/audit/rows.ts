/** Numbers of rows as one text, and back: `4, 9-12`. */

/** What the row is called that says out of which rows a person was taken. */
export const personForgotten = 'person forgotten';

/** Rows in order, each run as one. */
function rowsText(rows: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const row of rows.toSorted((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last !== undefined && row <= last[1] + 1) last[1] = row;
    else runs.push([row, row]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(', ');
}

/** What such a row says. */
export function forgottenText(rows: readonly number[], elsewhere: number): string {
  return `rows ${rowsText(rows) || 'none'} of the audit, ${elsewhere} elsewhere`;
}

/** The rows that it names, from and to. */
export function readForgotten(about: string): [number, number][] {
  const [, listed = ''] = /^rows ([\d, -]+) of the audit, \d+ elsewhere$/.exec(about) ?? [];
  return listed.split(', ').flatMap((run): [number, number][] => {
    const [from = 0, to = from] = run.split('-').map(Number);
    return from > 0 ? [[from, to]] : [];
  });
}
