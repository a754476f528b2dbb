/** What can be wrong with a dashboard and is seen without a Grafana. */
import * as units from '@grafana/grafana-foundation-sdk/units';
import { allSeries } from '#contracts';
import { gridColumns } from './board.ts';

type Place = { x: number; y: number; w: number; h: number };
type Threshold = { value: number | null; color: string };
type Source = { type: string; uid: string };
export type Target = { refId?: string; expr: string; instant?: boolean; datasource?: Source };
export type PanelJson = {
  id?: number;
  title?: string;
  description?: string;
  gridPos?: Place;
  datasource?: Source;
  targets?: Target[];
  fieldConfig?: { defaults: { unit?: string; noValue?: string }; overrides: { matcher: { id: string; options: string } }[] };
};
export type Variable = { name: string; type: string; query: string; datasource?: Source };
export type DashboardJson = { uid: string; panels: PanelJson[]; templating: { list: Variable[] } };

const knownUnits = new Set<unknown>(Object.values(units));
const source = '$' + '{datasource}';

/** One line for each thing that is wrong. */
export function lint(dashboard: DashboardJson): string[] {
  const { panels, templating } = dashboard;
  const names = new Set(templating.list.map(({ name }) => name));
  return [
    ...twice(panels.map(({ id }) => String(id))).map((id) => `panel id ${id} stands twice`),
    ...(templating.list.some(({ name, type }) => name === 'datasource' && type === 'datasource')
      ? []
      : ['no variable for the data source']),
    ...panels.flatMap((panel) => panelLint(panel).map((line) => `${panel.title}: ${line}`)),
    ...panels.flatMap((one, index) =>
      panels.slice(index + 1).flatMap((other) => (overlap(one, other) ? [`${one.title} lies on ${other.title}`] : [])),
    ),
    ...[...panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)), ...templating.list.map(({ query }) => query)].flatMap(
      (query) => [...unknownSeries(query), ...unknownVariables(query, names)],
    ),
  ];
}

function panelLint(panel: PanelJson): string[] {
  const { id, title, description, gridPos, datasource, targets = [], fieldConfig } = panel;
  const { unit, noValue } = fieldConfig?.defaults ?? {};
  const refs = targets.map(({ refId }) => refId ?? '');
  return [
    ...wrong(!(Number(id) > 0), 'has no id'),
    ...wrong(!title || !description, 'has no title or no description'),
    ...wrong(!isInside(gridPos), 'is not inside the grid'),
    ...wrong(targets.length === 0, 'has no query'),
    ...wrong(refs.some((ref) => !/^[A-Z]$/.test(ref)) || twice(refs).length > 0, 'has a query without a refId of its own'),
    ...wrong(
      [datasource, ...targets.map((target) => target.datasource)].some((one) => one?.uid !== source),
      'names a data source itself',
    ),
    ...wrong(unit === undefined || !knownUnits.has(unit), `has no known unit: ${unit}`),
    ...wrong(!noValue, 'says nothing where nothing is known'),
    ...wrong(basesOf(panel).includes('green'), 'is green where nothing is known'),
    ...wrong(
      targets.some(({ expr }) => /\bvector\s*\(/.test(expr)),
      'makes up a number where nothing is known',
    ),
  ];
}

/** The colours that stand for a missing value, at any depth: Grafana paints it with the lowest step. */
function basesOf(node: unknown): string[] {
  if (typeof node !== 'object' || node === null) return [];
  const steps = 'steps' in node && Array.isArray(node.steps) ? (node.steps as Threshold[]) : [];
  return [...steps.slice(0, 1).map(({ color }) => color), ...Object.values(node).flatMap(basesOf)];
}

/** Names that the exporter does not have, and labels that the series does not carry. */
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
  const used = [...query.matchAll(/\$\{?(\w+)/g)].map(([, name = '']) => name);
  return used.filter((name) => !names.has(name) && !name.startsWith('__')).map((name) => `no variable is named ${name}`);
}

function isInside(place: Place | undefined): boolean {
  return place !== undefined && place.x >= 0 && place.y >= 0 && place.w > 0 && place.h > 0 && place.x + place.w <= gridColumns;
}

function overlap({ gridPos: a }: PanelJson, { gridPos: b }: PanelJson): boolean {
  return a !== undefined && b !== undefined && a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

function twice(all: string[]): string[] {
  return all.filter((one, index) => all.indexOf(one) !== index);
}

function wrong(isWrong: boolean, line: string): string[] {
  return isWrong ? [line] : [];
}
