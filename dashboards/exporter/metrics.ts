/** The page that Prometheus reads: the fleet, and what the exporter says of itself. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { type Decoded, ownSeries, type Series } from '#contracts';
import type { FleetView } from './fleet.ts';
import { rowsOf } from './rows.ts';

/** `topic` = a topic that addresses no PC; the others are the reasons of the contract's `decode`. */
export type BeatResult = 'ok' | 'topic' | Extract<Decoded<never>, { ok: false }>['reason'];
const beatResults: readonly BeatResult[] = ['ok', 'topic', 'oversized', 'version', 'malformed', 'schema'];

export type Metrics = {
  countBeat(result: BeatResult): void;
  /** The page as it stands now. Guarantee: it waits for nothing but memory. */
  page(): Promise<{ type: string; text: string }>;
};

export function createMetrics(view: () => FleetView, seriesPerSite: number): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const gauges = new Map<Series, Gauge>();
  const apiUp = new Gauge({ ...definition(ownSeries.exporterApiUp), registers });
  const dropped = new Counter({ ...definition(ownSeries.exporterDropped), registers });
  const beats = new Counter({ ...definition(ownSeries.exporterBeats), registers });
  for (const result of beatResults) beats.inc({ result }, 0);
  collectDefaultMetrics({ register: registry });
  // Gauges under a counter's name, which promtool rightly dislikes.
  for (const name of ['active_handles', 'active_resources', 'active_requests']) registry.removeSingleMetric(`nodejs_${name}_total`);
  let refusedBefore = new Set<string>();

  function gaugeOf(series: Series): Gauge {
    const gauge = gauges.get(series) ?? new Gauge({ ...definition(series), registers });
    gauges.set(series, gauge);
    return gauge;
  }

  function refresh(): void {
    const now = view();
    const { rows, refused } = rowsOf(now, seriesPerSite);
    for (const gauge of gauges.values()) gauge.reset();
    for (const { series, labels, value } of rows) gaugeOf(series).set(labels, value);
    apiUp.set(now.isJudged ? 1 : 0);
    dropped.inc(refused.filter((key) => !refusedBefore.has(key)).length);
    refusedBefore = new Set(refused);
  }

  return {
    countBeat: (result) => beats.inc({ result }),
    async page() {
      refresh();
      return { type: registry.contentType, text: await registry.metrics() };
    },
  };
}

/** Serves the page on loopback, `GET /metrics` and nothing else; rejects with one line where the port cannot be had. */
export async function serveMetrics(metrics: Metrics, port: number): Promise<{ port: number; close(): void }> {
  const server = createServer(async (request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') return void response.writeHead(404).end();
    const { type, text } = await metrics.page();
    response.writeHead(200, { 'content-type': type }).end(text);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const inUse = error.code === 'EADDRINUSE';
      const line = inUse ? `port ${port} is in use by another program` : `cannot listen on port ${port}: ${error.code}`;
      reject(new StartError(`${line} (metrics of the exporter)`));
    });
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Why the exporter did not start, in one line. */
export class StartError extends Error {
  override name = 'StartError';
}

function definition({ name, help, labels }: Series) {
  return { name, help, labelNames: [...labels] };
}
