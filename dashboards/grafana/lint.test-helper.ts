/** Linter for dashboards that needs no running Grafana. */
import * as units from '@grafana/grafana-foundation-sdk/units';
import { allSeries, beatSeries, judgedSeries } from '@sabha/contracts';
import { whileServerUp } from './panels.ts';

type Threshold = { value: number | null; color: string };
type DatasourceRef = { type: string; uid: string };
export type Target = { refId?: string; expr: string; instant?: boolean; datasource?: DatasourceRef };
type Override = { matcher: { id: string; options: string }; properties: { id: string; value: unknown }[] };
type Organize = { id: string; options: { renameByName?: Record<string, string> } };
export type PanelJson = {
  id?: number;
  title?: string;
  type?: string;
  description?: string;
  gridPos?: { y: number };
  datasource?: DatasourceRef;
  targets?: Target[];
  fieldConfig?: { defaults: { unit?: string; noValue?: string }; overrides: Override[] };
  options?: { sortBy?: { displayName: string }[] };
  transformations?: Organize[];
};
export type VariableJson = { name: string; type: string; query: string; datasource?: DatasourceRef };
type Link = { url: string };
export type DashboardJson = { uid: string; panels: PanelJson[]; links: Link[]; templating: { list: VariableJson[] } };

const knownUnits = new Set<unknown>(Object.values(units));
const { siteInfo, siteElevation, siteRoomLimit, lastSeen, lastCalled, incidentsOpen, ...others } = judgedSeries;
const lastingSeries = [siteInfo, siteElevation, siteRoomLimit, lastSeen, lastCalled, incidentsOpen];
const outlivingSources = new Set([...Object.values(beatSeries), ...lastingSeries].map(({ name }) => name as string));
const endingWithSource = new Set(Object.values(others).map(({ name }) => name as string));
const serverUpCondition = whileServerUp('').slice(2);
const source = '$' + '{datasource}';

export function lint(dashboard: DashboardJson): string[] {
  const { panels, links, templating } = dashboard;
  const names = new Set(templating.list.map(({ name }) => name));
  return [
    ...panels.flatMap((panel) => panelLint(panel).map((line) => `${panel.title}: ${line}`)),
    ...[...links.map(({ url }) => url ?? ''), ...panels.flatMap(linksOf).map(({ url }) => url)].flatMap((url) =>
      unknownVariables(url, names),
    ),
    ...[...panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)), ...templating.list.map(({ query }) => query)].flatMap(
      (query) => [...unknownSeries(query), ...unknownVariables(query, names)],
    ),
  ];
}

function panelLint(panel: PanelJson): string[] {
  const { title, description, datasource, targets = [], fieldConfig } = panel;
  const { unit, noValue } = fieldConfig?.defaults ?? {};
  return [
    ...problemIf(!title || !description, 'has no title or no description'),
    ...problemIf(targets.length === 0, 'has no query'),
    ...problemIf(panel.type === 'stat' && targets.length > 1, 'has figures that move when one has no value'),
    ...problemIf(
      panel.type === 'table' && targets.filter(({ expr }) => !staysAsColumn(expr)).length > 1,
      'has columns that go when one has no value',
    ),
    ...problemIf(
      targets.some(({ expr, instant }) => instant === true && outlives(expr)),
      'shows what outlives the part that vouches for it',
    ),
    ...problemIf(
      [datasource, ...targets.map((target) => target.datasource)].some((one) => one?.uid !== source),
      'names a data source itself',
    ),
    ...[unit, ...propertiesOf(panel, 'unit')].flatMap((one) => problemIf(!isUnit(one), `has no known unit: ${one}`)),
    ...columnLint(panel),
    ...problemIf(!noValue, 'says nothing where nothing is known'),
    ...problemIf(baseColors(panel).includes('green'), 'is green where nothing is known'),
    ...problemIf(
      targets.some(({ expr }) => /\bvector\s*\(/.test(expr)),
      'makes up a number where nothing is known',
    ),
  ];
}

/** A query made by `keepAllRows` has a cell for each row, even without data. */
function staysAsColumn(expr: string): boolean {
  return expr.includes(' or NaN * (');
}

/**
 * Checks for data that outlives its source. Numbers of beats, facts of sites and incidents stay after `flows` or the broker stops, so a
 * query of only these must also require both.
 */
function outlives(expr: string): boolean {
  const names = [...expr.matchAll(/\bsabha_\w+/g)].map(([name]) => name);
  return (
    names.some((name) => outlivingSources.has(name)) &&
    !names.some((name) => endingWithSource.has(name)) &&
    !expr.includes(serverUpCondition)
  );
}

/** Reports references to columns that the table lacks, and links to pages that are not ours. */
function columnLint(panel: PanelJson): string[] {
  const { fieldConfig, options, transformations = [] } = panel;
  const columns = transformations.flatMap(({ options: { renameByName = {} } }) => Object.values(renameByName));
  if (columns.length === 0) return linksOf(panel).map(({ url }) => `has a link outside a table: ${url}`);
  const byName = (fieldConfig?.overrides ?? []).filter(({ matcher }) => matcher.id === 'byName').map(({ matcher }) => matcher.options);
  const named = linksOf(panel).flatMap(({ url }) => [...url.matchAll(/__data\.fields\.([^}]+)\}/g)].map(([, name = '']) => name));
  const used = [...byName, ...(options?.sortBy ?? []).map(({ displayName }) => displayName), ...named];
  return [
    ...used.filter((name) => !columns.includes(name)).map((name) => `has no column ${name}`),
    ...linksOf(panel).flatMap(({ url }) => problemIf(!/^(\$\{wall\}\/#\/|\/d\/sabha-)/.test(url), `links to ${url}`)),
  ];
}

function linksOf(panel: PanelJson): Link[] {
  return propertiesOf(panel, 'links').flat() as Link[];
}

function propertiesOf({ fieldConfig }: PanelJson, wanted: string): unknown[] {
  return (fieldConfig?.overrides ?? []).flatMap(({ properties }) => properties.filter(({ id }) => id === wanted).map(({ value }) => value));
}

function isUnit(unit: unknown): boolean {
  return knownUnits.has(unit) || (typeof unit === 'string' && unit.startsWith('suffix:'));
}

/** Collects the base colours of thresholds at any depth. Grafana paints a missing value with the base colour. */
function baseColors(node: unknown): string[] {
  if (typeof node !== 'object' || node === null) return [];
  const steps = 'steps' in node && Array.isArray(node.steps) ? (node.steps as Threshold[]) : [];
  return [...steps.slice(0, 1).map(({ color }) => color), ...Object.values(node).flatMap(baseColors)];
}

/** Reports series that the exporter does not have, and labels that a series does not have. */
function unknownSeries(query: string): string[] {
  const series = new Map(allSeries.map((one) => [one.name, one]));
  return [...query.matchAll(/\b(sabha_\w+)(?:\{([^}]*)\})?/g)].flatMap(([, name = '', matchers = '']) => {
    const known = series.get(name);
    if (!known) return [`no series is named ${name}`];
    const labels = [...matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label);
    return labels.filter((label) => !known.labels.includes(label)).map((label) => `${name} has no label ${label}`);
  });
}

function unknownVariables(query: string, names: Set<string>): string[] {
  const used = [...query.matchAll(/\$\{?([a-z_]\w*)/gi)].map(([, name = '']) => name);
  return used.filter((name) => !names.has(name) && !name.startsWith('__')).map((name) => `no variable is named ${name}`);
}

function problemIf(isWrong: boolean, line: string): string[] {
  return isWrong ? [line] : [];
}
