/**
 * Renders one of our dashboards with Grafana's front-end: its transformations, units, thresholds, mappings, links and components. The page
 * builds the data frames as Grafana's Prometheus data source does, and places the panels in Grafana's grid.
 */
import * as G from '@grafana/data';
import * as R from '@grafana/runtime';
import * as S from '@grafana/scenes';
import * as U from '@grafana/ui';
import { Component } from 'react';
import { createRoot } from 'react-dom/client';
import { BrowserRouter } from 'react-router-dom';
import uplotStyle from 'uplot/dist/uPlot.min.css';

const theme = G.createTheme();
const fieldProperties = ['unit', 'min', 'max', 'decimals', 'displayName', 'noValue', 'mappings', 'thresholds', 'color', 'links'];
const minutes = 1;
const asked = { from: range().from.unix(), to: range().to.unix() };

globalThis.draw = async ({ dashboard, store, variables }) => {
  fillRegistries();
  const plugins = {
    stat: plugin('stat', Stat),
    table: plugin('table', Table),
    timeseries: plugin('timeseries', Lines),
    bargauge: plugin('bargauge', Bars),
  };
  R.setPluginImportUtils({ importPanelPlugin: async (id) => plugins[id], getPanelPluginFromCache: (id) => plugins[id] });
  const items = await Promise.all(dashboard.panels.map(async (panel) => item(panel, await frames(panel, { store, variables }))));
  const scene = new S.EmbeddedScene({
    $variables: new S.SceneVariableSet({
      variables: Object.entries(variables).map(([name, value]) => new S.ConstantVariable({ name, value })),
    }),
    $timeRange: new S.SceneTimeRange({ from: `now-${minutes}m`, to: 'now' }),
    body: new S.SceneGridLayout({ children: items }),
  });
  const bottom = Math.max(...dashboard.panels.map(({ gridPos: { y, h } }) => y + h));
  createRoot(document.getElementById('root')).render(
    <Guard>
      <BrowserRouter>
        <U.ThemeContext.Provider value={theme}>
          <U.GlobalStyles />
          <style>{uplotStyle}</style>
          <div style={{ width: 1800, height: bottom * 38 + 40, background: theme.colors.background.canvas, display: 'flex' }}>
            <scene.Component model={scene} />
          </div>
        </U.ThemeContext.Provider>
      </BrowserRouter>
    </Guard>,
  );
};

function item({ type, title, options = {}, fieldConfig, transformations, gridPos }, series) {
  const source = new S.SceneDataNode({ data: { state: G.LoadingState.Done, series, timeRange: range() } });
  const $data = transformations?.length ? new S.SceneDataTransformer({ $data: source, transformations }) : source;
  const body = new S.VizPanel({ pluginId: type, title, options, fieldConfig, $data });
  return new S.SceneGridItem({ x: gridPos.x, y: gridPos.y, width: gridPos.w, height: gridPos.h, body });
}

/** Returns every number of every frame as a figure, as Grafana's panels do. */
function figuresOf({ data, options, fieldConfig, replaceVariables, timeZone }) {
  return G.getFieldDisplayValues({
    fieldConfig,
    reduceOptions: options.reduceOptions,
    replaceVariables,
    theme,
    data: data.series,
    timeZone,
  });
}

function Stat(props) {
  const figures = figuresOf(props);
  const width = props.width / figures.length;
  return (
    <div style={{ display: 'flex' }}>
      {figures.map(({ display }) => (
        <div key={display.title} data-figure={props.title} data-color={display.color}>
          <U.BigValue
            {...{ theme, width, height: props.height, value: display, textMode: props.options.textMode }}
            colorMode="background"
            graphMode="none"
          />
        </div>
      ))}
    </div>
  );
}

function Bars(props) {
  const figures = figuresOf(props);
  return figures.map(({ display, field, view, colIndex }) => (
    <U.BarGauge
      key={display.title}
      theme={theme}
      width={props.width}
      height={props.height / figures.length}
      orientation="horizontal"
      displayMode="basic"
      field={field}
      display={view?.getFieldDisplayProcessor(colIndex)}
      value={display}
    />
  ));
}

function Table({ data, width, height, options, fieldConfig }) {
  const [frame] = data.series;
  if (!frame || frame.length === 0) return <i>{fieldConfig.defaults.noValue}</i>;
  return <U.Table data={frame} width={width} height={height} initialSortBy={options.sortBy} />;
}

