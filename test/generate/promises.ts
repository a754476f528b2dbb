/** Generates `test/PROMISES.md`: every guarantee with the tests that prove it, read from the test titles. */
import { globSync, readFileSync } from 'node:fs';
import { type Figure, figures } from '../figures.ts';
import { notYet, promises } from './promise-rows.ts';

export type NamedTest = { file: string; name: string };

const root = new URL('../../', import.meta.url);
const folders = '{agent,broker,flows,dashboards,centre,test}/**/*.{test,ts}';
/** Matches a test or a group whose title begins with row codes: `S6 …`, `R18, R19 …`. */
const named = /^\s*(?:test|describe|it)\b[\w.]*(?:\([^\n]*?\))?\(\s*(['"`])((?:[RFS]\d{1,2}[a-z]?(?:, | and | ))+[^\n]*?)\1/gm;
/** Matches the title of a test table over several lines, which follows the table. */
const tabled = /^\s*\](?: as const)?\)\(\s*(['"`])((?:[RFS]\d{1,2}[a-z]?(?:, | and | ))+[^\n]*?)\1/gm;

/** Returns the text of the page. A guarantee without a test is marked. */
export function promisesPage(): string {
  const files = globSync(folders, { cwd: root }).map((file) => ({ file, text: readFileSync(new URL(file, root), 'utf8') }));
  return pageOf(testsOf(files), figures());
}

export function testsOf(files: readonly { file: string; text: string }[]): NamedTest[] {
  return files
    .toSorted((a, b) => (a.file < b.file ? -1 : 1))
    .flatMap(({ file, text }) =>
      [...text.matchAll(named), ...text.matchAll(tabled)]
        .toSorted((a, b) => a.index - b.index)
        .map(([, , name = '']) => ({ file, name: name.replaceAll("\\'", "'") })),
    );
}

export function rowsOf(name: string): string[] {
  return /^(?:[RFS]\d{1,2}[a-z]?(?:, | and | ))+/.exec(name)?.[0].match(/[RFS]\d{1,2}[a-z]?/g) ?? [];
}

/** Returns the page of guarantees, each with its tests and the figures of their last full run. */
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
