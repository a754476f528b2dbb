import { expect, test } from 'vitest';
import type { OfficeHours } from '../../engine/records/sites.ts';
import { combineOffices, nextDigestAt, type OfficeTimes, officeStateAt, type WhenRules } from './when.ts';

const minute = 60_000;
const rules: WhenRules = { beforeMs: 30 * minute, digest: 9 * 60, nearMs: 60 * minute, graceMs: 15 * minute };
const hours: OfficeHours = { vc: [{ days: [1, 2, 3, 4, 5], from: 570, to: 1080 }], closes: 1110 };
const leh: OfficeTimes = { timeZone: 'Asia/Kolkata', hours };

const at = (local: string, zone = 'Asia/Kolkata') => Temporal.PlainDateTime.from(local).toZonedDateTime(zone).epochMilliseconds;
const local = (ms: number, zone = 'Asia/Kolkata') =>
  Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(zone).toPlainDateTime().toString().slice(0, 16);
const dates = [{ id: 'm', title: 'Review', from: at('2027-01-15T11:00'), to: at('2027-01-15T12:00') }];
const moment = (now: string, office = leh, meetings = dates) =>
  officeStateAt({ office, dates: meetings.filter(({ to }) => to > at(now)), rules, now: at(now) });

// 15 January 2027 is a Friday.
test.each([
  ['2027-01-15T10:30', 'soon'],
  ['2027-01-15T11:00', 'meeting'],
  ['2027-01-15T12:00', 'open'],
  ['2027-01-15T18:29', 'open'],
  ['2027-01-15T18:30', 'closed'],
  ['2027-01-15T20:00', 'night'],
  ['2027-01-16T11:00', 'closed'],
  ['2027-01-18T08:59', 'closed'],
  ['2027-01-18T09:00', 'open'],
])('at %s the office is: %s', (now, is) => {
  expect(moment(now).is).toBe(is);
});

test("the digest time is nine o'clock of the next office day, never on a weekend", () => {
  expect(local(moment('2027-01-15T02:00').digestAt)).toBe('2027-01-15T09:00');
  expect(local(moment('2027-01-15T19:00').digestAt)).toBe('2027-01-18T09:00');
  expect(local(moment('2027-01-15T14:00').digestAt)).toBe('2027-01-15T14:00');
});

test('an office without hours is always open', () => {
  const office = { ...leh, hours: null };
  expect(moment('2027-01-15T02:00', office)).toMatchObject({ is: 'open', digestAt: at('2027-01-15T02:00'), isNearClosing: false });
  expect(moment('2027-01-15T10:45', office).is).toBe('soon');
});

test('a PC that goes offline near closing time is expected at the next opening plus a grace time', () => {
  expect(moment('2027-01-14T17:29').isNearClosing).toBe(false);
  for (const now of ['2027-01-14T17:30', '2027-01-14T18:45', '2027-01-14T23:00', '2027-01-15T09:10']) {
    expect(local(moment(now).backAt)).toBe('2027-01-15T09:45');
  }
  expect(moment('2027-01-14T17:30').isNearClosing).toBe(true);
  expect(local(moment('2027-01-15T18:00').backAt)).toBe('2027-01-18T09:45');
  expect(moment('2027-01-15T09:45').backAt).toBe(at('2027-01-15T09:45'));
});

test('the span of the last closing is known from the opening until all PCs should be online again', () => {
  const closed = (now: string) => {
    const { closed: found } = moment(now);
    return found && [local(found.from), local(found.to)];
  };
  expect(closed('2027-01-15T09:10')).toEqual(['2027-01-14T17:30', '2027-01-15T09:00']);
  expect(closed('2027-01-18T09:44')).toEqual(['2027-01-15T17:30', '2027-01-18T09:00']);
  for (const now of ['2027-01-15T08:59', '2027-01-15T09:45', '2027-01-15T14:00', '2027-01-16T12:00']) expect(closed(now)).toBeNull();
  expect(moment('2027-01-15T09:10', { ...leh, hours: null }).closed).toBeNull();
});

test('the next check is when the next meeting comes near, or when the running one ends', () => {
  expect(local(moment('2027-01-15T02:00').lookAt ?? 0)).toBe('2027-01-15T10:30');
  expect(local(moment('2027-01-15T10:45').lookAt ?? 0)).toBe('2027-01-15T12:00');
  expect(moment('2027-01-15T12:00').lookAt).toBeNull();
});

test('the digest time is local time, also across clock changes, a leap day and the end of a year', () => {
  const york: OfficeTimes = { timeZone: 'America/New_York', hours: null };
  const before = at('2027-03-13T10:00', york.timeZone);
  expect(nextDigestAt(before, york, 540) - before).toBe(22 * 60 * minute);
  expect(local(nextDigestAt(at('2028-02-28T10:00'), { ...leh, hours: null }, 540))).toBe('2028-02-29T09:00');
  expect(local(nextDigestAt(at('2027-12-31T09:00'), { ...leh, hours: null }, 540))).toBe('2028-01-01T09:00');
});

test.each([
  ['2027-01-15T17:30', true],
  ['2027-01-15T19:30', true],
  ['2027-01-15T19:31', false],
  ['2027-01-16T18:30', false],
])('at %s the office closes: %s', (now, isClosing) => {
  expect(moment(now).isClosing).toBe(isClosing);
});

const always = moment('2027-01-15T18:20', { ...leh, hours: null }, []);
const evening = moment('2027-01-15T18:20', leh, []);

test.each([
  ['two of three that close', [evening, evening, always], true],
  ['two of four that close', [evening, evening, always, always], false],
  ['none that is known', [], false],
] as const)('combineOffices decides whether a group of offices is closing: %s', (_, moments, closes) => {
  const many = combineOffices(moments, always);
  expect([many.isClosing, many.digestAt]).toEqual([closes, always.digestAt]);
  expect(local(many.backAt)).toBe(closes ? '2027-01-18T09:45' : '2027-01-15T18:20');
});
