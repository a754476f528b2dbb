import { expect, test } from 'vitest';
import { parseStartOptions, translateStartLine } from './server-rows.ts';

test('--help returns all options in the language of the environment and starts nothing', () => {
  const [called, ...rows] = parseStartOptions(['--help'], { LC_ALL: 'C' }).help?.split('\n') ?? [];
  expect(called).toBe('npm start -- OPTION … [--lang en|hi]');
  expect(rows.map((row) => row.trim().split(' ')[0])).toEqual(['--no-agent', '--editor', '--prepare', '--help']);
  expect(parseStartOptions(['--help'], { LC_ALL: 'hi_IN.UTF-8' }).help).toContain('इस PC के एजेंट के बिना');
});

test.each([
  [['--no-agnet'], "Unknown option '--no-agnet'; usage: npm start -- [--no-agent] [--editor] [--prepare] [--help] [--lang en|hi]"],
  [['--editor=1881'], /^Option '--editor' does not take an argument; usage: /],
  [['demo'], /^Unexpected argument 'demo'; usage: /],
  [['./sabha.json'], /^Unexpected argument '\.\/sabha\.json'; usage: /],
])('an unknown option or argument is rejected with the usage line, and nothing starts: %j', (args, line) => {
  const startIt = () => parseStartOptions(args, {});
  expect(startIt).toThrow(line);
  try {
    startIt();
  } catch (error) {
    expect(translateStartLine((error as Error).message, 'hi')).toMatch(/\p{Script=Devanagari}.*; ऐसे लिखें: npm start -- /u);
  }
});
