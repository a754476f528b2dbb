/** Numbers of rows as one text, and back: `4, 9-12`. */

/** What the row is called that says out of which rows a person was taken. */
export const personForgotten = 'person forgotten';

/** The rows that it names, from and to. */
export function readForgotten(about: string): [number, number][] {
  const [, listed = ''] = /^rows ([\d, -]+) of the audit, \d+ elsewhere$/.exec(about) ?? [];
  return listed.split(', ').flatMap((run): [number, number][] => {
    const [from = 0, to = from] = run.split('-').map(Number);
    return from > 0 ? [[from, to]] : [];
  });
}
