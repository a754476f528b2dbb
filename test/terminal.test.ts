/** Tests the output of both commands: each line in their code has a Hindi text, and no person sees a system error code. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Language, type LineRow, translateLine, writeEnrolCode } from '@sabha/contracts';
import { expect, onTestFinished, test } from 'vitest';
import { type CliVerb as AgentVerb, calls } from '../agent/identity/call.ts';
import { helpText as helpOfAgent } from '../agent/identity/help.ts';
import { lineFor } from '../agent/identity/lines.ts';
import { catalogueLines as ofSabha } from '../flows/api/cli/kit/lines.ts';
import { helpText as helpOfSabha, verbs } from '../flows/api/cli/verbs.ts';
import { saidAs } from './check/literal-texts.ts';
import { isCode, isTest, repository, type SourceFile } from './check/source.ts';
import { eachNode, nameOf, parse, textOf } from './check/syntax.ts';
import { hasTerminal, sit } from './typing.ts';

const sources = repository('.').filter(({ path }) => isCode(path) && !isTest(path));
const inHindi = (rows: readonly LineRow[]) => (line: string) => translateLine(line, 'hi', rows);
const ofAgent = (line: string) => lineFor(line, ['--lang', 'hi'], {});
const devanagari = /\p{Script=Devanagari}/u;
const noRow = 'no row for it: CONTRIBUTING.md, "a line at a terminal"';

test.each([
  ['sabha', /^flows\/api\/cli\//, 'CliError', inHindi(ofSabha), 25],
  ['the agent', /^agent\//, 'UsageError', ofAgent, 5],
] as const)('each error of a call of %s has a Hindi text', (_, where, thrown, hindi, least) => {
  const said = sources.filter(({ path }) => where.test(path)).flatMap((source) => thrownIn(source, thrown));
  expect(said.length).toBeGreaterThan(least);
  expect(
    said.filter((line) => !devanagari.test(hindi(line))),
    noRow,
  ).toEqual([]);
});

test('each error of an enrolment or an installation has a Hindi text', () => {
  const ofPc = sources.filter(({ path }) => /^agent\/(identity|maintain\/install)\/(?!zip|pack)/.test(path));
  const said = saidAs('line', ofPc).map(({ texts }) => texts);
  expect(said.length).toBeGreaterThan(10);
  expect(bareOf(said.filter((texts) => texts.some((line) => /[a-z]{3} [a-z]{2}/.test(line)))), noRow).toEqual([]);
});

test('each reason why the server refuses an enrolment has a Hindi text', () => {
  const said = saidAs(
    'line',
    sources.filter(({ path }) => path === 'flows/pki/grants.ts'),
  ).map(({ texts }) => texts);
  const first = said.filter(([line = '']) => !/^the certificate |^there is no PC "/.test(line));
  expect(first.length).toBeGreaterThan(5);
  expect(bareOf(first), noRow).toEqual([]);
});

test.each([
  ...Object.keys(verbs).map((name) => [`sabha ${name}`, (language: Language) => helpOfSabha(name.split(' '), language)] as const),
  ...Object.keys(calls).map((name) => [`the agent's ${name}`, (language: Language) => helpOfAgent(name as AgentVerb, language)] as const),
])('the help of %s is in both languages, row by row', (_, helpIn) => {
  // The first line is the usage. Each row below it has a part of it and a description.
  const [, ...rows] = helpIn('hi').split('\n').filter(Boolean);
  expect(rows.filter((row) => !devanagari.test(row))).toEqual([]);
  const english = helpIn('en').split('\n').filter(Boolean);
  expect([english.length, english.filter((row) => devanagari.test(row))]).toEqual([rows.length + 1, []]);
});

test.runIf(hasTerminal).each([
  ['sabha', 'en', 'flows/api/cli/cli.ts', ['incidents'], ['still at work: ', ' s (Ctrl+C ends the waiting)']],
  [
    'the agent',
    'hi',
    'agent/cli.ts',
    ['enrol', writeEnrolCode(Buffer.alloc(13), Buffer.alloc(1)), '--pc', 'a/b/c'],
    ['सर्वर से पूछा जा रहा है: ', ' सेकंड'],
  ],
] as const)(
  '%s says at a terminal what it waits for, of a centre that does not answer (%s)',
  { tags: ['long'] },
  async (_, language, file, words, [begin, end]) => {
    const silent = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void silent.close());
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const cli = new URL(`../${file}`, import.meta.url).pathname;
    const folder = mkdtempSync(join(tmpdir(), 'sabha-waits-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const centre = file.startsWith('agent') ? ['--centre', `127.0.0.1:${port}`, '--data', folder] : [];
    const person = sit([cli, ...words, ...centre], {
      SABHA_API: `http://127.0.0.1:${port}`,
      LC_ALL: language === 'hi' ? 'hi_IN.UTF-8' : 'C.UTF-8',
    });
    // It appears after two seconds, or more on a busy machine.
    await person.sees(begin);
    await person.sees(end);
    person.press('\u0003');
    expect(await person.ended).not.toBe(0);
  },
);

/** Returns the lines without a Hindi text, for any content of their blanks. */
function bareOf(said: readonly (readonly string[])[]): string[] {
  return said.filter((texts) => !texts.some((line) => devanagari.test(ofAgent(line)))).map(([line = '']) => line);
}

/** Returns the texts of `new Thrown(…)`, with a placeholder in each blank. */
function thrownIn(source: SourceFile, thrown: string): string[] {
  const found: string[] = [];
  eachNode(parse(source).program, (node) => {
    if (node.type !== 'NewExpression' || nameOf(node.callee) !== thrown) return;
    const given = node.arguments.at(-1);
    const text = given?.type === 'TemplateLiteral' ? given.quasis.map(({ value }) => value.cooked).join('7') : textOf(given);
    // Skips a line that is only a blank, and a usage.
    const line = text?.replace(/; 7$/, '') ?? '';
    if (/[a-z]{3}/.test(line.replace(/^7; /, '').replace(/^usage: .*/, ''))) found.push(line);
  });
  return found;
}
