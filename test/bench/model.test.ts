import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { benches } from './index.ts';
import { type Measured, median, row } from './model.ts';

const ms = { metric: 'scrape', unit: 'ms', better: 'less' } as const;

test('a row has the factor by which our figure is better, whether more or less is better', () => {
  expect(row({ ...ms, ours: 20, peer: { name: 'other', value: 50 } })).toMatchObject({ theirs: 50, ratio: 2.5, target: null, met: null });
  expect(row({ ...ms, better: 'more', ours: 20, peer: { name: 'other', value: 50 } })).toMatchObject({ ratio: 0.4 });
});

test.each<[Measured, string, boolean]>([
  [{ ...ms, ours: 100, target: { promised: 100 } }, '<= 100', true],
  [{ ...ms, ours: 100.1, target: { promised: 100 } }, '<= 100', false],
  [{ ...ms, unit: 'events', better: 'more', ours: 4_999, target: { ours: 5_000 } }, '>= 5000', false],
  [{ ...ms, ours: 10, peer: { name: 'other', value: 30 }, target: { ratio: 3 } }, 'ratio >= 3', true],
  [{ ...ms, ours: 10, peer: { name: 'other', value: 29 }, target: { ratio: 3 } }, 'ratio >= 3', false],
])('a target is compared with the figure before rounding', (measured, target, met) => {
  expect(row(measured)).toMatchObject({ target, met });
});

test('a time or a rate has no absolute target, only a ratio to a compared program or a promised limit', () => {
  // @ts-expect-error: the types refuse it, so no bench can be written with one
  const judged: Measured = { ...ms, ours: 6.6, target: { ours: 50 } };
  expect(judged.unit).toBe('ms');
});

test('the median is the middle value, and an empty list has none', () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([4, 1, 9, 5])).toBe(4.5);
  expect(() => median([])).toThrow('no figures');
});

test.each([
  [['nothing'], `bench: name one of ${benches.map(({ name }) => name).join(', ')}, not "nothing"`],
  [[], `bench: name one of ${benches.map(({ name }) => name).join(', ')}`],
  [['exporter', '--fast'], 'bench: --fast is not known; --json and --quick are'],
])('the arguments %j print one clear line, exit with code 2, and run nothing', { tags: ['long'] }, (args, line) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['test/bench/bench.ts', ...args], { encoding: 'utf8' });
  expect({ status, stdout, stderr }).toEqual({ status: 2, stdout: '', stderr: `${line}\n` });
});
