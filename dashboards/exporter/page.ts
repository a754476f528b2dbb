/** Generates the metrics page of sites and PCs in chunks, so that a scrape does not block the beats. */
import { beatSeries, judgedSeries, roomLimitCelsius, type Series, statuses } from '@sabha/contracts';
import { beatKeys, type FleetView, type Pc, type Site } from './fleet.ts';
import { heardRollupsOf } from './rollups.ts';
import { headText, labelText } from './text.ts';

/** Characters of a chunk: some hundred lines, made in well under a millisecond. */
const pieceChars = 48 * 1024;

/** Receives one sample: the text of its labels and its value. */
type Take = (labels: string, value: number) => void;
type Family = { series: Series } & ({ ofSite(site: Site, take: Take): void } | { ofPc(pc: Pc, site: Site, take: Take): void });

/**
 * Yields the counts of each state, then the series that they count.
 * Guarantee: a total and its list show the same moment, even if data arrives while the page is read.
 */
export function* fleetPage(view: FleetView, seriesPerSite: number, onRefused: (count: number) => void): Generator<string> {
  const moment = { ...view, pcs: view.pcs.map((pc) => ({ ...pc })) };
  const counts = Map.groupBy(heardRollupsOf(moment), ({ series }) => series);
  for (const [series, rows] of counts) {
    const lines = rows.map(({ labels, value }) => `${series.name}{${labelText(labels)}} ${value}\n`);
    yield `${headText(series)}${lines.join('')}\n`;
  }
  yield* pageOf(moment, seriesPerSite, onRefused);
}

/**
 * Yields every series of the sites and PCs, at most `seriesPerSite` for each site. The limit cuts at the end, so the most important series
 * come first. `onRefused` is called once, at the end, with the number of series that earlier pages did not refuse.
 * Guarantee: judged series are absent without fresh data of the API, and series judged from presence also while `flows` is not subscribed.
 * An offline PC keeps `up` 0 and its last-seen time, and none of its checks counts as ok.
 */
export function* pageOf(view: FleetView, seriesPerSite: number, onRefused: (count: number) => void): Generator<string> {
  const left = new Int32Array(view.sites.length).fill(seriesPerSite);
  let text = '';
  for (const family of familiesOf(view)) {
    const { name } = family.series;
    let index = 0;
    const take: Take = (labels, value) => {
      const room = left[index] as number;
      left[index] = room - 1;
      if (room > 0) text += `${name}{${labels}} ${value}\n`;
    };
    text += headText(family.series);
    const count = 'ofSite' in family ? view.sites.length : view.pcs.length;
    for (let at = 0; at < count; at++) {
      index = 'ofSite' in family ? at : (view.siteOfPc[at] as number);
      const site = view.sites[index] as Site;
      if ('ofSite' in family) family.ofSite(site, take);
      else family.ofPc(view.pcs[at] as Pc, site, take);
      if (text.length < pieceChars) continue;
      yield text;
      text = '';
    }
    text += '\n';
  }
  yield text;
  onRefused(refusedAnew(view.sites, left));
}

function familiesOf(view: FleetView): Family[] {
  return [...siteFamilies, ...(view.isHeard ? heardFamilies() : []), ...(view.isJudged ? judgedFamilies() : []), ...beatFamilies(view)];
}

/** Facts of the site table. They do not expire. */
const siteFamilies: readonly Family[] = [
  {
    series: judgedSeries.siteInfo,
    ofSite: ({ labels, now }, take) => take(`${labels},${labelText({ stage: now.stage, link: now.link })}`, 1),
  },
  { series: judgedSeries.siteElevation, ofSite: ({ labels, now }, take) => take(labels, now.elevationM) },
  { series: judgedSeries.siteRoomLimit, ofSite: ({ labels, now }, take) => take(labels, roomLimitCelsius(now.elevationM)) },
];

function heardFamilies(): Family[] {
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
        if (now?.outage) take(`${labels},${labelText({ cause: now.outage.cause })}`, now.outage.confidence);
      },
    },
    { series: judgedSeries.checkStatus, ofPc: checkSamples() },
  ];
}

/** Writes a zero for each status without checks, so that a graph shows the end of a fault. */
function checkSamples(): (pc: Pc, site: Site, take: Take) => void {
  const ends = new Map<string, string[]>();
  const endsOf = (component: string) =>
    ends.getOrInsertComputed(component, () => statuses.map((status) => labelText({ component, status })));
  return (pc, _site, take) => {
    for (const { component, counts } of pc.components) {
      for (const [at, end] of endsOf(component).entries()) take(`${pc.labels},${end}`, counts[at] ?? 0);
    }
  };
}

function judgedFamilies(): Family[] {
  const time = (series: Series, key: 'heardAt' | 'calledAt'): Family => ({
    series,
    ofPc({ labels, now }, _site, take) {
      const at = now?.[key] ?? null;
      if (at !== null) take(labels, at / 1_000);
    },
  });
  return [time(judgedSeries.lastSeen, 'heardAt'), time(judgedSeries.lastCalled, 'calledAt')];
}

function beatFamilies({ isHeard, now }: FleetView): Family[] {
  const isMeasured = (pc: Pc, site: Site) => now - pc.beatAt <= site.patienceMs && (pc.now?.presence === 'online' || !isHeard);
  return beatKeys.map((key, index) => {
    const series: Series = beatSeries[key];
    const { divisor = 1 } = series;
    return {
      series,
      ofPc(pc: Pc, site: Site, take: Take) {
        const value = pc.numbers[index] ?? Number.NaN;
        if (!Number.isNaN(value) && isMeasured(pc, site)) take(pc.labels, value / divisor);
      },
    };
  });
}

/** Counts a series that stays refused once, not at each scrape. */
function refusedAnew(sites: readonly Site[], left: Int32Array): number {
  let anew = 0;
  for (const [index, site] of sites.entries()) {
    const refused = Math.max(0, -(left[index] as number));
    anew += Math.max(0, refused - site.refused);
    site.refused = refused;
  }
  return anew;
}
