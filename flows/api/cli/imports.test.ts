import { expect, test } from 'vitest';
import { toCsv } from '../../sites/csv.ts';
import { operator } from './operator.test-helper.ts';

const { state, file, sabha } = operator();

test.each([
  ['sites', 'import'],
  ['config', 'stage'],
  ['meetings', 'import'],
  ['roster', 'import'],
])('%s %s changes nothing without --yes, or with --dry-run, and names --yes', async (...verb) => {
  const name = file('sites.csv', toCsv(state().table).replace('live,3524', 'live,3511'));
  const applied: boolean[] = [];
  const difference = { added: [], changed: [], removed: [], missing: [], same: 0 };
  for (const of of ['meetings', 'roster'])
    state().scripted[`POST /api/${of}/import`] = () => {
      applied.push(JSON.stringify(state().asked.at(-1)?.body).includes('"apply":true'));
      return { problems: [], notes: [], difference, applied: applied.at(-1) };
    };
  const isChanged = () => applied.at(-1) ?? state().table.resolve('ladakh/leh').profile.elevationM === 3_511;
  for (const options of [[], ['--dry-run'], ['--yes', '--dry-run']]) {
    const { code, out } = await sabha([...verb, name, ...options]);
    expect([options, code, out.split('\n').at(-2), isChanged()]).toEqual([options, 0, 'nothing is changed yet: --yes does it', false]);
  }
  const { code, out } = await sabha([...verb, name, '--yes']);
  expect([code, out.split('\n').at(-2), isChanged()]).toEqual([0, 'done', true]);
});
