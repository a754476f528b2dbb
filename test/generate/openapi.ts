/** OpenAPI 3.1 of the API of `flows`, made from the schemas by which it reads and answers. */
import { toJsonSchema } from '@valibot/to-json-schema';
import * as v from 'valibot';
import * as contracts from '#contracts';
import { choosing, loggingIn, making } from '../../flows/api/account-routes.ts';
import { cancelling, enrolCodeFor } from '../../flows/api/identity-routes.ts';
import * as asked from '../../flows/api/schemas.ts';
import { importing, moving, staging, tokensFor } from '../../flows/api/site-routes.ts';

const { snapshot, siteView, siteDetail, historyView, pcView, incidentRow, incidentView, profileView, sitesImport } = contracts;
const { commandSummary, commandView, rolloutView, rollCallSummary, rollCallView, streamFrame, ledgerAudit } = contracts;
const { accountView, accountMade, enrolCodeView, whoView } = contracts;

/** `answer` is what comes with status 200; `done` the status of an answer without a body. */
type Route = {
  summary: string;
  query?: Fields;
  body?: v.GenericSchema;
  answer?: v.GenericSchema | { type: string; about: string };
  done?: 201 | 204;
  refusals?: readonly number[];
};
type Fields = v.StrictObjectSchema<v.ObjectEntries, undefined>;

const csv = { type: 'text/csv', about: 'RFC 4180, UTF-8.' };
const tokens = v.object({ tokens: v.record(v.string(), v.string()) });
const enrolCode = v.object({ code: v.string(), uses: v.number(), ends: v.number() });
const ready = v.object({ ready: v.boolean() });
const words = v.object({ en: v.string(), hi: v.string() });
const faultWords = v.object({
  reasons: v.array(v.tuple([v.string(), v.string()])),
  words: v.record(v.string(), v.record(v.string(), v.record(v.string(), v.string()))),
  faults: v.record(v.string(), v.object({ title: words, action: words })),
});
const frames = {
  type: 'text/event-stream',
  about: 'First an event `snapshot` (Snapshot), then events `change` (StreamFrame); an empty one at least every 15 s.',
};

