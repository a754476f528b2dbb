/** The page of the sites and PCs, made in pieces, so that no scrape holds up the beats. */
import { beatSeries, judgedSeries, roomLimitCelsius, type Series, statuses } from '@sabha/contracts';
import { beatKeys, type FleetView, type Pc, type Site } from './fleet.ts';
import { heardRollupsOf } from './rollups.ts';
import { headText, labelText } from './text.ts';

/** A piece is about this long: some hundred lines, well below a millisecond's work. */
const pieceChars = 48 * 1024;

/** Takes one sample: what stands between its braces, and its value. */
type Take = (labels: string, value: number) => void;
type Family = { series: Series } & ({ ofSite(site: Site, take: Take): void } | { ofPc(pc: Pc, site: Site, take: Take): void });

/**
 * The counts of what is heard, and then all that they count.
 * Guarantee: a total and its list are of one moment, whatever is heard while the page is read.
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
 * Every series of the table's sites and PCs, at most `seriesPerSite` of each site; what matters most comes first, since the cap cuts at the
 * end. `onRefused` is told once, at the end, how many were refused beyond those of earlier pages.
 * Guarantee: what is judged is absent without a young word of the API, and what is judged of presence also while `flows` hears nobody; a PC
 * that is not online keeps `up` 0 and when it was last seen, and nothing of it counts as ok.
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

/** Facts of the table: true for as long as it is known. */
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

/** A zero stands for each answer that nothing has, so that a graph sees it end. */
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

/** A series that stays refused is counted once, not by each scrape. */
function refusedAnew(sites: readonly Site[], left: Int32Array): number {
  let anew = 0;
  for (const [index, site] of sites.entries()) {
    const refused = Math.max(0, -(left[index] as number));
    anew += Math.max(0, refused - site.refused);
    site.refused = refused;
  }
  return anew;
}
