import { expect, test } from 'vitest';
import { readMeetingsCsv } from '../../calendar/csv.ts';
import { tooMuch } from '../../calendar/draft.ts';
import { readRoster } from '../../roster/csv.ts';
import { readCsv, toCsv } from '../../sites/csv.ts';
import { smallTree } from '../../sites/sites.test-helper.ts';
import { createSiteTable } from '../../sites/table.ts';
import { problemText } from './problems.ts';

const table = createSiteTable(smallTree());
const whole = toCsv(table);
const sites = (text: string) => readCsv(text, table, 0).problems;
const meetings = (text: string) => readMeetingsCsv(text, table).problems;
const roster = (text: string) =>
  readRoster(text, { table, others: new Map(), reaches: (channel) => (channel === 'email' ? false : undefined), channels: ['email'] })
    .problems;

test.each([
  ['sites without columns', sites('State,Site,PC\nx,y,z\n')],
  ['a quote that is never closed', sites('state,"site\n')],
  ['an empty file', sites('')],
  ['sites with wrong cells', sites(whole.replace('live,3524', 'live,high').replace(',leo,', ',vsat,').replace('ladakh,leh', 'ladakh,Leh'))],
  ['a place that stands twice', sites(`${whole}${whole.split('\n').slice(1).join('\n')}`)],
  ['meetings without columns', meetings('title,rooms\nA,all\n')],
  ['meetings with a column too many', meetings('title,rooms,start,end,hue\n')],
  [
    'meetings with wrong cells',
    meetings('Title,Rooms,Start,End,Time zone,Except\n,nowhere/at-all,yesterday,later,Mars,never\nB,ladakh/leh\n'),
  ],
  ['too much work', [{ line: 1, column: 'RRULE', what: tooMuch }]],
  [
    'people with wrong cells',
    roster('ID,Name,Roles,Scopes,Channels,Deputy\ncentral,A,boss,,pager,a\nb,,technician,nowhere,email,b\nb,B,central,ladakh,,c\n'),
  ],
])('%s: each problem is said in Hindi, and none in the words of a schema', (_, problems) => {
  expect(problems).not.toEqual([]);
  const said = (language: 'en' | 'hi') => problemText(problems, { file: 'f.csv', language }).split('\n');
  expect(said('hi').filter((line) => !/\p{Script=Devanagari}/u.test(line))).toEqual([]);
  expect(said('en').filter((line) => /expected \(|expected [<>/]|found undefined| \| /.test(line))).toEqual([]);
  expect(said('en').at(-1)).toBe(`nothing is changed: ${problems.length} problem${problems.length === 1 ? '' : 's'}`);
});
