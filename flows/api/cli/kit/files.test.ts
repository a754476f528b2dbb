import { expect, test } from 'vitest';
import { planRoster } from '../../../notify/roster/import.ts';
import { planOf } from '../../../notify/roster/roster.test-helper.ts';
import { readMeetingsCsv } from '../../../sites/calendar/csv.ts';
import { readIcs } from '../../../sites/calendar/ics.ts';
import { readCsv, toCsv } from '../../../sites/csv.ts';
import { smallTree } from '../../../sites/sites.test-helper.ts';
import { createSiteTable } from '../../../sites/table.ts';
import { problemText } from './text.ts';

const table = createSiteTable(smallTree());
const whole = toCsv(table);
const sites = (text: string) => readCsv(text, table, 0).problems;
const meetings = async (text: string) => (await readMeetingsCsv(text, table)).problems;
/** Returns the problems of a calendar with a weekly meeting, further lines in it, and further events. */
const ics = async ({ start = 'DTSTART;TZID=Asia/Kolkata:20270115T110000', own = '', more = '', head = '', whole = '' }) => {
  const first = `BEGIN:VEVENT\nUID:a\n${start}\nRRULE:FREQ=WEEKLY\nLOCATION:all\n${own}\nEND:VEVENT\n`;
  const next = more === '' ? '' : `BEGIN:VEVENT\nUID:a\nDTSTART;TZID=Asia/Kolkata:20270122T150000\n${more}\nEND:VEVENT\n`;
  const day = whole && `BEGIN:VEVENT\nUID:a\nDTSTART;VALUE=DATE:${whole}\nRECURRENCE-ID:${whole}T110000\nEND:VEVENT\n`;
  return (await readIcs(`BEGIN:VCALENDAR\n${head}\n${first}${next}${day}END:VCALENDAR`, { table, rooms: null })).problems;
};
const channel = { send: async () => ({ result: 'delivered' as const }) };
const roster = (text: string) =>
  planRoster(planOf(text, { table, channels: new Map([['email', { channel, reaches: () => false }]]) })).import.problems;

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
  ['a calendar that answers', ics({ head: 'METHOD:REPLY' })],
  ['dates taken out by a rule', ics({ own: 'EXRULE:FREQ=DAILY' })],
  ['a date put in', ics({ own: 'RDATE:20270116T110000' })],
  ['a time of UTC for one without a zone', ics({ start: 'DTSTART:20270115T110000', own: 'EXDATE:20270122T053000Z' })],
  ['a day for a time of UTC', ics({ start: 'DTSTART:20270115T110000Z', own: 'EXDATE;VALUE=DATE:20270122' })],
  ['all dates from one on', ics({ more: 'RECURRENCE-ID;RANGE=THISANDFUTURE:20270122T110000' })],
  ['a date that is none', ics({ more: 'RECURRENCE-ID:20270123T110000' })],
  ['a date that comes back', ics({ more: 'RECURRENCE-ID:20270122T110000\nRRULE:FREQ=DAILY' })],
  ['a date in a hall', ics({ more: 'RECURRENCE-ID:20270122T110000\nLOCATION:Hall B' })],
  ['a date of a whole day', ics({ whole: '20270122' })],
  [
    'people with wrong cells',
    roster('ID,Name,Roles,Scopes,Channels,Deputy\ncentral,A,boss,,pager,a\nb,,technician,nowhere,email,b\nb,B,central,ladakh,,c\n'),
  ],
])('%s: each problem has a Hindi text, and no English text shows terms of the schema library', async (_, found) => {
  const problems = await found;
  expect(problems).not.toEqual([]);
  const said = (language: 'en' | 'hi') => problemText(problems, { file: 'f.csv', language }).split('\n');
  expect(said('hi').filter((line) => !/\p{Script=Devanagari}/u.test(line))).toEqual([]);
  expect(said('en').filter((line) => /expected \(|expected [<>/]|found undefined| \| /.test(line))).toEqual([]);
  expect(said('en').at(-1)).toBe(`nothing is changed: ${problems.length} problem${problems.length === 1 ? '' : 's'}`);
});
