/** HTTP server for Prometheus on loopback: two metrics pages, liveness and readiness. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import { constants, createGzip } from 'node:zlib';
import { handleHealthRequest, listen, type ReadinessCheck } from '@sabha/contracts';
import { Registry } from 'prom-client';

/** The sources of the two pages, called at each scrape. */
export type PageSources = {
  /** `/metrics`: counts of sites and incidents, and the exporter itself. */
  own(): Promise<{ type: string; text: string }>;
  /** `/metrics/pcs`: the series of sites and PCs and their counts, in chunks. */
  fleet(): Iterable<string>;
  /** Absent means always ready. */
  unready?: ReadinessCheck;
};

/**
 * Serves the two pages. Rejects with a `StartError` if the port is not available.
 * Guarantee: other work runs between two chunks, and a reader that does not read causes no further chunk (back pressure).
 */
export async function servePages(pages: PageSources, port: number): Promise<{ port: number; close(): void }> {
  const server = createServer(async (request, response) => {
    if (handleHealthRequest(request, response, pages.unready ?? (() => undefined))) return;
    if (request.method === 'GET' && request.url === '/metrics/pcs') return sendFleetPage(pages.fleet(), request, response);
    if (request.method !== 'GET' || request.url !== '/metrics') return void response.writeHead(404).end();
    const { type, text } = await pages.own();
    response.writeHead(200, { 'content-type': type }).end(text);
  });
  return {
    port: await listen(server, { host: '127.0.0.1', port }),
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function sendFleetPage(pieces: Iterable<string>, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const zipped = /\bgzip\b/.test(String(request.headers['accept-encoding']));
  response.writeHead(200, { 'content-type': Registry.PROMETHEUS_CONTENT_TYPE, ...(zipped ? { 'content-encoding': 'gzip' } : {}) });
  const turns = yieldBetweenChunks(pieces);
  const sent = zipped ? pipeline(turns, createGzip({ level: constants.Z_BEST_SPEED }), response) : pipeline(turns, response);
  // The pipeline rejects when the reader disconnects.
  await sent.catch(() => undefined);
}

async function* yieldBetweenChunks(pieces: Iterable<string>): AsyncGenerator<string> {
  for (const piece of pieces) {
    yield piece;
    await setImmediate();
  }
}
