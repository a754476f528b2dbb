/** The metrics that prom-client writes: counts of sites and incidents, and the metrics of the exporter itself. */

import { addProcessMetrics, type Decoded, metricOf, ownSeries, type Series } from '@sabha/contracts';
import { Counter, Gauge, Registry } from 'prom-client';
import type { FleetView } from './fleet.ts';
import { apiRollups } from './rollups.ts';

/** `topic`: the topic names no PC. The others are the reasons of `decode`. */
export type BeatResult = 'ok' | 'topic' | Extract<Decoded<never>, { ok: false }>['reason'];
const beatResults: readonly BeatResult[] = ['ok', 'topic', 'oversized', 'version', 'malformed', 'schema'];

/** `view` is read again for each page. */
export function createMetrics(view: () => FleetView) {
  const registry = new Registry();
  const registers = [registry];
  const gauges = new Map<Series, Gauge>();
  const apiUp = new Gauge({ ...metricOf(ownSeries.exporterApiUp), registers });
  const brokerUp = new Gauge({ ...metricOf(ownSeries.exporterBrokerUp), registers });
  const dropped = new Counter({ ...metricOf(ownSeries.exporterDropped), registers });
  const beats = new Counter({ ...metricOf(ownSeries.exporterBeats), registers });
  // Labelled children are looked up once: the counter's own `inc` sorts and hashes its labels at each call.
  const counted = new Map(beatResults.map((result) => [result, beats.labels({ result })]));
  for (const one of counted.values()) one.inc(0);
  const added = addProcessMetrics(registry);

  const gaugeOf = (series: Series) => gauges.getOrInsertComputed(series, () => new Gauge({ ...metricOf(series), registers }));

  return {
    countBeat: (result: BeatResult): void => counted.get(result)?.inc(),
    countRefused: (series: number): void => dropped.inc(series),
    /** Returns the current page. Guarantee: reads memory only, and waits for no network. */
    async page(): Promise<{ type: string; text: string }> {
      await added;
      const now = view();
      for (const gauge of gauges.values()) gauge.reset();
      for (const { series, labels, value } of apiRollups(now)) gaugeOf(series).set(labels, value);
      apiUp.set(now.isApiFresh ? 1 : 0);
      brokerUp.set(now.isBrokerConnected && (now.isReceiving || !now.isApiFresh) ? 1 : 0);
      if (Number.isFinite(now.beatAt)) gaugeOf(ownSeries.exporterBeatAge).set((now.now - now.beatAt) / 1_000);
      return { type: registry.contentType, text: await registry.metrics() };
    },
  };
}
