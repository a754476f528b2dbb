/** The exporter: subscribes to the beats, follows the stream of the API and serves Prometheus from memory. */

import { type Clock, decode, exporterFilters, openPartSession, parseTopic } from '@sabha/contracts';
import { connect } from 'mqtt';
import { followApi } from './feed.ts';
import { createFleet } from './fleet.ts';
import { type BeatResult, createMetrics } from './metrics.ts';
import { fleetPage } from './page.ts';
import { servePages } from './server.ts';

const defaultSeriesPerSite = 500;
/** Broker and API start at the same time as the exporter. A refused connection is not logged during this period. */
const startMs = 30_000;

/** The part of a pino logger that the exporter uses. */
export type Log = { info(line: string): void; warn(line: string): void };

export type ExporterOptions = {
  mqtt: { host: string; port: number; token: string };
  /** Address of the API of `flows`, such as http://127.0.0.1:1880. */
  api: string;
  /** Required when the API uses HTTPS. */
  apiToken?: string | undefined;
  /** 0 selects a free port. */
  metricsPort: number;
  seriesPerSite?: number;
  clock: Clock;
  random(): number;
  log: Log;
};

/**
 * Starts the exporter. Rejects with a `StartError`, and leaves nothing running, if the port is not available.
 * Guarantee: serves with or without broker and API, and reconnects to each of them by itself.
 */
export async function startExporter(options: ExporterOptions): Promise<{ port: number; close(): void }> {
  const { mqtt, api, apiToken, clock, random, seriesPerSite = defaultSeriesPerSite } = options;
  const fleet = createFleet(clock.up);
  const metrics = createMetrics(fleet.view);
  const broker = reporter(options, 'the broker');
  const stream = reporter(options, 'the API of flows');
  const pages = {
    own: metrics.page,
    fleet: () => fleetPage(fleet.view(), seriesPerSite, metrics.countRefused),
    unready: () => broker.trouble() ?? stream.trouble(),
  };
  const server = await servePages(pages, options.metricsPort);
  const session = openPartSession({
    ...mqtt,
    connect,
    name: 'exporter',
    filters: exporterFilters,
    // QoS 0: the next beat replaces a lost one, and an acknowledgement of each beat costs as much CPU time as its decoding.
    qos: 0,
    clock,
    random,
    onMessage: (topic, payload) => metrics.countBeat(takeBeat(topic, payload)),
    onSubscribed() {
      fleet.brokerIs(true);
      broker.well();
    },
    onLost(line) {
      fleet.brokerIs(false);
      broker.failed(line);
    },
  });
  const feed = followApi({
    api,
    apiToken,
    clock,
    random,
    onEvent({ event, value }) {
      if (event === 'change') return fleet.takeChange(value);
      fleet.takeSnapshot(value);
      stream.well();
    },
    onFailed(line) {
      fleet.streamBroke();
      stream.failed(line);
    },
  });

  function takeBeat(topic: string, payload: Buffer): BeatResult {
    const address = parseTopic(topic);
    if (address?.kind !== 'pc') return 'topic';
    const beat = decode('beat', payload);
    if (!beat.ok) return beat.reason;
    fleet.takeBeat(address.pc, beat.value.n, beat.value.part);
    return 'ok';
  }

  return {
    port: server.port,
    close() {
      feed.close();
      void session.close();
      server.close();
    },
  };
}

/** Logs one line when a connection fails and one when it recovers, not one per attempt. */
function reporter({ log, clock }: ExporterOptions, name: string) {
  const startedUp = clock.up();
  let saidIs: 'well' | 'failed' | undefined;
  return {
    trouble: () => (saidIs === 'well' ? undefined : `${name} does not answer`),
    well() {
      if (saidIs !== 'well') log.info(`${name} answers`);
      saidIs = 'well';
    },
    failed(line: string) {
      const isYoung = saidIs === undefined && clock.up() - startedUp < startMs;
      if (saidIs === 'failed' || (isYoung && line.includes('ECONNREFUSED'))) return;
      log.warn(`${name} does not answer: ${line}`);
      saidIs = 'failed';
    },
  };
}
