import { expect, test } from 'vitest';
import type { Meeting } from '../../engine/records/sites.ts';
import { fileLimitBytes } from '../sheet.ts';
import { createSiteTable } from '../table.ts';
import { createCalendar } from './calendar.ts';
import { type MeetingImportInput, planMeetings } from './meeting-orders.ts';

const name = { en: 'x', hi: 'x' };
const table = createSiteTable(
  ['', 'bihar', 'bihar/patna', 'bihar/patna/vc-1', 'ladakh', 'ladakh/leh'].map((path) => ({ path, name, layer: {}, site: null })),
);
const now = Date.UTC(2027, 0, 15, 3);

function plan(text: string, change: Partial<MeetingImportInput> = {}) {
  return planMeetings({ text, rooms: '', replace: false, table, held: new Map(), now, ...change });
}
const problems = async (text: string, change: Partial<MeetingImportInput> = {}) =>
  (await plan(text, change)).import.problems.map(({ line, column, what }) => `${line} ${column}: ${what}`);

function ics(...events: string[]): string {
  return ['BEGIN:VCALENDAR', 'VERSION:2.0', ...events, 'END:VCALENDAR', ''].join('\r\n');
}
function event(uid: string, ...lines: string[]): string {
  return ['BEGIN:VEVENT', `UID:${uid}`, ...lines, 'END:VEVENT'].join('\r\n');
}
const start = 'DTSTART;TZID=Asia/Kolkata:20270115T110000';
const end = 'DTEND;TZID=Asia/Kolkata:20270115T120000';

test('an iCalendar entry with its repetition, single dates and rooms is one meeting', async () => {
  const file = ics(
    event(
      'weekly@nic.in',
      'SUMMARY:Weekly\\, all districts',
      start,
      end,
      'RRULE:FREQ=WEEKLY;BYDAY=FR',
      'LOCATION:bihar/patna; ladakh',
      'EXDATE;TZID=Asia/Kolkata:20270122T110000',
      'BEGIN:VALARM',
      'TRIGGER:-PT15M',
      'END:VALARM',
    ),
    event('weekly@nic.in', 'RECURRENCE-ID:20270129T053000Z', 'DTSTART;TZID=Asia/Kolkata:20270129T150000', 'DURATION:PT30M'),
    event(
      'weekly@nic.in',
      'RECURRENCE-ID;TZID=Asia/Kolkata:20270205T110000',
      'DTSTART;TZID=Asia/Kolkata:20270205T110000',
      'STATUS:CANCELLED',
    ),
  );
  const { change, import: told } = await plan(file);
  expect(told).toMatchObject({ problems: [], notes: [], difference: { added: [{ id: 'weekly@nic.in', title: 'Weekly, all districts' }] } });
  expect(change?.put).toMatchObject([
    {
      scopes: ['bihar/patna', 'ladakh'],
      start: '2027-01-15T11:00:00',
      zone: 'Asia/Kolkata',
      minutes: 60,
      rule: { frequency: 'WEEKLY', weekdays: [{ day: 5, nth: 0 }] },
      except: ['2027-01-22T11:00:00', '2027-02-05T11:00:00'],
      moved: [{ of: '2027-01-29T11:00:00', start: '2027-01-29T15:00:00', zone: 'Asia/Kolkata', minutes: 30 }],
    },
  ]);
});

test("a zone is known by its IANA name, by Outlook's name for India, or by a single offset; others are refused", async () => {
  const zone = (tzid: string, ...offsets: string[]) =>
    ['BEGIN:VTIMEZONE', `TZID:${tzid}`, ...offsets.map((one) => `TZOFFSETTO:${one}`), 'END:VTIMEZONE'].join('\r\n');
  const at = (tzid: string) => event(tzid, `DTSTART;TZID=${tzid}:20270115T110000`, 'X-SABHA-ROOMS:all');
  const file = ics(
    zone('Our Time', '+0530', '+0530'),
    at('India Standard Time'),
    at('Our Time'),
    at('Asia/Kathmandu'),
    event('utc', 'DTSTART:20270115T110000Z', 'X-SABHA-ROOMS:all'),
    event('site', 'DTSTART:20270115T110000', 'X-SABHA-ROOMS:all'),
  );
  expect((await plan(file)).change?.put.map(({ zone: one }) => one)).toEqual(['Asia/Kolkata', '+05:30', 'Asia/Kathmandu', 'UTC', null]);
  expect(await problems(ics(zone('Their Time', '+0100', '+0200'), at('Their Time')))).toEqual([
    '8 DTSTART: the zone "Their Time" is not known: a name such as Asia/Kolkata',
  ]);
});

