/** What `flows` says of itself, and the page where Prometheus reads it. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { ownSeries, type Series } from '#contracts';
import type { CentreCounts } from './centre.ts';

export type Metrics = { registry: Registry; count: CentreCounts };

export function createMetrics(outboxWaiting: () => number): Metrics {
  const registry = new Registry();
  const counter = (series: Series) => new Counter({ ...definition(series), registers: [registry] });
  const messages = counter(ownSeries.ingestMessages);
  const applied = counter(ownSeries.eventsApplied);
  const gaps = counter(ownSeries.eventsGap);
  const dropped = counter(ownSeries.eventsDropped);
  const commits = counter(ownSeries.commits);
  const transitions = counter(ownSeries.transitions);
  const notifications = counter(ownSeries.notifications);
  new Gauge({
    ...definition(ownSeries.outboxWaiting),
    registers: [registry],
    collect() {
      this.set(outboxWaiting());
    },
  });
  return {
    registry,
    count: {
      message: (leaf, result) => messages.inc({ leaf, result }),
      receipt(receipt) {
        applied.inc(receipt.applied);
        gaps.inc(receipt.gaps);
        dropped.inc(receipt.dropped);
      },
      commit: (result) => commits.inc({ result }),
      concluded: (kind, how) => transitions.inc({ kind, how: how.startsWith('error') ? 'error' : 'concluded' }),
      notified: (channel, outcome) => notifications.inc({ channel, outcome }),
    },
  };
}

/** Serves the registry on loopback, `GET /metrics` and nothing else; rejects with one line where the port cannot be had. */
export async function serveMetrics(registry: Registry, port: number): Promise<{ port: number; close(): void }> {
  collectDefaultMetrics({ register: registry });
  // Gauges under a counter's name, which promtool rightly dislikes.
  for (const name of ['active_handles', 'active_resources', 'active_requests']) registry.removeSingleMetric(`nodejs_${name}_total`);
  const server = createServer(async (request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') return void response.writeHead(404).end();
    response.writeHead(200, { 'content-type': registry.contentType }).end(await registry.metrics());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new Error(error.code === 'EADDRINUSE' ? `port ${port} is in use by another program (metrics of flows)` : error.message)),
    );
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

function definition({ name, help, labels }: Series) {
  return { name, help, labelNames: [...labels] };
}
