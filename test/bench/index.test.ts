import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { benches } from './index.ts';

const names = benches.map(({ name }) => name).sort();

test('.ci/nightly runs every bench of the list, but for those that take longer than a night: they are in .ci/weekly', () => {
  expect(readFileSync('.ci/nightly', 'utf8')).toContain('SABHA_NIGHTLY=1');
  expect(readFileSync('.ci/weekly', 'utf8')).toContain('SABHA_WEEKLY=1');
  const run = readFileSync('.ci/run', 'utf8');
  const listed = [...run.matchAll(/^ {2}benches (.+)$/gm)].flatMap(([, line = '']) => line.split(' '));
  const weekly = [...run.matchAll(/step 'bench (\w+)' npm run -s bench -- \1\n/g)].flatMap(([, name = '']) => name);
  expect(weekly).toEqual(['years', 'grown']);
  expect([...listed, ...weekly].sort()).toEqual(names);
});

test('CONTRIBUTING names every bench of the list', () => {
  const [row = ''] = /^\| `npm run bench -- .*$/m.exec(readFileSync('CONTRIBUTING.md', 'utf8')) ?? [];
  const [, command = ''] = row.split(' | ')[0]?.split('bench -- ') ?? [];
  expect([...command.matchAll(/[a-z]+/g)].map(([name]) => name).sort()).toEqual(names);
});
