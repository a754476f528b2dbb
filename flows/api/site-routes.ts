/** Routes for sites and PCs, their credentials, profiles and rollout, meetings, and planned maintenance. */
import {
  enrolCodeView,
  historyView,
  isId,
  isPcPath,
  maintenanceView,
  meetingsImport,
  meetingView,
  pcView,
  profileView,
  type RolloutView,
  rolloutView,
  siteDetail,
  siteStages,
  sitesImport,
  siteView,
} from '@sabha/contracts';
import * as v from 'valibot';
import { outsideScope, ownPart, type RefusalDetail, RequestError, type Viewer, wholeTree } from '../pki/http-auth/http-auth.ts';
import { toCsv } from '../sites/csv.ts';
import type { OperationResult } from '../sites/site-orders.ts';
import { liesWithin } from '../sites/table.ts';
import {
  by,
  csv,
  defineRoute,
  flag,
  importLimits,
  isPlaceOrPc,
  order,
  orNotFound,
  orRefuse,
  placeOfParams,
  placePath,
  type Route,
  scope,
  scopeOf,
  sitePath,
  textMatching,
  trimmed,
  withImportStatus,
} from './kit/route.ts';

const upTo = (most: number) => v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(most));
/** Filter of sites; empty = all. */
const sitesQuery = v.strictObject({ stage: v.optional(v.picklist(siteStages)), state: v.optional(textMatching(isId, 'Invalid state')) });
/** Length of the history in hours; default 24. */
const hoursQuery = v.strictObject({
  hours: v.optional(v.pipe(v.string(), v.regex(/^\d{1,3}$/), v.transform(Number), v.minValue(1), v.maxValue(35 * 24)), '24'),
});
const noSite = ['there is no such site', { code: 'missing' }] as const;
const nodePath = textMatching(isPlaceOrPc, '"" for the nation, a state, state/site or state/site/pc');
const to = v.pipe(
  nodePath,
  v.check((path) => path.includes('/'), 'state/site or state/site/pc'),
);
const tokensFor = v.strictObject({
  by,
  pcs: v.optional(v.pipe(v.array(textMatching(isPcPath, 'a path state/site/pc')), v.maxLength(100)), []),
  scope: v.optional(nodePath),
  renew: flag,
});
const shownOnce = 'shown this once';
const again =
  'A PC on another machine is enrolled again: "sabha enrol-code" makes a code, and there "sudo sabha-agent enrol CODE --again" uses it';
const tokens = v.object({ tokens: v.record(v.string(), v.string()) });
const importingMeetings = v.strictObject({
  by,
  text: v.string(),
  rooms: v.optional(v.pipe(v.string(), v.maxLength(8_000)), ''),
  replace: flag,
  apply: flag,
});
const anyPlace = textMatching(isPlaceOrPc, 'Invalid scope: a state, state/site, or state/site/pc');
const planning = v.strictObject({
  by,
  scope: anyPlace,
  title: trimmed(120),
  from: trimmed(40),
  to: v.optional(trimmed(40)),
  minutes: v.optional(v.number()),
  rule: v.optional(trimmed(400)),
  zone: v.optional(trimmed(80)),
});

