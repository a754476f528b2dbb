/** The routes of the site table: its CSV, the profiles, and what an operator does with sites and PCs. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import * as v from 'valibot';
import { isId, isPcPath, siteStages } from '#contracts';
import { isWithin } from '../accounts/rights.ts';
import { ownPart, whole } from '../door/door.ts';
import { Refused } from '../door/refused.ts';
import { csvLimitBytes, toCsv } from '../sites/csv.ts';
import type { Done, SiteOrders } from '../sites/site-orders.ts';
import { read } from './routes.ts';
import { by } from './schemas.ts';

type Place = FastifyRequest<{ Params: { state?: string; site?: string; pc?: string } }>;

const noParts = (text: string) => text === '' || (text.split('/').length <= 3 && text.split('/').every(isId));
const pcPath = v.pipe(v.string(), v.check(isPcPath, 'a path state/site/pc'));
const scope = v.pipe(v.string(), v.check(noParts, '"" for the nation, a state, state/site or state/site/pc'));
const order = v.strictObject({ by });
export const moving = v.strictObject({
  by,
  to: v.pipe(
    scope,
    v.check((to) => to.includes('/'), 'state/site or state/site/pc'),
  ),
});
export const staging = v.strictObject({ by, stage: v.picklist(siteStages), force: v.optional(v.boolean(), false) });
export const importing = v.strictObject({
  by,
  csv: v.string(),
  apply: v.optional(v.boolean(), false),
  staged: v.optional(v.boolean(), false),
});
export const tokensFor = v.strictObject({
  by,
  pcs: v.optional(v.pipe(v.array(pcPath), v.maxLength(100)), []),
  scope: v.optional(scope),
  renew: v.optional(v.boolean(), false),
});

/** Adds the routes. A body of `import` may hold the largest CSV with its quotes and line breaks escaped, every other one what the server allows. */
export function addSites(app: FastifyInstance, office: SiteOrders): void {
  app.get('/api/sites/table.csv', { config: ownPart }, ({ viewer }, reply) => {
    const table = toCsv(office.table(), ({ path }) => isWithin(viewer.scope, path));
    return reply.type('text/csv; charset=utf-8').header('content-disposition', 'attachment; filename="sites.csv"').send(table);
  });
  for (const levels of ['', '/:state', '/:state/:site', '/:state/:site/:pc']) {
    app.get(`/api/profile${levels}`, { config: { may: 'read', at: placeOf } }, (request: Place) => {
      const path = pathOf(request);
      const found = office.profile(path);
      if (found === undefined) throw new Refused(404, `there is no ${path}`);
      return found;
    });
  }
  app.post('/api/sites/import', { ...whole('import'), bodyLimit: 2 * csvLimitBytes, errorHandler: tooLarge }, async (request, reply) => {
    const result = await office.import(read(importing, request.body));
    return reply.code(result.problems.length > 0 ? 422 : 200).send(result);
  });
  app.get('/api/rollout', whole('import'), () => ({ rollout: office.rollout() }));
  app.post('/api/rollout/release', whole('import'), async (request, reply) =>
    nothing(await office.release(read(order, request.body).by), reply),
  );
  app.post('/api/sites/:state/:site/stage', { config: { may: 'stage', at: placeOf } }, async (request: Place, reply) => {
    const { by: who, ...to } = read(staging, request.body);
    return nothing(await office.stage({ site: pathOf(request), ...to }, who), reply);
  });
  app.post('/api/pcs/:state/:site/:pc/move', whole('pcs'), async (request: Place) => {
    const { by: who, to } = read(moving, request.body);
    return tokensOf(await office.move(pathOf(request), to, who));
  });
  app.post('/api/pcs/:state/:site/:pc/retire', whole('pcs'), async (request: Place, reply) =>
    nothing(await office.retire(pathOf(request), read(order, request.body).by), reply),
  );
  app.post('/api/pcs/:state/:site/:pc/replace', whole('pcs'), async (request: Place) =>
    tokensOf(await office.replace(pathOf(request), read(order, request.body).by)),
  );
  app.post('/api/tokens', whole('tokens'), async (request) => {
    const { by: who, pcs, scope: all, renew } = read(tokensFor, request.body);
    return tokensOf(await office.tokens({ pcs, scope: all, renew }, who));
  });
}

function placeOf(request: FastifyRequest): string {
  return pathOf(request as Place);
}

function pathOf({ params: { state, site, pc } }: Place): string {
  return [state, site, pc].filter((part) => part !== undefined).join('/');
}

function tokensOf(done: Done): { tokens: Record<string, string> } {
  if (!done.ok) throw new Refused(done.missing ? 404 : 409, done.line);
  return { tokens: done.tokens };
}

function nothing(done: Done, reply: FastifyReply): FastifyReply {
  tokensOf(done);
  return reply.code(204).send();
}

/** The server's own words name the limit of every other route. */
function tooLarge(error: FastifyError): never {
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') throw new Refused(413, `the file is larger than ${csvLimitBytes / 1024 / 1024} MiB`);
  throw error;
}
