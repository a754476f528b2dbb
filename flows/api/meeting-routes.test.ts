import { beforeEach, expect, test } from 'vitest';
import type { Op } from '../engine/records/ops.ts';
import { createCalendar } from '../sites/calendar/calendar.ts';
import { createMeetingOrders } from '../sites/calendar/meeting-orders.ts';
import { smallTree } from '../sites/sites.test-helper.ts';
import { createSiteTable } from '../sites/table.ts';
import { routesOf } from './routes.test-helper.ts';

const table = createSiteTable(smallTree());
const now = Date.UTC(2027, 0, 15, 3);
let written: Op[];
let routes: ReturnType<typeof routesOf>;

beforeEach(() => {
  written = [];
  let calendar = createCalendar([], () => table);
  const meetings = createMeetingOrders({
    calendar: () => calendar,
    table: () => table,
    now: () => now,
    apply: async (all, ops) => {
      written.push(...ops);
      calendar = createCalendar(all, () => table);
    },
  });
  routes = routesOf({ meetings });
});

const list = async (query = '') => (await routes.get(`/api/meetings${query}`)).body;
const text =
  'id,title,rooms,start,end,repeat\nreview,Review,ladakh/leh,2027-01-15 11:00,12:00,FREQ=DAILY\nall,Town hall,all,2027-01-16 09:00,60,\n';
const load = (more: object = {}) => routes.post('/api/meetings/import', { by: 'Anil', text, apply: true, ...more });

test('an import of meetings previews its difference, then applies it with its rows and one audit row in the same commit', async () => {
  expect(await load({ apply: false })).toMatchObject({
    status: 200,
    body: { applied: false, difference: { added: [{ id: 'review' }, { id: 'all' }] } },
  });
  expect([await list(), written]).toEqual([[], []]);
  expect(await load()).toMatchObject({ status: 200, body: { applied: true } });
  expect(written.map((op) => op.op)).toEqual(['meeting', 'meeting', 'audit']);
  expect(written.at(-1)).toMatchObject({ who: 'Anil', what: 'meetings imported', about: '2 added, 0 changed, 0 removed, 0 the same' });
  expect(await load()).toMatchObject({ body: { applied: true, difference: { same: 2 } } });
  expect(written).toHaveLength(3);
});

test('the list holds the meetings of a place and of the levels above and below that place, the next meeting first', async () => {
  await load();
  const ids = async (query = '') => (await list(query)).map(({ id }: { id: string }) => id);
  expect(await ids()).toEqual(['review', 'all']);
  expect(await ids('?scope=ladakh/kargil')).toEqual(['all']);
  expect(await ids('?scope=ladakh')).toEqual(['review', 'all']);
  expect((await list())[0]).toMatchObject({
    title: 'Review',
    scopes: ['ladakh/leh'],
    repeats: true,
    next: { from: Date.UTC(2027, 0, 15, 5, 30) },
  });
  expect(await list('?scope=Nowhere!')).toMatchObject({ statusCode: 400 });
});

test('a meeting is removed by its id, and an unknown id returns 404', async () => {
  await load();
  expect(await routes.post('/api/meetings/remove', { by: 'Anil', id: 'review' })).toMatchObject({ status: 204, body: '' });
  expect((await list()).map(({ id }: { id: string }) => id)).toEqual(['all']);
  expect(await routes.post('/api/meetings/remove', { by: 'Anil', id: 'review' })).toMatchObject({ status: 404 });
});
