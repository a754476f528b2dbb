import fastify from 'fastify';
import ICAL from 'ical.js';
import { expect, onTestFinished, test } from 'vitest';
import { member } from '../roster/roster.test-helper.ts';
import { feedHash } from '../roster/shift-orders.ts';
import type { Shift } from '../roster/shifts.ts';
import { dutyFeed } from './feed.ts';
import { addDutyFeed } from './feed-route.ts';

const at = Date.UTC(2027, 0, 13, 6);
const hour = 3_600_000;
const asha = member('asha', { name: 'Asha "Leh"; Devi, ड्यूटी\r\nEND:VCALENDAR', language: 'hi' });
const shifts: Shift[] = [
  { from: at, to: at + 9 * hour, for: null },
  { from: at + 24 * hour, to: at + 33 * hour, for: `${'लंबा नाम '.repeat(20)}; x` },
];

function read(text: string) {
  const calendar = new ICAL.Component(ICAL.parse(text));
  const events = calendar.getAllSubcomponents('vevent').map((one) => new ICAL.Event(one));
  return { calendar, events };
}

test('what is written ical.js reads back: each shift at its time in UTC, in the words of the person', () => {
  const { calendar, events } = read(dutyFeed({ person: asha, shifts, at }));
  expect(calendar.getFirstPropertyValue('version')).toBe('2.0');
  expect(calendar.getFirstPropertyValue('x-wr-calname')).toBe('Asha "Leh"; Devi, ड्यूटी END:VCALENDAR की ड्यूटी');
  expect(events.map(({ startDate, endDate }) => [startDate.toJSDate().getTime(), endDate.toJSDate().getTime()])).toEqual(
    shifts.map(({ from, to }) => [from, to]),
  );
  expect(events.map(({ startDate }) => startDate.zone.tzid)).toEqual(['UTC', 'UTC']);
  expect(events.map(({ summary }) => summary)).toEqual(['ड्यूटी पर', expect.stringMatching(/^लंबा नाम .*; x की जगह ड्यूटी पर$/)]);
  expect(new Set(events.map(({ uid }) => uid)).size).toBe(2);
});

test('lines end with CR LF and have at most 75 bytes, and the same shift keeps its uid', () => {
  const text = dutyFeed({ person: asha, shifts, at });
  expect(text.endsWith('END:VCALENDAR\r\n')).toBe(true);
  expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
  expect(text.split('\r\n').filter((line) => Buffer.byteLength(line) > 75)).toEqual([]);
  const later = read(dutyFeed({ person: asha, shifts: shifts.slice(1), at: at + hour }));
  expect(later.events[0]?.uid).toBe(read(text).events[1]?.uid);
});

test('the address with its token is answered with the calendar, every other one with nothing; who tries on waits', async () => {
  const app = fastify();
  onTestFinished(() => app.close());
  let token = 'right-token';
  const shiftsBy = (hash: string) => (hash === feedHash(token) ? { member: asha, shifts } : undefined);
  addDutyFeed(app, { roster: { shiftsBy }, clock: { up: () => 0 }, now: () => at });
  const get = (query: string) => app.inject({ url: `/duty.ics${query}` });
  const found = await get('?right-token');
  expect([found.statusCode, found.headers['content-type'], read(found.body).events.length]).toEqual([
    200,
    'text/calendar; charset=utf-8',
    2,
  ]);
  token = 'another';
  expect((await get('?right-token')).statusCode).toBe(404);
  for (const query of ['', '?', '?a&b', `?${'x'.repeat(80)}`]) expect((await get(query)).statusCode).toBe(404);
  const codes = await Promise.all(Array.from({ length: 20 }, async (_, n) => (await get(`?guess-${n}`)).statusCode));
  expect(codes.at(-1)).toBe(429);
  expect((await get('?another')).statusCode).toBe(200);
});
