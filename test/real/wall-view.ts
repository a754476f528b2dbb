/** A server whose content a test writes: the files of the wall with their real headers, the routes of the API, and its stream. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type {
  DayView,
  DutyView,
  HistoryView,
  IncidentReasons,
  IncidentRow,
  IncidentView,
  MaintenanceView,
  RollCallView,
  RosterPerson,
  SiteDetail,
  Snapshot,
  StreamFrame,
  WhoView,
} from '@sabha/contracts';
import { bundleWall, loadWall } from '../../flows/api/bytes/wall.ts';
import { textsFile } from '../../flows/api/server.ts';
import { securityHeaders } from '../../flows/pki/http-auth/http-auth.ts';

export type Content = Snapshot & {
  full: Map<number, IncidentView>;
  details: Map<string, SiteDetail>;
  histories: Map<string, HistoryView>;
  rollcalls: Map<string, RollCallView>;
  /** Absent: nobody is in the roster. */
  roster?: { persons: RosterPerson[]; duty: DutyView['roles']; day: DayView | undefined };
  /** The maintenance windows. Every scope gets the same list. */
  maintenance?: MaintenanceView[];
  reasons?: Map<number, IncidentReasons>;
  /** The role of the signed-in person. Absent: central. */
  role?: WhoView['role'];
};

export type WallView = {
  port: number;
  content: Content;
  /** Received POST requests: path and body. `onPost` returns the response. */
  posts: [path: string, body: Record<string, string>][];
  onPost: (path: string, body: Record<string, string>) => { status: number; body?: unknown };
  /** Changes the content and sends it to the streams. Returns the bytes of the frame for a subscriber of the nation. */
  change(frame: Omit<Partial<StreamFrame>, 'incidents'> & { incidents?: IncidentRow[] }): number;
  /** When true, the server sends nothing more over open streams, like a suspended process. */
  isFrozen: boolean;
  /** The time in the last message of a stream. */
  saidAt: number;
  streams(): number;
  close(): Promise<void>;
};

/** Interval of the heartbeats of a stream, shorter than the real one to keep tests fast. */
const beatEveryMs = 1_000;

type Stream = { response: ServerResponse; pcs: string | null };

const words: unknown = JSON.parse(textsFile().body.toString());

/** The bundle as the real server serves it, built once for all tests of a file. */
let made: ReturnType<typeof bundleWall> | undefined;
function served(): ReturnType<typeof bundleWall> {
  made ??= loadWall('dashboards/wall', 'node_modules').then((wall) => bundleWall(wall));
  return made;
}

