/** One exporter of the bench in a process of its own: `ours` or `prom-client`, filled with the series of that many PCs, served over HTTP. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Gauge, Registry } from 'prom-client';
import { type BeatKey, beatSeries, judgedSeries, roomLimitCelsius, type Series, statuses } from '#contracts';
import { createFleet, type Fleet } from '../../dashboards/exporter/fleet.ts';
import { pageOf } from '../../dashboards/exporter/page.ts';
import { type Pages, servePages } from '../../dashboards/exporter/server.ts';
import { type FleetRow, fleetRows } from './exporter-fleet.ts';

const [kind, pcs] = process.argv.slice(2);
const rows = fleetRows(Number(pcs));
const { port } = await servePages(kind === 'ours' ? ours(rows) : promClient(rows), 0);
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();

/**
 * On each word of the parent: the longest time for which the loop stood since the last, and the most memory so far. A little later, because
 * the loop's own timer has to fire before it knows how late it is.
 */
process.on('message', () => {
  setTimeout(() => {
    process.send?.({ blockMs: delay.max / 1e6, peakRssMiB: process.resourceUsage().maxRSS / 1_024 });
    delay.reset();
  }, 20);
});
process.once('disconnect', () => process.exit(0));
process.send?.({ port });

function ours({ snapshot, beats }: FleetRow): Pages {
  const fleet: Fleet = createFleet(() => 0);
  fleet.takeSnapshot(snapshot);
  for (const { pc, n } of beats) fleet.takeBeat(pc, n);
  return { own: async () => ({ type: 'text/plain', text: '' }), fleet: () => pageOf(fleet.view(), 1_000, () => {}) };
}

/** Gauges that were set as the values came: a scrape only has to write them. */
function promClient({ snapshot, beats }: FleetRow): Pages {
  const registry = new Registry();
  const gauge = ({ name, help, labels }: Series) => new Gauge({ name, help, labelNames: [...labels], registers: [registry] });
  const info = gauge(judgedSeries.siteInfo);
  const [elevation, limit] = [gauge(judgedSeries.siteElevation), gauge(judgedSeries.siteRoomLimit)];
  for (const { state, site, stage, link, elevationM } of snapshot.sites) {
    info.set({ state, site, stage, link }, 1);
    elevation.set({ state, site }, elevationM);
    limit.set({ state, site }, roomLimitCelsius(elevationM));
  }
  const [up, ready, status] = [gauge(judgedSeries.pcUp), gauge(judgedSeries.roomReady), gauge(judgedSeries.checkStatus)];
  const [seen, called] = [gauge(judgedSeries.lastSeen), gauge(judgedSeries.lastCalled)];
  for (const { state, site, pc, checks, heardAt, calledAt } of snapshot.pcs) {
    const labels = { state, site, pc };
    up.set(labels, 1);
    ready.set(labels, 1);
    seen.set(labels, Number(heardAt) / 1_000);
    called.set(labels, Number(calledAt) / 1_000);
    for (const { component } of checks)
      for (const word of statuses) status.set({ ...labels, component, status: word }, word === 'ok' ? 1 : 0);
  }
  const gauges = new Map(Object.entries(beatSeries).map(([key, series]) => [key as BeatKey, gauge(series)]));
  for (const { pc, n } of beats) {
    const [state = '', site] = pc.split('/');
    for (const [key, value] of Object.entries(n)) gauges.get(key as BeatKey)?.set({ state, site: `${state}/${site}`, pc }, value);
  }
  return { own: async () => ({ type: registry.contentType, text: await registry.metrics() }), fleet: () => [] };
}
