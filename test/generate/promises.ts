/** `test/PROMISES.md`: every promise, and the tests that prove it, read from the names of the tests. */
import { globSync, readFileSync } from 'node:fs';
import { type Figure, figures } from '../figures.ts';
import { notYet, promises } from './promise-rows.ts';

/** A test by its name and file. */
export type NamedTest = { file: string; name: string };

const root = new URL('../../', import.meta.url);
const folders = '{agent,broker,flows,dashboards,centre,test}/**/*.{test,ts}';
/** A test or a group of them, whose name begins with the rows that it proves: `S6 …`, `R18, R19 …`. */
const named = /^\s*(?:test|describe|it)\b[\w.]*(?:\([^\n]*?\))?\(\s*(['"`])((?:[RFS]\d{1,2}[a-z]?(?:, | and | ))+[^\n]*?)\1/gm;
/** Of a table of cases over several lines the name stands at its end. */
const tabled = /^\s*\](?: as const)?\)\(\s*(['"`])((?:[RFS]\d{1,2}[a-z]?(?:, | and | ))+[^\n]*?)\1/gm;

/** The text of the file. A promise without a test says so: it is made, and not proven. */
export function promisesPage(): string {
  const files = globSync(folders, { cwd: root }).map((file) => ({ file, text: readFileSync(new URL(file, root), 'utf8') }));
  return pageOf(testsOf(files), figures());
}

/** All tests that name a row, by file. */
export function testsOf(files: readonly { file: string; text: string }[]): NamedTest[] {
  return files
    .toSorted((a, b) => (a.file < b.file ? -1 : 1))
    .flatMap(({ file, text }) =>
      [...text.matchAll(named), ...text.matchAll(tabled)]
        .toSorted((a, b) => a.index - b.index)
        .map(([, , name = '']) => ({ file, name: name.replaceAll("\\'", "'") })),
    );
}

/** The rows that a name begins with. */
export function rowsOf(name: string): string[] {
  return /^(?:[RFS]\d{1,2}[a-z]?(?:, | and | ))+/.exec(name)?.[0].match(/[RFS]\d{1,2}[a-z]?/g) ?? [];
}

/** The page of promises, each with the tests that prove it and what the last full run of them measured. */
export function pageOf(tests: readonly NamedTest[], measured: readonly Figure[] = []): string {
  const sections = Object.entries(promises).map(([row, words]) => {
    const own = tests.filter(({ name }) => rowsOf(name).includes(row));
    const lines = own.map(
      ({ file, name }) => `- ${name.slice(name.search(/(?<=^(?:[RFS]\d+[a-z]?(?:, | and | ))+)(?![RFS]\d)/))} (\`${file}\`)`,
    );
    const missing = notYet[row] === undefined ? [] : [`Not kept: ${notYet[row]}.`, ''];
    const found = measured.filter((one) => one.row === row).map(({ figure, file, date }) => `- ${date}: ${figure} (\`${file}\`)`);
    const last = found.length === 0 ? [] : ['', 'Measured:', '', ...found];
    return [`## ${row} ${words}`, '', ...missing, ...(lines.length > 0 ? lines : ['No test has this number yet.']), ...last, ''].join('\n');
  });
  return [
    '# Promises, and the tests that prove them',
    '',
    'Made by `npm run generate` from the names of the tests: each proves what it says, which may be less than the whole of its row.',
    'What stands under *Measured* is from the last run of the full tier, on the day that it names (`test/figures.json`, which says on what machine).',
    '',
    ...sections,
  ].join('\n');
}
