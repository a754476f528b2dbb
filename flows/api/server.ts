/** The HTTP API of `flows` and the web server of the wall: on loopback, and optionally on other interfaces by HTTPS. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type { Server as SecureServer } from 'node:tls';
import { type Clock, codeOf, faultIds, faults, languages, oneLine, realClock, reasons, serverSniName } from '@sabha/contracts';
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply } from 'fastify';
import type { BaseLogger } from 'pino';
import { answerUrl } from '../notify/alert-replies/reply-link.ts';
import { vocabularyOf } from '../notify/people/channels/channels.ts';
import { templatesCsv } from '../notify/people/sms/sms.ts';
import { longestLink, wallAddress } from '../notify/people/words.ts';
import type { Accounts } from '../pki/accounts/accounts.ts';
import type { OpenId } from '../pki/accounts/openid.ts';
import {
  addAuthentication,
  type CountRefused,
  createConnectionLimit,
  httpsSignIn,
  openLoopback,
  type PageHead,
  RequestError,
  scopedView,
  securityHeaders,
  tokenLoopback,
} from '../pki/http-auth/http-auth.ts';
import { liesWithin } from '../sites/table.ts';
import { LedgerError } from '../storage/ledger/poison.ts';
import type { CentreView } from '../view/live.ts';
import { addOpenId } from './account-routes.ts';
import { addDocs, readDocs } from './bytes/docs.ts';
import { createStreams } from './bytes/streams.ts';
import { addTransfers, type TransferOptions } from './bytes/transfer-routes.ts';
import { addUpdates, addWall, fileOf, loadWall, type StaticFile, type Wall } from './bytes/wall.ts';
import { type ApiParts, bodyLimitBytes } from './kit/route.ts';
import { addRoutes } from './routes.ts';

/** Options of the API. A part that is absent has no routes. */
export type ApiOptions = Partial<
  Pick<ApiParts, 'meetings' | 'maintenance' | 'roster' | 'people' | 'announcements' | 'proof' | 'acts' | 'events'>
> & {
  /** Port on 127.0.0.1. 0 selects a free port. */
  port: number;
  /** The HTTPS listener; absent = loopback only. */
  https?: HttpsOptions | undefined;
  accounts: Accounts;
  view: CentreView;
  siteOrders: Omit<ApiParts['identity'], 'door'>;
  /** Absent if this process runs no Node-RED tabs. */
  tabs?: ApiParts['tabs'] & Pick<ApiParts, 'explain' | 'replay' | 'reasons'>;
  /** Web Push devices; null = Web Push is not configured. */
  devices?: ApiParts['devices'];
  wallDir: string;
  modulesDir: string;
  /** Folder of the pages for users; absent = none. */
  docsDir?: string | undefined;
  /** Bundles the files of the wall into few; absent = each file is served by itself. */
  bundle?: (wall: Wall) => Promise<Wall>;
  /** Folder of the agent update on offer. It may be missing. */
  updatesDir?: string;
  /** Adds the routes for responses without sign-in. `head` is the HTML head of their pages. */
  addAnswers?: ((app: FastifyInstance, head: PageHead) => void) | undefined;
  /** Proves who may test the transfer rate of a link over TCP; absent = no such routes. */
  prove?: TransferOptions['prove'] | undefined;
  countRefused?: CountRefused;
  log: Pick<BaseLogger, 'warn' | 'error'>;
  clock?: Clock;
};

type Tls = { key: string; cert: string };

export type HttpsOptions = {
  host: string;
  port: number;
  names: readonly string[];
  /** Key and certificate of the server, in PEM. `ca` = the roots that sign the client certificates of PCs. */
  tls: Tls & { ca?: string[] };
  /** Certificate of the organisation, shown to browsers. PCs request the server's own by its server name (SNI). */
  organisation?: Tls | undefined;
  addEst?: ((app: FastifyInstance) => void) | undefined;
  openid?: OpenId | undefined;
};

/** A running API. `httpsPort` is null without HTTPS. */
export type Api = Awaited<ReturnType<typeof startApi>>;

/** Separate limits for HTTPS, so that many remote clients cannot exhaust the connections of local programs on loopback. */
const httpsStreamLimit = 512;
const httpsConnectionLimit = 4_096;
/** Limit of connections per client network, so that one network cannot take all. An office behind one address has some hundred screens. */
const networkConnectionLimit = 512;
/** New connections per second and network after that burst. A TLS handshake costs about 1 ms of the single processor. */
const networkConnectionsPerSecond = 32;
const handshakeLimitMs = 10_000;

