import { globSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { describe, expect, test } from 'vitest';
import { common } from '../../flows/api/cli/kit/model.ts';
import { verbIn } from '../../flows/api/cli/verbs.ts';

const pages = ['README.md', 'SECURITY.md', 'CONTRIBUTING.md', ...globSync('{docs,agent/maintain/install}/**/*.md')];
/** In a sentence, or a line of a block; what follows `#` or `>` is for the reader and for the shell. */
const written = /(?:`|^)(?:sudo )?(?:npm run (?:-s )?sabha --|sabha) ([a-z][^`\n]*)/gm;

/** What the program would say to a command, as far as its words and options go; undefined where it takes it. */
function refusalOf(line: string): string | undefined {
  const words = line
    .replace(/ +[#>].*/, '')
    .replaceAll(/["“][^"”]*["”]/g, 'TEXT')
    .replaceAll(/\[|\]/g, '')
    .replaceAll('\\|', '/')
    .trim()
    .split(/ +/);
  if (words[0] === 'help') return undefined;
  const found = verbIn(words);
  if (found === undefined) return `${line}: no such verb`;
  const { name, verb } = found;
  const args = words.slice(name.split(' ').length);
  try {
    const { positionals } = parseArgs({ args, options: { ...verb.options, ...common }, allowPositionals: true, allowNegative: true });
    // The name of a verb alone stands for it in a sentence.
    return args.length === 0 || positionals.length <= verb.words[1] ? undefined : `${line}: too many words`;
  } catch (error) {
    return `${line}: ${(error as Error).message}`;
  }
}

describe('the commands of the pages', () => {
  test('the pages named "sabha words sms" and "sabha roster test", which are not there: each command of each page is one', () => {
    const found = pages.flatMap((page) => [...readFileSync(page, 'utf8').matchAll(written)].map(([, line = '']) => ({ page, line })));
    expect(found.length).toBeGreaterThan(80);
    expect(found.flatMap(({ page, line }) => refusalOf(line)?.replace(/^/, `${page}: `) ?? [])).toEqual([]);
  });

  test.each(['words sms', 'roster duty a b', 'tabs try --weeks 3'])('%j would be seen', (line) => {
    expect(refusalOf(line)).toBeDefined();
  });
});
