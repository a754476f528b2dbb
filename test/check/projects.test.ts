import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import config from '../../vitest.config.ts';

const modules = '**/node_modules/**';
const all = globSync('**/*.test.ts', { exclude: [modules, 'dist/**', 'data/**'] });
const inline = (config.test?.projects ?? []).flatMap((one) => (typeof one === 'object' && 'test' in one ? (one.test ?? []) : []));
const ranBy = inline.map(({ include = [], exclude = [] }) => new Set(globSync(include, { exclude: [...exclude, modules] })));

test('each test file belongs to exactly one project of vitest.config.ts', () => {
  expect(all.length).toBeGreaterThan(300);
  expect(all.filter((path) => ranBy.filter((paths) => paths.has(path)).length !== 1)).toEqual([]);
});

test('a file has the tag of long tests exactly if its name says so', () => {
  const says = all.filter((path) => /(\/\/|\*)\s*@module-tag\s+\S/.test(readFileSync(path, 'utf8')));
  expect(says.length).toBeGreaterThan(30);
  expect(says).toEqual(all.filter((path) => path.endsWith('.long.test.ts')));
});
