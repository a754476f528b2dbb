import { expect, test } from 'vitest';
import type { Meeting } from '../records/meetings.ts';
import { createSiteTable } from '../sites/table.ts';
import { limits, tooMuch } from './draft.ts';
import { type ImportOf, meetingsLimitBytes, planMeetings } from './import.ts';
import type { Steps } from './rule.ts';

const name = { en: 'x', hi: 'x' };
const table = createSiteTable(
  ['', 'bihar', 'bihar/patna', 'bihar/patna/vc-1', 'ladakh', 'ladakh/leh'].map((path) => ({ path, name, layer: {}, site: null })),
);
const now = Date.UTC(2027, 0, 15, 3);

function plan(text: string, { steps, ...change }: Partial<ImportOf> & { steps?: Steps } = {}) {
  return planMeetings({ text, rooms: '', replace: false, table, held: new Map(), now, ...change }, steps);
}
const problems = (text: string, change: Parameters<typeof plan>[1] = {}) =>
  plan(text, change).import.problems.map(({ line, column, what }) => `${line} ${column}: ${what}`);

function ics(...events: string[]): string {
  return ['BEGIN:VCALENDAR', 'VERSION:2.0', ...events, 'END:VCALENDAR', ''].join('\r\n');
}
function event(uid: string, ...lines: string[]): string {
  return ['BEGIN:VEVENT', `UID:${uid}`, ...lines, 'END:VEVENT'].join('\r\n');
}
const start = 'DTSTART;TZID=Asia/Kolkata:20270115T110000';
const end = 'DTEND;TZID=Asia/Kolkata:20270115T120000';