export const siteRoutes: readonly Route[] = [
  defineRoute('view', [
    'sites list [--stage STAGE] [--state STATE]',
    'ऑफ़िसों की सूची दिखाता है, और हर चरण में कितने हैं।',
    { columns: 'site name stage link elevationM pcs readiness why open', count: 'stage' },
  ])(
    ['get /api/sites', 'Lists the sites, and counts them by stage.'],
    { right: ownPart, query: sitesQuery, answer: v.array(siteView) },
    (view, { query: { stage, state } }) =>
      view.sites().filter((one) => (stage ?? one.stage) === one.stage && (state ?? one.state) === one.state),
  ),
  defineRoute('siteOrders', ['sites export [FILE]', 'ऑफ़िसों की सूची CSV में लिखता है, फ़ाइल में या यहीं।'])(
    ['get /api/sites/table.csv', 'Writes the table of sites as CSV, as it can be imported again.'],
    { right: ownPart, answer: csv('sites.csv') },
    (orders, { viewer }) => toCsv(orders.table(), ({ path }) => liesWithin(orders.table().pathsOf, viewer.scope, path)),
  ),
  defineRoute('siteOrders', [
    'sites import FILE [--yes] [--dry-run]',
    'CSV फ़ाइल से ऑफ़िसों की सूची लेता है; --yes के बिना सिर्फ़ दिखाता है कि क्या बदलेगा।',
    { file: 'csv' },
  ])(
    ['post /api/sites/import', 'Loads the table of sites from a CSV file; without --yes it shows what would change.'],
    {
      right: wholeTree('import'),
      body: v.strictObject({ by, csv: v.string(), apply: flag, staged: flag }),
      answer: sitesImport,
      ...importLimits,
    },
    (orders, { body, reply }) => withImportStatus(reply, orders.import(body)),
  ),
  defineRoute('view')(
    ['get /api/sites/{state}/{site}', 'One site in full.'],
    { right: ownPart, answer: siteDetail, refusals: [404] },
    (view, { params }) => orNotFound(view.site(placePath(params)), ...noSite),
  ),
  defineRoute('view')(
    ['get /api/sites/{state}/{site}/history', 'The states of its components over some hours.'],
    { right: ownPart, query: hoursQuery, answer: historyView, refusals: [404] },
    async (view, { params, query: { hours } }) =>
      orNotFound(await view.history(placePath(params), view.now() - Number(hours) * 3_600_000), ...noSite),
  ),
  defineRoute('siteOrders', ['sites stage STATE/SITE STAGE [--force]', 'ऑफ़िस का चरण बदलता है: planned, commissioning, live या closed।'])(
    ['post /api/sites/{state}/{site}/stage', 'Brings a site to a stage: planned, commissioning, live or closed.'],
    {
      right: { may: 'stage', at: placeOfParams },
      body: v.strictObject({ by, stage: v.picklist(siteStages), force: flag }),
      refusals: [404, 409],
    },
    async (orders, { params, body: { by: who, stage, force } }) =>
      void tokensOf(await orders.stage({ site: placePath(params), stage, force }, who), { code: 'stage' }),
  ),
  defineRoute('view', [
    'pcs list [--site STATE/SITE]',
    'PC की सूची दिखाता है, और यह कि कमरे तैयार हैं या नहीं।',
    { columns: 'pc room presence readiness why heardAt agent' },
  ])(
    ['get /api/pcs', 'Lists the PCs with their checks, and whether their rooms are ready.'],
    { right: ownPart, query: v.strictObject({ site: v.optional(sitePath) }), answer: v.array(pcView) },
    (view, { query: { site = 'all' } }) => view.pcs(site),
  ),
  defineRoute('siteOrders', ['pcs move STATE/SITE/PC STATE/SITE[/PC]', 'PC को दूसरी जगह ले जाता है।', { note: again }])(
    ['post /api/pcs/{state}/{site}/{pc}/move', 'Moves a PC to another place; its new token is shown this once.'],
    { right: wholeTree('pcs'), body: v.strictObject({ by, to }), answer: tokens, refusals: [404, 409] },
    async (orders, { params, body }) => tokensOf(await orders.move(placePath(params), body.to, body.by)),
  ),
  defineRoute('siteOrders', ['pcs retire STATE/SITE/PC', 'PC को हमेशा के लिए हटाता है।', { json: { retired: 'pc' } }])(
    ['post /api/pcs/{state}/{site}/{pc}/retire', 'Removes a PC for good.'],
    { right: wholeTree('pcs'), body: order, refusals: [404, 409] },
    async (orders, { params, body }) => void tokensOf(await orders.retire(placePath(params), body.by)),
  ),
  defineRoute('siteOrders', ['pcs replace STATE/SITE/PC', 'PC की जगह दूसरी मशीन लगाने देता है।', { note: again }])(
    ['post /api/pcs/{state}/{site}/{pc}/replace', 'Lets another machine take the place of a PC; its token is shown this once.'],
    { right: wholeTree('pcs'), body: order, answer: tokens, refusals: [404, 409] },
    async (orders, { params, body }) => tokensOf(await orders.replace(placePath(params), body.by)),
  ),
  defineRoute('identity', [
    'revoke STATE/SITE/PC',
    'PC को बंद करता है: वह फिर नहीं जुड़ सकता।',
    { json: { revoked: 'pc' }, note: '"pcs replace" lets another machine take its place' },
  ])(
    ['post /api/pcs/{state}/{site}/{pc}/revoke', 'Revokes a PC: its token and its certificates are no longer valid.'],
    { right: wholeTree('pcs'), body: order, refusals: [404] },
    async (identity, { params, body }) => void tokensOf(await identity.revoke(placePath(params), body.by)),
  ),
  defineRoute('identity', [
    'enrol-code STATE/SITE [--uses N] [--hours 24]',
    'ऑफ़िस के PC जोड़ने का कोड बनाता है, जो एक ही बार दिखता है, हर PC की लाइन के साथ।',
  ])(
    ['post /api/enrol-codes', 'Makes a code by which the PCs of a site are enrolled, shown this once, with the line for each PC.'],
    {
      right: wholeTree('tokens'),
      body: v.strictObject({ by, site: sitePath, uses: v.optional(upTo(1_000)), hours: v.optional(upTo(720), 24) }),
      answer: v.object({ code: v.string(), uses: v.number(), ends: v.number(), centre: v.nullable(v.string()), pcs: v.array(v.string()) }),
      done: 201,
      refusals: [404, 409],
    },
    async (identity, { body: { by: who, site, hours, uses } }) => {
      const { code, ends, ...made } = orRefuse(await identity.makeCode({ by: who, site, hours, uses }));
      return { code, uses: made.uses, ends, centre: identity.door, pcs: [...identity.table().pcsOf(site)] };
    },
  ),
  defineRoute('identity', ['enrol-code list', 'चालू कोड दिखाता है, पर कोड ख़ुद नहीं।'])(
    ['get /api/enrol-codes', 'Lists the valid enrolment codes of sites, without the codes themselves.'],
    { right: wholeTree('tokens'), answer: v.array(enrolCodeView) },
    (identity) => identity.codes(),
  ),
  defineRoute('identity', [
    'enrol-code cancel STATE/SITE',
    'ऑफ़िस के चालू कोड वापस लेता है।',
    { json: { site: 'site', cancelled: 'cancelled' } },
  ])(
    ['post /api/enrol-codes/cancel', 'Cancels the valid enrolment codes of a site.'],
    {
      right: wholeTree('tokens'),
      body: v.strictObject({ by, site: sitePath }),
      answer: v.object({ cancelled: v.number() }),
      refusals: [404],
    },
    async (identity, { body: { by: who, site } }) => {
      const cancelled = await identity.cancelCodes(site, who);
      if (cancelled === 0) throw new RequestError(404, `there is no valid code for ${site}`);
      return { cancelled };
    },
  ),
  defineRoute('siteOrders', [
    'pcs token STATE/SITE/PC... | --scope SCOPE [--renew]',
    'इस मशीन के PC के लिए नए टोकन बनाता है, जो एक ही बार दिखते हैं।',
    { note: shownOnce },
  ])(
    ['post /api/tokens', 'Makes new tokens for PCs on this machine, shown this once.'],
    { right: wholeTree('tokens'), body: tokensFor, answer: tokens, refusals: [404, 409] },
    async (orders, { body: { by: who, pcs, scope: all, renew } }) => {
      if ((pcs.length === 0) === (all === undefined)) throw new RequestError(400, 'name the PCs, or a whole --scope');
      return tokensOf(await orders.tokens({ pcs, scope: all, renew }, who));
    },
  ),
  profileRoute('get /api/profile', 'The profile of the nation and the origin of each value.'),
  profileRoute('get /api/profile/{state}', 'The same of a state.', [404]),
  profileRoute('get /api/profile/{state}/{site}', 'The same of a site.', [404]),
  profileRoute('get /api/profile/{state}/{site}/{pc}', 'The same of a PC.', [404]),
];

