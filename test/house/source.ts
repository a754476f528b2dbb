/** The repository as text: its files, of what kind they are, how long they are. The rules of the house are pure functions over it. */
import { globSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';

export type SourceFile = { path: string; text: string };
/** One line for each violation: the file, then what is wrong. */
export type Rule = { name: string; find(files: readonly SourceFile[]): string[] };

/** Every file of the repository that is code, and package.json; tests that stand beside the code are marked by their name. */
export function repository(root: string): SourceFile[] {
  const patterns = [
    '{.,agent,broker,broker/contracts,flows,flows/node-red/nodes,dashboards}/package.json',
    '**/*.{ts,mts,cts,tsx,js,mjs,cjs,jsx,html,css}',
  ];
  const exclude = ['**/node_modules/**', 'test/fixtures/**', 'data/**', 'coverage/**', 'dist/**'];
  return globSync(patterns, { cwd: root, exclude }).map((path) => ({
    path: path.replaceAll('\\', '/'),
    text: readFileSync(posix.join(root, path), 'utf8'),
  }));
}

/** A rule that looks at each file of code by itself; what is wrong is told behind the file's name. */
export function eachFile(look: (file: SourceFile) => string[]) {
  return (files: readonly SourceFile[]) =>
    files.filter((file) => isCode(file.path)).flatMap((file) => look(file).map((what) => `${file.path}: ${what}`));
}

/** True for a file that runs, its test too. */
export function isCode(path: string): boolean {
  return /\.[cm]?[jt]sx?$/.test(path);
}

/** True for a test and what only tests use. */
export function isTest(path: string): boolean {
  return path.startsWith('test/') || /\.test(-helper)?\.[cm]?[jt]sx?$/.test(path);
}

/** False where a text cannot have a word, however it is spelt: whoever looks for it need not read the program. */
export function mayHave(text: string, word: RegExp): boolean {
  return word.test(text) || /\\[ux]/.test(text);
}

/** One line where a count is above its limit. */
export function tooMany(count: number, limit: number, what: string): string[] {
  return count > limit ? [`${count} ${what}, at most ${limit}`] : [];
}

/** Lines that are neither blank nor only a comment: whoever explains more is not to build less. */
export function codeLinesOf(text: string): number {
  let inComment = false;
  return text.split('\n').filter((raw) => {
    const line = raw.trim();
    const isComment = inComment || /^(\/\/|\/\*|<!--)/.test(line);
    if (isComment) inComment = !/(\*\/|-->)$/.test(line) && !line.startsWith('//');
    return line !== '' && !isComment;
  }).length;
}