test('an iCalendar entry with its repetition, single dates and rooms is one meeting', () => {
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
  const { change, import: told } = plan(file);
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

test('the zone of Outlook, of a calendar with one offset, of one that names another, of UTC, and of nobody', () => {
  const zone = (tzid: string, ...lines: string[]) => ['BEGIN:VTIMEZONE', `TZID:${tzid}`, ...lines, 'END:VTIMEZONE'].join('\r\n');
  const observed = (offset: string) => [
    'BEGIN:STANDARD',
    'DTSTART:16010101T000000',
    `TZOFFSETFROM:${offset}`,
    `TZOFFSETTO:${offset}`,
    'END:STANDARD',
  ];
  const file = ics(
    zone('Our Time', ...observed('+0530')),
    zone('/example.org/Berlin', 'X-LIC-LOCATION:Europe/Berlin', ...observed('+0100')),
    event('1', 'DTSTART;TZID=India Standard Time:20270115T110000', 'X-SABHA-ROOMS:all'),
    event('2', 'DTSTART;TZID=Our Time:20270115T110000', 'X-SABHA-ROOMS:all'),
    event('3', 'DTSTART;TZID=/example.org/Berlin:20270115T110000', 'X-SABHA-ROOMS:all'),
    event('4', 'DTSTART:20270115T110000Z', 'X-SABHA-ROOMS:all'),
    event('5', 'DTSTART:20270115T110000', 'X-SABHA-ROOMS:all'),
  );
  expect(plan(file).change?.put.map(({ zone: one }) => one)).toEqual(['Asia/Kolkata', '+05:30', 'Europe/Berlin', 'UTC', null]);
  expect(problems(ics(event('1', 'DTSTART;TZID=Mars/Olympus:20270115T110000', 'X-SABHA-ROOMS:all')))).toEqual([
    '3 DTSTART: the zone "Mars/Olympus" is not known: a name such as Asia/Kolkata',
  ]);
});

test('every faulty entry is named by its line, and nothing of the file is taken', () => {
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
  expect(problems(file)).toEqual([
    '8 LOCATION: names no site or room: expected paths such as bihar/patna, or --rooms for the whole file',
    '13 LOCATION: there is no site or room bihar/gaya',
    '18 RRULE: the repetition cannot be used: it comes back DAILY, WEEKLY, MONTHLY, YEARLY, not SECONDLY',
    '24 DTEND: it ends before it begins',
    '30 DTSTART: is no time: "garb-ag-eT::"',
    '35 : invalid line (no token ";" or ":") "NONSENSE"',
    '40 UID: stands twice: line 3 is the same meeting',
  ]);
  expect(plan(file).change).toBeNull();
});

const header = 'title,rooms,start,end,time_zone,repeat,except,status\n';

test('repetitions that cost minutes to count are one line, after some steps, on a dry run too', () => {
  const dear = (at: number) => event(`e-${at}`, start, 'RRULE:FREQ=YEARLY;COUNT=10000;BYDAY=MO,TU;BYSETPOS=100', 'LOCATION:all');
  const file = ics(...Array.from({ length: 2_000 }, (_, at) => dear(at)));
  const steps = { left: 40_000 };
  expect(problems(file, { steps })).toEqual([`9 RRULE: ${tooMuch}`]);
  // What looks at a period as a whole ends it first.
  expect(steps.left).toBeGreaterThan(-1_000);
  const rows = Array.from({ length: 9 }, (_, at) => `Call ${at},all,2027-01-15 09:00,45,,FREQ=MONTHLY;COUNT=400,,\n`);
  expect(problems(header + rows.join(''), { steps: { left: 40_000 } })).toEqual([`5 repeat: ${tooMuch}`]);
});

test('what is held is looked at too: with it a file costs more, and one that replaces it does not', () => {
  const byPosition = ics(event('p', start, 'RRULE:FREQ=YEARLY;BYDAY=MO;BYSETPOS=3', 'LOCATION:all'));
  const held = new Map(plan(byPosition).change?.put.map((one) => [`${one.id}-2`, one] as [string, Meeting]));
  const cost = (change: Parameters<typeof plan>[1]) => {
    const steps = { left: 10_000 };
    plan(byPosition, { ...change, steps });
    return 10_000 - steps.left;
  };
  expect([cost({}), cost({ held }), cost({ held, replace: true })]).toEqual([366, 732, 366]);
});

test('a calendar of twenty thousand meetings of each week of a year is well within what an import may cost', () => {
  const steps = { left: limits.days };
  const rule = 'FREQ=WEEKLY;COUNT=52';
  const one = plan(ics(event('w', start, `RRULE:${rule}`, 'LOCATION:all')), { steps });
  expect(one.change?.put).toHaveLength(1);
  expect((limits.days - steps.left) * 20_000).toBeLessThan(limits.days);
});

test('a file that is no calendar, is cut off, or is too large is one clear line', () => {
  expect(problems(ics('BEGIN:VEVENT', 'UID:1', start))).toEqual(['3 : BEGIN:VEVENT is never closed']);
  expect(problems('')).toEqual(['1 : the file is empty']);
  expect(problems('a,b\n1,2')).toEqual(['1 : expected the columns title, rooms, start, end; these are missing: title, rooms, start, end']);
  expect(problems(`BEGIN:VCALENDAR\n${'X'.repeat(meetingsLimitBytes)}`)).toEqual(['1 : the file is larger than 8 MiB']);
});

test('headings in any case are known', () => {
  const rest = 'Review,ladakh/leh,2027-01-15 11:00,12:30,Asia/Kolkata';
  const [titled, plain] = ['Title, Rooms , START,End,Time zone', 'title,rooms,start,end,time_zone'].map((heading) =>
    plan(`${heading}\n${rest}`),
  );
  expect(titled).toEqual(plain);
  expect(titled?.change?.put).toHaveLength(1);
});

test('rooms for the whole file are those of entries that name none', () => {
  const file = ics(event('1', start, 'LOCATION:Committee Room B'), event('2', start, 'LOCATION:ladakh/leh'));
  expect(plan(file, { rooms: 'bihar' }).change?.put.map(({ scopes }) => scopes)).toEqual([['bihar'], ['ladakh/leh']]);
  expect(problems(file, { rooms: 'goa/panaji' })).toEqual(['1 : --rooms: there is no site or room goa/panaji']);
});

test('what is over, a whole day, or cancelled and never known is left out with a line, and the rest goes on', () => {
  const file = ics(
    event('old', start.replace('2027', '2020'), 'SUMMARY:Old', 'LOCATION:all'),
    event('day', 'DTSTART;VALUE=DATE:20270126', 'SUMMARY:Republic Day'),
    event('off', start, 'STATUS:CANCELLED', 'SUMMARY:Never'),
    event('good', start, 'LOCATION:all'),
  );
  const { import: told, change } = plan(file);
  expect(told.notes.map(({ what }) => what)).toEqual([
    '"Republic Day" is a whole day and no meeting: left out',
    '"Old" is over: left out',
    '"Never" is cancelled, and was not in the calendar',
  ]);
  expect(change?.put.map(({ id }) => id)).toEqual(['good']);
});

test('a later file changes, cancels and keeps; only with replace goes what it does not have', () => {
  const held = new Map(
    plan(ics(...['a', 'b', 'c', 'd'].map((id) => event(id, start, 'LOCATION:all')))).change?.put.map(
      (one) => [one.id, one] as [string, Meeting],
    ),
  );
  const later = ics(event('a', start, 'LOCATION:all'), event('b', start, 'LOCATION:bihar'), event('c', start, 'STATUS:CANCELLED'));
  const { import: told, change } = plan(later, { held });
  expect(told.difference).toMatchObject({ added: [], changed: [{ id: 'b' }], removed: [{ id: 'c' }], same: 1 });
  expect(change?.gone).toEqual(['c']);
  expect(plan(later, { held, replace: true }).change?.gone).toEqual(['c', 'd']);
});

test('a CSV line is a meeting; what is wrong in it is named by column', () => {
  const { change } = plan(
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
  expect(problems(`${header}Review,bihar/gaya,15.1.2027,12:30,Mars,FREQ=SECONDLY,soon,\n"",all,2027-01-15 11:00,10:00,,,,`)).toEqual([
    '2 rooms: there is no site or room bihar/gaya',
    '2 time_zone: the zone "Mars" is not known: a name such as Asia/Kolkata',
    '2 start: expected a time such as 2027-01-15 11:00',
    '2 repeat: the repetition cannot be used: it comes back DAILY, WEEKLY, MONTHLY, YEARLY, not SECONDLY',
    '2 except: expected dates such as 2027-01-26, with ";" between',
    '3 title: must not be empty',
    '3 end: it ends before it begins',
  ]);
});

test('the same line is the same meeting in a later file, and may be cancelled there', () => {
  const line = 'Review,bihar,2027-01-15 11:00,12:30,,,,';
  const held = new Map(plan(header + line).change?.put.map((one) => [one.id, one] as [string, Meeting]));
  expect(plan(header + line, { held }).import.difference.same).toBe(1);
  expect(plan(`${header}${line}cancelled`, { held }).change?.gone).toEqual([...held.keys()]);
});
