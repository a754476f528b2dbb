import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import config from '../../vitest.config.ts';

const modules = '**/node_modules/**';
const inline = (config.test?.projects ?? []).flatMap((one) => (typeof one === 'object' && 'test' in one ? (one.test ?? []) : []));
const ranBy = inline.map(({ include = [], exclude = [] }) => new Set(globSync(include, { exclude: [...exclude, modules] })));

test('each test is run by one project of vitest.config.ts: what stands in none proves nothing', () => {
  const all = globSync('**/*.test.ts', { exclude: [modules, 'dist/**', 'data/**'] });
  expect(all.length).toBeGreaterThan(300);
  expect(all.filter((path) => ranBy.filter((paths) => paths.has(path)).length !== 1)).toEqual([]);
});

test('a file that is long as a whole says so in its first line: what carries no such tag is left out by `npm run test:long`', () => {
  const long = globSync('**/*.long.test.ts', { exclude: [modules] });
  expect(long.length).toBeGreaterThan(30);
  expect(long.filter((path) => !readFileSync(path, 'utf8').startsWith('// @module-tag long\n'))).toEqual([]);
});
