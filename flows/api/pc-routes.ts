/** PCs: as they are, what an operator does with them, who may connect, and their profiles. */

import { enrolCodeView, isId, isPcPath, pcView, profileView } from '@sabha/contracts';
import * as v from 'valibot';
import { ownPart, whole } from '../pki/door/door.ts';
import { Refused } from '../pki/door/refused.ts';
import { found, granted, on, type Route } from './kit/route.ts';
import { by, order, place, placePath, sitePath, siteQuery } from './kit/schemas.ts';
import { tokensOf } from './site-routes.ts';

const noParts = (text: string) => text === '' || (text.split('/').length <= 3 && text.split('/').every(isId));
const scope = v.pipe(v.string(), v.check(noParts, '"" for the nation, a state, state/site or state/site/pc'));
const to = v.pipe(
  scope,
  v.check((path) => path.includes('/'), 'state/site or state/site/pc'),
);
const tokensFor = v.strictObject({
  by,
  pcs: v.optional(v.pipe(v.array(v.pipe(v.string(), v.check(isPcPath, 'a path state/site/pc'))), v.maxLength(100)), []),
  scope: v.optional(scope),
  renew: v.optional(v.boolean(), false),
});
const shownOnce = 'shown this once';
const tokens = v.object({ tokens: v.record(v.string(), v.string()) });

const upTo = (most: number) => v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(most));
const enrolCodeFor = v.strictObject({ by, site: sitePath, uses: v.optional(upTo(1_000)), hours: v.optional(upTo(720), 24) });

/** Reading, orders, codes, tokens, profiles. */
export const pcRoutes: readonly Route[] = [
  on('view', [
    'pcs list [--site STATE/SITE]',
    'PC की सूची दिखाता है, और यह कि कमरे तैयार हैं या नहीं।',
    { columns: 'pc room presence readiness why heardAt agent' },
  ])(
    ['get /api/pcs', 'Lists the PCs with their checks, and whether their rooms are ready.'],
    { right: ownPart, query: siteQuery, answer: v.array(pcView) },
    (view, { query: { site = 'all' } }) => view.pcs(site),
  ),
  on('siteOrders', ['pcs move STATE/SITE/PC STATE/SITE[/PC]', 'PC को दूसरी जगह ले जाता है।', { note: shownOnce }])(
    ['post /api/pcs/{state}/{site}/{pc}/move', 'Moves a PC to another place; its new token is shown this once.'],
    { right: whole('pcs'), body: v.strictObject({ by, to }), answer: tokens, refusals: [404, 409] },
    async (orders, { params, body }) => tokensOf(await orders.move(placePath(params), body.to, body.by)),
  ),
  on('siteOrders', ['pcs retire STATE/SITE/PC', 'PC को हमेशा के लिए हटाता है।', { json: { retired: 'pc' } }])(
    ['post /api/pcs/{state}/{site}/{pc}/retire', 'Removes a PC for good.'],
    { right: whole('pcs'), body: order, refusals: [404, 409] },
    async (orders, { params, body }) => void tokensOf(await orders.retire(placePath(params), body.by)),
  ),
  on('siteOrders', ['pcs replace STATE/SITE/PC', 'PC की जगह दूसरी मशीन लगाने देता है।', { note: shownOnce }])(
    ['post /api/pcs/{state}/{site}/{pc}/replace', 'Lets another machine take the place of a PC; its token is shown this once.'],
    { right: whole('pcs'), body: order, answer: tokens, refusals: [404, 409] },
    async (orders, { params, body }) => tokensOf(await orders.replace(placePath(params), body.by)),
  ),
  on('identity', [
    'revoke STATE/SITE/PC',
    'PC को बंद करता है: वह फिर नहीं जुड़ सकता।',
    { json: { revoked: 'pc' }, note: '"pcs replace" lets another machine take its place' },
  ])(
    ['post /api/pcs/{state}/{site}/{pc}/revoke', 'Shuts a PC out: its token and its certificates are no longer valid.'],
    { right: whole('pcs'), body: order, refusals: [404] },
    async (identity, { params, body }) => void tokensOf(await identity.revoke(placePath(params), body.by)),
  ),
  on('identity', [
    'enrol-code STATE/SITE [--uses N] [--hours 24]',
    'ऑफ़िस के PC जोड़ने का कोड बनाता है, जो एक ही बार दिखता है, हर PC की लाइन के साथ।',
  ])(
    ['post /api/enrol-codes', 'Makes a code by which the PCs of a site are enrolled, shown this once, with the line for each PC.'],
    {
      right: whole('tokens'),
      body: enrolCodeFor,
      answer: v.object({ code: v.string(), uses: v.number(), ends: v.number(), centre: v.nullable(v.string()), pcs: v.array(v.string()) }),
      done: 201,
      refusals: [404, 409],
    },
    async (identity, { body: { by: who, site, hours, uses } }) => {
      const { code, ends, ...made } = granted(await identity.makeCode({ by: who, site, hours, uses }));
      return { code, uses: made.uses, ends, centre: identity.door, pcs: [...identity.pcsOf(site)] };
    },
  ),
  on('identity', ['enrol-code list', 'चालू कोड दिखाता है, पर कोड ख़ुद नहीं।'])(
    ['get /api/enrol-codes', 'Lists the valid enrolment codes of sites, without the codes themselves.'],
    { right: whole('tokens'), answer: v.array(enrolCodeView) },
    (identity) => identity.codes(),
  ),
  on('identity', ['enrol-code cancel STATE/SITE', 'ऑफ़िस के चालू कोड वापस लेता है।', { json: { site: 'site', cancelled: 'cancelled' } }])(
    ['post /api/enrol-codes/cancel', 'Cancels the valid enrolment codes of a site.'],
    { right: whole('tokens'), body: v.strictObject({ by, site: sitePath }), answer: v.object({ cancelled: v.number() }), refusals: [404] },
    async (identity, { body: { by: who, site } }) => {
      const cancelled = await identity.cancelCodes(site, who);
      if (cancelled === 0) throw new Refused(404, `no code of ${site} is open`);
      return { cancelled };
    },
  ),
  on('siteOrders', [
    'pcs token STATE/SITE/PC... | --scope SCOPE [--renew]',
    'इस मशीन के PC के लिए नए टोकन बनाता है, जो एक ही बार दिखते हैं।',
    { note: shownOnce },
  ])(
    ['post /api/tokens', 'Makes new tokens for PCs on this machine, shown this once.'],
    { right: whole('tokens'), body: tokensFor, answer: tokens, refusals: [404, 409] },
    async (orders, { body: { by: who, pcs, scope: all, renew } }) => {
      if ((pcs.length === 0) === (all === undefined)) throw new Refused(400, 'name the PCs, or a whole --scope');
      return tokensOf(await orders.tokens({ pcs, scope: all, renew }, who));
    },
  ),
  profileRoute('get /api/profile', 'The profile of the nation and the origin of each value.'),
  profileRoute('get /api/profile/{state}', 'The same of a state.', [404]),
  profileRoute('get /api/profile/{state}/{site}', 'The same of a site.', [404]),
  profileRoute('get /api/profile/{state}/{site}/{pc}', 'The same of a PC.', [404]),
];

function profileRoute(address: string, summary: string, refusals: number[] = []): Route {
  return on('siteOrders')(
    [address, summary],
    { right: { may: 'read', at: place }, answer: profileView, refusals },
    (orders, { params }) => {
      const path = placePath(params);
      return found(orders.profile(path), `there is no ${path}`);
    },
  );
}
