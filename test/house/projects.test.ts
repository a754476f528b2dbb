import { globSync } from 'node:fs';
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
