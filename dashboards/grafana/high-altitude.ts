/** The dashboard "High-altitude sites": effects of thin air, cold and bad power on rooms above an elevation that the reader selects. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import type { PanelBuilder as Table } from '@grafana/grafana-foundation-sdk/table';
import type { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries';
import { Celsius, DurationSeconds, PercentUnit, Seconds, Short } from '@grafana/grafana-foundation-sdk/units';
import { beatSeries, judgedSeries, type Series } from '@sabha/contracts';
import { buildBoard, emptyCell, rangeQuery, type SizedPanel } from './board.ts';
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
  valueTexts,
  whileServerUp,
} from './panels.ts';

const { siteElevation, siteInfo, siteRoomLimit, pcUp, lastSeen, lastCalled, roomReady } = judgedSeries;
const { temp, ac, bat, rtt, room, rise, uc, ur, tu, bt } = beatSeries;
const inState = 'state=~"$state"';
const used = `${siteInfo.name}{stage=~"commissioning|live"}`;
/** The live and commissioning sites above the elevation, with their link class. The value is the elevation. */
const sites = `(${siteElevation.name}{${inState}} > $above) * on (state, site) group_left (link) ${used}`;

/** Degrees of the room above the limit for a PC at that elevation. */
const overLimit = `(${above(room)}) - on (state, site) group_left () ${siteRoomLimit.name}`;

/** Degrees Celsius. Below `cold`, do not start a PC and do not charge a battery for long. Below `freezing`, do neither at all. */
const [freezing, cold, warm, hot] = [0, 5, 85, 95];
const byTemperature = steps([-273, 'red'], [freezing, 'orange'], [cold, 'green'], [warm, 'orange'], [hot, 'red']);
const byCharge = steps([0, 'red'], [0.3, 'orange'], [0.6, 'green']);
const [none, some] = [steps([0, 'green'], [1, 'red']), steps([0, 'green'], [1, 'orange'])];

/** Builds the dashboard of the sites above an elevation, 2,500 m by default. */
export function highAltitude(): Dashboard {
  return buildBoard(
    {
      uid: 'sabha-high-altitude',
      title: 'Sabha: High-altitude sites',
      description: 'Cold, thin air, power and links of the sites above an elevation. Grey, or no number, means that nothing is known.',
      variables: [
        { name: 'state', label: 'State', query: `label_values(${siteElevation.name}, state)` },
        { name: 'above', label: 'Above, m', text: '2500' },
      ],
    },
    [
      statusPanels(),
      ...nowFigures(),
      row(12, rooms()),
      row(9, temperature('min', 'Coldest PC of each site'), temperature('max', 'Warmest PC of each site')),
      row(9, battery(), roundTrip()),
      row(9, roomCourse(), upsCourse()),
    ],
  );
}

function nowFigures(): SizedPanel[][] {
  // With `bool` the sum is 0 when no PC matches, and absent when no data exists.
  const count = (series: Series, condition: string) => whileServerUp(`sum((${above(series)}) ${condition})`);
  const inUse = whileServerUp(`sum((${siteElevation.name}{${inState}} and on (state, site) ${used}) > bool $above)`);
  const measured = 'Number of PCs, by their newest beat.';
  const sensor = 'Number of PCs, by the hottest sensor inside the PC.';
  return [
    statRow(4, [
      { expr: inUse, name: 'Sites', about: 'Live or being set up above the elevation.', look: [steps([0, 'blue'])] },
      { expr: count(roomReady, '== bool 0'), name: 'Rooms not ready', about: 'A check that a meeting needs is in fault.', look: [none] },
      { expr: count(pcUp, '== bool 0'), name: 'PCs offline', about: 'PCs that are silent, lost or stopped.', look: [some] },
      { expr: count(temp, `< bool ${cold}`), name: `Below ${cold} °C`, about: sensor, look: [some] },
      { expr: count(temp, `< bool ${freezing}`), name: `Below ${freezing} °C`, about: sensor, look: [none] },
      { expr: count(temp, `> bool ${warm}`), name: `Above ${warm} °C`, about: sensor, look: [some] },
    ]),
    statRow(4, [
      { expr: count(ac, '== bool 0'), name: 'On battery', about: measured, look: [some] },
      {
        expr: whileServerUp(`sum((${overLimit}) > bool 0)`),
        name: 'Rooms too warm',
        about: 'Warmer than a PC can bear there.',
        look: [none],
      },
      {
        expr: count(rise, '> bool 1.25'),
        name: 'Hotter than usual',
        about: 'PCs whose rise above the room is over 1.25 times the usual.',
        look: [some],
      },
      { expr: count(uc, '< bool 0.3'), name: 'UPS below 30 %', about: measured, look: [none] },
      { expr: count(tu, '< bool 2'), name: 'Link below SD', about: 'Links too slow for SD video to the server.', look: [some] },
    ]),
  ];
}

