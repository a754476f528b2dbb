import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { benches } from './index.ts';

const names = benches.map(({ name }) => name).sort();

test('.ci/weekly runs every bench of the list', () => {
  expect(readFileSync('.ci/weekly', 'utf8')).toContain('SABHA_WEEKLY=1');
  const [, listed = '', last = ''] =
    /^ {2}benches (.+)\n {2}step 'bench years' npm run -s bench -- (.+)$/m.exec(readFileSync('.ci/run', 'utf8')) ?? [];
  expect([...listed.split(' '), last]).toEqual(names);
});

test('CONTRIBUTING.md names every bench of the list', () => {
  const [row = ''] = /^\| `npm run bench -- .*$/m.exec(readFileSync('CONTRIBUTING.md', 'utf8')) ?? [];
  const [, command = ''] = row.split(' | ')[0]?.split('bench -- ') ?? [];
  expect([...command.matchAll(/[a-z]+/g)].map(([name]) => name).sort()).toEqual(names);
});
