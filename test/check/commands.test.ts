import { globSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { describe, expect, test } from 'vitest';
import { commonOptions } from '../../flows/api/cli/kit/model.ts';
import { findVerb } from '../../flows/api/cli/verbs.ts';

const pages = ['README.md', 'SECURITY.md', 'CONTRIBUTING.md', ...globSync('docs/**/*.md', { exclude: ['**/node_modules/**'] })];
/** Matches a command in a sentence or on a line of a code block. Text after `#` or `>` is not part of the command. */
const written = /(?:`|^)(?:sudo )?(?:npm run (?:-s )?sabha --|sabha) ([a-z][^`\n]*)/gm;

/** Returns why the program would reject the words and options of a command; undefined if it accepts them. */
function refusalOf(line: string): string | undefined {
  const words = line
    .replace(/ +[#>].*/, '')
    .replaceAll(/["“][^"”]*["”]/g, 'TEXT')
    .replaceAll(/\[|\]/g, '')
    .replaceAll('\\|', '/')
    .trim()
    .split(/ +/);
  if (words[0] === 'help') return undefined;
  const found = findVerb(words);
  if (found === undefined) return `${line}: no such verb`;
  const { name, verb } = found;
  const args = words.slice(name.split(' ').length);
  try {
    const { positionals } = parseArgs({
      args,
      options: { ...verb.options, ...commonOptions },
      allowPositionals: true,
      allowNegative: true,
    });
    // A sentence may name a verb without its arguments.
    return args.length === 0 || positionals.length <= verb.words[1] ? undefined : `${line}: too many words`;
  } catch (error) {
    return `${line}: ${(error as Error).message}`;
  }
}

describe('the commands of the pages', () => {
  test('every command on every page exists with these words and options', () => {
    const textOf = (page: string) => readFileSync(page, 'utf8').replaceAll(/<!-- generated.*?<!-- \/generated -->/gs, '');
    const found = pages.flatMap((page) => [...textOf(page).matchAll(written)].map(([, line = '']) => ({ page, line })));
    expect(found.length).toBeGreaterThan(80);
    expect(found.flatMap(({ page, line }) => refusalOf(line)?.replace(/^/, `${page}: `) ?? [])).toEqual([]);
  });

  test.each(['words sms', 'roster duty a b', 'tabs try --weeks 3'])('the invalid command %j is found', (line) => {
    expect(refusalOf(line)).toBeDefined();
  });
});