function rooms(): Table {
  const perSite = (expr: string) => `(${expr}) * on (state, site) group_right (link) (${pcUp.name} >= bool 0)`;
  const limit = `${siteRoomLimit.name} and on (state, site) (${sites})`;
  const overThat = `(${above(temp)}) - on (state, site) group_left () ${siteRoomLimit.name}`;
  const readyWords = valueTexts({ 0: ['NOT READY', 'red'], 1: ['◐ READY (not proven)', 'blue'] }, 'UNKNOWN');
  const powerWords = valueTexts({ 0: ['battery', 'orange'], 1: ['mains', 'green'] }, emptyCell);
  const byRoundTrip = steps([0, 'green'], [0.8, 'orange'], [1.5, 'red']);
  const elevation = shortenPcLabel(whileServerUp(`max by (state, site, pc, link) (${perSite(sites)})`));
  const of = (series: Series) => eachPc(above(series));
  return table({
    title: 'Rooms',
    description:
      '"Temperature" is that of the hottest sensor inside the PC. Below 5 °C it is too cold for the PC; below 0 °C warm the PC up for two hours before you start it. "Room at most" is the highest room temperature at this elevation for a PC rated for 35 °C. "Over that" shows how much warmer the PC is.',
    unit: Short,
    minWidth: 80,
    columns: [
      ...pcColumns,
      { expr: elevation, name: 'Elevation', look: [unit('suffix:m')] },
      { label: 'link', name: 'Link' },
      { expr: of(roomReady), name: 'Room is', look: [readyWords, colored] },
      { expr: of(temp), name: 'Temperature', look: [unit(Celsius), byTemperature, colored] },
      { expr: eachPc(perSite(limit)), name: 'Room at most', look: [unit(Celsius)] },
      { expr: eachPc(overThat), name: 'Over that', look: [unit(Celsius), steps([-273, 'green'], [50, 'orange'], [65, 'red']), colored] },
      { expr: of(ac), name: 'Power', look: [powerWords, colored] },
      { expr: of(bat), name: 'Charge', look: [unit(PercentUnit), byCharge, colored] },
      { expr: of(rtt), name: 'Round trip', look: [unit(Seconds), byRoundTrip, colored] },
      { expr: eachPc(`time() - (${above(lastSeen)})`), name: 'Last seen before', look: [unit(DurationSeconds)] },
      { expr: eachPc(`time() - (${above(lastCalled)})`), name: 'Roll call before', look: [unit(DurationSeconds)] },
      { expr: of(room), name: 'Room now', look: [unit(Celsius)] },
      {
        expr: eachPc(overLimit),
        name: 'Room over its limit',
        look: [unit(Celsius), steps([-273, 'green'], [-5, 'orange'], [0, 'red']), colored],
      },
      { expr: of(rise), name: 'Rise', look: [unit('suffix:times the usual'), steps([0, 'green'], [1.25, 'red']), colored] },
      { expr: of(uc), name: 'UPS', look: [unit(PercentUnit), byCharge, colored] },
      { expr: of(ur), name: 'UPS lasts', look: [unit(DurationSeconds)] },
      { expr: of(tu), name: 'Link carries', look: [tierTexts, tierColors, colored] },
      { expr: of(bt), name: 'Tests used', look: [unit(PercentUnit), budgetColors, colored] },
    ],
    hidden: ['state'],
    sort: ['Room is', '-Elevation'],
  });
}

function temperature(which: 'min' | 'max', title: string): TimeSeries {
  return lines(title, 'Hottest sensor inside the PC.')
    .unit(Celsius)
    .withTarget(rangeQuery(`${which} by (state, site) (${above(temp)})`, '{{site}}'));
}

function battery(): TimeSeries {
  return lines('Battery of each site', 'Lowest charge of the PCs of a site. Sites without a battery are not shown.')
    .unit(PercentUnit)
    .min(0)
    .max(1)
    .withTarget(rangeQuery(`min by (state, site) (${above(bat)})`, '{{site}}'));
}

function roundTrip(): TimeSeries {
  return lines('Round trip of each site', 'Slowest round trip from a PC of the site to the server and back.')
    .unit(Seconds)
    .min(0)
    .withTarget(rangeQuery(`max by (state, site) (${above(rtt)})`, '{{site}}'));
}

function roomCourse(): TimeSeries {
  return lines('Room of each site and its limit', 'Sites with a room sensor. The limit is for a PC rated for 35 °C.')
    .unit(Celsius)
    .withTarget(rangeQuery(`max by (state, site) (${above(room)})`, '{{site}}'))
    .withTarget(rangeQuery(`max by (state, site) (${siteRoomLimit.name} and on (state, site) (${above(room)}))`, '{{site}}, limit'));
}

function upsCourse(): TimeSeries {
  return lines('UPS of each site', 'Lowest UPS charge of a site. Sites without a UPS that reports its charge are not shown.')
    .unit(PercentUnit)
    .min(0)
    .max(1)
    .withTarget(rangeQuery(`min by (state, site) (${above(uc)})`, '{{site}}'));
}

/** Limits a series to the sites above the elevation. */
function above({ name }: Series): string {
  return `${name}{${inState}} and on (state, site) (${sites})`;
}

/** Returns one row per PC. The aggregation drops the series name, otherwise rows of different series do not merge. */
function eachPc(expr: string) {
  const one = 'max by (state, site, pc)';
  return shortenPcLabel(whileServerUp(keepAllRows(`${one} (${expr})`, `${one} (${above(pcUp)})`)));
}
