/** The dashboard "Network": capacity and losses of the links, and the data used by their tests. One PC of each site measures. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import type { PanelBuilder as Table } from '@grafana/grafana-foundation-sdk/table';
import type { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries';
import { BitsPerSecondSI, PercentUnit, Seconds, Short } from '@grafana/grafana-foundation-sdk/units';
import { beatSeries, judgedSeries, type Series } from '@sabha/contracts';
import { buildBoard, rangeQuery, type SizedPanel } from './board.ts';
import { statusPanels } from './lamps.ts';
import {
  budgetColors,
  colored,
  keepAllRows,
  lines,
  pcColumns,
  row,
  shortenPcLabel,
  statRow,
  steps,
  table,
  tierColors,
  tierTexts,
  unit,
  whileServerUp,
} from './panels.ts';

const { siteInfo, faultsStanding } = judgedSeries;
const { rtt, lu, ld, ju, jd, r, tu, td, cu, cd, bt, bm, sip } = beatSeries;
const inState = 'state=~"$state"';
const [none, some] = [steps([0, 'green'], [1, 'red']), steps([0, 'green'], [1, 'orange'])];
const byLoss = steps([0, 'green'], [0.01, 'orange'], [0.03, 'red']);
const byRoundTrip = steps([0, 'green'], [0.8, 'orange'], [1.5, 'red']);
/** R-factor of the E-model: above 80, users are satisfied; below 60, many are not (G.107, Annex B). */
const byR = steps([0, 'red'], [60, 'orange'], [80, 'green']);

/** Builds the dashboard of the links: the whole country, or the states that the reader selects. */
export function network(): Dashboard {
  return buildBoard(
    {
      uid: 'sabha-network',
      title: 'Sabha: Network',
      description: 'Shows which links cause faults. Grey, or no number, means that nothing is known.',
      variables: [{ name: 'state', label: 'State', query: `label_values(${siteInfo.name}, state)` }],
    },
    [
      statusPanels(),
      nowFigures(),
      [
        { panel: states().build(), width: 10, height: 12 },
        { panel: worst().build(), width: 14, height: 12 },
      ],
      row(
        9,
        byClass({ title: 'Round trip', description: '19 of 20 links are faster.', unitOf: Seconds }, { 'both ways': rtt }),
        byClass({ title: 'Loss', description: '19 of 20 links lose less.', unitOf: PercentUnit }, { up: lu, down: ld }),
        byClass({ title: 'Jitter', description: '19 of 20 links have less jitter.', unitOf: Seconds }, { up: ju, down: jd }),
      ),
      row(10, carried(), budgets(), bridges()),
    ],
  );
}

function nowFigures(): SizedPanel[] {
  const links = (series: Series) => `${series.name}{${inState}}`;
  const standing = (fault: string) => whileServerUp(`sum(${faultsStanding.name}{${inState},fault=~"${fault}"})`);
  const lossy = `sum(clamp_max((${links(lu)} > bool 0.01) + (${links(ld)} > bool 0.01), 1))`;
  const measured = 'By the newest measurement of each link.';
  const said = 'Reported by live sites.';
  return statRow(4, [
    { expr: whileServerUp(`count(${links(tu)})`), name: 'Links measured', about: measured, look: [steps([0, 'blue'])] },
    { expr: whileServerUp(`sum(${links(tu)} < bool 2)`), name: 'Below SD to the server', about: measured, look: [some] },
    { expr: whileServerUp(`sum(${links(td)} < bool 2)`), name: 'Below SD from the server', about: measured, look: [some] },
    { expr: whileServerUp(lossy), name: 'Lose more than 1 %', about: measured, look: [some] },
    { expr: standing('link.udp_blocked'), name: 'UDP blocked', about: said, look: [some] },
    { expr: standing('bridge\\\\..*'), name: 'Bridges that do not answer', about: said, look: [none] },
    { expr: whileServerUp(`sum(${links(bt)} >= bool 1)`), name: 'Test data used up', about: measured, look: [some] },
  ]);
}

function states(): Table {
  const rows = `max by (state) (${siteInfo.name}{${inState}})`;
  const by = (fold: string, expr: string) => keepAllRows(whileServerUp(`topk(50, ${fold} by (state) (${expr}))`), rows);
  const of = (series: Series) => `${series.name}{${inState}}`;
  return table({
    title: 'States',
    description: 'The worst link of each state; states with the most links below SD first.',
    unit: Short,
    columns: [
      { label: 'state', name: 'State' },
      { expr: by('count', of(tu)), name: 'Links' },
      { expr: by('sum', `${of(tu)} < bool 2`), name: 'Below SD', look: [some, colored] },
      { expr: by('max', of(rtt)), name: 'Round trip', look: [unit(Seconds), byRoundTrip, colored] },
      { expr: by('max', `${of(lu)} > ${of(ld)} or ${of(ld)}`), name: 'Loss', look: [unit(PercentUnit), byLoss, colored] },
      { expr: by('min', of(r)), name: 'R', look: [byR, colored] },
      { expr: by('sum', `${faultsStanding.name}{${inState},fault="link.udp_blocked"}`), name: 'UDP blocked', look: [some, colored] },
    ],
    sort: ['-Below SD', 'R'],
  });
}

