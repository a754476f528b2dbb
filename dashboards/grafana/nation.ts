/** The dashboard "Nation": what is broken now? Every zero on it is a series of the exporter, so that silence shows no number at all. */
import { PanelBuilder as BarGauge } from '@grafana/grafana-foundation-sdk/bargauge';
import {
  BarGaugeDisplayMode,
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  GraphDrawStyle,
  LegendDisplayMode,
  LegendPlacement,
  SortOrder,
  StackingMode,
  TableCellDisplayMode,
  TooltipDisplayMode,
  VizOrientation,
} from '@grafana/grafana-foundation-sdk/common';
import { type Dashboard, type DynamicConfigValue, MappingType } from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as Stat } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as Table } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries';
import { DurationSeconds, PercentUnit, Seconds, Short } from '@grafana/grafana-foundation-sdk/units';
import { beatSeries, judgedSeries, ownSeries, type Severity } from '#contracts';
import { asOneTable, board, course, lamp, now, tableNow } from './board.ts';

const { pcs, incidentsOpen, checkStatus, pcUp, lastSeen } = judgedSeries;
const inState = 'state=~"$state"';
/** The centre's own incidents concern every state. */
const inStateOrCentre = 'state=~"$state|centre"';
const severityColors: Record<Severity, string> = { critical: 'red', major: 'orange', minor: 'yellow', info: 'blue' };

export function nation(): Dashboard {
  return board(
    {
      uid: 'sabha-nation',
      title: 'Sabha: Nation',
      description: 'What is broken now? Grey, or no number at all, means that nothing is known.',
      variables: [{ name: 'state', label: 'State', query: `label_values(${pcs.name}, state)` }],
    },
    [
      [{ panel: figures().build(), width: 24, height: 5 }],
      [
        { panel: states().build(), width: 12, height: 10 },
        { panel: incidents().build(), width: 12, height: 10 },
      ],
      [
        { panel: checks().build(), width: 8, height: 10 },
        { panel: away().build(), width: 8, height: 10 },
        { panel: slowLinks().build(), width: 8, height: 10 },
      ],
    ],
  );
}

function figures(): Stat {
  return new Stat()
    .title('Now')
    .description('No number stands here while the centre does not answer: then nobody knows.')
    .unit(Short)
    .thresholds(lamp([0, 'green'], [1, 'red']))
    .colorMode(BigValueColorMode.Background)
    .graphMode(BigValueGraphMode.None)
    .textMode(BigValueTextMode.ValueAndName)
    .reduceOptions(latest)
    .withTarget(now(`sum(${incidentsOpen.name}{${inStateOrCentre},severity="critical"})`, 'Critical incidents'))
    .withTarget(now(`sum(${incidentsOpen.name}{${inStateOrCentre},severity!="critical"})`, 'Other incidents'))
    .withTarget(now(`sum(${pcs.name}{${inState},presence="silent"})`, 'PCs silent'))
    .withTarget(now(`sum(${pcs.name}{${inState},presence=~"stopped|lost|never"})`, 'PCs stopped, lost or never heard'))
    .withTarget(now(`sum(${pcs.name}{${inState},presence="online"})`, 'PCs online'))
    .withTarget(now(`min(${ownSeries.exporterApiUp.name})`, 'Centre'))
    .overrideByQuery('B', [steps([0, 'green'], [1, 'orange'])])
    .overrideByQuery('D', [steps([0, 'green'], [1, 'orange'])])
    .overrideByQuery('E', [steps([0, 'red'], [1, 'blue'])])
    .overrideByQuery('F', [steps([0, 'red'], [1, 'green']), { id: 'mappings', value: [answers] }]);
}

const answers = {
  type: MappingType.ValueToText,
  options: { '0': { text: 'does not answer', color: 'red', index: 0 }, '1': { text: 'answers', color: 'green', index: 1 } },
};

