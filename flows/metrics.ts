/** The Prometheus metrics of `flows`. */
import { metricOf, ownSeries, type Series } from '@sabha/contracts';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Receipt } from './engine/records/ops.ts';

/** Buckets of the commit duration in seconds; the target is 50 ms. */
const commitBuckets = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5];

export type Metrics = ReturnType<typeof createMetrics>;

/** Creates the metrics of one process. Gauges call the given functions on each scrape. */
export function createMetrics({ outboxWaiting, commitMs }: { outboxWaiting(): number; commitMs(): number }) {
  const registry = new Registry();
  const counter = (series: Series) => new Counter({ ...metricOf(series), registers: [registry] });
  const messages = counter(ownSeries.ingestMessages);
  const applied = counter(ownSeries.eventsApplied);
  const gaps = counter(ownSeries.eventsGap);
  const dropped = counter(ownSeries.eventsDropped);
  const commits = counter(ownSeries.commits);
  const commitSeconds = new Histogram({ ...metricOf(ownSeries.ledgerCommit), registers: [registry], buckets: commitBuckets });
  const transitions = counter(ownSeries.transitions);
  const notifications = counter(ownSeries.notifications);
  const refused = counter(ownSeries.apiRefused);
  const gauge = (series: Series, ask: () => number) =>
    new Gauge({
      ...metricOf(series),
      registers: [registry],
      collect() {
        this.set(ask());
      },
    });
  gauge(ownSeries.outboxWaiting, outboxWaiting);
  gauge(ownSeries.ledgerCommitWaiting, () => commitMs() / 1_000);
  return {
    registry,
    /** Counts requests that were refused because of a foreign host, origin or content type. */
    countRefused: (reason: 'host' | 'origin' | 'type'): void => refused.inc({ reason }),
    count: {
      message: (leaf: string, result: string): void => messages.inc({ leaf, result }),
      receipt(receipt: Receipt): void {
        applied.inc(receipt.applied);
        gaps.inc(receipt.gaps);
        dropped.inc(receipt.dropped);
      },
      /** Counts a commit to the ledger, and records how many seconds a successful one took. */
      commit(result: 'ok' | 'failed', seconds: number): void {
        commits.inc({ result });
        if (result === 'ok') commitSeconds.observe(seconds);
      },
      concluded: (kind: string, how: string): void => transitions.inc({ kind, how: how.startsWith('error') ? 'error' : 'concluded' }),
      notified: (channel: string, outcome: string): void => notifications.inc({ channel, outcome }),
    },
  };
}