/**
 * Starts the API. Rejects with one line on a port in use, a missing file or an invalid certificate.
 * Guarantee: after a rejection nothing listens and no timer runs; `close` drops open streams at once.
 */
export async function startApi(options: ApiOptions) {
  const { port, https, bundle, log } = options;
  const loaded = await loadWall(options.wallDir, options.modulesDir);
  // A failed bundle is not fatal: single files only load more slowly.
  const bundling = bundle?.(loaded).catch((error: Error) => {
    log.warn(`the wall is served file by file, which is slow on a thin link: ${oneLine(error.message, 160)}`);
  });
  const wall = (await bundling) ?? loaded;
  const pages = { wall, docs: await readDocs(options.docsDir) };
  const opened: ReturnType<typeof openListener>[] = [];
  const close = async () => void (await Promise.all(opened.map((one) => one.close())));
  try {
    opened.push(openListener(options, pages));
    if (https) opened.push(openListener(options, pages, https));
    const ports: number[] = [];
    for (const [at, { listen }] of opened.entries()) ports.push(await listen(at === 0 || !https ? { host: '127.0.0.1', port } : https));
    /** Replaces the server's key and certificate without dropping connections. */
    const useTls = (tls: HttpsOptions['tls']) => opened[1]?.useTls(tls);
    return { port: ports[0] ?? 0, httpsPort: ports[1] ?? null, useTls, close };
  } catch (error) {
    await close();
    throw error;
  }
}

type Pages = { wall: Wall; docs: Awaited<ReturnType<typeof readDocs>> };

/** Creates a listener with all routes behind its authentication; with `https` also the sign-in routes. */
function openListener(options: ApiOptions, { wall, docs }: Pages, https?: HttpsOptions) {
  const { view, siteOrders, accounts, log, clock = realClock() } = options;
  const headers = securityHeaders(wall.inline);
  const app = createApp(headers, { log, view, clock }, https && { ...https.tls, ...https.organisation });
  const within = (scope: string, path: string) => liesWithin((one) => siteOrders.table().pathsOf(one), scope, path);
  const loopback = options.https ? tokenLoopback(accounts, within) : openLoopback(accounts.proof);
  addAuthentication(app, https ? httpsSignIn(https.names, accounts, within) : loopback, options.countRefused);
  const onSlow = () => log.warn('a client of the stream reads too slowly: dropped');
  const viewFor = (scope: string) => scopedView(view, scope, within);
  const streams = createStreams({ view, viewFor, clock, onSlow, ...(https && { limit: httpsStreamLimit }) });
  const isThere = (path: string) => siteOrders.table().node(path) !== undefined;
  const has = (scope: string) => scope === '' || siteOrders.table().pathsOf(scope).some(isThere);
  const [name] = options.https?.names ?? [];
  /** Base URL for enrolment of PCs; null without HTTPS. */
  const door = name === undefined ? null : `https://${name}:${options.https?.port}`;
  addRoutes(app, {
    ...options.tabs,
    ...options,
    view: viewFor,
    identity: { ...siteOrders, door },
    devices: options.devices ?? null,
    commands: view.commands,
    accounts: { accounts, has, directory: https?.openid?.host ?? null },
    ...(https && { logins: accounts }),
    streams: { streams, headers },
    words: textsFile(),
    smsTexts: { csv: templatesCsv(longestLink(wallAddress(options.https))) },
  });
  https?.addEst?.(app);
  options.addAnswers?.(app, wall.answers);
  if (https?.openid) addOpenId(app, { accounts, openid: https.openid, log });
  addWall(app, wall);
  addDocs(app, docs);
  if (options.updatesDir !== undefined) addUpdates(app, options.updatesDir);
  if (options.prove !== undefined) addTransfers(app, { prove: options.prove, clock });
  const useTls = (tls: HttpsOptions['tls']) => {
    const server = app.server as unknown as SecureServer;
    if (https?.organisation) server.addContext(serverSniName, tlsOptionsOf(tls));
    else server.setSecureContext(tlsOptionsOf(tls));
  };
  if (https?.organisation) useTls(https.tls);
  return {
    async listen({ host, port }: { host: string; port: number }): Promise<number> {
      const field = https ? 'https.port' : 'ports.api';
      await app.listen({ host, port }).catch((error) => {
        throw new Error(listenLine(error, { host, port, field }));
      });
      return (app.server.address() as AddressInfo).port;
    },
    useTls,
    async close(): Promise<void> {
      streams.close();
      await app.close();
    },
  };
}

type AppOptions = Pick<ApiOptions, 'log' | 'view'> & { clock: Clock };

