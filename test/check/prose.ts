/**
 * The prose check of comments, test titles, messages and pages. Prints `path:line what` for each fault and sets exit code 1.
 * Arguments are paths to check, relative to the root of the repository; without arguments, the whole repository.
 */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { reasons, vocabulary } from '@sabha/contracts';
import { TextlintKernel } from '@textlint/kernel';
import markdown from '@textlint/textlint-plugin-markdown';
import type { Node } from 'oxc-parser';
import { plainEnglish } from './prose-rules.ts';
import { isTest, repository, type SourceFile } from './source.ts';
import { eachNode, nameOf, parse, textOf } from './syntax.ts';

/** A text that a person reads, and the line of its file where it begins, from 1. */
type Prose = { line: number; text: string };

const titled = ['test', 'it', 'describe', 'each'];
/** Values that the ledger stores. Older ledgers contain them, and the tables of contracts hold the words that people read instead. */
const storedWords = new Set(Object.keys(vocabulary.en.conclusion));
const storedReasons = reasons.filter(([pattern]) => pattern.startsWith('^')).map(([pattern]) => new RegExp(pattern));
const sql = /\b(SELECT|VALUES|WHERE)\b/;
const notProse = /^\s*(biome-ignore|v8 ignore|@ts-|eslint|#|SPDX|Copyright)/;

/** Comments of a file. The marks of a comment go; the lines stay. */
function commentsOf(file: SourceFile): Prose[] {
  return parse(file)
    .comments.filter(({ value }) => !notProse.test(value))
    .map(({ value, start }) => ({
      line: lineAt(file.text, start),
      text: value.replace(/^\s*\*+ ?/gm, '').replace(/@(typedef|param|type|import|template|returns)\b[\s\S]*/, ''),
    }));
}

/** Titles of tests, and messages: texts of at least four words, with a blank for each computed part. */
function textsOf(file: SourceFile): Prose[] {
  const found: Prose[] = [];
  eachNode(parse(file).program, (node, parent) => {
    const text = node.type === 'TemplateLiteral' ? node.quasis.map(({ value }) => value.cooked ?? '').join('`x`') : textOf(node);
    if (text === undefined || !(isTest(file.path) ? isTitle(parent) : isMessage(text))) return;
    found.push({ line: lineAt(file.text, node.start), text: text.replaceAll('\n', ' ') });
  });
  return found;

  function isTitle(parent: Node): boolean {
    if (parent.type !== 'CallExpression') return false;
    const callee = parent.callee.type === 'CallExpression' ? parent.callee.callee : parent.callee;
    const name = nameOf(callee.type === 'MemberExpression' ? callee.object : callee) ?? '';
    return titled.includes(name);
  }
}

function isMessage(text: string): boolean {
  if (sql.test(text) || storedWords.has(text) || storedReasons.some((reason) => reason.test(text))) return false;
  return /^[^<>{}=;]*$/.test(text) && (text.match(/(^|\s)[a-zA-Z]{2,}(?=[\s.,:]|$)/g)?.length ?? 0) >= 4;
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** Replaces generated tables by empty lines: their texts are checked in the code. */
function withoutTables(page: string): string {
  return page.replaceAll(/<!-- generated[\s\S]*?<!-- \/generated -->/g, (table) => table.replaceAll(/[^\n]/g, ''));
}

/** Returns the relative links of a page whose file does not exist. */
function deadLinksOf(page: string): string[] {
  const links = [...readFileSync(`${root}${page}`, 'utf8').matchAll(/\]\((?!\w+:|#)([^)#\s]+)|(?:src|href)="(?!\w+:|#|\/)([^"#]+)/g)];
  const dead = links.map(([, one, other]) => one ?? other ?? '').filter((link) => !existsSync(join(root, dirname(page), link)));
  return dead.map((link) => `${page}: the link ${link} leads to no file`);
}

const kernel = new TextlintKernel();
const plugins = [{ pluginId: 'markdown', plugin: markdown.default }];
const rules = [{ ruleId: 'plain-english', rule: plainEnglish }];

/** Joins the texts to one page, a blank line between two, so that a file is linted once. */
async function lint(path: string, prose: readonly Prose[]): Promise<string[]> {
  const lines: [text: string, line: number][] = prose.flatMap(({ text, line }) => [
    ...text.split('\n').map((one, at): [string, number] => [one.trimStart(), line + at]),
    ['', line],
  ]);
  const page = lines.map(([text]) => text).join('\n');
  const { messages } = await kernel.lintText(page, { ext: '.md', filePath: path, plugins, rules });
  return messages.map(({ message, line }) => `${path}:${lines[line - 1]?.[1] ?? line} ${message}`);
}

const root = fileURLToPath(new URL('../../', import.meta.url));
const paths = argv.slice(2);
const isChosen = (path: string) => paths.length === 0 || paths.some((one) => path.startsWith(one));
const pages = globSync('{*,docs/**/*,dashboards/*,agent/**/*}.md', { cwd: root, exclude: ['**/node_modules/**'] });
const texts: [path: string, prose: Prose[]][] = [
  ...repository(root)
    .filter(({ path }) => /\.[cm]?[jt]s$/.test(path) && isChosen(path))
    .map((file): [string, Prose[]] => [file.path, [...commentsOf(file), ...textsOf(file)]]),
  ...pages
    .filter(isChosen)
    .map((path): [string, Prose[]] => [path, [{ line: 1, text: withoutTables(readFileSync(`${root}${path}`, 'utf8')) }]]),
];
const faults: string[] = pages.filter(isChosen).flatMap(deadLinksOf);
for (const [path, prose] of texts) faults.push(...(await lint(path, prose)));
for (const line of faults) console.error(line);
process.exitCode = faults.length === 0 ? 0 : 1;
