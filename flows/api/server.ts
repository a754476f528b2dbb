/** The HTTP API of `flows` and the door of the wall, on loopback. */
import type { AddressInfo } from 'node:net';
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply } from 'fastify';
import type { BaseLogger } from 'pino';
import { type Clock, isLoopback, oneLine, realClock } from '#contracts';
import type { Office } from '../sites/office.ts';
import { loadWall } from './files.ts';
import { refusalOf, securityHeaders } from './guard.ts';
import type { DeskView } from './model.ts';
import { addRollCalls } from './rollcall-routes.ts';
import { addActing, addFiles, addReading, addSiteReading, addStream, Refused } from './routes.ts';
import { bodyLimitBytes } from './schemas.ts';
import { addSites } from './site-routes.ts';
import { createStreams } from './streams.ts';
import { addUpdates } from './update-routes.ts';

export type ApiOptions = {
  host: string;
  /** 0 takes a free one. */
  port: number;
  desk: DeskView;
  office: Office;
  /** Folder of the wall's files, and the `node_modules` with its browser modules. */
  wallDir: string;
  modulesDir: string;
  /** Folder of the agent's update that is offered. It need not be there. */
  updatesDir?: string;
  log: Pick<BaseLogger, 'warn' | 'error'>;
  clock?: Clock;
};

export type Api = { port: number; close(): Promise<void> };

/**
 * Starts the API. Rejects with one clear line where it cannot: another host than loopback, a port in use, a missing file.
 * Guarantee: after a rejection nothing listens and no timer runs; `close` drops open streams at once.
 */
export async function startApi(options: ApiOptions): Promise<Api> {
  const { host, port, desk, office, wallDir, modulesDir, updatesDir, log, clock = realClock() } = options;
  if (!isLoopback(host)) throw new Error(`API: host "${oneLine(host, 80)}" is not loopback; use 127.0.0.1, ::1 or localhost`);
  const wall = await loadWall(wallDir, modulesDir);
  const headers = securityHeaders(wall.importMap);
  const app = createApp(headers, log);
  addReading(app, desk);
  addSiteReading(app, desk);
  addSites(app, office);
  addRollCalls(app, desk.rollcalls);
  addActing(app, desk);
  addFiles(app, wall.files);
  if (updatesDir !== undefined) addUpdates(app, updatesDir);
  const streams = createStreams({ desk, clock, onSlow: () => log.warn('a client of the stream reads too slowly: dropped') });
  addStream(app, streams, headers);
  const close = async () => {
    streams.close();
    await app.close();
  };
  try {
    await app.listen({ host, port });
  } catch (error) {
    await close();
    throw new Error(listenLine(error as NodeJS.ErrnoException, host, port));
  }
  return { port: (app.server.address() as AddressInfo).port, close };
}

function createApp(headers: Record<string, string>, log: ApiOptions['log']): FastifyInstance {
  const app = fastify({
    bodyLimit: bodyLimitBytes,
    forceCloseConnections: true,
    requestTimeout: 10_000,
    frameworkErrors: (error, _request, reply) => void answer(error, reply.headers(headers), log),
  });
  app.removeContentTypeParser('text/plain');
  app.addHook('onRequest', (request, reply, next) => {
    reply.headers(headers).header('cache-control', 'no-store');
    const refusal = refusalOf({ method: request.method, headers: request.headers, port: request.socket.localPort ?? 0 });
    next(refusal && new Refused(refusal.status, refusal.line));
  });
  app.setNotFoundHandler((request) => {
    throw new Refused(404, `nothing answers ${request.method} ${oneLine(request.url, 80)}`);
  });
  app.setErrorHandler((error: FastifyError, _request, reply) => answer(error, reply, log));
  return app;
}

/** What fastify itself refuses, in our words. */
const ownWords: Record<string, string> = {
  FST_ERR_CTP_BODY_TOO_LARGE: `the body is larger than ${bodyLimitBytes} bytes`,
  FST_ERR_CTP_EMPTY_JSON_BODY: 'the body is empty',
  FST_ERR_CTP_INVALID_JSON_BODY: 'the body is not JSON',
  FST_ERR_BAD_URL: 'the address cannot be read',
};

function answer(error: FastifyError | Refused, reply: FastifyReply, log: ApiOptions['log']): FastifyReply {
  const status = error.statusCode ?? 500;
  if (status < 500 || error instanceof Refused) {
    const code = 'code' in error ? error.code : '';
    return reply.code(status).send({ error: ownWords[code] ?? oneLine(error.message, 240) });
  }
  log.error({ err: error }, 'a request failed');
  return reply.code(500).send({ error: 'the centre could not do this; its log says why' });
}

function listenLine(error: NodeJS.ErrnoException, host: string, port: number): string {
  if (error.code === 'EADDRINUSE') return `API: port ${port} on ${host} is in use; stop the other program or set ports.api in sabha.json`;
  if (error.code === 'EACCES') return `API: no permission to listen on port ${port}; set ports.api in sabha.json above 1023`;
  return `API: cannot listen on ${host} port ${port}: ${error.message}`;
}