export const routes: Record<string, Route> = {
  'get /healthz': { summary: 'The process lives.', answer: v.object({ alive: v.literal(true) }) },
  'get /readyz': { summary: 'The ledger is loaded, the broker subscribed, the tabs run; 503 while not.', answer: ready, refusals: [503] },
  'get /api/snapshot': { summary: 'All that is so now.', query: asked.pcsQuery, answer: snapshot },
  'get /api/stream': { summary: 'All that is so now, then every change.', query: asked.pcsQuery, answer: frames, refusals: [503] },
  'get /api/sites': { summary: 'Sites in rows.', query: asked.sitesQuery, answer: v.array(siteView) },
  'get /api/sites/table.csv': { summary: 'The site table as it can be imported again.', answer: csv },
  'post /api/sites/import': {
    summary: 'Checks a site table and, with `apply`, loads all of it or nothing; 422 with every faulty line.',
    body: importing,
    answer: sitesImport,
    refusals: [413, 422],
  },
  'get /api/sites/{state}/{site}': { summary: 'One site in full.', answer: siteDetail, refusals: [404] },
  'get /api/sites/{state}/{site}/history': {
    summary: 'What its components said over some hours.',
    query: asked.hoursQuery,
    answer: historyView,
    refusals: [404],
  },
  'post /api/sites/{state}/{site}/stage': { summary: 'Takes it to another stage.', body: staging, done: 204, refusals: [404, 409] },
  'get /api/pcs': { summary: 'PCs with their checks.', query: asked.siteQuery, answer: v.array(pcView) },
  'post /api/pcs/{state}/{site}/{pc}/move': { summary: 'Moves it to another place.', body: moving, answer: tokens, refusals: [404, 409] },
  'post /api/pcs/{state}/{site}/{pc}/retire': { summary: 'Takes it out.', body: asked.acknowledgement, done: 204, refusals: [404, 409] },
  'post /api/pcs/{state}/{site}/{pc}/replace': {
    summary: 'Another machine takes its place; the answer is its token.',
    body: asked.acknowledgement,
    answer: tokens,
    refusals: [404, 409],
  },
  'post /api/pcs/{state}/{site}/{pc}/revoke': {
    summary: 'Shuts it out: its token and its certificates open nothing any more.',
    body: asked.acknowledgement,
    done: 204,
    refusals: [404],
  },
  'post /api/enrol-codes': {
    summary: 'A code by which the PCs of a site enrol, shown once; without `uses` one for each.',
    body: enrolCodeFor,
    answer: enrolCode,
    done: 201,
    refusals: [404, 409],
  },
  'get /api/enrol-codes': { summary: 'Codes that still let PCs in, without what they are.', answer: v.array(enrolCodeView) },
  'post /api/enrol-codes/cancel': {
    summary: 'Takes back all open codes of a site.',
    body: cancelling,
    answer: v.object({ cancelled: v.number() }),
    refusals: [404],
  },
  'post /api/tokens': { summary: 'New tokens, shown once.', body: tokensFor, answer: tokens, refusals: [404, 409] },
  'get /api/profile': { summary: 'The profile of the nation and the origin of each value.', answer: profileView },
  'get /api/profile/{state}': { summary: 'The same of a state.', answer: profileView, refusals: [404] },
  'get /api/profile/{state}/{site}': { summary: 'The same of a site.', answer: profileView, refusals: [404] },
  'get /api/profile/{state}/{site}/{pc}': { summary: 'The same of a PC.', answer: profileView, refusals: [404] },
  'get /api/incidents': { summary: 'Incidents in rows.', query: asked.incidentsQuery, answer: v.array(incidentRow) },
  'get /api/incidents/{id}': { summary: 'One incident in full.', answer: incidentView, refusals: [404] },
  'post /api/incidents/{id}/acknowledge': { summary: 'Somebody sees to it.', body: asked.acknowledgement, done: 204, refusals: [404, 409] },
  'post /api/incidents/{id}/note': { summary: 'A note for those who come later.', body: asked.note, done: 204, refusals: [404, 409] },
  'get /api/words': {
    summary:
      'Titles and first actions of all faults in both languages, the Hindi of what machines say, and by language the words of the domain.',
    answer: faultWords,
  },
  'get /api/rollcalls': { summary: 'Roll calls, newest first.', answer: v.array(rollCallSummary) },
  'post /api/rollcalls': {
    summary: 'Calls the roll of a scope.',
    body: asked.rollcall,
    answer: v.object({ id: v.string() }),
    done: 201,
    refusals: [404, 409, 503],
  },
  'get /api/rollcalls/{id}': { summary: 'One roll call with every room.', answer: rollCallView, refusals: [404] },
  'get /api/rollcalls/{id}/table.csv': { summary: 'The same as a table.', answer: csv, refusals: [404] },
  'get /api/rollout': {
    summary: 'The change of profiles that is on its way in stages, if one is.',
    answer: v.object({ rollout: v.nullable(rolloutView) }),
  },
  'post /api/rollout/release': {
    summary: 'Lets it out to every PC, whatever was seen.',
    body: asked.acknowledgement,
    done: 204,
    refusals: [404],
  },
  'get /api/me': { summary: 'Who asks, and for which part of the tree.', answer: whoView },
  'get /api/accounts': { summary: 'Who may log in.', answer: v.array(accountView) },
  'post /api/accounts': {
    summary: 'Makes an account; its secret is shown once.',
    body: making,
    answer: accountMade,
    done: 201,
    refusals: [404, 409],
  },
  'post /api/accounts/{name}/password': {
    summary: 'Another secret, shown once; all its sessions are over.',
    body: asked.acknowledgement,
    answer: accountMade,
    refusals: [404],
  },
  'post /api/accounts/{name}/remove': {
    summary: 'Takes it away; all its sessions are over.',
    body: asked.acknowledgement,
    done: 204,
    refusals: [404],
  },
  'get /api/commands': { summary: 'Commands to PCs, newest first.', answer: v.array(commandSummary) },
  'post /api/commands': {
    summary: 'Signs a command and sends it to a PC or to all of a scope, until it is answered or expires.',
    body: asked.ordering,
    answer: v.object({ id: v.string() }),
    done: 201,
    refusals: [404],
  },
  'get /api/commands/{id}': { summary: 'One command, with what became of it at each PC.', answer: commandView, refusals: [404] },
  'get /api/login': { summary: 'Which ways in there are besides the password.', answer: v.object({ openid: v.boolean() }) },
  'post /api/login': {
    summary: 'HTTPS only. Answers with the cookie of a session; 429 names in Retry-After how long to wait.',
    body: loggingIn,
    answer: whoView,
    refusals: [401, 429, 503],
  },
  'post /api/password': {
    summary: 'HTTPS only. A password of one’s own; all other sessions of the account are over.',
    body: choosing,
    answer: whoView,
    refusals: [401, 429, 503],
  },
  'post /api/logout': { summary: 'HTTPS only. The session is over.', done: 204 },
  'get /api/audit': { summary: 'Proof from the ledger that no event is missing and none stands twice.', answer: ledgerAudit },
};

