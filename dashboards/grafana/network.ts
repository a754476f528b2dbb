/** The dashboard "Network": is it the link? What the links carry, where they lose, and what their tests cost; one PC of each site measures. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as Table } from '@grafana/grafana-foundation-sdk/table';
import type { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries';
import { BitsPerSecondSI, PercentUnit, Seconds, Short } from '@grafana/grafana-foundation-sdk/units';
import { beatSeries, judgedSeries, type Series } from '#contracts';
import { asOneTable, board, course, type Sized, tableNow } from './board.ts';
import { lamps } from './lamps.ts';
import { byBudget, byTier, colored, column, figures, lines, shortPc, sorted, steps, tierWords, toWall, unit, vouched } from './panels.ts';

const { siteInfo, faultsStanding } = judgedSeries;
const { rtt, lu, ld, ju, jd, r, tu, td, cu, cd, bt, bm, sip } = beatSeries;
const inState = 'state=~"$state"';
const [none, some] = [steps([0, 'green'], [1, 'red']), steps([0, 'green'], [1, 'orange'])];
const byLoss = steps([0, 'green'], [0.01, 'orange'], [0.03, 'red']);
const byRoundTrip = steps([0, 'green'], [0.8, 'orange'], [1.5, 'red']);
/** Above 80 people are pleased, below 60 many are not (G.107, Annex B). */
const byR = steps([0, 'red'], [60, 'orange'], [80, 'green']);

/** Makes the dashboard of the links: the whole country, or the states that the reader chose. */
export function network(): Dashboard {
  return board(
    {
      uid: 'sabha-network',
      title: 'Sabha: Network',
      description: 'Is it the link? Grey, or no number at all, means that nothing is known.',
      variables: [{ name: 'state', label: 'State', query: `label_values(${siteInfo.name}, state)` }],
    },
    [
      lamps(),
      nowFigures(),
      [
        { panel: states().build(), width: 10, height: 12 },
        { panel: worst().build(), width: 14, height: 12 },
      ],
      [
        {
          panel: byClass(
            { title: 'Round trip', description: 'Nineteen of twenty links are faster.', unitOf: Seconds },
            { 'to and fro': rtt },
          ).build(),
          width: 8,
          height: 9,
        },
        {
          panel: byClass(
            { title: 'Loss', description: 'Nineteen of twenty links lose less.', unitOf: PercentUnit },
            { up: lu, down: ld },
          ).build(),
          width: 8,
          height: 9,
        },
        {
          panel: byClass(
            { title: 'Jitter', description: 'Nineteen of twenty links are steadier.', unitOf: Seconds },
            { up: ju, down: jd },
          ).build(),
          width: 8,
          height: 9,
        },
      ],
      [
        { panel: carried().build(), width: 8, height: 10 },
        { panel: budgets().build(), width: 8, height: 10 },
        { panel: bridges().build(), width: 8, height: 10 },
      ],
    ],
  );
}

function nowFigures(): Sized[] {
  const links = (series: Series) => `${series.name}{${inState}}`;
  const standing = (fault: string) => vouched(`sum(${faultsStanding.name}{${inState},fault=~"${fault}"})`);
  const lossy = `sum(clamp_max((${links(lu)} > bool 0.01) + (${links(ld)} > bool 0.01), 1))`;
  const measured = 'As the PC that measures the link last said.';
  const said = 'As live sites say it.';
  return figures(4, [
    { expr: vouched(`count(${links(tu)})`), name: 'Links measured', about: measured, look: [steps([0, 'blue'])] },
    { expr: vouched(`sum(${links(tu)} < bool 2)`), name: 'Below SD to the centre', about: measured, look: [some] },
    { expr: vouched(`sum(${links(td)} < bool 2)`), name: 'Below SD from the centre', about: measured, look: [some] },
    { expr: vouched(lossy), name: 'Lose more than 1 %', about: measured, look: [some] },
    { expr: standing('link.udp_blocked'), name: 'UDP blocked', about: said, look: [some] },
    { expr: standing('bridge\\\\..*'), name: 'Bridges that do not answer', about: said, look: [none] },
    { expr: vouched(`sum(${links(bt)} >= bool 1)`), name: 'Budget of tests spent', about: measured, look: [some] },
  ]);
}

function states(): Table {
  const rows = `max by (state) (${siteInfo.name}{${inState}})`;
  const by = (fold: string, expr: string) => tableNow(column(vouched(`topk(50, ${fold} by (state) (${expr}))`), rows));
  const of = (series: Series) => `${series.name}{${inState}}`;
  const panel = new Table()
    .title('States')
    .description('The worst link of each state; states with the most links below SD first.')
    .unit(Short)
    .withTarget(by('count', of(tu)))
    .withTarget(by('sum', `${of(tu)} < bool 2`))
    .withTarget(by('max', of(rtt)))
    .withTarget(by('max', `${of(lu)} > ${of(ld)} or ${of(ld)}`))
    .withTarget(by('min', of(r)))
    .withTarget(by('sum', `${faultsStanding.name}{${inState},fault="link.udp_blocked"}`))
    .transformations(
      asOneTable({
        state: 'State',
        'Value #A': 'Links',
        'Value #B': 'Below SD',
        'Value #C': 'Round trip',
        'Value #D': 'Loss',
        'Value #E': 'R',
        'Value #F': 'UDP blocked',
      }),
    )
    .overrideByName('Below SD', [some, colored])
    .overrideByName('Round trip', [unit(Seconds), byRoundTrip, colored])
    .overrideByName('Loss', [unit(PercentUnit), byLoss, colored])
    .overrideByName('R', [byR, colored])
    .overrideByName('UDP blocked', [some, colored]);
  return sorted(panel, '-Below SD', 'R');
}

