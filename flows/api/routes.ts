/** What can be asked, and what a person does with an incident. Reading is free. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import * as v from 'valibot';
import { describeIssue, faultIds, faults, reasons, vocabulary } from '#contracts';
import { ownPart, whole } from '../door/door.ts';
import { Refused } from '../door/refused.ts';
import { scopedDesk } from '../door/scoped.ts';
import type { DeskView } from '../view/view.ts';
import { fileOf, loginFiles, type StaticFile } from './files.ts';
import { acknowledgement, hoursQuery, incidentId, incidentsQuery, note, pcsQuery, siteQuery, sitesQuery } from './schemas.ts';
import type { Streams } from './streams.ts';

type IncidentRequest = FastifyRequest<{ Params: { id: string } }>;
type SiteRequest = FastifyRequest<{ Params: { state: string; site: string } }>;
type Outcome = Awaited<ReturnType<DeskView['note']>>;

const own = { config: ownPart };

/** Health, and all that is read of the desk. */
export function addReading(app: FastifyInstance, desk: DeskView): void {
  app.get('/healthz', own, () => ({ alive: true }));
  app.get('/readyz', own, (_request, reply) => {
    const ready = desk.ready();
    return reply.code(ready ? 200 : 503).send({ ready });
  });
  app.get('/api/snapshot', own, (request) => seen(desk, request).snapshot(read(pcsQuery, request.query).pcs ?? ''));
  app.get('/api/pcs', own, (request) => seen(desk, request).pcs(read(siteQuery, request.query).site ?? 'all'));
  app.get('/api/audit', whole('read'), () => desk.audit());
  app.get('/api/incidents', own, (request) => {
    const { open } = read(incidentsQuery, request.query);
    const all = seen(desk, request).incidents();
    return open === undefined ? all : all.filter((one) => (one.overAt === null) === (open === 'true'));
  });
  app.get('/api/incidents/:id', own, (request: IncidentRequest) => {
    const found = seen(desk, request).incident(read(incidentId, request.params.id));
    if (found === undefined) throw noIncident();
    return found;
  });
  const titles = Object.fromEntries(faultIds.map((id) => [id, { title: faults[id].title, action: faults[id].action }]));
  const file = fileOf(Buffer.from(JSON.stringify({ faults: titles, reasons, words: vocabulary })), 'application/json; charset=utf-8');
  app.get('/api/words', own, (request, reply) => sendFile(file, request, reply));
}

/** Sites in rows, and one in full. */
export function addSiteReading(app: FastifyInstance, desk: DeskView): void {
  const pathOf = ({ params }: SiteRequest) => `${params.state}/${params.site}`;
  app.get('/api/sites', own, (request) => {
    const { stage, state } = read(sitesQuery, request.query);
    return seen(desk, request)
      .sites()
      .filter((one) => (stage ?? one.stage) === one.stage && (state ?? one.state) === one.state);
  });
  app.get('/api/sites/:state/:site', own, (request: SiteRequest) => seen(desk, request).site(pathOf(request)) ?? noSite());
  app.get('/api/sites/:state/:site/history', own, async (request: SiteRequest) => {
    const { hours } = read(hoursQuery, request.query);
    return (await seen(desk, request).history(pathOf(request), desk.now() - Number(hours) * 3_600_000)) ?? noSite();
  });
}

/** What a person does with an incident. Answers 204 once it is committed. An incident of elsewhere is as if it were not there. */
export function addActing(app: FastifyInstance, desk: DeskView): void {
  app.post('/api/incidents/:id/acknowledge', { config: { ...ownPart, may: 'acknowledge' } }, async (request: IncidentRequest, reply) => {
    const id = read(incidentId, request.params.id);
    const { by } = read(acknowledgement, request.body);
    return done(await seen(desk, request).acknowledge(id, by), reply);
  });
  app.post('/api/incidents/:id/note', { config: { ...ownPart, may: 'note' } }, async (request: IncidentRequest, reply) => {
    const id = read(incidentId, request.params.id);
    const { by, text } = read(note, request.body);
    return done(await seen(desk, request).note(id, by, text), reply);
  });
}

/** The stream of changes. */
export function addStream(app: FastifyInstance, streams: Streams, headers: Record<string, string>): void {
  app.get('/api/stream', { ...own, exposeHeadRoute: false }, (request, reply) => {
    const { pcs = '' } = read(pcsQuery, request.query);
    const refusal = streams.open(reply.raw, { pcs, headers, viewer: request.viewer });
    if (refusal !== undefined) throw new Refused(503, refusal);
    reply.hijack();
  });
}

/** The wall's files, one route each. */
export function addFiles(app: FastifyInstance, files: Map<string, StaticFile>): void {
  for (const [url, file] of files) {
    const config = loginFiles.test(url) ? { open: true } : { ...ownPart, page: file.type.startsWith('text/html') };
    app.get(url, { config }, (request, reply) => sendFile(file, request, reply));
  }
}

/** Not again to whoever has it, and packed to whoever can unpack it. */
function sendFile(file: StaticFile, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.headers({ 'cache-control': 'no-cache', etag: file.etag, vary: 'accept-encoding' });
  if (request.headers['if-none-match'] === file.etag) return reply.code(304).send();
  const packed = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
  if (packed) reply.header('content-encoding', 'gzip');
  return reply.type(file.type).send(packed ? file.gzip : file.body);
}

/** What a request says, or a refusal with one line. */
export function read<S extends v.GenericSchema>(schema: S, input: unknown): v.InferOutput<S> {
  const result = v.safeParse(schema, input);
  if (!result.success) throw new Refused(400, describeIssue(result.issues[0]));
  return result.output;
}

function seen(desk: DeskView, { viewer }: Pick<FastifyRequest, 'viewer'>): DeskView {
  return scopedDesk(desk, viewer.scope);
}

function done(outcome: Outcome, reply: FastifyReply): FastifyReply {
  if (outcome === 'missing') throw noIncident();
  if (outcome === 'over') throw new Refused(409, 'this incident is over');
  return reply.code(204).send();
}

function noSite(): never {
  throw new Refused(404, 'there is no such site');
}

function noIncident(): Refused {
  return new Refused(404, 'there is no such incident');
}