function worst(): Table {
  const chosen = `bottomk(20, ${r.name}{${inState}})`;
  const of = ({ name, divisor = 1 }: Series) => {
    const value = `max by (state, site, pc) (${name}{${inState}} and on (state, site, pc) ${chosen})`;
    return shortenPcLabel(
      whileServerUp(keepAllRows(divisor === 1 ? value : `${value} * ${divisor}`, `max by (state, site, pc) (${chosen})`)),
    );
  };
  return table({
    title: 'Worst links',
    description: 'The 20 links with the lowest call quality R, 0 to 100 (G.107). A satellite link always needs about 0.6 s.',
    unit: Short,
    minWidth: 70,
    columns: [
      ...pcColumns,
      { expr: of(r), name: 'R', look: [byR, colored] },
      { expr: of(tu), name: 'Up', look: [tierTexts, tierColors, colored] },
      { expr: of(td), name: 'Down', look: [tierTexts, tierColors, colored] },
      { expr: of(rtt), name: 'Round trip', look: [unit(Seconds), byRoundTrip, colored] },
      { expr: of(lu), name: 'Loss up', look: [unit(PercentUnit), byLoss, colored] },
      { expr: of(ld), name: 'Loss down', look: [unit(PercentUnit), byLoss, colored] },
      { expr: of(ju), name: 'Jitter up', look: [unit(Seconds)] },
      { expr: of(jd), name: 'Jitter down', look: [unit(Seconds)] },
      { expr: of(cu), name: 'Capacity up', look: [unit(BitsPerSecondSI)] },
      { expr: of(cd), name: 'Capacity down', look: [unit(BitsPerSecondSI)] },
    ],
    hidden: ['state'],
    sort: ['R'],
  });
}

type GraphOptions = { title: string; description: string; unitOf: string };

/** Returns a graph per link class, so that a satellite link is not compared with fibre. */
function byClass({ title, description, unitOf }: GraphOptions, of: Record<string, Series>): TimeSeries {
  const panel = lines(`${title} by class of link`, description).unit(unitOf).min(0);
  for (const [way, { name }] of Object.entries(of)) {
    const classed = `${name}{${inState}} * on (state, site) group_left (link) ${siteInfo.name}`;
    panel.withTarget(rangeQuery(`quantile by (link) (0.95, ${classed})`, `{{link}}, ${way}`));
  }
  return panel;
}

function carried(): TimeSeries {
  return lines('Capacity by class of link', 'Median of the links of a class, measured with packet trains.')
    .unit(BitsPerSecondSI)
    .min(0)
    .withTarget(rangeQuery(medianBySite(cu), '{{link}}, up'))
    .withTarget(rangeQuery(medianBySite(cd), '{{link}}, down'));
}

/** Returns the median in bits per second, the usual unit for links. */
function medianBySite({ name }: Series): string {
  return `8 * quantile by (link) (0.5, ${name}{${inState}} * on (state, site) group_left (link) ${siteInfo.name})`;
}

function budgets(): Table {
  const of = (series: Series, other: Series) => shortenPcLabel(keepAllRows(maxOf(series), maxOf(other)));
  return table({
    title: 'Data budget of this month',
    description: 'Used share of the monthly data limit: the tests of a site, and the telemetry of a PC. The most used first.',
    unit: PercentUnit,
    columns: [
      ...pcColumns,
      { expr: of(bt, bm), name: 'Tests', look: [budgetColors, colored] },
      { expr: of(bm, bt), name: 'Telemetry', look: [budgetColors, colored] },
    ],
    hidden: ['state'],
    sort: ['-Tests'],
  });
}

/** Returns the twenty PCs with the highest value. */
function maxOf({ name }: Series): string {
  return whileServerUp(`topk(20, max by (state, site, pc) (${name}{${inState}}))`);
}

function bridges(): Table {
  const look = [steps([0, 'green'], [1, 'orange'], [2, 'red']), colored];
  return table({
    title: 'Audio bridges',
    description: 'Response time of the bridge of a site; the slowest first. A bridge that does not respond is not listed.',
    unit: Seconds,
    columns: [...pcColumns, { expr: shortenPcLabel(maxOf(sip)), name: 'Response time', look }],
    hidden: ['state'],
    sort: ['-Response time'],
  });
}