function worst(): Table {
  const chosen = `bottomk(20, ${r.name}{${inState}})`;
  const of = ({ name, divisor = 1 }: Series) => {
    const value = `max by (state, site, pc) (${name}{${inState}} and on (state, site, pc) ${chosen})`;
    return tableNow(shortPc(vouched(column(divisor === 1 ? value : `${value} * ${divisor}`, `max by (state, site, pc) (${chosen})`))));
  };
  const panel = new Table()
    .title('Worst links')
    .description('The twenty with the lowest R of the E-model (G.107), 0 to 100. A satellite link needs 0.6 s by nature.')
    .unit(Short)
    .minWidth(70)
    .transformations(
      asOneTable(
        {
          site: 'Site',
          pc: 'PC',
          'Value #A': 'R',
          'Value #B': 'Up',
          'Value #C': 'Down',
          'Value #D': 'Round trip',
          'Value #E': 'Loss up',
          'Value #F': 'Loss down',
          'Value #G': 'Jitter up',
          'Value #H': 'Jitter down',
          'Value #I': 'Capacity up',
          'Value #J': 'Capacity down',
        },
        ['state'],
      ),
    )
    .overrideByName('Site', [toWall])
    .overrideByName('R', [byR, colored])
    .overrideByName('Up', [tierWords, byTier, colored])
    .overrideByName('Down', [tierWords, byTier, colored])
    .overrideByName('Round trip', [unit(Seconds), byRoundTrip, colored])
    .overrideByName('Loss up', [unit(PercentUnit), byLoss, colored])
    .overrideByName('Loss down', [unit(PercentUnit), byLoss, colored])
    .overrideByName('Jitter up', [unit(Seconds)])
    .overrideByName('Jitter down', [unit(Seconds)])
    .overrideByName('Capacity up', [unit(BitsPerSecondSI)])
    .overrideByName('Capacity down', [unit(BitsPerSecondSI)]);
  for (const series of [r, tu, td, rtt, lu, ld, ju, jd, cu, cd]) panel.withTarget(of(series));
  return sorted(panel, 'R');
}

type Course = { title: string; description: string; unitOf: string };

/** A course of each class of link, so that a satellite is not measured by fibre. */
function byClass({ title, description, unitOf }: Course, of: Record<string, Series>): TimeSeries {
  const panel = lines(`${title} by class of link`, description).unit(unitOf).min(0);
  for (const [way, { name }] of Object.entries(of)) {
    const classed = `${name}{${inState}} * on (state, site) group_left (link) ${siteInfo.name}`;
    panel.withTarget(course(`quantile by (link) (0.95, ${classed})`, `{{link}}, ${way}`));
  }
  return panel;
}

function carried(): TimeSeries {
  return lines('Capacity by class of link', 'The middle one of its links, as packet trains measured it.')
    .unit(BitsPerSecondSI)
    .min(0)
    .withTarget(course(middle(cu), '{{link}}, up'))
    .withTarget(course(middle(cd), '{{link}}, down'));
}

/** In bits, as people speak of links. */
function middle({ name }: Series): string {
  return `8 * quantile by (link) (0.5, ${name}{${inState}} * on (state, site) group_left (link) ${siteInfo.name})`;
}

function budgets(): Table {
  const panel = new Table()
    .title('Data budget of this month')
    .description('What the tests of a site and the telemetry of a PC used of what their class of link may; the most used first.')
    .unit(PercentUnit)
    .withTarget(tableNow(shortPc(column(mostOf(bt), mostOf(bm)))))
    .withTarget(tableNow(shortPc(column(mostOf(bm), mostOf(bt)))))
    .transformations(asOneTable({ site: 'Site', pc: 'PC', 'Value #A': 'Tests', 'Value #B': 'Telemetry' }, ['state']))
    .overrideByName('Site', [toWall])
    .overrideByName('Tests', [byBudget, colored])
    .overrideByName('Telemetry', [byBudget, colored]);
  return sorted(panel, '-Tests');
}

/** The twenty PCs that have most of it. */
function mostOf({ name }: Series): string {
  return vouched(`topk(20, max by (state, site, pc) (${name}{${inState}}))`);
}

function bridges(): Table {
  const panel = new Table()
    .title('Audio bridges')
    .description(
      'How long the bridge of a site took to answer; the slowest first. One that does not answer is a fault and not in the list.',
    )
    .unit(Seconds)
    .withTarget(tableNow(shortPc(mostOf(sip))))
    .transformations(asOneTable({ site: 'Site', pc: 'PC', Value: 'Answered after' }, ['state']))
    .overrideByName('Site', [toWall])
    .overrideByName('Answered after', [steps([0, 'green'], [1, 'orange'], [2, 'red']), colored]);
  return sorted(panel, '-Answered after');
}
