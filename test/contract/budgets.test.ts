import { budgets } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { repository } from '../check/source.ts';

test('R27 each budget is used by the product and named by a test', () => {
  const files = repository('.').filter(({ path }) => path !== 'test/contract/budgets.test.ts');
  const isTest = ({ path }: { path: string }) => path.endsWith('.test.ts');
  const names = (list: typeof files) =>
    Object.keys(budgets).filter((name) => !list.some(({ text }) => new RegExp(`\\b${name}\\b`).test(text)));
  expect(names(files.filter(isTest))).toEqual([]);
  expect(names(files.filter((one) => !isTest(one) && !one.path.endsWith('/budgets.ts')))).toEqual([]);
});
