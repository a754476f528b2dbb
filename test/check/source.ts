/** Reads the repository: its files, their kind and their length. The architecture rules are pure functions over the result. */
import { globSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';

export type SourceFile = { path: string; text: string };
export type Rule = { name: string; find(files: readonly SourceFile[]): string[] };

/** Returns every code file and package.json. The name of a file shows whether it is a test. */
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

/** Returns a rule that checks each code file separately. Each violation begins with the name of the file. */
export function eachFile(look: (file: SourceFile) => string[]) {
  return (files: readonly SourceFile[]) =>
    files.filter((file) => isCode(file.path)).flatMap((file) => look(file).map((what) => `${file.path}: ${what}`));
}

export function isCode(path: string): boolean {
  return /\.[cm]?[jt]sx?$/.test(path);
}

/** Returns true for a test and for helpers of tests. */
export function isTest(path: string): boolean {
  return path.startsWith('test/') || /\.test(-helper)?\.[cm]?[jt]sx?$/.test(path);
}

/** Returns false if the pattern cannot match a text in any spelling. Saves parsing the file. */
export function mayHave(text: string, word: RegExp): boolean {
  return word.test(text) || /\\[ux]/.test(text);
}

export function tooMany(count: number, limit: number, what: string): string[] {
  return count > limit ? [`${count} ${what}, at most ${limit}`] : [];
}

/** Counts the lines that are neither blank nor only a comment, so that comments do not use up the ceiling. */
export function codeLinesOf(text: string): number {
  let inComment = false;
  return text.split('\n').filter((raw) => {
    const line = raw.trim();
    const isComment = inComment || /^(\/\/|\/\*|<!--)/.test(line);
    if (isComment) inComment = !/(\*\/|-->)$/.test(line) && !line.startsWith('//');
    return line !== '' && !isComment;
  }).length;
}
