/** Elements shared by several dashboards: colours by value, links, and texts for values. */
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
import { emptyCell, greyBasedThresholds, gridColumns, instantQuery, mapUnknownTo, noValue, type SizedPanel, tableQuery } from './board.ts';

const { exporterApiUp, exporterBrokerUp } = ownSeries;

export const latest = { build: () => ({ calcs: ['lastNotNull'] }) };

/** A panel with one number: query, title, description and field overrides. */
export type StatOptions = { expr: string; name: string; about: string; look: DynamicConfigValue[] };

/**
 * Returns a row of numbers that fills the grid.
 * Guarantee: each number has its own panel, so that one without a value keeps its place, in grey.
 */
export function statRow(height: number, all: readonly StatOptions[]): SizedPanel[] {
  const edge = (index: number) => Math.round((index * gridColumns) / all.length);
  return all.map((one, index) => ({ panel: statPanel(one), width: edge(index + 1) - edge(index), height }));
}

function statPanel({ expr, name, about, look }: StatOptions): Panel {
  return new Stat()
    .title(name)
    .description(about)
    .unit(Short)
    .colorMode(BigValueColorMode.Background)
    .graphMode(BigValueGraphMode.None)
    .textMode(BigValueTextMode.Value)
    .reduceOptions(latest)
    .thresholds(greyBasedThresholds())
    .withTarget(instantQuery(expr, name))
    .overrideByQuery('A', look)
    .build();
}

/**
 * Adds a condition to a query over beats or the site table, because both outlive a failed part of the server.
 * Guarantee: no value unless `flows` responds and the broker delivers beats now.
 */
export function whileServerUp(expr: string): string {
  return `(${expr}) and on () (min(${exporterApiUp.name}) + min(${exporterBrokerUp.name}) == 2)`;
}

/**
 * Adds a condition to a count of faults that `flows` alone reports.
 * Guarantee: a zero is `whileServerUp`; a higher count is shown while `flows` reports it, even if no PC is received.
 */
export function zeroWhileServerUp(expr: string): string {
  return `${whileServerUp(expr)} or (${expr}) > 0`;
}

/** Returns the query of one table column. Guarantee: it keeps an empty cell for each of `rows` where `expr` has no value. */
export function keepAllRows(expr: string, rows: string): string {
  return `${expr} or NaN * (${rows})`;
}

/** Returns a line graph. A gap means missing data. */
export function lines(title: string, description: string): TimeSeries {
  return new TimeSeries()
    .title(title)
    .description(`${description} A gap means that no data arrived.`)
    .drawStyle(GraphDrawStyle.Line)
    .spanNulls(false)
    .legend({ build: () => ({ displayMode: LegendDisplayMode.List, placement: LegendPlacement.Bottom, showLegend: true, calcs: [] }) })
    .tooltip({ build: () => ({ mode: TooltipDisplayMode.Multi, sort: SortOrder.Descending }) });
}

/** A column of a table: a label of its rows, or a query, with field overrides. */
export type Column = { name: string; look?: DynamicConfigValue[] } & ({ label: string } | { expr: string });

/** Content of a table. `sort` names columns; `-` before a name sorts in descending order. */
export type TableOptions = {
  title: string;
  description: string;
  unit: string;
  minWidth?: number;
  columns: readonly Column[];
  hidden?: readonly string[];
  sort: readonly string[];
};

/** Merges the results of all queries into one table with the columns in this order. */
export function table({ title, description, unit: unitOf, minWidth, columns, hidden = [], sort }: TableOptions): Table {
  const panel = new Table().title(title).description(description).unit(unitOf);
  if (minWidth !== undefined) panel.minWidth(minWidth);
  const queries = columns.flatMap((one) => ('expr' in one ? one.expr : []));
  for (const expr of queries) panel.withTarget(tableQuery(expr));
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

export function row(height: number, ...panels: { build(): Panel }[]): SizedPanel[] {
  return panels.map((panel) => ({ panel: panel.build(), width: gridColumns / panels.length, height }));
}

export const colored: DynamicConfigValue = { id: 'custom.cellOptions', value: { type: TableCellDisplayMode.ColorText } };

export function steps(...from: Parameters<typeof greyBasedThresholds>): DynamicConfigValue {
  return { id: 'thresholds', value: greyBasedThresholds(...from).build() };
}

export function unit(value: string): DynamicConfigValue {
  return { id: 'unit', value };
}

/** Maps numbers to texts. `unknown` is the grey text for a missing value. */
export function valueTexts(answers: Record<string, [text: string, color: string]>, unknown = noValue): DynamicConfigValue {
  const options = Object.fromEntries(Object.entries(answers).map(([value, [text, color]], index) => [value, { text, color, index }]));
  return { id: 'mappings', value: [{ type: MappingType.ValueToText, options }, mapUnknownTo(unknown)] };
}

export const tierTexts = valueTexts(
  { 0: ['nothing', 'red'], 1: ['sound', 'orange'], 2: ['SD', 'yellow'], 3: ['HD', 'green'], 4: ['full HD', 'green'] },
  emptyCell,
);
export const tierColors = steps([0, 'red'], [1, 'orange'], [2, 'yellow'], [3, 'green']);
export const budgetColors = steps([0, 'green'], [0.8, 'orange'], [1, 'red']);

export function link(title: string, url: string): DynamicConfigValue {
  return { id: 'links', value: [{ title, url, targetBlank: url.startsWith('$') }] };
}

/** Links to the page of the site on the wall, by the column "Site". */
export const wallLink = link('Open on the wall', '$' + '{wall}/#/site/$' + '{__data.fields.Site}');

/** The columns that identify a PC. */
export const pcColumns: readonly Column[] = [
  { label: 'site', name: 'Site', look: [wallLink] },
  { label: 'pc', name: 'PC' },
];

/** Shortens the path of a PC to its last part, since the site has its own column. */
export function shortenPcLabel(expr: string): string {
  return `label_replace(${expr}, "pc", "$1", "pc", ".+/(.+)")`;
}
