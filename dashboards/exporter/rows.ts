/** The series of PCs and incidents as they stand now: a pure function of what is in memory. */
import { type BeatKey, beatSeries, judgedSeries, type LinkClass, presences, type Series, severities, stateOf, statuses } from '#contracts';
import type { FleetView, Numbers } from './fleet.ts';
import type { FleetSnapshot, PcNow } from './snapshot.ts';

export type Row = { series: Series; labels: Record<string, string>; value: number };
export type Rows = {
  rows: Row[];
  /** Series that the cap per site refused, each by a key of its own. */
  refused: string[];
};

/** Where an incident stands that is of no state in the table: the centre's own. */
const centre = 'centre';

/**
 * Every series that can be shown.
 * Guarantee: only PCs of the site table have series; what is judged is absent without a young snapshot, and what is judged of presence
 * also while `flows` hears nobody; a PC that is not online keeps `up` 0 and when it was last seen, and nothing of it counts as ok.
 */
export function rowsOf(view: FleetView, seriesPerSite: number): Rows {
  const result: Rows = { rows: rollupsOf(view), refused: [] };
  const pcsOf = Map.groupBy(view.known.pcs, ({ site }) => site);
  for (const { site, link } of view.known.sites) {
    const rows = siteRows(view, pcsOf.get(site) ?? [], link);
    result.rows.push(...rows.slice(0, seriesPerSite));
    result.refused.push(...rows.slice(seriesPerSite).map(keyOf));
  }
  return result;
}

/** What matters most comes first, since the cap cuts at the end. */
function siteRows(view: FleetView, pcs: PcNow[], link: LinkClass): Row[] {
  const { isJudged, isHeard } = view;
  const measured = pcs.filter(({ presence }) => presence === 'online' || !isHeard);
  return [
    ...(isHeard ? pcs.map((pc) => row(judgedSeries.pcUp, labelsOf(pc), pc.presence === 'online' ? 1 : 0)) : []),
    ...(isJudged ? pcs.flatMap(lastSeenRows) : []),
    ...(isHeard ? pcs.flatMap(checkRows) : []),
    ...measured.flatMap((pc) => beatRows(pc, view.numbersOf(pc.pc, link) ?? {})),
  ];
}

function rollupsOf({ known, isJudged, isHeard }: FleetView): Row[] {
  const states = [...new Set(known.sites.map(({ state }) => state))];
  return [...(isHeard ? presenceRollups(known, states) : []), ...(isJudged ? incidentRollups(known, states) : [])];
}

function presenceRollups({ pcs }: FleetSnapshot, states: string[]): Row[] {
  const count = countBy(pcs, ({ state, presence }) => `${state} ${presence}`);
  return states.flatMap((state) => presences.map((presence) => row(judgedSeries.pcs, { state, presence }, count(`${state} ${presence}`))));
}

function incidentRollups({ incidents }: FleetSnapshot, states: string[]): Row[] {
  const open = incidents.filter(({ overAt }) => overAt === null);
  const placeOf = (scope: string) => states.find((state) => state === stateOf(scope)) ?? centre;
  const count = countBy(open, ({ scope, severity }) => `${placeOf(scope)} ${severity}`);
  return [...states, centre].flatMap((state) =>
    severities.map((severity) => row(judgedSeries.incidentsOpen, { state, severity }, count(`${state} ${severity}`))),
  );
}

function lastSeenRows(pc: PcNow): Row[] {
  return pc.heardAt === null ? [] : [row(judgedSeries.lastSeen, labelsOf(pc), pc.heardAt / 1_000)];
}

/** A zero stands for each answer that nothing has, so that a graph sees it end. */
function checkRows(pc: PcNow): Row[] {
  const answers = countBy(pc.checks, ({ component, status }) => `${pc.presence === 'online' ? status : 'unknown'} ${component}`);
  const components = [...new Set(pc.checks.map(({ component }) => component))];
  return components.flatMap((component) =>
    statuses.map((status) => row(judgedSeries.checkStatus, { ...labelsOf(pc), component, status }, answers(`${status} ${component}`))),
  );
}

function beatRows(pc: PcNow, numbers: Numbers): Row[] {
  const keys = Object.keys(beatSeries) as BeatKey[];
  return keys.flatMap((key) => {
    const value = numbers[key];
    return value === undefined ? [] : [row(beatSeries[key], labelsOf(pc), value)];
  });
}

function labelsOf({ state, site, pc }: PcNow) {
  return { state, site, pc };
}

function row(series: Series, labels: Record<string, string>, value: number): Row {
  return { series, labels, value };
}

function keyOf({ series, labels }: Row): string {
  return [series.name, ...Object.values(labels)].join(' ');
}

function countBy<T>(items: readonly T[], key: (item: T) => string): (key: string) => number {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1);
  return (wanted) => counts.get(wanted) ?? 0;
}
