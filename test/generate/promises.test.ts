import { expect, test } from 'vitest';
import { promises } from './promise-rows.ts';
import { pageOf, promisesPage, rowsOf, testsOf } from './promises.ts';

test('a test title begins with one or several row codes', () => {
  expect(rowsOf('S6 a replayed command')).toEqual(['S6']);
  expect(rowsOf('R18, R19 silence')).toEqual(['R18', 'R19']);
  expect(rowsOf('F7 and S9 a clock')).toEqual(['F7', 'S9']);
  expect(rowsOf('R18a, R19 a gap')).toEqual(['R18a', 'R19']);
  expect(rowsOf('a room of S6')).toEqual([]);
});

test('plain tests, groups and test tables are found among other code', () => {
  const text = [
    "test('R1 a number', () => {});",
    "describe('S7 a flood', () => {",
    "  test.skipIf(no)('F2 killed', () => {});",
    '});',
    'test.each([',
    "  ['a', 1],",
    "])('S9 %s', () => {});",
    "test('no row', () => expect('R2 is a word').toBe('R2 is a word'));",
  ].join('\n');
  expect(testsOf([{ file: 'a.test.ts', text }]).map(({ name }) => name)).toEqual(['R1 a number', 'S7 a flood', 'F2 killed', 'S9 %s']);
});

test('the page lists each test under its rows without the codes, and marks rows without a test', () => {
  const page = pageOf([{ file: 'a.test.ts', name: 'R18, R19 silence of all' }]);
  expect(page).toContain(`## R19 ${promises['R19']}\n\n- silence of all (\`a.test.ts\`)\n`);
  expect(page.match(/^## /gm)).toHaveLength(Object.keys(promises).length);
  expect(page).toContain(`## S7 ${promises['S7']}\n\nNo test has this number yet.\n`);
  expect(page).toContain(`## S6 ${promises['S6']}\n\nNot kept: what cannot be undone needs no second person`);
});

test('every rule of the protocol has a test', () => {
  const page = promisesPage();
  for (let rule = 1; rule <= 26; rule += 1) expect(page, `R${rule}`).not.toMatch(new RegExp(`^## R${rule} .*\\n\\nNo test`, 'm'));
});
