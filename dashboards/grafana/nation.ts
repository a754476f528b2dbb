/** The dashboard "Nation": what is broken now? Each zero comes from a series of the exporter, so missing data shows no number. */
import { PanelBuilder as BarGauge } from '@grafana/grafana-foundation-sdk/bargauge';
import { BarGaugeDisplayMode, StackingMode, VizOrientation } from '@grafana/grafana-foundation-sdk/common';
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import type { PanelBuilder as Table } from '@grafana/grafana-foundation-sdk/table';
import type { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries';
import { DurationSeconds, PercentUnit, Seconds, Short } from '@grafana/grafana-foundation-sdk/units';
import { beatSeries, judgedSeries, type Presence, type Readiness, type Severity, type SiteStage } from '@sabha/contracts';
import { buildBoard, greyBasedThresholds, instantQuery, rangeQuery, type SizedPanel } from './board.ts';
import { statusPanels } from './lamps.ts';
import {
  colored,
  keepAllRows,
  latest,
  lines,
  link,
  pcColumns,
  row,
  shortenPcLabel,
  statRow,
  steps,
  table,
  unit,
  wallLink,
  whileServerUp,
  zeroWhileServerUp,
} from './panels.ts';

const { pcs, sites, sitesReady, siteInfo, incidentsOpen, checkStatus, pcUp, lastSeen, lastCalled, roomReady } = judgedSeries;
const inState = 'state=~"$state"';
/** Incidents of the server concern every state. */
const inStateOrCentre = 'state=~"$state|centre"';
const ofLiveSites = `and on (state, site) ${siteInfo.name}{stage="live"}`;
const severityColors: Record<Severity, string> = { critical: 'red', major: 'orange', minor: 'yellow', info: 'blue' };
const readinessColors: Record<Readiness, string> = { 'not-ready': 'red', unknown: 'purple', ready: 'blue' };
const [good, bad, doubtful, plain] = [
  steps([0, 'red'], [1, 'green']),
  steps([0, 'green'], [1, 'red']),
  steps([0, 'green'], [1, 'orange']),
  steps([0, 'blue']),
];
const unsure = steps([0, 'green'], [1, 'purple']);

/** Builds the home dashboard: the whole country, or the states that the reader selects. */
export function nation(): Dashboard {
  return buildBoard(
    {
      uid: 'sabha-nation',
      title: 'Sabha: Nation',
      description: 'Shows what is broken now. Grey, or no number, means that nothing is known.',
      variables: [{ name: 'state', label: 'State', query: `label_values(${sites.name}, state)` }],
    },
    [
      statusPanels(),
      siteFigures(),
      pcFigures(),
      [
        { panel: states().build(), width: 14, height: 11 },
        { panel: incidents().build(), width: 10, height: 11 },
      ],
      row(10, notReady(), away(), slowLinks()),
      row(9, checks(), readiness()),
    ],
  );
}

function siteFigures(): SizedPanel[] {
  const open = (severity: string) => zeroWhileServerUp(`sum(${incidentsOpen.name}{${inStateOrCentre},severity${severity}"critical"})`);
  const ready = (value: Readiness) => `sum(${sitesReady.name}{${inState},readiness="${value}"})`;
  const staged = (stage: SiteStage) => `sum(${sites.name}{${inState},stage="${stage}"})`;
  const worst = 'Live sites; the worst room of a site decides.';
  const onlyLive = 'Only live sites send alerts and are counted on this page.';
  return statRow(4, [
    { expr: open('='), name: 'Critical incidents', about: 'Open incidents, including those of the server.', look: [bad] },
    { expr: open('!='), name: 'Other incidents', about: 'Open incidents, including those of the server.', look: [doubtful] },
    {
      expr: ready('ready'),
      name: 'Sites ready (not proven)',
      about: `${worst} No check found a fault. This does not prove that sound and picture work.`,
      look: [plain],
    },
    { expr: ready('not-ready'), name: 'Sites not ready', about: worst, look: [bad] },
    { expr: ready('unknown'), name: 'Sites unknown', about: worst, look: [unsure] },
    { expr: staged('live'), name: 'Sites live', about: onlyLive, look: [plain] },
    { expr: staged('commissioning'), name: 'Being set up', about: onlyLive, look: [plain] },
    { expr: staged('planned'), name: 'Planned', about: onlyLive, look: [plain] },
  ]);
}

function pcFigures(): SizedPanel[] {
  const count = (...wanted: Presence[]) => `sum(${pcs.name}{${inState},presence=~"${wanted.join('|')}"})`;
  const called = `${lastCalled.name}{${inState}} ${ofLiveSites}`;
  const answered = `sum(time() - (${called}) < bool 86400) / count(${pcUp.name}{${inState}} ${ofLiveSites})`;
  const byShare = steps([0, 'red'], [0.9, 'orange'], [1, 'green']);
  const byAge = steps([0, 'green'], [86_400, 'orange']);
  return statRow(4, [
    { expr: count('online'), name: 'PCs online', about: 'PCs of live sites.', look: [good] },
    { expr: count('silent'), name: 'PCs silent', about: 'PCs of live sites that stopped reporting without signing off.', look: [bad] },
    { expr: count('stopped', 'lost', 'unheard'), name: 'Other PCs offline', about: 'Shut down, cut off, or not back.', look: [doubtful] },
    { expr: count('never'), name: 'PCs never seen', about: 'PCs of live sites that have not reported yet.', look: [plain] },
    { expr: answered, name: 'Roll call in 24 h', about: 'PCs of live sites that answered.', look: [unit(PercentUnit), byShare] },
    {
      expr: whileServerUp(`time() - max(${called})`),
      name: 'Newest answer',
      about: 'Age of the newest answer to a roll call.',
      look: [unit(DurationSeconds), byAge],
    },
  ]);
}

function states(): Table {
  const each = (expr: string) => keepAllRows(expr, `max by (state) (${siteInfo.name}{${inState}})`);
  const open = (severity: string) =>
    each(zeroWhileServerUp(`sum by (state) (${incidentsOpen.name}{${inState},severity${severity}"critical"})`));
  const ready = (value: Readiness) => each(`sum by (state) (${sitesReady.name}{${inState},readiness="${value}"})`);
  const silent = each(`sum by (state) (${pcs.name}{${inState},presence="silent"})`);
  const online = each(`sum by (state) (${pcs.name}{${inState},presence="online"}) / sum by (state) (${pcs.name}{${inState}})`);
  const only = '/d/sabha-nation?var-state=$' + '{__data.fields.State}&$' + '{wall:queryparam}&$' + '{__url_time_range}';
  return table({
    title: 'States',
    description: 'Live sites only; the worst state first.',
    unit: Short,
    minWidth: 80,
    columns: [
      { label: 'state', name: 'State', look: [link('Only this state', only)] },
      { expr: open('='), name: 'Critical', look: [bad, colored] },
      { expr: open('!='), name: 'Other incidents', look: [doubtful, colored] },
      { expr: ready('not-ready'), name: 'Not ready', look: [bad, colored] },
      { expr: ready('unknown'), name: 'Unknown', look: [unsure, colored] },
      { expr: ready('ready'), name: 'Ready (not proven)', look: [steps([0, 'text'], [1, 'blue']), colored] },
      { expr: silent, name: 'PCs silent', look: [bad, colored] },
      { expr: online, name: 'PCs online', look: [unit(PercentUnit), steps([0, 'red'], [0.9, 'orange'], [1, 'green']), colored] },
    ],
    sort: ['-Critical', '-Not ready', '-Unknown'],
  });
}

function incidents(): TimeSeries {
  const panel = stack('Open incidents', 'By severity, including those of the server.').withTarget(
    rangeQuery(`sum by (severity) (${incidentsOpen.name}{${inStateOrCentre}})`, '{{severity}}'),
  );
  return withColors(panel, severityColors);
}

function readiness(): TimeSeries {
  const panel = stack('Live sites by readiness', 'Number of live sites in each state of readiness.').withTarget(
    rangeQuery(`sum by (readiness) (${sitesReady.name}{${inState}})`, '{{readiness}}'),
  );
  const named = panel.overrideByName('ready', [{ id: 'displayName', value: 'Ready (not proven)' }]);
  return withColors(named, readinessColors);
}

function notReady(): Table {
  const rooms = `topk(50, count by (state, site) (${roomReady.name}{${inState}} == 0) ${ofLiveSites})`;
  return table({
    title: 'Sites that are not ready',
    description: 'Live sites; those with the most rooms that are not ready first.',
    unit: Short,
    columns: [
      { label: 'site', name: 'Site', look: [wallLink] },
      {
        expr: listOrText(rooms, `sum(${roomReady.name}{${inState}} == bool 0 ${ofLiveSites}) == 0`),
        name: 'Rooms not ready',
        look: [bad, colored],
      },
    ],
    hidden: ['state'],
    sort: ['-Rooms not ready'],
  });
}

function away(): Table {
  const longest = shortenPcLabel(
    `topk(20, time() - ${lastSeen.name}{${inState}} and on (state, site, pc) ${pcUp.name} == 0 ${ofLiveSites})`,
  );
  const none = `NaN * (sum(${pcUp.name}{${inState}} == bool 0 ${ofLiveSites}) == 0)`;
  return table({
    title: 'PCs offline',
    description: 'PCs of live sites that are silent, lost or stopped; the longest offline first. PCs never seen are not listed.',
    unit: DurationSeconds,
    columns: [...pcColumns, { expr: listOrText(longest, none), name: 'Last seen before' }],
    hidden: ['state', 'instance', 'job'],
    sort: ['-Last seen before'],
  });
}

/** Adds a row "None" to an empty list, because an empty list alone looks like missing data. */
function listOrText(list: string, none: string): string {
  return `${list} or label_replace(${none}, "site", "None", "", "")`;
}

function slowLinks(): Table {
  const expr = shortenPcLabel(whileServerUp(`topk(20, ${beatSeries.rtt.name}{${inState}})`));
  return table({
    title: 'Slowest links',
    description: 'Round trip from the PC to the server and back. A satellite link always needs about 0.6 s.',
    unit: Seconds,
    columns: [...pcColumns, { expr, name: 'Round trip', look: [steps([0, 'green'], [0.8, 'orange'], [1.5, 'red']), colored] }],
    hidden: ['__name__', 'state', 'instance', 'job'],
    sort: ['-Round trip'],
  });
}

function checks(): BarGauge {
  const standing = (status: string) => `topk(10, sum by (component) (${checkStatus.name}{${inState},status="${status}"} ${ofLiveSites}))`;
  return new BarGauge()
    .title('Checks that are not ok')
    .description('Number of checks of each kind on live sites that are in fault or unknown.')
    .unit(Short)
    .min(0)
    .displayMode(BarGaugeDisplayMode.Basic)
    .orientation(VizOrientation.Horizontal)
    .reduceOptions(latest)
    .thresholds(greyBasedThresholds([0, 'green'], [1, 'red']))
    .withTarget(instantQuery(standing('fault'), '{{component}}: fault'))
    .withTarget(instantQuery(standing('unknown'), '{{component}}: unknown'))
    .overrideByQuery('B', [unsure]);
}

function stack(title: string, description: string): TimeSeries {
  return lines(title, description)
    .unit(Short)
    .decimals(0)
    .min(0)
    .fillOpacity(30)
    .stacking({ build: () => ({ mode: StackingMode.Normal, group: 'A' }) });
}

function withColors(panel: TimeSeries, colors: Record<string, string>): TimeSeries {
  for (const [name, fixedColor] of Object.entries(colors))
    panel.overrideByName(name, [{ id: 'color', value: { mode: 'fixed', fixedColor } }]);
  return panel;
}
