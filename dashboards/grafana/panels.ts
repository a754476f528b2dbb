/** What the panels of several dashboards share: colours by value, links, and words for the answers of a room. */
import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  GraphDrawStyle,
  LegendDisplayMode,
  LegendPlacement,
  SortOrder,
  TableCellDisplayMode,
  TooltipDisplayMode,
} from '@grafana/grafana-foundation-sdk/common';
import { type DynamicConfigValue, MappingType, type Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as Stat } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as Table } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries';
import { Short } from '@grafana/grafana-foundation-sdk/units';
import { ownSeries } from '@sabha/contracts';
import { gridColumns, lamp, noCell, noValue, now, type Sized, tableNow, unknownAs } from './board.ts';

const { exporterApiUp, exporterBrokerUp } = ownSeries;

/** Of each series its last value alone. */
export const latest = { build: () => ({ calcs: ['lastNotNull'] }) };

/** A figure: its query, its name, what it says, and how it is coloured or told. */
export type Figure = { expr: string; name: string; about: string; look: DynamicConfigValue[] };

/**
 * A row of figures that fills the grid.
 * Guarantee: each is a panel of its own, so that one without a value stays at its place, in grey.
 */
export function figures(height: number, all: readonly Figure[]): Sized[] {
  const edge = (index: number) => Math.round((index * gridColumns) / all.length);
  return all.map((one, index) => ({ panel: figure(one), width: edge(index + 1) - edge(index), height }));
}

function figure({ expr, name, about, look }: Figure): Panel {
  return new Stat()
    .title(name)
    .description(about)
    .unit(Short)
    .colorMode(BigValueColorMode.Background)
    .graphMode(BigValueGraphMode.None)
    .textMode(BigValueTextMode.Value)
    .reduceOptions(latest)
    .thresholds(lamp())
    .withTarget(now(expr, name))
    .overrideByQuery('A', look)
    .build();
}

/**
 * A figure or a table that is counted from beats and from the table of sites, both of which outlive a part of the centre.
 * Guarantee: no value unless `flows` answers and the PCs are heard now.
 */
export function vouched(expr: string): string {
  return `(${expr}) and on () (min(${exporterApiUp.name}) + min(${exporterBrokerUp.name}) == 2)`;
}

/**
 * A count of what is wrong by the word of `flows` alone.
 * Guarantee: its zero is `vouched`; what is more than that stands for as long as `flows` says it, also while no PC is heard.
 */
export function counted(expr: string): string {
  return `${vouched(expr)} or (${expr}) > 0`;
}

/** A column of a table of several. Guarantee: it stays where `expr` has no value, with an empty cell for each of `rows`. */
export function column(expr: string, rows: string): string {
  return `${expr} or NaN * (${rows})`;
}

/** A course of values. A gap means that nobody knew. */
export function lines(title: string, description: string): TimeSeries {
  return new TimeSeries()
    .title(title)
    .description(`${description} A gap means that nobody knew.`)
    .drawStyle(GraphDrawStyle.Line)
    .spanNulls(false)
    .legend({ build: () => ({ displayMode: LegendDisplayMode.List, placement: LegendPlacement.Bottom, showLegend: true, calcs: [] }) })
    .tooltip({ build: () => ({ mode: TooltipDisplayMode.Multi, sort: SortOrder.Descending }) });
}

/** A column of a table: a label of its rows, or a query, and how its cells look. */
export type Column = { name: string; look?: DynamicConfigValue[] } & ({ label: string } | { expr: string });

/** What a table shows; `sort` names columns, a `-` before the name for the greatest first. */
export type TableOf = {
  title: string;
  description: string;
  unit: string;
  minWidth?: number;
  columns: readonly Column[];
  /** Labels of its rows that are not shown. */
  hidden?: readonly string[];
  sort: readonly string[];
};

/** One table of the results of all queries, with its columns in their order. */
export function table({ title, description, unit: unitOf, minWidth, columns, hidden = [], sort }: TableOf): Table {
  const panel = new Table().title(title).description(description).unit(unitOf);
  if (minWidth !== undefined) panel.minWidth(minWidth);
  const queries = columns.flatMap((one) => ('expr' in one ? one.expr : []));
  for (const expr of queries) panel.withTarget(tableNow(expr));
  const fieldOf = (one: Column) => {
    if ('label' in one) return one.label;
    return queries.length === 1 ? 'Value' : `Value #${String.fromCharCode(65 + queries.indexOf(one.expr))}`;
  };
  const fields = columns.map(fieldOf);
  const excludeByName = Object.fromEntries(['Time', ...hidden].map((name) => [name, true]));
  const renameByName = Object.fromEntries(columns.map(({ name }, index) => [fields[index], name]));
  const indexByName = Object.fromEntries(fields.map((field, index) => [field, index]));
  panel.transformations([
    { id: 'merge', options: {} },
    { id: 'organize', options: { excludeByName, renameByName, indexByName } },
  ]);
  for (const { name, look } of columns) if (look !== undefined) panel.overrideByName(name, look);
  return panel.sortBy(sort.map((name) => ({ build: () => ({ displayName: name.replace('-', ''), desc: name.startsWith('-') }) })));
}

/** A row of panels of one width. */
export function row(height: number, ...panels: { build(): Panel }[]): Sized[] {
  return panels.map((panel) => ({ panel: panel.build(), width: gridColumns / panels.length, height }));
}

/** Colours the value's text in a table. */
export const colored: DynamicConfigValue = { id: 'custom.cellOptions', value: { type: TableCellDisplayMode.ColorText } };

/** Colours from a value on, as an override of a field. */
export function steps(...from: Parameters<typeof lamp>): DynamicConfigValue {
  return { id: 'thresholds', value: lamp(...from).build() };
}

/** A unit, as an override of a field. */
export function unit(value: string): DynamicConfigValue {
  return { id: 'unit', value };
}

/** Words instead of numbers; `unknown` stands where there is no value at all, in grey. */
export function told(answers: Record<string, [text: string, color: string]>, unknown = noValue): DynamicConfigValue {
  const options = Object.fromEntries(Object.entries(answers).map(([value, [text, color]], index) => [value, { text, color, index }]));
  return { id: 'mappings', value: [{ type: MappingType.ValueToText, options }, unknownAs(unknown)] };
}

/** The tiers of series.ts in words. */
export const tierWords = told(
  {
    0: ['nothing', 'red'],
    1: ['sound', 'orange'],
    2: ['SD', 'yellow'],
    3: ['HD', 'green'],
    4: ['full HD', 'green'],
  },
  noCell,
);
/** The colours of the tiers of series.ts. */
export const byTier = steps([0, 'red'], [1, 'orange'], [2, 'yellow'], [3, 'green']);
/** Of a month's bytes. */
export const byBudget = steps([0, 'green'], [0.8, 'orange'], [1, 'red']);

/** A link on each cell of a column. */
export function link(title: string, url: string): DynamicConfigValue {
  return { id: 'links', value: [{ title, url, targetBlank: url.startsWith('$') }] };
}

/** The page of the row's site on the wall, by the column "Site". */
export const toWall = link('Open on the wall', '$' + '{wall}/#/site/$' + '{__data.fields.Site}');

/** The columns by which the rows of PCs are known. */
export const ofPc: readonly Column[] = [
  { label: 'site', name: 'Site', look: [toWall] },
  { label: 'pc', name: 'PC' },
];

/** The same series, with the PC's own name for its whole path: the site stands beside it. */
export function shortPc(expr: string): string {
  return `label_replace(${expr}, "pc", "$1", "pc", ".+/(.+)")`;
}