function states(): Table {
  return new Table()
    .title('States')
    .description('The worst first.')
    .unit(Short)
    .withTarget(tableNow(`sum by (state) (${incidentsOpen.name}{${inState},severity="critical"})`))
    .withTarget(tableNow(`sum by (state) (${incidentsOpen.name}{${inState},severity!="critical"})`))
    .withTarget(tableNow(`sum by (state) (${pcs.name}{${inState},presence="silent"})`))
    .withTarget(tableNow(`sum by (state) (${pcs.name}{${inState},presence="online"}) / sum by (state) (${pcs.name}{${inState}})`))
    .transformations(
      asOneTable({
        state: 'State',
        'Value #A': 'Critical',
        'Value #B': 'Other incidents',
        'Value #C': 'PCs silent',
        'Value #D': 'PCs online',
      }),
    )
    .overrideByName('Critical', [steps([0, 'green'], [1, 'red']), colored])
    .overrideByName('Other incidents', [steps([0, 'green'], [1, 'orange']), colored])
    .overrideByName('PCs silent', [steps([0, 'green'], [1, 'red']), colored])
    .overrideByName('PCs online', [{ id: 'unit', value: PercentUnit }, steps([0, 'red'], [0.9, 'orange'], [1, 'green']), colored])
    .sortBy([{ build: () => ({ displayName: 'Critical', desc: true }) }]);
}

function incidents(): TimeSeries {
  const panel = new TimeSeries()
    .title('Open incidents')
    .description('By severity, those of the centre itself included. A gap means that nobody knew.')
    .unit(Short)
    .decimals(0)
    .min(0)
    .drawStyle(GraphDrawStyle.Line)
    .fillOpacity(30)
    .stacking({ build: () => ({ mode: StackingMode.Normal, group: 'A' }) })
    .spanNulls(false)
    .legend(legend)
    .tooltip(tooltip)
    .withTarget(course(`sum by (severity) (${incidentsOpen.name}{${inStateOrCentre}})`, '{{severity}}'));
  for (const [severity, color] of Object.entries(severityColors))
    panel.overrideByName(severity, [{ id: 'color', value: { mode: 'fixed', fixedColor: color } }]);
  return panel;
}

function checks(): BarGauge {
  const standing = (status: string) => `topk(10, sum by (component) (${checkStatus.name}{${inState},status="${status}"}))`;
  return new BarGauge()
    .title('Checks that are not ok')
    .description('How many checks of the kind are in fault, and of how many nothing is known.')
    .unit(Short)
    .min(0)
    .displayMode(BarGaugeDisplayMode.Basic)
    .orientation(VizOrientation.Horizontal)
    .reduceOptions(latest)
    .thresholds(lamp([0, 'green'], [1, 'red']))
    .withTarget(now(standing('fault'), '{{component}}: fault'))
    .withTarget(now(standing('unknown'), '{{component}}: unknown'))
    .overrideByQuery('B', [steps([0, 'green'], [1, 'purple'])]);
}

function away(): Table {
  return new Table()
    .title('PCs away')
    .description('Silent, lost or stopped; the longest first. PCs that were never heard are not in the list.')
    .unit(DurationSeconds)
    .noValue('None that is known of')
    .withTarget(tableNow(`topk(20, time() - ${lastSeen.name}{${inState}} and on (pc) ${pcUp.name} == 0)`))
    .transformations(asOneTable({ pc: 'PC', Value: 'Last heard before' }, ['state', 'site', 'instance', 'job']))
    .sortBy([{ build: () => ({ displayName: 'Last heard before', desc: true }) }]);
}

function slowLinks(): Table {
  return new Table()
    .title('Slowest links')
    .description('Round trip from the PC to the centre and back. A satellite link needs 0.6 s by nature.')
    .unit(Seconds)
    .withTarget(tableNow(`topk(10, ${beatSeries.rtt.name}{${inState}})`))
    .transformations(asOneTable({ pc: 'PC', Value: 'Round trip' }, ['__name__', 'state', 'site', 'instance', 'job']))
    .overrideByName('Round trip', [steps([0, 'green'], [0.8, 'orange'], [1.5, 'red']), colored])
    .sortBy([{ build: () => ({ displayName: 'Round trip', desc: true }) }]);
}

const latest = { build: () => ({ calcs: ['lastNotNull'] }) };
const legend = {
  build: () => ({ displayMode: LegendDisplayMode.List, placement: LegendPlacement.Bottom, showLegend: true, calcs: [] }),
};
const tooltip = { build: () => ({ mode: TooltipDisplayMode.Multi, sort: SortOrder.Descending }) };
const colored: DynamicConfigValue = { id: 'custom.cellOptions', value: { type: TableCellDisplayMode.ColorText } };

function steps(...from: Parameters<typeof lamp>): DynamicConfigValue {
  return { id: 'thresholds', value: lamp(...from).build() };
}
