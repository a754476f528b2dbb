/** The exporter: hears the beats, asks the API, answers Prometheus from memory. */
import { type Clock, decode, parseTopic } from '#contracts';
import { createFleet } from './fleet.ts';
import { type BeatResult, createMetrics, serveMetrics } from './metrics.ts';
import { pollApi } from './poller.ts';
import { openSession } from './session.ts';

const defaultSeriesPerSite = 500;

/** What the exporter needs of a log; a pino logger has it. */
export type Log = { info(line: string): void; warn(line: string): void };

export type ExporterOptions = {
  mqtt: { host: string; port: number; token: string };
  /** Address of the API of `flows`, such as http://127.0.0.1:1880. */
  api: string;
  /** 0 takes a free one. */
  metricsPort: number;
  /** Most series that the PCs of one site may have together. */
  seriesPerSite?: number;
  clock: Clock;
  random(): number;
  log: Log;
};

export type Exporter = { port: number; close(): void };

/**
 * Starts the exporter; rejects with a StartError, and nothing runs, where the port cannot be had.
 * Guarantee: it serves whether or not broker and API are there, and finds each of them again by itself.
 */
export async function startExporter(options: ExporterOptions): Promise<Exporter> {
  const { mqtt, api, clock, random, log } = options;
  const fleet = createFleet(clock.up);
  const metrics = createMetrics(fleet.view, options.seriesPerSite ?? defaultSeriesPerSite);
  const server = await serveMetrics(metrics, options.metricsPort);
  const broker = reporter(log, 'the broker');
  const desk = reporter(log, 'the API of flows');
  const session = openSession({
    ...mqtt,
    clock,
    random,
    onMessage: (topic, payload) => metrics.countBeat(takeBeat(topic, payload)),
    onSubscribed: broker.well,
    onLost: broker.failed,
  });
  const poller = pollApi({
    api,
    clock,
    onSnapshot(snapshot) {
      fleet.takeSnapshot(snapshot);
      desk.well();
    },
    onFailed: desk.failed,
  });

  function takeBeat(topic: string, payload: Buffer): BeatResult {
    const address = parseTopic(topic);
    if (address?.kind !== 'pc') return 'topic';
    const beat = decode('beat', payload);
    if (!beat.ok) return beat.reason;
    fleet.takeBeat(address.pc, beat.value.n);
    return 'ok';
  }

  return {
    port: server.port,
    close() {
      poller.close();
      session.close();
      server.close();
    },
  };
}

/** Says once that a neighbour is away and once that it is back, however often it is asked in between. */
function reporter(log: Log, name: string) {
  let saidIs: 'well' | 'failed' | undefined;
  return {
    well() {
      if (saidIs !== 'well') log.info(`${name} answers`);
      saidIs = 'well';
    },
    failed(line: string) {
      if (saidIs !== 'failed') log.warn(`${name} does not answer: ${line}`);
      saidIs = 'failed';
    },
  };
}
