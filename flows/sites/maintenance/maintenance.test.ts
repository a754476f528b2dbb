import { expect, test } from 'vitest';
import type { Op } from '../../engine/records/ops.ts';
import type { Maintenance } from '../../engine/records/sites.ts';
import { smallTree } from '../sites.test-helper.ts';
import { createSiteTable } from '../table.ts';

import { createMaintenanceOrders, createPlannedMaintenance, type MaintenanceRequest } from './maintenance.ts';

const table = createSiteTable(smallTree());
/** 08:30 local time in Leh. */
const now = Date.UTC(2027, 0, 15, 3);
const hour = 3_600_000;

function opened(plans: Maintenance[] = []) {
  const written: Op[] = [];
  let planned = createPlannedMaintenance(plans, () => table);
  let at = now;
  const ids = ['m-1', 'm-2', 'm-3'].values();
  const orders = createMaintenanceOrders({
    planned: () => planned,
    table: () => table,
    now: () => at,
    randomId: () => ids.next().value ?? 'm-4',
    apply: async (all, ops) => {
      written.push(...ops);
      planned = createPlannedMaintenance(all, () => table);
    },
  });
  const pass = (ms: number) => {
    at += ms;
  };
  return { orders, written, pass, planned: () => planned };
}

const asked = (edit: Partial<MaintenanceRequest> = {}): MaintenanceRequest => ({
  scope: 'ladakh/leh',
  title: 'New UPS',
  from: '2027-01-15T22:00',
  to: '2027-01-16T02:00',
  by: 'Anil',
  ...edit,
});
const open = { to: undefined, minutes: undefined };

test.each([
  ['without end', open, 'it has no end: give "to" or "minutes"'],
  ['in the past', { from: '2027-01-14 22:00', to: '2027-01-15 02:00' }, 'it is over already'],
  ['that ends before it begins', { to: '2027-01-15T21:00' }, 'it ends before it begins'],
  ['for a moment', { ...open, minutes: 4 }, 'it is shorter than 5 minutes'],
  ['for a week', { to: '2027-01-22T22:00' }, 'it is longer than 3 days, and nobody is notified of a fault meanwhile: plan it in parts'],
  ['that never pauses', { ...open, minutes: 1_440, rule: 'FREQ=DAILY' }, 'it repeats (DAILY) before it is over, and would never end'],
  [
    'that comes back HOURLY',
    { rule: 'FREQ=HOURLY' },
    'the repetition cannot be used: it can repeat DAILY, WEEKLY, MONTHLY, YEARLY, not HOURLY',
  ],
  ['whose dates are all over', { from: '2026-01-14T22:00', to: '2026-01-15T02:00', rule: 'FREQ=DAILY;COUNT=3' }, 'it is over already'],
  ['of an unknown site', { scope: 'ladakh/nowhere' }, 'there is no room, site or state "ladakh/nowhere"'],
  ['of the whole nation', { scope: '' }, 'there is no room, site or state ""'],
  ['in an unknown zone', { zone: 'Asia/Nowhere' }, 'the zone "Asia/Nowhere" is not known: write one such as Asia/Kolkata'],
  ['from no time', { from: 'tonight' }, '"from" is a time of day there, such as 2027-01-15T22:00, not "tonight"'],
] as const)('a plan for maintenance is refused in one line, and nothing is written: %s', async (_, edit, line) => {
  const { orders, written } = opened();
  expect(await orders.add(asked(edit))).toEqual({ ok: false, line });
  expect([orders.list(''), written]).toEqual([[], []]);
});

test('maintenance uses the time zone of its place unless it names one, and is recorded in the audit log', async () => {
  const { orders, written, planned } = opened();
  const done = await orders.add(asked());
  const next = { from: Date.UTC(2027, 0, 15, 16, 30), to: Date.UTC(2027, 0, 15, 20, 30) };
  expect(done).toMatchObject({ ok: true, value: { id: 'm-1', zone: null, minutes: 240, rule: null, next } });
  expect(await orders.add(asked({ zone: 'UTC', ...open, minutes: 30 }))).toMatchObject({
    value: { next: { from: Date.UTC(2027, 0, 15, 22) } },
  });
  expect(written.map(({ op }) => op)).toEqual(['maintenance', 'audit', 'maintenance', 'audit']);
  expect(written[1]).toMatchObject({
    who: 'Anil',
    what: 'maintenance planned',
    about: 'm-1 of ladakh/leh: New UPS, 2027-01-15T22:00 for 240 min',
  });
  const around = (at: number) =>
    planned()
      .around(at)
      ?.map(({ id }) => id);
  expect([around(next.from - hour), around(next.from), around(next.to - 1), around(next.to + hour)]).toEqual([[], ['m-1'], ['m-1'], []]);
});

test('repeated maintenance takes place on each date until its rule ends', async () => {
  const { orders, planned } = opened();
  await orders.add(asked({ rule: 'FREQ=WEEKLY;COUNT=2' }));
  const starts = [0, 7, 14].map((days) => Date.UTC(2027, 0, 15 + days, 16, 30));
  expect(starts.map((at) => planned().around(at)?.length)).toEqual([1, 1, 0]);
});

test('the maintenance list of a place has the plans within and above that place, sorted by the next date; a change deletes old plans', async () => {
  const { orders, pass } = opened();
  await orders.add(asked({ scope: 'ladakh', title: 'line', from: '2027-01-16T22:00', to: '2027-01-16T23:00' }));
  await orders.add(asked({ scope: 'ladakh/leh/vc-1', title: 'room' }));
  await orders.add(asked({ scope: 'ladakh/kargil', title: 'other' }));
  const titles = (scope: string) => orders.list(scope).map(({ title }) => title);
  expect([titles('ladakh/leh'), titles('ladakh/kargil')]).toEqual([
    ['room', 'line'],
    ['other', 'line'],
  ]);
  pass(20 * 24 * hour);
  expect(orders.list('')).toHaveLength(3);
  await orders.add(asked({ title: 'new', from: '2027-02-10T22:00', to: '2027-02-10T23:00' }));
  expect(titles('')).toEqual(['new']);
});

test('maintenance is removed by its id, and only within the scope of the caller', async () => {
  const { orders, written } = opened();
  await orders.add(asked());
  const remove = (id: string, isOwn: boolean) => orders.remove({ id, by: 'Anil', isWithin: () => isOwn });
  expect([await remove('m-9', true), await remove('m-1', false), await remove('m-1', true), await remove('m-1', true)]).toEqual([
    false,
    false,
    true,
    false,
  ]);
  expect(written.slice(2)).toMatchObject([{ op: 'maintenance-gone', id: 'm-1' }, { what: 'maintenance removed' }]);
});

test('the dates of maintenance are undefined while the site table is unknown', () => {
  expect(createPlannedMaintenance([], () => undefined).around(now)).toBeUndefined();
});
