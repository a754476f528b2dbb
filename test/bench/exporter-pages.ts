/** The pages that the bench of the exporter compares: the page of our exporter, and that of prom-client for the same rows. */

import { type BeatKey, beatSeries, judgedSeries, roomLimitCelsius, type Series, statuses } from '@sabha/contracts';
import { Gauge, Registry } from 'prom-client';
import { createFleet, type Fleet } from '../../dashboards/exporter/fleet.ts';
import { renderFleetPage } from '../../dashboards/exporter/page.ts';
import type { PageSources } from '../../dashboards/exporter/server.ts';
import type { FleetRow } from './exporter-fleet.ts';

export function oursOf({ snapshot, beats }: FleetRow): PageSources {
  const fleet: Fleet = createFleet(() => 0);
  fleet.applySnapshot(snapshot);
  for (const { pc, n } of beats) fleet.applyBeat(pc, n);
  return { own: async () => ({ type: 'text/plain', text: '' }), fleet: () => renderFleetPage(fleet.view(), 1_000, () => {}) };
}

/** Creates gauges that are set in advance, so that a scrape only has to render them. */
export function promClientOf({ snapshot, beats }: FleetRow): PageSources {
  const registry = new Registry();
  const gauge = ({ name, help, labels }: Series) => new Gauge({ name, help, labelNames: [...labels], registers: [registry] });
  setSites(snapshot.sites, gauge);
  setPcs(snapshot.pcs, gauge);
  setBeats(beats, gauge);
  return { own: async () => ({ type: registry.contentType, text: await registry.metrics() }), fleet: () => [] };
}

/** Totals of states, which only our page has. */
const totals = /^(# \w+ )?sabha_(pcs|sites_readiness|faults_standing)\b/;

/** Returns the lines that only one of two pages has, without totals of states and in any order. */
export function linesThatDiffer(one: string, other: string): string[] {
  return [...new Set(one.split('\n')).symmetricDifference(new Set(other.split('\n')))].filter((line) => !totals.test(line));
}

type MakeGauge = (series: Series) => Gauge;

function setSites(sites: FleetRow['snapshot']['sites'], gauge: MakeGauge): void {
  const info = gauge(judgedSeries.siteInfo);
  const [elevation, limit] = [gauge(judgedSeries.siteElevation), gauge(judgedSeries.siteRoomLimit)];
  for (const { state, site, stage, link, elevationM } of sites) {
    info.set({ state, site, stage, link }, 1);
    elevation.set({ state, site }, elevationM);
    limit.set({ state, site }, roomLimitCelsius(elevationM));
  }
}

function setPcs(pcs: FleetRow['snapshot']['pcs'], gauge: MakeGauge): void {
  const [up, ready, status] = [gauge(judgedSeries.pcUp), gauge(judgedSeries.roomReady), gauge(judgedSeries.checkStatus)];
  const [seen, called, away] = [gauge(judgedSeries.lastSeen), gauge(judgedSeries.lastCalled), gauge(judgedSeries.pcOutage)];
  for (const { state, site, pc, checks, heardAt, calledAt, outage } of pcs) {
    const labels = { state, site, pc };
    up.set(labels, 1);
    ready.set(labels, 1);
    seen.set(labels, Number(heardAt) / 1_000);
    called.set(labels, Number(calledAt) / 1_000);
    if (outage) away.set({ ...labels, cause: outage.cause }, outage.confidence);
    for (const { component } of checks)
      for (const word of statuses) status.set({ ...labels, component, status: word }, word === 'ok' ? 1 : 0);
  }
}

function setBeats(beats: FleetRow['beats'], gauge: MakeGauge): void {
  const gauges = new Map(Object.entries(beatSeries).map(([key, series]) => [key as BeatKey, gauge(series)]));
  for (const { pc, n } of beats) {
    const [state = '', site] = pc.split('/');
    for (const [key, value] of Object.entries(n)) gauges.get(key as BeatKey)?.set({ state, site: `${state}/${site}`, pc }, value);
  }
}
