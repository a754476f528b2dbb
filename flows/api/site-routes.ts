/** Sites: in rows and in full, their table as CSV, and changes of profiles that go out in stages. */

import { historyView, type RolloutView, rolloutView, siteDetail, siteStages, sitesImport, siteView } from '@sabha/contracts';
import * as v from 'valibot';
import { ownPart, whole } from '../pki/door/door.ts';
import { Refused, type RefusedWhy } from '../pki/door/refused.ts';
import { toCsv } from '../sites/csv.ts';
import type { Done } from '../sites/site-orders.ts';
import { liesWithin } from '../sites/table.ts';
import { checked, found, ofFile, on, type Route } from './kit/route.ts';
import { by, csv, hoursQuery, order, place, placePath, sitesQuery } from './kit/schemas.ts';

const importing = v.strictObject({
  by,
  csv: v.string(),
  apply: v.optional(v.boolean(), false),
  staged: v.optional(v.boolean(), false),
});
const noSite = ['there is no such site', { code: 'missing' }] as const;
const staging = v.strictObject({ by, stage: v.picklist(siteStages), force: v.optional(v.boolean(), false) });

/** Reading and importing the site table, and the stage of a site. */
export const siteRoutes: readonly Route[] = [
  on('view', [
    'sites list [--stage STAGE] [--state STATE]',
    'ऑफ़िसों की सूची दिखाता है, और हर चरण में कितने हैं।',
    { columns: 'site name stage link elevationM pcs readiness why open', count: 'stage' },
  ])(
    ['get /api/sites', 'Lists the sites, and counts them by stage.'],
    { right: ownPart, query: sitesQuery, answer: v.array(siteView) },
    (view, { query: { stage, state } }) =>
      view.sites().filter((one) => (stage ?? one.stage) === one.stage && (state ?? one.state) === one.state),
  ),
  on('siteOrders', ['sites export [FILE]', 'ऑफ़िसों की सूची CSV में लिखता है, फ़ाइल में या यहीं।'])(
    ['get /api/sites/table.csv', 'Writes the table of sites as CSV, as it can be imported again.'],
    { right: ownPart, answer: csv('sites.csv') },
    (orders, { viewer }) => toCsv(orders.table(), ({ path }) => liesWithin(orders.table().pathsOf, viewer.scope, path)),
  ),
  on('siteOrders', [
    'sites import FILE [--yes] [--dry-run]',
    'CSV फ़ाइल से ऑफ़िसों की सूची लेता है; --yes के बिना सिर्फ़ दिखाता है कि क्या बदलेगा।',
    { file: 'csv' },
  ])(
    ['post /api/sites/import', 'Loads the table of sites from a CSV file; without --yes it shows what would change.'],
    { right: whole('import'), body: importing, answer: sitesImport, ...ofFile },
    (orders, { body, reply }) => checked(reply, orders.import(body)),
  ),
  on('view')(
    ['get /api/sites/{state}/{site}', 'One site in full.'],
    { right: ownPart, answer: siteDetail, refusals: [404] },
    (view, { params }) => found(view.site(placePath(params)), ...noSite),
  ),
  on('view')(
    ['get /api/sites/{state}/{site}/history', 'What its components said over some hours.'],
    { right: ownPart, query: hoursQuery, answer: historyView, refusals: [404] },
    async (view, { params, query: { hours } }) =>
      found(await view.history(placePath(params), view.now() - Number(hours) * 3_600_000), ...noSite),
  ),
  on('siteOrders', ['sites stage STATE/SITE STAGE [--force]', 'ऑफ़िस का चरण बदलता है: planned, commissioning, live या closed।'])(
    ['post /api/sites/{state}/{site}/stage', 'Brings a site to a stage: planned, commissioning, live or closed.'],
    { right: { may: 'stage', at: place }, body: staging, refusals: [404, 409] },
    async (orders, { params, body: { by: who, stage, force } }) =>
      void tokensOf(await orders.stage({ site: placePath(params), stage, force }, who), { code: 'stage' }),
  ),
];

/** What is on its way, and its release. */
export const rolloutRoutes: readonly Route[] = [
  on('siteOrders', [
    'config show',
    'दिखाता है कि सेटिंग कहाँ तक पहुँची।',
    { ok: ({ rollout }: { rollout: RolloutView | null }) => (rollout?.stopped ?? null) === null },
  ])(
    ['get /api/rollout', 'Shows how far a configuration in stages has got.'],
    { right: whole('import'), answer: v.object({ rollout: v.nullable(rolloutView) }) },
    (orders) => ({ rollout: orders.rollout() }),
  ),
  on('siteOrders', ['config release', 'सेटिंग सब PC पर भेजता है।', { json: { released: '' } }])(
    ['post /api/rollout/release', 'Sends the configuration to every PC, whatever was seen.'],
    { right: whole('import'), body: order, refusals: [404] },
    async (orders, { body }) => void tokensOf(await orders.release(body.by)),
  ),
];

/** The tokens that an order made; a refusal where it was not carried out. */
export function tokensOf(done: Done, why?: RefusedWhy): { tokens: Record<string, string> } {
  if (!done.ok) throw new Refused(done.missing ? 404 : 409, done.line, done.missing ? { code: 'missing' } : why);
  return { tokens: done.tokens };
}
