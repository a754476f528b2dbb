import { isWithin } from '@sabha/contracts';
import fastify from 'fastify';
import { expect, test } from 'vitest';
import { addDoor, type Viewer } from '../pki/door/door.ts';
import { scopedView } from '../pki/door/scoped.ts';
import { createSiteOrders } from '../sites/site-orders.ts';
import { record, recordsOf, smallTree } from '../sites/sites.test-helper.ts';
import { createSiteTable } from '../sites/table.ts';
import { addRoutes } from './routes.ts';
import { scriptedView, wellSite } from './scripted-view.test-helper.ts';

/** The routes as an account of a state has them, over the sites ladakh/leh and goa/panaji. */
async function answersTo(scope: string, site: string) {
  const view = scriptedView();
  view.state.sites.push(wellSite({ site: 'goa/panaji', state: 'goa' }));
  const table = createSiteTable(smallTree());
  const siteOrders = createSiteOrders({
    table: () => table,
    records: () => recordsOf(record('ladakh/leh/vc-1', { config: 2 })),
    wanted: () => 0,
    now: () => 0,
    rollout: () => null,
    release: async () => {},
    newToken: () => 't',
    entry: () => undefined,
    apply: async () => {},
  });
  const viewer: Viewer = {
    name: 'asha',
    role: 'state',
    scope,
    once: false,
    session: '',
    has: (path) => isWithin(scope, path),
    isOpen: () => true,
  };
  const app = fastify();
  addDoor(app, { hosts: () => ({ scheme: 'http', names: ['localhost:80'] }), viewerOf: () => viewer });
  addRoutes(app, { view: () => scopedView(view, scope), siteOrders });
  const asked = [
    app.inject(`/api/sites/${site}`),
    app.inject(`/api/sites/${site}/history`),
    app.inject(`/api/profile/${site}`),
    app.inject(`/api/profile/${site}/vc-1`),
    app.inject({ method: 'POST', url: `/api/sites/${site}/stage`, payload: { stage: 'live', by: 'x' } }),
    app.inject({ method: 'POST', url: '/api/rollcalls', payload: { scope: site, by: 'x' } }),
    app.inject({ method: 'POST', url: '/api/rollcalls', payload: { scope: site.split('/')[0], by: 'x' } }),
  ];
  return (await Promise.all(asked)).map((answer) => [answer.statusCode, answer.json().message]);
}

test.each([
  ['ladakh', 'goa/panaji', 'goa/no-such-site'],
  ['goa', 'ladakh/leh', 'kerala/no-such-site'],
  ['goa/margao', 'goa/panaji', 'goa/no-such-site'],
])('a state account of %s gets the same 404 for %s, which exists, as for %s, on each route', async (scope, there, missing) => {
  const found = await answersTo(scope, there);
  expect(found.map(([status]) => status)).toEqual(Array(7).fill(404));
  expect(await answersTo(scope, missing)).toEqual(found);
});

test('a state account reaches its own site by the same routes', async () => {
  const statuses = (await answersTo('ladakh', 'ladakh/leh')).map(([status]) => status);
  expect(statuses).toEqual([200, 200, 200, 200, 409, 404, 201]);
});
