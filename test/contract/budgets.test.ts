import { budgets } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { repository } from '../check/source.ts';

test('R27 (quota and backpressure) the product uses each budget, and a test names it', () => {
  const files = repository('.').filter(({ path }) => path !== 'test/contract/budgets.test.ts');
  const isTest = ({ path }: { path: string }) => path.endsWith('.test.ts');
  const names = (list: typeof files) =>
    Object.keys(budgets).filter((name) => !list.some(({ text }) => new RegExp(`\\b${name}\\b`).test(text)));
  expect(names(files.filter(isTest))).toEqual([]);
  expect(names(files.filter((one) => !isTest(one) && !one.path.endsWith('/budgets.ts')))).toEqual([]);
});
