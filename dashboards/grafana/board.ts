/** A thin layer over Grafana's SDK: it sets what the SDK leaves out (panel ids, refIds, a grid that fits) and what every panel of ours shares. */
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

/** How wide Grafana's grid is. */
export const gridColumns = 24;
/** The colour of what is not known. */
export const grey = '#8e8e99';

/** What stands where there is nothing to show. It is never read as "all well". */
export const noValue = 'No data';
/** And in a table that has other cells. */
export const noCell = '–';
/** The data source that the reader chose. */
const source = { type: 'prometheus', uid: '$' + '{datasource}' };

/** What the reader chooses from the answers of a query, or writes into a box. */
export type Variable = { name: string; label: string } & ({ query: string } | { text: string });
/** What a dashboard is called, and what its reader chooses. */
export type Board = { uid: string; title: string; description: string; variables: readonly Variable[] };
/** A panel with its size in grid units; rows are filled from the left. */
export type Sized = { panel: Panel; width: number; height: number };

/** Where the wall stands; the reader may write another address. */
const wall: Variable = { name: 'wall', label: 'Wall', text: 'http://127.0.0.1:1880' };

/** A dashboard in the classic form that Grafana 10 to 13 provisions, with its way to the wall. Throws where a row is wider than the grid. */
export function board({ uid, title, description, variables }: Board, rows: readonly Sized[][]): Dashboard {
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
  for (const one of [...variables, wall]) builder.withVariable('query' in one ? choice(one) : box(one));
  return { ...builder.build(), panels: layOut(rows) };
}

/** The value of now, one line of text for each series. */
export function now(expr: string, legend: string): DataqueryBuilder {
  return new DataqueryBuilder().expr(expr).legendFormat(legend).instant().datasource(source);
}

/** The values of now as rows of a table. */
export function tableNow(expr: string): DataqueryBuilder {
  return new DataqueryBuilder().expr(expr).instant().format(PromQueryFormat.Table).datasource(source);
}

/** The course of a value. */
export function course(expr: string, legend: string): DataqueryBuilder {
  return new DataqueryBuilder().expr(expr).legendFormat(legend).range().datasource(source);
}

/** Colours from a value upwards. Guarantee: what has no value is grey, since Grafana paints it with the base colour. */
export function lamp(...steps: [from: number, color: string][]): { build(): ThresholdsConfig } {
  const built = {
    mode: ThresholdsMode.Absolute,
    steps: [{ value: null, color: grey }, ...steps.map(([value, color]) => ({ value, color }))],
  };
  return { build: () => built };
}

function box({ name, label, text }: Extract<Variable, { text: string }>): TextBoxVariableBuilder {
  return new TextBoxVariableBuilder(name).label(label).defaultValue(text).current({ selected: true, text, value: text });
}

function choice({ name, label, query }: Extract<Variable, { query: string }>): QueryVariableBuilder {
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

function layOut(rows: readonly Sized[][]): Panel[] {
  let y = 0;
  let id = 0;
  const panels: Panel[] = [];
  for (const row of rows) {
    let x = 0;
    for (const { panel, width, height } of row) {
      if (x + width > gridColumns) throw new Error(`the row of "${panel.title}" is wider than ${gridColumns} columns`);
      id += 1;
      panels.push(finished(panel, { id, gridPos: { x, y, w: width, h: height } }));
      x += width;
    }
    y += Math.max(...row.map(({ height }) => height));
  }
  return panels;
}

/** Words for what has no value, in grey. */
export function unknownAs(text: string): ValueMapping {
  return { type: MappingType.SpecialValue, options: { match: SpecialValueMatch.NullAndNan, result: { text, color: grey, index: 99 } } };
}

function finished(panel: Panel, place: Pick<Required<Panel>, 'id' | 'gridPos'>): Panel {
  const { defaults = {}, overrides = [] } = panel.fieldConfig ?? {};
  const targets = (panel.targets ?? []).map((target, index) => ({ ...target, refId: String.fromCharCode(65 + index) }));
  const unknown = panel.type === 'table' ? { mappings: [unknownAs(noCell)] } : {};
  const fieldConfig = { defaults: { noValue, ...defaults, ...unknown }, overrides };
  return { ...panel, ...place, datasource: source, targets, fieldConfig };
}