function Lines({ data, width, height, options, fieldConfig }) {
  if (data.series.length === 0) return <i>{fieldConfig.defaults.noValue}</i>;
  return (
    <U.PanelContextProvider value={{ eventsScope: 'panel', eventBus: new G.EventBusSrv() }}>
      <U.TimeSeries
        {...{ width, height }}
        frames={data.series}
        structureRev={1}
        timeRange={range()}
        timeZone="browser"
        legend={options.legend}
        options={{}}
      />
    </U.PanelContextProvider>
  );
}

function plugin(id, component) {
  const made = new G.PanelPlugin(component);
  made.meta = { id, name: id, type: 'panel', info: { version: '1' } };
  const own = (name) => ({
    id: name,
    path: name,
    name,
    editor: () => null,
    override: () => null,
    process: G.identityOverrideProcessor,
    shouldApply: () => true,
    settings: {},
  });
  // biome-ignore lint/correctness/useHookAtTopLevel: a method of Grafana's that is no hook.
  made.useFieldConfig({
    standardOptions: { color: { defaultValue: { mode: id === 'timeseries' ? 'palette-classic' : 'thresholds' } } },
    useCustomConfig(builder) {
      for (const name of ['cellOptions', 'minWidth', 'drawStyle', 'fillOpacity', 'spanNulls', 'stacking'])
        builder.addCustomEditor(own(name));
    },
  });
  return made;
}

function fillRegistries() {
  const property = (id) => ({
    id,
    path: id,
    name: id,
    editor: () => null,
    override: () => null,
    process: G.standardProcessors?.[id] ?? ((value) => value),
    shouldApply: () => true,
    getItemsCount: () => 0,
  });
  G.standardFieldConfigEditorRegistry.setInit(() => fieldProperties.map(property));
  G.standardEditorsRegistry.setInit(() => []);
  // The list has duplicate ids, and the registry expects each transformer as a promise.
  const transformers = [...new Map(Object.values(G.standardTransformers).map((one) => [one.id, one])).values()];
  G.standardTransformersRegistry.setInit(() =>
    transformers.map((one) => ({ id: one.id, name: one.name, transformation: async () => one, editor: () => null })),
  );
}

async function frames({ targets }, { store, variables }) {
  const answers = await Promise.all(targets.map(async (target) => ({ target, result: await ask(store, target, variables) })));
  const answered = answers.filter(({ result }) => result.length > 0);
  return answered.flatMap(({ target, result }) =>
    target.format === 'table' ? [tableFrame(target, result, answered.length > 1)] : result.map((series) => seriesFrame(target, series)),
  );
}

/** Queries the store. All queries of a panel use the same time, as in Grafana, because tables are merged by time. */
async function ask(store, { expr, instant }, variables) {
  const query = expr.replace(/\$(\w+)/g, (whole, name) => variables[name] ?? whole);
  const { from, to } = asked;
  const fields = instant ? { query, time: to } : { query, start: from, end: to, step: 1 };
  const answer = await fetch(`${store}/api/v1/query${instant ? '' : '_range'}?${new URLSearchParams(fields)}`).catch(() => null);
  return answer === null ? [] : (await answer.json()).data.result;
}

function tableFrame({ refId }, result, isOneOfMany) {
  const labels = [...new Set(result.flatMap(({ metric }) => Object.keys(metric)))].sort();
  return G.toDataFrame({
    refId,
    fields: [
      { name: 'Time', type: G.FieldType.time, values: result.map(({ value }) => value[0] * 1_000) },
      ...labels.map((name) => ({ name, type: G.FieldType.string, values: result.map(({ metric }) => metric[name]) })),
      { name: isOneOfMany ? `Value #${refId}` : 'Value', type: G.FieldType.number, values: result.map(({ value }) => Number(value[1])) },
    ],
  });
}

function seriesFrame({ refId, legendFormat }, { metric, value, values = [value] }) {
  const displayNameFromDS = legendFormat.replace(/\{\{(\w+)\}\}/g, (_, name) => metric[name]);
  return G.toDataFrame({
    refId,
    fields: [
      { name: 'Time', type: G.FieldType.time, values: values.map(([at]) => at * 1_000) },
      {
        name: 'Value',
        type: G.FieldType.number,
        labels: metric,
        config: { displayNameFromDS },
        values: values.map(([, one]) => Number(one)),
      },
    ],
  });
}

function range() {
  const to = G.dateTime();
  const from = G.dateTime(to).subtract(minutes, 'minutes');
  return { from, to, raw: { from, to } };
}

class Guard extends Component {
  state = { error: undefined };
  static getDerivedStateFromError(error) {
    return { error };
  }
  render() {
    return this.state.error ? <pre data-broken>{this.state.error.stack}</pre> : this.props.children;
  }
}
