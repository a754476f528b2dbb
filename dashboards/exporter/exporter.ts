/** The exporter: hears the beats, follows the API's stream, answers Prometheus from memory. */

import { type Clock, decode, exporterFilters, openPartSession, parseTopic } from '@sabha/contracts';
import { connect } from 'mqtt';
import { followApi } from './feed.ts';
import { createFleet } from './fleet.ts';
import { type BeatResult, createMetrics } from './metrics.ts';
import { fleetPage } from './page.ts';
import { servePages } from './server.ts';

const defaultSeriesPerSite = 500;
/** Broker and API start beside the exporter: for so long it is no news that nobody listens there yet. */
const startMs = 30_000;

/** What the exporter needs of a log; a pino logger has it. */
export type Log = { info(line: string): void; warn(line: string): void };

/** Where the exporter hears and is read, and what it is handed. */
export type ExporterOptions = {
  mqtt: { host: string; port: number; token: string };
  /** Address of the API of `flows`, such as http://127.0.0.1:1880. */
  api: string;
  /** The API needs it where HTTPS is set. */
  apiToken?: string | undefined;
  /** 0 takes a free one. */
  metricsPort: number;
  /** Most series that one site and its PCs may have together. */
  seriesPerSite?: number;
  clock: Clock;
  random(): number;
  log: Log;
};

/**
 * Starts the exporter; rejects with a StartError, and nothing runs, where the port cannot be had.
 * Guarantee: it serves whether or not broker and API are there, and finds each of them again by itself.
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
    // A beat that is lost is made good by the next, and an acknowledgement of each would cost as much as its reading.
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

/** Says once that a neighbour is away and once that it is back, however often it is asked in between. */
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
