import { expect, test } from 'vitest';
import { scopedView } from '../pki/http-auth/http-auth.ts';
import { smallTree } from '../sites/sites.test-helper.ts';
import { routesOf, viewerOf } from './routes.test-helper.ts';
import { emptySiteOrders, scriptedView, wellSite } from './scripted-view.test-helper.ts';

/** Sends the same requests as a state account of a scope about a site. Returns status and message of each response. */
async function answersTo(scope: string, site: string) {
  const view = scriptedView();
  view.state.sites.push(wellSite({ site: 'goa/panaji', state: 'goa' }));
  const parts = { view: () => scopedView(view, scope), siteOrders: emptySiteOrders(smallTree()) };
  const { get, post } = routesOf(parts, () => viewerOf('state', scope));
  const asked = [
    get(`/api/sites/${site}`),
    get(`/api/sites/${site}/history`),
    get(`/api/profile/${site}`),
    get(`/api/profile/${site}/vc-1`),
    post(`/api/sites/${site}/stage`, { stage: 'live', by: 'x' }),
    post('/api/rollcalls', { scope: site, by: 'x' }),
    post('/api/rollcalls', { scope: site.split('/')[0], by: 'x' }),
  ];
  return (await Promise.all(asked)).map(({ status, body }) => [status, body.message]);
}

test.each([
  ['ladakh', 'goa/panaji', 'goa/no-such-site'],
  ['goa', 'ladakh/leh', 'kerala/no-such-site'],
  ['goa/margao', 'goa/panaji', 'goa/no-such-site'],
])(
  'a state account of %s gets the same 404 for the existing place %s as for the missing %s, on each route',
  async (scope, there, missing) => {
    const found = await answersTo(scope, there);
    expect(found.map(([status]) => status)).toEqual(Array(7).fill(404));
    expect(await answersTo(scope, missing)).toEqual(found);
  },
);

test('a state account reaches its own site by the same routes', async () => {
  const statuses = (await answersTo('ladakh', 'ladakh/leh')).map(([status]) => status);
  expect(statuses).toEqual([200, 200, 200, 200, 409, 404, 201]);
});