export async function startWallView(content: Content, port = 0): Promise<WallView> {
  const { files, inline } = await served();
  const headers = securityHeaders(inline);
  const streams = new Set<Stream>();
  const server = createServer((request, response) => void answer(request, response));

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://wall.test');
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (request.method === 'POST') {
      const body = (await json(request)) as Record<string, string>;
      view.posts.push([url.pathname, body]);
      const reply = view.onPost(url.pathname, body);
      return void response.writeHead(reply.status, { 'content-type': 'application/json' }).end(reply.body && JSON.stringify(reply.body));
    }
    const file = files.get(url.pathname);
    if (file !== undefined)
      return void response.writeHead(200, { 'content-type': file.type, 'content-encoding': 'gzip' }).end(file.packed('gzip'));
    if (url.pathname === '/api/stream') return open(response, url.searchParams.get('pcs'));
    const found = read(view.content, url.pathname);
    response.writeHead(found === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(found ?? { error: 'nothing here' }));
  }

  function open(response: ServerResponse, pcs: string | null): void {
    if (view.isFrozen) return;
    const {
      at: _at,
      full: _full,
      details: _details,
      histories: _histories,
      rollcalls: _rollcalls,
      roster: _roster,
      maintenance: _maintenance,
      reasons: _reasons,
      role: _role,
      ...rest
    } = view.content;
    view.saidAt = Date.now();
    const snapshot = { ...rest, at: view.saidAt, pcs: rest.pcs.filter((one) => one.site === pcs) };
    const stream = { response, pcs };
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`event: snapshot\ndata: ${JSON.stringify(snapshot)}\n\n`);
    streams.add(stream);
    response.on('close', () => streams.delete(stream));
  }

  const view: WallView = {
    port: 0,
    content,
    posts: [],
    onPost: () => ({ status: 204 }),
    isFrozen: false,
    saidAt: 0,
    change: (frame) => {
      const { content: old } = view;
      const rollcall = frame.rollcall ?? old.rollcall;
      view.content = {
        ...old,
        at: Date.now(),
        subscribed: frame.subscribed ?? old.subscribed,
        sites: merged(old.sites, frame.sites, (one) => one.site),
        pcs: merged(old.pcs, frame.pcs, (one) => one.pc),
        incidents: merged(old.incidents, frame.incidents, (one) => one.id),
        rollcall,
        ...(frame.away && { away: frame.away }),
      };
      const full = { at: Date.now(), subscribed: view.content.subscribed, ...frame };
      view.saidAt = full.at;
      const textFor = (site: string | null) => {
        const { pcs = [], ...rest } = full;
        const mine = pcs.filter((one) => one.site === site);
        return `event: change\ndata: ${JSON.stringify(mine.length > 0 ? { ...rest, pcs: mine } : rest)}\n\n`;
      };
      for (const { response, pcs } of streams) response.write(textFor(pcs));
      return Buffer.byteLength(textFor(null));
    },
    streams: () => streams.size,
    close: async () => {
      clearInterval(beats);
      if (!server.listening) return;
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  const beats = setInterval(() => {
    if (view.isFrozen) return;
    const frame = { at: Date.now(), subscribed: view.content.subscribed };
    view.saidAt = frame.at;
    for (const { response } of streams) response.write(`event: change\ndata: ${JSON.stringify(frame)}\n\n`);
  }, beatEveryMs);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  view.port = (server.address() as AddressInfo).port;
  return view;
}

/** Routes without a parameter. */
const wholes: Record<string, (content: Content) => unknown> = {
  '/api/words': () => words,
  '/api/me': ({ role = 'central' }) => ({ name: null, role, scope: '', once: false, names: [] }),
  '/api/roster': ({ roster }) => roster?.persons ?? [],
  '/api/roster/duty': ({ at, roster }) => ({ at, scope: '', roles: roster?.duty ?? [] }),
  '/api/roster/day': ({ roster }) => roster?.day,
  '/api/devices': () => ({ key: null, person: null, here: false }),
  '/api/maintenance': ({ maintenance }) => maintenance ?? [],
};

function read(content: Content, path: string): unknown {
  const whole = wholes[path];
  if (whole !== undefined) return whole(content);
  const reasons = /^\/api\/incidents\/(\d+)\/reasons$/.exec(path)?.[1];
  if (reasons !== undefined) return content.reasons?.get(Number(reasons)) ?? { steps: [] };
  const incident = /^\/api\/incidents\/(\d+)$/.exec(path)?.[1];
  if (incident !== undefined) return content.full.get(Number(incident));
  const rollcall = /^\/api\/rollcalls\/([\w-]+)$/.exec(path)?.[1];
  if (rollcall !== undefined) return content.rollcalls.get(rollcall);
  const [, site, history] = /^\/api\/sites\/([a-z0-9-]+\/[a-z0-9-]+)(\/history)?$/.exec(path) ?? [];
  if (site === undefined) return undefined;
  return history === undefined ? content.details.get(site) : content.histories.get(site);
}

function merged<T>(old: T[], fresh: T[] | undefined, key: (one: T) => string | number): T[] {
  if (fresh === undefined) return old;
  const keys = new Set(fresh.map(key));
  return [...old.filter((one) => !keys.has(key(one))), ...fresh];
}
