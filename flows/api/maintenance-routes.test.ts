import { beforeEach, expect, test } from 'vitest';
import type { Viewer } from '../pki/http-auth/http-auth.ts';
import { createMaintenanceOrders, createPlannedMaintenance } from '../sites/maintenance/maintenance.ts';
import { smallTree } from '../sites/sites.test-helper.ts';
import { createSiteTable } from '../sites/table.ts';
import { routesOf, viewerOf } from './routes.test-helper.ts';

const table = createSiteTable(smallTree());
let routes: ReturnType<typeof routesOf>;
let viewer: Viewer;

beforeEach(() => {
  let planned = createPlannedMaintenance([], () => table);
  const ids = ['m-1', 'm-2', 'm-3'].values();
  const maintenance = createMaintenanceOrders({
    planned: () => planned,
    table: () => table,
    now: () => Date.UTC(2027, 0, 15, 3),
    randomId: () => ids.next().value ?? 'm-4',
    apply: async (all) => {
      planned = createPlannedMaintenance(all, () => table);
    },
  });
  viewer = viewerOf('central', '');
  routes = routesOf({ maintenance }, () => viewer);
});

const plan = (edit: object = {}) =>
  routes.post('/api/maintenance', { by: 'x', scope: 'ladakh/leh', title: 'New UPS', from: '2027-01-15T22:00', minutes: 60, ...edit });
const ids = async () => (await routes.get('/api/maintenance')).body.map(({ id }: { id: string }) => id);

test('planning maintenance returns 201 with the signed-in name, 422 for a plan that is impossible, and 400 for a malformed request', async () => {
  expect(await plan()).toMatchObject({ status: 201, body: { id: 'm-1', by: 'asha', scope: 'ladakh/leh' } });
  expect(await plan({ rule: 'FREQ=SECONDLY' })).toMatchObject({
    status: 422,
    body: { message: expect.stringContaining('not SECONDLY') },
  });
  expect(await plan({ minutes: undefined })).toMatchObject({
    status: 422,
    body: { message: expect.stringContaining('it has no end') },
  });
  for (const wrong of [{ scope: 'a/b/c/d' }, { scope: 7 }, { title: '' }, { minutes: 'an hour' }, { more: 1 }])
    expect(await plan(wrong)).toMatchObject({ status: 400 });
  expect(await ids()).toEqual(['m-1']);
});

test('the next date of a plan that begins in a year is its first date', async () => {
  const from = Date.UTC(2028, 0, 15, 16, 30);
  const next = { from, to: from + 3_600_000 };
  for (const rule of [undefined, 'FREQ=WEEKLY'])
    expect(await plan({ from: '2028-01-15T22:00', rule })).toMatchObject({ status: 201, body: { next } });
});

test('a state account plans and removes in its scope only, and a reader cannot plan', async () => {
  await plan({ scope: 'ladakh' });
  await plan({ scope: 'ladakh/kargil' });
  viewer = viewerOf('state', 'ladakh/leh');
  expect(await plan({ scope: 'ladakh/leh/vc-1' })).toMatchObject({ status: 201 });
  expect(await plan({ scope: 'ladakh' })).toMatchObject({ status: 404, body: { message: 'this account is for ladakh/leh only' } });
  expect(await plan({ scope: 'no-such-state' })).toMatchObject({
    status: 404,
    body: { message: 'this account is for ladakh/leh only' },
  });
  expect((await ids()).toSorted()).toEqual(['m-1', 'm-3']);
  const remove = async (id: string) => (await routes.post('/api/maintenance/remove', { by: 'x', id })).status;
  expect([await remove('m-1'), await remove('m-2'), await remove('m-3')]).toEqual([404, 404, 204]);
  viewer = viewerOf('reader', 'ladakh');
  expect((await plan()).status).toBe(403);
  expect((await routes.get('/api/maintenance?scope=bihar')).status).toBe(404);
});
