import { expect, test } from 'vitest';
import type { Meeting } from '../../engine/records/sites.ts';
import { occurrencesIn, ruleOfText } from './calendar.ts';

const zone = 'Asia/Kolkata';

function meeting(start: string, repeat: string, change: Partial<Meeting> = {}): Meeting {
  const read = repeat === '' ? null : ruleOfText(repeat, start);
  if (read?.ok === false) throw new Error(read.line);
  return {
    id: 'm',
    title: 'Weekly review',
    scopes: [''],
    start,
    zone: null,
    minutes: 60,
    rule: read?.rule ?? null,
    except: [],
    moved: [],
    ...change,
  };
}

function starts(one: Meeting, from: string, days = 60, at = zone): string[] {
  const begin = Temporal.PlainDate.from(from).toZonedDateTime(at).epochMilliseconds;
  const found = occurrencesIn(one, { from: begin, to: begin + days * 86_400_000 }, at);
  return found.map((date) =>
    Temporal.Instant.fromEpochMilliseconds(date.from).toZonedDateTimeISO(at).toPlainDateTime().toString().slice(0, 16),
  );
}

test.each<[string, string, string, string[]]>([
  [
    'every weekday',
    '2027-01-15T11:00:00',
    'FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR',
    ['2027-01-15T11:00', '2027-01-18T11:00', '2027-01-19T11:00'],
  ],
  ['every other week', '2027-01-15T11:00:00', 'FREQ=WEEKLY;INTERVAL=2', ['2027-01-15T11:00', '2027-01-29T11:00', '2027-02-12T11:00']],
  ['the second Tuesday', '2027-01-12T09:30:00', 'FREQ=MONTHLY;BYDAY=2TU', ['2027-02-09T09:30', '2027-03-09T09:30']],
  [
    'the last working day',
    '2027-01-29T16:00:00',
    'FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1',
    ['2027-01-29T16:00', '2027-02-26T16:00'],
  ],
  ['the last day of the month', '2026-12-31T16:00:00', 'FREQ=MONTHLY;BYMONTHDAY=-1', ['2027-01-31T16:00', '2027-02-28T16:00']],
  ['the 31st, where there is one', '2026-12-31T16:00:00', 'FREQ=MONTHLY', ['2027-01-31T16:00']],
  [
    'until a day, that day included',
    '2027-01-15T11:00:00',
    'FREQ=DAILY;UNTIL=20270117',
    ['2027-01-15T11:00', '2027-01-16T11:00', '2027-01-17T11:00'],
  ],
  ['three times, begun before the window', '2027-01-13T11:00:00', 'FREQ=DAILY;COUNT=3', ['2027-01-15T11:00']],
  ['around midnight', '2027-01-15T23:45:00', 'FREQ=WEEKLY;COUNT=2', ['2027-01-15T23:45', '2027-01-22T23:45']],
])('a meeting repeats %s', (_, start, repeat, wanted) => {
  expect(starts(meeting(start, repeat), '2027-01-15').slice(0, wanted.length)).toEqual(wanted);
});

test('a yearly meeting on 29 February takes place in leap years only', () => {
  const leap = meeting('2024-02-29T11:00:00', 'FREQ=YEARLY');
  expect(starts(leap, '2027-02-20')).toEqual([]);
  expect(starts(leap, '2028-02-20')).toEqual(['2028-02-29T11:00']);
});

test('a meeting keeps its local time when clocks change', () => {
  const weekly = meeting('2027-03-05T11:00:00', 'FREQ=WEEKLY', { zone: 'America/New_York' });
  expect(starts(weekly, '2027-03-05', 15)).toEqual(['2027-03-05T21:30', '2027-03-12T21:30', '2027-03-19T20:30']);
  // 02:30 does not exist in the night when clocks go forward, so it becomes 03:30.
  const night = meeting('2027-03-14T02:30:00', '', { zone: 'America/New_York' });
  expect(starts(night, '2027-03-14', 1, 'America/New_York')).toEqual(['2027-03-14T03:30']);
});

test('excluded dates are left out, and moved dates are at their new time', () => {
  const one = meeting('2027-01-15T11:00:00', 'FREQ=DAILY;COUNT=4', {
    except: ['2027-01-16T11:00:00'],
    moved: [{ of: '2027-01-17T11:00:00', start: '2027-01-17T15:00:00', zone: null, minutes: 30 }],
  });
  expect(starts(one, '2027-01-15')).toEqual(['2027-01-15T11:00', '2027-01-17T15:00', '2027-01-18T11:00']);
});

test('a window contains a meeting that began earlier and still runs', () => {
  const long = meeting('2027-01-14T11:00:00', '', { minutes: 2 * 1440 });
  expect(starts(long, '2027-01-15', 1)).toEqual(['2027-01-14T11:00']);
});

test.each([
  ['FREQ=SECONDLY', 'it can repeat DAILY, WEEKLY, MONTHLY, YEARLY, not SECONDLY'],
  ['FREQ=WEEKLY;BYWEEKNO=3', 'BYWEEKNO is not understood'],
  ['FREQ=WEEKLY;BYDAY=2MO', 'a numbered day such as 2TU needs a month'],
  ['FREQ=WEEKLY;BYDAY=MO,FR;BYSETPOS=-1', 'BYSETPOS needs FREQ=MONTHLY'],
  ['FREQ=YEARLY;COUNT=40', 'COUNT reaches beyond thirty years: end it with UNTIL'],
  ['FREQ=DAILY;COUNT=0', 'COUNT is a number from 1 to 1000'],
  ['FREQ=DAILY;COUNT=3;UNTIL=20270201', 'it ends by COUNT or by UNTIL, not by both'],
  ['FREQ=DAILY;INTERVAL=100000', 'INTERVAL is a number from 1 to 1000'],
  ['FREQ=WEEKLY;BYDAY=XX', 'invalid BYDAY value "XX"'],
])('the recurrence rule %s is refused in one line', (text, line) => {
  expect(ruleOfText(text, '2027-01-15T11:00:00')).toEqual({ ok: false, line: `the repetition cannot be used: ${line}` });
});

test.each([
  ['FREQ=DAILY;INTERVAL=3;BYDAY=MO,FR;COUNT=9', '2027-04-09'],
  ['FREQ=WEEKLY;BYDAY=TU,FR;COUNT=1000', '2036-08-12'],
  ['FREQ=MONTHLY;BYDAY=-1FR;COUNT=12', '2027-11-26'],
])('the repetition %s ends on %s', (text, last) => {
  expect(ruleOfText(text, '2027-01-15T11:00:00')).toMatchObject({ ok: true, rule: { until: `${last}T11:00:00` } });
});
