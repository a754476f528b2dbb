/**
 * A thin layer over Grafana's SDK. It adds what the SDK leaves out (panel ids, refIds, grid positions) and the settings shared by all our
 * panels.
 */
import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  MappingType,
  type Panel,
  QueryVariableBuilder,
  SpecialValueMatch,
  TextBoxVariableBuilder,
  type ThresholdsConfig,
  ThresholdsMode,
  type ValueMapping,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';

export const gridColumns = 24;
/** Colour of an unknown value. */
export const grey = '#8e8e99';

/** Text of a panel without data, which cannot be mistaken for "all well". */
export const noValue = 'No data';
/** Text of a table cell without data. */
export const emptyCell = '–';
const source = { type: 'prometheus', uid: '$' + '{datasource}' };

/** A dashboard variable: the reader selects a result of a query or types text. */
export type Variable = { name: string; label: string } & ({ query: string } | { text: string });
export type Board = { uid: string; title: string; description: string; variables: readonly Variable[] };
/** A panel with its size in grid units. Rows are filled from the left. */
export type SizedPanel = { panel: Panel; width: number; height: number };

/** Address of the wall. The reader may type another one. */
const wall: Variable = { name: 'wall', label: 'Wall', text: 'http://127.0.0.1:1880' };

/**
 * Builds a dashboard in the classic JSON form that Grafana 10 to 13 provisions, with a link to the wall. Throws if a row is wider than the
 * grid.
 */
export function buildBoard({ uid, title, description, variables }: Board, rows: readonly SizedPanel[][]): Dashboard {
  const builder = new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags(['sabha'])
    .refresh('30s')
    .time({ from: 'now-6h', to: 'now' })
    .timezone('browser')
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .withVariable(new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'))
    .link(
      new DashboardLinkBuilder('Wall')
        .type(DashboardLinkType.Link)
        .url('$' + '{wall}/')
        .targetBlank(true),
    )
    .link(new DashboardLinkBuilder('Sabha').type(DashboardLinkType.Dashboards).tags(['sabha']).includeVars(true).keepTime(true));
  for (const one of [...variables, wall]) builder.withVariable('query' in one ? queryVariable(one) : textVariable(one));
  return { ...builder.build(), panels: placePanels(rows) };
}

export function instantQuery(expr: string, legend: string): DataqueryBuilder {
  return new DataqueryBuilder().expr(expr).legendFormat(legend).instant().datasource(source);
}

export function tableQuery(expr: string): DataqueryBuilder {
  return new DataqueryBuilder().expr(expr).instant().format(PromQueryFormat.Table).datasource(source);
}

export function rangeQuery(expr: string, legend: string): DataqueryBuilder {
  return new DataqueryBuilder().expr(expr).legendFormat(legend).range().datasource(source);
}

/** Returns colour thresholds. Guarantee: a missing value is grey, since Grafana paints it with the base colour. */
export function greyBasedThresholds(...steps: [from: number, color: string][]): { build(): ThresholdsConfig } {
  const built = {
    mode: ThresholdsMode.Absolute,
    steps: [{ value: null, color: grey }, ...steps.map(([value, color]) => ({ value, color }))],
  };
  return { build: () => built };
}

function textVariable({ name, label, text }: Extract<Variable, { text: string }>): TextBoxVariableBuilder {
  return new TextBoxVariableBuilder(name).label(label).defaultValue(text).current({ selected: true, text, value: text });
}

function queryVariable({ name, label, query }: Extract<Variable, { query: string }>): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .query(query)
    .datasource(source)
    .multi(true)
    .includeAll(true)
    .allValue('.*')
    .current({ selected: true, text: 'All', value: '$__all' })
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc);
}

function placePanels(rows: readonly SizedPanel[][]): Panel[] {
  let y = 0;
  let id = 0;
  const panels: Panel[] = [];
  for (const row of rows) {
    let x = 0;
    for (const { panel, width, height } of row) {
      if (x + width > gridColumns) throw new Error(`the row of "${panel.title}" is wider than ${gridColumns} columns`);
      id += 1;
      panels.push(completePanel(panel, { id, gridPos: { x, y, w: width, h: height } }));
      x += width;
    }
    y += Math.max(...row.map(({ height }) => height));
  }
  return panels;
}

export function mapUnknownTo(text: string): ValueMapping {
  return { type: MappingType.SpecialValue, options: { match: SpecialValueMatch.NullAndNan, result: { text, color: grey, index: 99 } } };
}

function completePanel(panel: Panel, place: Pick<Required<Panel>, 'id' | 'gridPos'>): Panel {
  const { defaults = {}, overrides = [] } = panel.fieldConfig ?? {};
  const targets = (panel.targets ?? []).map((target, index) => ({ ...target, refId: String.fromCharCode(65 + index) }));
  const unknown = panel.type === 'table' ? { mappings: [mapUnknownTo(emptyCell)] } : {};
  const fieldConfig = { defaults: { noValue, ...defaults, ...unknown }, overrides };
  return { ...panel, ...place, datasource: source, targets, fieldConfig };
}
