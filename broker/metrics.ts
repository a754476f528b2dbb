/** What the broker says of itself, and the page where Prometheus reads it. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { ownSeries } from '#contracts';
import { type Principal, principalKinds } from './access.ts';
import { listen } from './startup.ts';

export type Metrics = {
  registry: Registry;
  countMessage(leaf: string): void;
  countRefused(action: string, reason: string): void;
};
/** Figures that are read when the page is. */
export type MetricSources = { clients(kind: Principal['kind']): number; registryVersion(): number };

export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const { brokerClients, brokerMessages, brokerRefused, registryVersion } = ownSeries;
  new Gauge({
    ...definition(brokerClients),
    registers,
    collect() {
      for (const kind of principalKinds) this.set({ principal: kind }, sources.clients(kind));
    },
  });
  new Gauge({
    ...definition(registryVersion),
    registers,
    collect() {
      this.set(sources.registryVersion());
    },
  });
  const messages = new Counter({ ...definition(brokerMessages), registers });
  const refused = new Counter({ ...definition(brokerRefused), registers });
  return {
    registry,
    countMessage: (leaf) => messages.inc({ leaf }),
    countRefused: (action, reason) => refused.inc({ action, reason }),
  };
}

/** Serves the registry and the figures of the process on loopback, `GET /metrics` and nothing else. */
export async function serveMetrics(registry: Registry, port: number): Promise<{ port: number; close(): void }> {
  collectDefaultMetrics({ register: registry });
  for (const name of ['active_handles', 'active_resources', 'active_requests']) registry.removeSingleMetric(`nodejs_${name}_total`); // gauges under a counter's name
  const server = createServer(async (request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') return response.writeHead(404).end();
    const text = await registry.metrics();
    response.writeHead(200, { 'content-type': registry.contentType }).end(text);
  });
  await listen(server, { host: '127.0.0.1', port });
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function definition(series: { name: string; help: string; labels: readonly string[] }) {
  return { name: series.name, help: series.help, labelNames: [...series.labels] };
}