test('each faulty entry is reported with its line, and nothing of the file is imported', async () => {
  const file = ics(
    event('good', start, 'LOCATION:bihar/patna'),
    event('no-rooms', start, 'LOCATION:Committee Room B'),
    event('nowhere', start, 'LOCATION:bihar/gaya'),
    event('endless', start, 'RRULE:FREQ=SECONDLY', 'LOCATION:all'),
    event('backwards', end.replace('DTEND', 'DTSTART'), start.replace('DTSTART', 'DTEND'), 'LOCATION:all'),
    event('no-time', 'DTSTART:garbage', 'LOCATION:all'),
    event('broken', 'NONSENSE', start),
    event('good', start, 'LOCATION:all'),
  );
  expect(await problems(file)).toEqual([
    '8 LOCATION: names no site or room: expected paths such as bihar/patna, or --rooms for the whole file',
    '13 LOCATION: there is no site or room bihar/gaya',
    '18 RRULE: the repetition cannot be used: it can repeat DAILY, WEEKLY, MONTHLY, YEARLY, not SECONDLY',
    '24 DTEND: it ends before it begins',
    '30 DTSTART: is not a time: "garb-ag-eT::"',
    '35 : invalid line (no token ";" or ":") "NONSENSE"',
    '40 UID: appears twice: line 3 is the same meeting',
  ]);
  expect((await plan(file)).change).toBeNull();
});

const header = 'title,rooms,start,end,time_zone,repeat,except,status\n';
const weekly = (...lines: string[]) =>
  event('a', 'DTSTART;TZID=Asia/Kolkata:20270115T110000', 'RRULE:FREQ=WEEKLY', 'LOCATION:bihar/patna', ...lines);
const floating = (...lines: string[]) => event('a', 'DTSTART:20270115T110000', 'RRULE:FREQ=WEEKLY', 'LOCATION:all', ...lines);
const date = (of: string, ...lines: string[]) => event('a', `RECURRENCE-ID${of}`, ...lines);
const at15 = 'DTSTART;TZID=Asia/Kolkata:20270122T150000';
const at11 = ';TZID=Asia/Kolkata:20270122T110000';
const noZone = 'it or DTSTART names no zone, and the other does: write both in one zone';

test.each<[string, string[], string]>([
  [
    'a change of all dates from one on',
    [weekly(), date(`;RANGE=THISANDFUTURE${at11}`, at15)],
    '9 RECURRENCE-ID: RANGE is not understood: end the meeting with UNTIL, and add the rest as another meeting',
  ],
  [
    'dates that a rule takes out',
    [weekly('EXRULE:FREQ=WEEKLY;INTERVAL=2')],
    '3 EXRULE: is not understood: list the cancelled dates with EXDATE',
  ],
  ['an EXDATE in UTC of a meeting without a zone', [floating('EXDATE:20270122T053000Z')], `3 EXDATE: ${noZone}`],
  ['an EXDATE that is a day alone', [weekly('EXDATE;VALUE=DATE:20270122')], '3 EXDATE: is not a time: "2027-01-22"'],
  [
    'a moved date that the meeting does not have',
    [weekly(), date(';TZID=Asia/Kolkata:20270123T110000', at15)],
    '9 RECURRENCE-ID: the meeting has no date at 2027-01-23 11:00',
  ],
  ['a date twice', [weekly(), date(at11, at15), date(at11, at15)], '14 RECURRENCE-ID: appears twice: line 9 is the same meeting'],
  ['an answer to an invitation', ['METHOD:REPLY', weekly()], '3 METHOD: REPLY is not understood: PUBLISH, REQUEST and CANCEL are'],
])('an iCalendar file with this content is refused in one line: %s', async (_, events, line) => {
  expect(await problems(ics(...events))).toEqual([line]);
});

test('METHOD:CANCEL removes the meetings of an iCalendar file, and is refused in a file of several calendars', async () => {
  const held = new Map((await plan(ics(weekly()))).change?.put.map((one) => [one.id, one] as [string, Meeting]));
  const cancelling = ics('METHOD:CANCEL', weekly());
  expect((await plan(cancelling, { held })).change?.gone).toEqual(['a']);
  expect(await problems(cancelling + ics(event('b', start, 'LOCATION:all')), { held })).toEqual([
    '1 METHOD: CANCEL is in a file of several calendars: import each calendar as a separate file',
  ]);
});

