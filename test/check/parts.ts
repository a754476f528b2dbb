/** The parts of the product, each with its ceiling of code lines. */
import { importsOf } from './imports.ts';
import { codeLinesOf, isCode, isTest, type Rule, type SourceFile, tooMany } from './source.ts';

/** `lines`: ceiling of code lines, without blank lines and comments. */
const parts: readonly { path: string; lines: number }[] = [
  { path: 'broker/contracts', lines: 5_400 },
  { path: 'agent', lines: 14_700 },
  { path: 'broker', lines: 1_440 },
  { path: 'flows', lines: 25_700 },
  { path: 'dashboards', lines: 4_450 },
  { path: 'packaging', lines: 230 },
];

export const partRules: readonly Rule[] = [
  {
    name: 'each file of code belongs to a part; at the top stand the start and what sets up the tests',
    find: (files) =>
      product(files)
        .filter(({ path }) => !['start.ts', 'vitest.config.ts'].includes(path) && partOf(path) === undefined)
        .map(({ path }) => `${path}: belongs to no part`),
  },
  { name: 'folders of a part form no cycle', find: (files) => cyclesOf(arrowsOf(files)).map((cycle) => cycle.join(' -> ')) },
  {
    name: 'each part keeps below its ceiling of lines of TypeScript and JavaScript, blank lines and comments not counted',
    find: (files) => sizesOf(files).flatMap(({ path, code, lines }) => tooMany(code, lines, `lines of code in ${path}`)),
  },
];

export function sizesOf(files: readonly SourceFile[]): { path: string; lines: number; code: number }[] {
  return parts.map((part) => {
    const own = product(files).filter(({ path }) => partOf(path) === part);
    return { ...part, code: own.reduce((sum, { text }) => sum + codeLinesOf(text), 0) };
  });
}

/** Returns the imports between folders of a part, without imports into a parent or child folder. */
function arrowsOf(files: readonly SourceFile[]): Map<string, Set<string>> {
  const arrows = new Map<string, Set<string>>();
  for (const file of product(files)) {
    const from = folderOf(file.path);
    for (const target of importsOf(file)) {
      const to = folderOf(target);
      const isInside = `${to}/`.startsWith(`${from}/`) || `${from}/`.startsWith(`${to}/`);
      if (isInside || partOf(file.path) === undefined || partOf(target) !== partOf(file.path)) continue;
      arrows.set(from, (arrows.get(from) ?? new Set()).add(to));
    }
  }
  return arrows;
}

export function cyclesOf(arrows: ReadonlyMap<string, Iterable<string>>): string[][] {
  const done = new Set<string>();
  const found: string[][] = [];
  const visit = (path: string, way: string[]) => {
    if (way.includes(path)) found.push([...way.slice(way.indexOf(path)), path]);
    if (done.has(path) || way.includes(path)) return;
    for (const target of arrows.get(path) ?? []) visit(target, [...way, path]);
    done.add(path);
  };
  for (const path of arrows.keys()) visit(path, []);
  return found;
}

function product(files: readonly SourceFile[]): SourceFile[] {
  return files.filter(({ path }) => isCode(path) && !isTest(path));
}

/** Returns the first part in the list that contains the file. */
function partOf(file: string): (typeof parts)[number] | undefined {
  return parts.find(({ path }) => file.startsWith(`${path}/`));
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 0));
}