export const rolloutRoutes: readonly Route[] = [
  defineRoute('siteOrders', [
    'config show',
    'दिखाता है कि सेटिंग कहाँ तक पहुँची।',
    { ok: ({ rollout }: { rollout: RolloutView | null }) => (rollout?.stopped ?? null) === null },
  ])(
    ['get /api/rollout', 'Shows the progress of a configuration in stages.'],
    { right: wholeTree('import'), answer: v.object({ rollout: v.nullable(rolloutView) }) },
    (orders) => ({ rollout: orders.rollout() }),
  ),
  defineRoute('siteOrders', ['config release', 'सेटिंग सब PC पर भेजता है।', { json: { released: '' } }])(
    ['post /api/rollout/release', 'Sends the configuration to every PC, without regard to the results so far.'],
    { right: wholeTree('import'), body: order, refusals: [404] },
    async (orders, { body }) => void tokensOf(await orders.release(body.by)),
  ),
  defineRoute('meetings', [
    'meetings list [--at STATE[/SITE]]',
    'आने वाली मीटिंग दिखाता है।',
    { columns: 'id title scopes start next minutes repeats' },
  ])(
    ['get /api/meetings', 'Lists the meetings of a place, the next first.'],
    { right: ownPart, query: v.strictObject({ scope: v.optional(scope) }), answer: v.array(meetingView), refusals: [404] },
    (meetings, { viewer, query }) => meetings.list(ownScope(viewer, query.scope)),
  ),
  defineRoute('meetings', [
    'meetings import FILE [--rooms PATHS] [--replace] [--yes] [--dry-run]',
    'CSV या कैलेंडर फ़ाइल से मीटिंग लेता है; --yes के बिना सिर्फ़ दिखाता है कि क्या बदलेगा।',
    { file: 'text' },
  ])(
    ['post /api/meetings/import', 'Loads meetings from a CSV or calendar file; without --yes it shows what would change.'],
    { right: wholeTree('import'), body: importingMeetings, answer: meetingsImport, ...importLimits },
    (meetings, { body, reply }) => withImportStatus(reply, meetings.import(body)),
  ),
  defineRoute('meetings', ['meetings remove ID', 'एक मीटिंग हटाता है।'])(
    ['post /api/meetings/remove', 'Removes a meeting from the calendar.'],
    { right: wholeTree('import'), body: v.strictObject({ by, id: v.pipe(v.string(), v.maxLength(200)) }), refusals: [404] },
    async (meetings, { body: { id, by: who } }) => {
      if (!(await meetings.remove(id, who))) throw new RequestError(404, 'there is no such meeting');
      return undefined;
    },
  ),
  defineRoute('maintenance', [
    'maintenance list [--at STATE[/SITE[/PC]]]',
    'तय किए हुए काम दिखाता है।',
    { columns: 'id scope next start minutes rule by title' },
  ])(
    ['get /api/maintenance', 'Lists the planned maintenance of a place, the next first.'],
    { right: ownPart, query: v.strictObject({ scope: v.optional(anyPlace) }), answer: v.array(maintenanceView), refusals: [404] },
    (maintenance, { viewer, query }) => maintenance.list(ownScope(viewer, query.scope)),
  ),
  defineRoute('maintenance', [
    'maintenance add STATE[/SITE[/PC]] --from TIME --to TIME|--minutes N --for TEXT [--rule RRULE] [--zone ZONE]',
    'ऐसा समय तय करता है जब किसी जगह का अलर्ट नहीं जाता।',
  ])(
    [
      'post /api/maintenance',
      'Plans maintenance of a room, a site or a state; it notifies nobody meanwhile. `from` and `to` are local times of the place; it ends at `to` or after `minutes`, and repeats by `rule` (RRULE).',
    ],
    { right: { may: 'maintenance', at: scopeOf }, body: planning, answer: maintenanceView, done: 201, refusals: [404, 422] },
    async (maintenance, { body }) => orRefuse(await maintenance.add(body), 422).value,
  ),
  defineRoute('maintenance', ['maintenance remove ID', 'तय किया हुआ समय हटाता है।'])(
    ['post /api/maintenance/remove', 'Cancels planned maintenance, and ends it if it goes on.'],
    { right: { ...ownPart, may: 'maintenance' }, body: v.strictObject({ by, id: trimmed(80) }), refusals: [404] },
    async (maintenance, { viewer, body: { id, by: who } }) => {
      if (!(await maintenance.remove({ id, by: who, isWithin: viewer.has }))) throw new RequestError(404, 'there is no such maintenance');
      return undefined;
    },
  ),
];

/** Returns the requested scope, by default the viewer's. Throws `RequestError` if it lies outside the viewer's scope. */
function ownScope(viewer: Viewer, asked = viewer.scope): string {
  if (!viewer.has(asked)) throw outsideScope(viewer, asked);
  return asked;
}

/** Returns the tokens that a change created. Throws `RequestError` if the change failed. */
function tokensOf(done: OperationResult, why?: RefusalDetail): { tokens: Record<string, string> } {
  if (!done.ok) throw new RequestError(done.missing ? 404 : 409, done.line, done.missing ? { code: 'missing' } : why);
  return { tokens: done.tokens };
}

function profileRoute(address: string, summary: string, refusals: number[] = []): Route {
  return defineRoute('siteOrders')(
    [address, summary],
    { right: { may: 'read', at: placeOfParams }, answer: profileView, refusals },
    (orders, { params }) => {
      const path = placePath(params);
      return orNotFound(orders.profile(path), `there is no ${path}`);
    },
  );
}