test('a date that moves to another room is a meeting of that room only', async () => {
  const file = ics(
    weekly(),
    date(at11, at15, 'LOCATION:ladakh/leh'),
    date(';TZID=Asia/Kolkata:20270129T110000', 'DTSTART:20270129T150000', 'LOCATION:bihar/patna'),
  );
  const calendar = createCalendar((await plan(file)).change?.put ?? [], () => table);
  const dates = (scope: string) =>
    calendar.next(scope, Date.UTC(2027, 0, 21, 20)).map(({ from }) => new Date(from).toISOString().slice(5, 16));
  expect([dates('bihar/patna'), dates('ladakh/leh')]).toEqual([['01-29T09:30'], ['01-22T09:30']]);
  expect(calendar.parts().map(({ id, scopes }) => [id, scopes])).toEqual([
    ['a', ['bihar/patna']],
    ['a', ['ladakh/leh']],
  ]);
});

test('a file that is no calendar, is truncated or is too large is refused with one line', async () => {
  expect(await problems(ics('BEGIN:VEVENT', 'UID:1', start))).toEqual(['3 : BEGIN:VEVENT is never closed']);
  expect(await problems('')).toEqual(['1 : the file is empty']);
  expect(await problems('a,title\n1,2')).toEqual(['1 a: this column is not known', '1 : these columns are missing: rooms, start, end']);
  expect(await problems(`BEGIN:VCALENDAR\n${'X'.repeat(fileLimitBytes)}`)).toEqual(['1 : the file is larger than 8 MiB']);
});

test('past, whole-day and unknown cancelled entries are skipped with a note, and the others are imported', async () => {
  const file = ics(
    event('old', start.replace('2027', '2020'), 'SUMMARY:Old', 'LOCATION:all'),
    event('day', 'DTSTART;VALUE=DATE:20270126', 'SUMMARY:Republic Day'),
    event('off', start, 'STATUS:CANCELLED', 'SUMMARY:Never'),
    event('good', start, 'LOCATION:all'),
  );
  const { import: told, change } = await plan(file);
  expect(told.notes.map(({ what }) => what)).toEqual([
    '"Republic Day" is a whole day and no meeting: left out',
    '"Old" is over: left out',
    '"Never" is cancelled, and was not in the calendar',
  ]);
  expect(change?.put.map(({ id }) => id)).toEqual(['good']);
});

test('a later file changes and cancels meetings; missing ones are removed only with replace', async () => {
  const held = new Map(
    (await plan(ics(...['a', 'b', 'c', 'd'].map((id) => event(id, start, 'LOCATION:all'))))).change?.put.map(
      (one) => [one.id, one] as [string, Meeting],
    ),
  );
  const later = ics(event('a', start, 'LOCATION:all'), event('b', start, 'LOCATION:bihar'), event('c', start, 'STATUS:CANCELLED'));
  const { import: told, change } = await plan(later, { held });
  expect(told.difference).toMatchObject({ added: [], changed: [{ id: 'b' }], removed: [{ id: 'c' }], same: 1 });
  expect(change?.gone).toEqual(['c']);
  expect((await plan(later, { held, replace: true })).change?.gone).toEqual(['c', 'd']);
});

test('a CSV line is a meeting, and its problems are reported by column', async () => {
  const { change } = await plan(
    `${header}Review,bihar;ladakh/leh,2027-01-15 11:00,12:30,,FREQ=WEEKLY,2027-01-22,\nCall,all,2027-01-16 09:00,45,Europe/Berlin,,,`,
  );
  expect(change?.put).toMatchObject([
    {
      title: 'Review',
      scopes: ['bihar', 'ladakh/leh'],
      start: '2027-01-15T11:00:00',
      minutes: 90,
      zone: null,
      except: ['2027-01-22T11:00:00'],
    },
    { title: 'Call', scopes: [''], minutes: 45, zone: 'Europe/Berlin', rule: null },
  ]);
  expect(await problems(`${header}Review,bihar/gaya,15.1.2027,12:30,Mars,FREQ=SECONDLY,soon,\n"",all,2027-01-15 11:00,10:00,,,,`)).toEqual([
    '2 rooms: there is no site or room bihar/gaya',
    '2 time_zone: the zone "Mars" is not known: a name such as Asia/Kolkata',
    '2 start: expected a time such as 2027-01-15 11:00',
    '2 repeat: the repetition cannot be used: it can repeat DAILY, WEEKLY, MONTHLY, YEARLY, not SECONDLY',
    '2 except: expected dates such as 2027-01-26, with ";" between',
    '3 title: must not be empty',
    '3 end: it ends before it begins',
  ]);
});
