/** Current counts for each state: pure functions of the exporter's memory. Only live sites count. */
import { faults, judgedSeries, presences, readinesses, type Series, severities, siteOf, siteStages, stateOf } from '@sabha/contracts';
import type { FleetPc, FleetView } from './fleet.ts';

export type RollupRow = { series: Series; labels: Record<string, string>; value: number };

/** State label of the incidents that belong to no state: those of the server. */
const centre = 'centre';

/** Faults of the surroundings of a PC: link, power, room. */
const countedFaults = Object.keys(faults).filter((fault) => /^(link|path|bridge|power|climate)\./.test(fault));

/** Counts sites and incidents. Guarantee: nothing without fresh data of the API. */
export function apiRollups(view: FleetView): RollupRow[] {
  if (!view.isApiFresh) return [];
  const states = [...new Set(view.sites.map(({ now }) => now.state))];
  const stages = countBy(view.sites, ({ now }) => `${now.state} ${now.stage}`);
  return [...rowsOf(judgedSeries.sites, [states, siteStages], stages), ...incidentRows(view, states)];
}

/**
 * Counts readiness, presence and current faults. The page of the PCs lists each of them.
 * Guarantee: nothing while `flows` does not receive from the PCs.
 */
export function receivingRollups(view: FleetView): RollupRow[] {
  if (!view.isReceiving) return [];
  const states = [...new Set(view.sites.map(({ now }) => now.state))];
  const live = view.sites.filter(({ now }) => now.stage === 'live');
  const readiness = countBy(live, ({ now }) => `${now.state} ${now.readiness}`);
  const isLive = (_pc: FleetPc, index: number) => view.sites[view.siteOfPc[index] as number]?.now.stage === 'live';
  const livePcs = view.pcs.filter(isLive);
  const presence = countBy(livePcs, ({ now }) => `${now?.state} ${now?.presence}`);
  const standing = livePcs.flatMap(({ now }) =>
    now?.presence === 'online' ? now.checks.flatMap(({ fault }) => (fault === undefined ? [] : `${now.state} ${fault}`)) : [],
  );
  return [
    ...rowsOf(judgedSeries.sitesReady, [states, readinesses], readiness),
    ...rowsOf(judgedSeries.pcs, [states, presences], presence),
    ...rowsOf(judgedSeries.faultsStanding, [states, countedFaults], countBy(standing, String)),
  ];
}

function incidentRows(view: FleetView, states: string[]): RollupRow[] {
  const known = new Set(states);
  const waiting = new Set(view.sites.filter(({ now }) => now.stage !== 'live').map(({ now }) => now.site));
  const counted = [...view.incidents].filter(({ scope }) => !waiting.has(siteOf(scope)) && !waiting.has(scope));
  const placeOf = (scope: string) => [scope, stateOf(scope)].find((path) => known.has(path)) ?? centre;
  const open = countBy(counted, ({ scope, severity }) => `${placeOf(scope)} ${severity}`);
  return rowsOf(judgedSeries.incidentsOpen, [[...states, centre], severities], open);
}

/** Returns one row for each state and value of the second label, with zeros. */
function rowsOf(series: Series, [states, words]: [readonly string[], readonly string[]], count: (key: string) => number): RollupRow[] {
  const [, label = ''] = series.labels;
  return states.flatMap((state) => words.map((word) => ({ series, labels: { state, [label]: word }, value: count(`${state} ${word}`) })));
}

function countBy<T>(items: readonly T[], key: (item: T) => string): (key: string) => number {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1);
  return (wanted) => counts.get(wanted) ?? 0;
}
