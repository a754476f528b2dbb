/** Generates the metrics page of sites and PCs in chunks, so that a scrape does not block the beats. */
import { beatSeries, judgedSeries, roomLimitCelsius, type Series, statuses } from '@sabha/contracts';
import { beatKeys, type FleetPc, type FleetSite, type FleetView } from './fleet.ts';
import { receivingRollups } from './rollups.ts';
import { formatLabels, seriesHeader } from './text.ts';

/** Characters of a chunk: some hundred lines, made in well under a millisecond. */
const chunkChars = 48 * 1024;

/** Receives one sample: the text of its labels and its value. */
type AddSample = (labels: string, value: number) => void;
type SeriesFamily = { series: Series } & (
  | { ofSite(site: FleetSite, take: AddSample): void }
  | { ofPc(pc: FleetPc, site: FleetSite, take: AddSample): void }
);

/**
 * Yields the counts of each state, then the series that they count.
 * Guarantee: a total and its list show the same moment, even if data arrives while the page is read.
 */
export function* renderFleetPage(view: FleetView, seriesPerSite: number, onRefused: (count: number) => void): Generator<string> {
  const moment = { ...view, pcs: view.pcs.map((pc) => ({ ...pc })) };
  const counts = Map.groupBy(receivingRollups(moment), ({ series }) => series);
  for (const [series, rows] of counts) {
    const lines = rows.map(({ labels, value }) => `${series.name}{${formatLabels(labels)}} ${value}\n`);
    yield `${seriesHeader(series)}${lines.join('')}\n`;
  }
  yield* renderSeries(moment, seriesPerSite, onRefused);
}

/**
 * Yields every series of the sites and PCs, at most `seriesPerSite` for each site. The limit cuts at the end, so the most important series
 * come first. `onRefused` is called once, at the end, with the number of series that earlier pages did not refuse.
 * Guarantee: judged series are absent without fresh data of the API, and series judged from presence also while `flows` is not subscribed.
 * An offline PC keeps `up` 0 and its last-seen time, and none of its checks counts as ok.
 */
export function* renderSeries(view: FleetView, seriesPerSite: number, onRefused: (count: number) => void): Generator<string> {
  const left = new Int32Array(view.sites.length).fill(seriesPerSite);
  let text = '';
  for (const family of familiesOf(view)) {
    const { name } = family.series;
    let index = 0;
    const take: AddSample = (labels, value) => {
      const room = left[index] as number;
      left[index] = room - 1;
      if (room > 0) text += `${name}{${labels}} ${value}\n`;
    };
    text += seriesHeader(family.series);
    const count = 'ofSite' in family ? view.sites.length : view.pcs.length;
    for (let at = 0; at < count; at++) {
      index = 'ofSite' in family ? at : (view.siteOfPc[at] as number);
      const site = view.sites[index] as FleetSite;
      if ('ofSite' in family) family.ofSite(site, take);
      else family.ofPc(view.pcs[at] as FleetPc, site, take);
      if (text.length < chunkChars) continue;
      yield text;
      text = '';
    }
    text += '\n';
  }
  yield text;
  onRefused(countNewlyRefused(view.sites, left));
}

function familiesOf(view: FleetView): SeriesFamily[] {
  return [...siteFamilies, ...(view.isReceiving ? pcFamilies() : []), ...(view.isApiFresh ? judgedFamilies() : []), ...beatFamilies(view)];
}

/** Facts of the site table. They do not expire. */
const siteFamilies: readonly SeriesFamily[] = [
  {
    series: judgedSeries.siteInfo,
    ofSite: ({ labels, now }, take) => take(`${labels},${formatLabels({ stage: now.stage, link: now.link })}`, 1),
  },
  { series: judgedSeries.siteElevation, ofSite: ({ labels, now }, take) => take(labels, now.elevationM) },
  { series: judgedSeries.siteRoomLimit, ofSite: ({ labels, now }, take) => take(labels, roomLimitCelsius(now.elevationM)) },
];

function pcFamilies(): SeriesFamily[] {
  return [
    { series: judgedSeries.pcUp, ofPc: ({ labels, now }, _site, take) => take(labels, now?.presence === 'online' ? 1 : 0) },
    {
      series: judgedSeries.roomReady,
      ofPc({ labels, now }, _site, take) {
        if (now?.readiness === 'ready' || now?.readiness === 'not-ready') take(labels, now.readiness === 'ready' ? 1 : 0);
      },
    },
    {
      series: judgedSeries.pcOutage,
      ofPc({ labels, now }, _site, take) {
        if (now?.outage) take(`${labels},${formatLabels({ cause: now.outage.cause })}`, now.outage.confidence);
      },
    },
    { series: judgedSeries.checkStatus, ofPc: checkSamples() },
  ];
}

/** Writes a zero for each status without checks, so that a graph shows the end of a fault. */
function checkSamples(): (pc: FleetPc, site: FleetSite, take: AddSample) => void {
  const ends = new Map<string, string[]>();
  const endsOf = (component: string) =>
    ends.getOrInsertComputed(component, () => statuses.map((status) => formatLabels({ component, status })));
  return (pc, _site, take) => {
    for (const { component, counts } of pc.components) {
      for (const [at, end] of endsOf(component).entries()) take(`${pc.labels},${end}`, counts[at] ?? 0);
    }
  };
}

function judgedFamilies(): SeriesFamily[] {
  const time = (series: Series, key: 'heardAt' | 'calledAt'): SeriesFamily => ({
    series,
    ofPc({ labels, now }, _site, take) {
      const at = now?.[key] ?? null;
      if (at !== null) take(labels, at / 1_000);
    },
  });
  return [time(judgedSeries.lastSeen, 'heardAt'), time(judgedSeries.lastCalled, 'calledAt')];
}

function beatFamilies({ isReceiving, now }: FleetView): SeriesFamily[] {
  const isMeasured = (pc: FleetPc, site: FleetSite) =>
    now - pc.beatAt <= site.beatTimeoutMs && (pc.now?.presence === 'online' || !isReceiving);
  return beatKeys.map((key, index) => {
    const series: Series = beatSeries[key];
    const { divisor = 1 } = series;
    return {
      series,
      ofPc(pc: FleetPc, site: FleetSite, take: AddSample) {
        const value = pc.numbers[index] ?? Number.NaN;
        if (!Number.isNaN(value) && isMeasured(pc, site)) take(pc.labels, value / divisor);
      },
    };
  });
}

/** Counts a series that stays refused once, not at each scrape. */
function countNewlyRefused(sites: readonly FleetSite[], left: Int32Array): number {
  let anew = 0;
  for (const [index, site] of sites.entries()) {
    const refused = Math.max(0, -(left[index] as number));
    anew += Math.max(0, refused - site.refused);
    site.refused = refused;
  }
  return anew;
}
