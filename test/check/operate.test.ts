import { globSync, readFileSync } from 'node:fs';
import { readSettings } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { blockLanguages, givenTo, settingsBlocks, writtenCommands } from './operate.ts';

const files = globSync('test/{real,system}/**/*.test.ts')
  .map((path) => ({ path, text: readFileSync(path, 'utf8') }))
  .filter(({ text }) => text.includes('check/operate.ts'));
const run = readFileSync('.ci/run', 'utf8').replaceAll('npm run -s ', 'npm run ');

test('every command in the pages for administrators is run by a test, and tests run no command that the pages lack', () => {
  const ran = files.flatMap((file) => givenTo('asWritten', file));
  const written = writtenCommands();
  expect(written.length).toBeGreaterThan(20);
  // A command that is a step of `.ci/run` is tested by that run.
  const isStep = (command: string) => run.split('\n').some((line) => new RegExp(` ${command}( -|$)`).test(line));
  expect(written.filter((command) => !ran.includes(command) && !isStep(command))).toEqual([]);
  expect(ran.filter((command) => !written.includes(command))).toEqual([]);
});

test('every block in the pages for administrators is accepted: settings by the settings reader, the others by their program in a test', () => {
  const blocks = settingsBlocks();
  expect(blocks).toHaveLength(2);
  for (const block of blocks)
    expect(readSettings(JSON.stringify({ site: null, people: [], ...JSON.parse(block) })), block).toMatchObject({ ok: true });
  expect(files.flatMap((file) => givenTo('blockOf', file)).sort()).toEqual(blockLanguages().sort());
});

test('only a command that is written out in a call counts as run', () => {
  const of = (text: string) => givenTo('asWritten', { path: 'a.test.ts', text });
  expect(of("sh(asWritten('sudo npm run sabha -- verify')); sh(asWritten('npm ci') + ' --offline');")).toEqual(['sabha verify', 'npm ci']);
  expect(of("const asked = 'sabha verify'; asWritten(asked); // asWritten('sabha verify')")).toEqual([]);
});