function createApp(headers: Record<string, string>, options: AppOptions, tls: HttpsOptions['tls'] | undefined): FastifyInstance {
  const app = fastify({
    bodyLimit: bodyLimitBytes,
    forceCloseConnections: true,
    requestTimeout: 10_000,
    rewriteUrl: ({ url = '/' }) => answerUrl(url),
    https: tls === undefined ? null : tlsOptionsOf(tls),
    frameworkErrors: (error, _request, reply) => void answer(error, reply.headers(headers), options),
  }) as unknown as FastifyInstance;
  if (tls) {
    app.server.maxConnections = httpsConnectionLimit;
    app.server.on(
      'connection',
      createConnectionLimit({ most: networkConnectionLimit, perSecond: networkConnectionsPerSecond, up: options.clock.up }),
    );
  }
  app.removeContentTypeParser('text/plain');
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers(headers).header('cache-control', 'no-store');
  });
  app.setNotFoundHandler((request) => {
    throw new RequestError(404, `there is no route ${request.method} ${oneLine(request.url, 80)}`);
  });
  app.setErrorHandler((error: FastifyError, _request, reply) => answer(error, reply, options));
  return app;
}

/** Checks that key and certificate match, and returns the TLS options. Throws one line before anything listens. */
function tlsOptionsOf(tls: HttpsOptions['tls']) {
  try {
    const isPair = new X509Certificate(tls.cert).checkPrivateKey(createPrivateKey(tls.key));
    if (!isPair) throw new Error('the key is not that of the certificate');
  } catch (error) {
    throw new Error(`API: key and certificate for HTTPS cannot be used: ${oneLine((error as Error).message, 160)}`);
  }
  // Client certificates stay optional: an enrolling PC has none yet, and a browser never has one.
  const asked = tls.ca === undefined ? {} : { requestCert: true, rejectUnauthorized: false };
  return { ...tls, ...asked, minVersion: 'TLSv1.3' as const, handshakeTimeout: handshakeLimitMs };
}

/** Messages for errors that fastify itself raises. */
const ownWords: Record<string, string> = {
  FST_ERR_CTP_BODY_TOO_LARGE: `the body is larger than ${bodyLimitBytes} bytes`,
  FST_ERR_CTP_EMPTY_JSON_BODY: 'the body is empty',
  FST_ERR_CTP_INVALID_JSON_BODY: 'the body is not JSON',
  FST_ERR_BAD_URL: 'the address cannot be read',
};

/** File error codes of a disk that is full, read-only or broken. */
const diskCodes = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO']);

function answer(error: FastifyError | RequestError, reply: FastifyReply, { log, view }: AppOptions): FastifyReply {
  const status = error.statusCode ?? 500;
  if (status < 500 || error instanceof RequestError) {
    const code = 'code' in error ? error.code : '';
    const why = error instanceof RequestError ? error.why : undefined;
    return reply.code(status).send({ error: ownWords[code] ?? oneLine(error.message, 240), ...why });
  }
  // A known cause, such as a full disk, is already logged, so the client receives its reason.
  const known = view.unready();
  if (known === undefined) log.error({ err: error }, 'a request failed');
  const isLedger = error instanceof LedgerError;
  const ofDisk = isLedger || diskCodes.has(error.code) ? `the disk stores nothing: ${isLedger ? error.message : codeOf(error)}` : undefined;
  const because = known ?? ofDisk;
  if (because !== undefined)
    return reply.code(503).send({ error: oneLine(`the server cannot do this now: ${because}`, 240), code: 'unready' });
  return reply.code(500).send({ error: 'the server could not do this; its log says why', code: 'failed' });
}

function listenLine(error: NodeJS.ErrnoException, { host, port, field }: { host: string; port: number; field: string }): string {
  if (error.code === 'EADDRINUSE') return `API: port ${port} on ${host} is in use; stop the other program or set ${field} in sabha.json`;
  if (error.code === 'EACCES') return `API: no permission to listen on port ${port}; set ${field} in sabha.json above 1023`;
  return `API: cannot listen on ${host} port ${port}: ${error.message}`;
}

/** Returns the texts of faults and of the domain as a static file. */
export function textsFile(): StaticFile {
  const titles = Object.fromEntries(faultIds.map((id) => [id, { title: faults[id].title, action: faults[id].action }]));
  const all = Object.fromEntries(languages.map((language) => [language, vocabularyOf(language)]));
  return fileOf(Buffer.from(JSON.stringify({ faults: titles, reasons, words: all })), 'application/json; charset=utf-8');
}
