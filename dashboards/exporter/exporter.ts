/** The exporter: subscribes to the beats, follows the stream of the API and serves Prometheus from memory. */

import { type Clock, decode, exporterFilters, openPartSession, parseTopic } from '@sabha/contracts';
import { connect } from 'mqtt';
import { followApi } from './feed.ts';
import { createFleet } from './fleet.ts';
import { type BeatResult, createMetrics } from './metrics.ts';
import { renderFleetPage } from './page.ts';
import { servePages } from './server.ts';

const defaultSeriesPerSite = 500;
/** Broker and API start at the same time as the exporter. A refused connection is not logged during this period. */
const quietStartMs = 30_000;

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
  const broker = createConnectionLog(options, 'the broker');
  const stream = createConnectionLog(options, 'the API of flows');
  const pages = {
    own: metrics.page,
    fleet: () => renderFleetPage(fleet.view(), seriesPerSite, metrics.countRefused),
    unready: () => broker.notReadyReason() ?? stream.notReadyReason(),
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
    onMessage: (topic, payload) => metrics.countBeat(handleBeat(topic, payload)),
    onSubscribed() {
      fleet.setBrokerConnected(true);
      broker.recovered();
    },
    onLost(line) {
      fleet.setBrokerConnected(false);
      broker.failed(line);
    },
  });
  const feed = followApi({
    api,
    apiToken,
    clock,
    random,
    onEvent({ event, value }) {
      if (event === 'change') return fleet.applyChange(value);
      fleet.applySnapshot(value);
      stream.recovered();
    },
    onFailed(line) {
      fleet.markStreamLost();
      stream.failed(line);
    },
  });

  function handleBeat(topic: string, payload: Buffer): BeatResult {
    const address = parseTopic(topic);
    if (address?.kind !== 'pc') return 'topic';
    const beat = decode('beat', payload);
    if (!beat.ok) return beat.reason;
    fleet.applyBeat(address.pc, beat.value.n, beat.value.part);
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
function createConnectionLog({ log, clock }: ExporterOptions, name: string) {
  const startedUp = clock.up();
  let reportedState: 'well' | 'failed' | undefined;
  return {
    notReadyReason: () => (reportedState === 'well' ? undefined : `${name} does not answer`),
    recovered() {
      if (reportedState !== 'well') log.info(`${name} answers`);
      reportedState = 'well';
    },
    failed(line: string) {
      const isYoung = reportedState === undefined && clock.up() - startedUp < quietStartMs;
      if (reportedState === 'failed' || (isYoung && line.includes('ECONNREFUSED'))) return;
      log.warn(`${name} does not answer: ${line}`);
      reportedState = 'failed';
    },
  };
}
