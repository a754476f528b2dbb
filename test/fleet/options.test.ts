import { expect, test } from 'vitest';
import { readOptions } from './options.ts';

test('without arguments the demo has 736 sites at 10 times the speed, until Ctrl-C', () => {
  expect(readOptions([])).toEqual({
    ok: true,
    value: { sites: 736, minutes: undefined, speed: 10, seed: 1, story: undefined, json: false, keepRunning: false, portBase: undefined },
  });
});

test('the demo reads every argument', () => {
  const words = '--sites 30 --minutes 0.5 --speed 20 --seed 7 --story leh --json --keep-running --port-base 4000'.split(' ');
  expect(readOptions(words)).toEqual({
    ok: true,
    value: { sites: 30, minutes: 0.5, speed: 20, seed: 7, story: 'leh', json: true, keepRunning: true, portBase: 4_000 },
  });
});

test.each([
  ['--sites 0', '--sites: a number from 1 to 20000 is expected, found "0"'],
  ['--sites 1.5', '--sites: a whole number is expected, found "1.5"'],
  ['--minutes', "Option '--minutes <value>' argument missing"],
  ['--minutes x', '--minutes: a number from 0.01 to 100000 is expected, found "x"'],
  ['--story goa', '--story: "leh" is the one there is'],
  ['--site 3', "Unknown option '--site'"],
  ['30', "Unexpected argument '30'"],
])('the demo refuses "%s" in one line', (words, line) => {
  const read = readOptions(words.split(' '));
  expect(read.ok ? '' : read.line).toContain(line);
});

test('a demo of a large nation has a lower default speed', () => {
  const speedOf = (words: string) => {
    const read = readOptions(words.split(' '));
    return read.ok ? read.value.speed : read.line;
  };
  expect(['--sites 1500', '--sites 5000', '--sites 20000', '--sites 5000 --speed 8'].map(speedOf)).toEqual([10, 3, 1, 8]);
});