const components = { Snapshot: snapshot, StreamFrame: streamFrame };

export function openApi(): string {
  const paths: Record<string, Record<string, object>> = {};
  for (const [name, route] of Object.entries(routes)) {
    const [method = '', path = ''] = name.split(' ');
    paths[path] = { ...paths[path], [method]: operation(path, route) };
  }
  const document = {
    openapi: '3.1.0',
    info: {
      title: 'Sabha: the API of flows',
      version: '1',
      description:
        'On loopback, and by HTTPS where `https` in sabha.json says so; there every route but the login is 401 without a session and 403 to an account that may not do it, reading is cut to the scope of the account, and `by` is its name whatever the body says. Times are milliseconds since 1970 by the clock of the centre. A POST is application/json.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
    components: {
      schemas: { ...Object.fromEntries(Object.entries(components).map(([name, one]) => [name, schemaOf(one)])), Refusal: refusal },
    },
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

const refusal = {
  type: 'object',
  properties: { error: { type: 'string', description: 'One line: what is wrong, and where.' } },
  required: ['error'],
};

function operation(path: string, { summary, query, body, answer, done, refusals = [] }: Route) {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({ name, in: 'path', required: true, schema: { type: 'string' } }));
  const inQuery = Object.entries(query?.entries ?? {}).map(([name, one]) => ({
    name,
    in: 'query',
    schema: schemaOf(one as v.GenericSchema),
  }));
  const parameters = [...inPath, ...inQuery];
  const refused = [...(body || query ? [400] : []), ...refusals].map((status) => [status, refusalOf(status, answer)]);
  return {
    summary,
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(body) } } } }),
    responses: { [done ?? 200]: { description: 'Done.', ...contentOf(answer) }, ...Object.fromEntries(refused) },
  };
}

function contentOf(answer: Route['answer']) {
  if (answer === undefined) return {};
  if ('about' in answer) return { description: answer.about, content: { [answer.type]: { schema: { type: 'string' } } } };
  return { content: { 'application/json': { schema: schemaOf(answer) } } };
}

/** An import that is refused answers with every faulty line, and a centre that is not ready says so; all else is one line. */
function refusalOf(status: number, answer: Route['answer']) {
  if ([422, 503].includes(status) && (answer === sitesImport || answer === ready))
    return { description: 'Not done.', ...contentOf(answer) };
  return { description: 'Not done.', content: { 'application/json': { schema: { $ref: '#/components/schemas/Refusal' } } } };
}

function schemaOf(schema: v.GenericSchema) {
  const { $schema: _, ...made } = toJsonSchema(schema, { typeMode: 'input', errorMode: 'ignore' });
  return made;
}
