/** The dashboard "High-altitude sites": what thin air, cold and bad power do to the rooms above an elevation that the reader chooses. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as Table } from '@grafana/grafana-foundation-sdk/table';
import type { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries';
import { Celsius, DurationSeconds, PercentUnit, Seconds, Short } from '@grafana/grafana-foundation-sdk/units';
import { beatSeries, judgedSeries, type Series } from '#contracts';
import { asOneTable, board, course, noCell, type Sized, tableNow } from './board.ts';
import { lamps } from './lamps.ts';
import {
  byBudget,
  byTier,
  colored,
  column,
  figures,
  lines,
  shortPc,
  sorted,
  steps,
  tierWords,
  told,
  toWall,
  unit,
  vouched,
} from './panels.ts';

const { siteElevation, siteInfo, siteRoomLimit, pcUp, lastSeen, lastCalled, roomReady } = judgedSeries;
const { temp, ac, bat, rtt, room, rise, uc, ur, tu, bt } = beatSeries;
const inState = 'state=~"$state"';
const used = `${siteInfo.name}{stage=~"commissioning|live"}`;
/** The sites above the elevation that are in use or being set up, each with its link class; the value is the elevation. */
const sites = `(${siteElevation.name}{${inState}} > $above) * on (state, site) group_left (link) ${used}`;

/** How far the room is above what a PC bears there, degrees. */
const overLimit = `(${above(room)}) - on (state, site) group_left () ${siteRoomLimit.name}`;

/** Below `cold` a PC must not be started and a battery not be charged for long; below `freezing` neither at all. Degrees Celsius. */
const [freezing, cold, warm, hot] = [0, 5, 85, 95];
const byTemperature = steps([-273, 'red'], [freezing, 'orange'], [cold, 'green'], [warm, 'orange'], [hot, 'red']);
const byCharge = steps([0, 'red'], [0.3, 'orange'], [0.6, 'green']);
const [none, some] = [steps([0, 'green'], [1, 'red']), steps([0, 'green'], [1, 'orange'])];

/** Makes the dashboard of the sites above an elevation, 2,500 m unless the reader writes another. */
export function highAltitude(): Dashboard {
  return board(
    {
      uid: 'sabha-high-altitude',
      title: 'Sabha: High-altitude sites',
      description:
        'Cold, thin air, power and links of the sites above an elevation. Grey, or no number at all, means that nothing is known.',
      variables: [
        { name: 'state', label: 'State', query: `label_values(${siteElevation.name}, state)` },
        { name: 'above', label: 'Above, m', text: '2500' },
      ],
    },
    [
      lamps(),
      ...nowFigures(),
      [{ panel: rooms().build(), width: 24, height: 12 }],
      [
        { panel: temperature('min', 'Coldest PC of each site').build(), width: 12, height: 9 },
        { panel: temperature('max', 'Warmest PC of each site').build(), width: 12, height: 9 },
      ],
      [
        { panel: battery().build(), width: 12, height: 9 },
        { panel: roundTrip().build(), width: 12, height: 9 },
      ],
      [
        { panel: roomCourse().build(), width: 12, height: 9 },
        { panel: upsCourse().build(), width: 12, height: 9 },
      ],
    ],
  );
}

function nowFigures(): Sized[][] {
  // Compared as `bool`, so that nobody cold is 0 and nothing known is no number.
  const count = (series: Series, condition: string) => vouched(`sum((${above(series)}) ${condition})`);
  const inUse = vouched(`sum((${siteElevation.name}{${inState}} and on (state, site) ${used}) > bool $above)`);
  const measured = 'Of the PCs whose newest beat says it.';
  const sensor = 'By the hottest sensor inside the PC.';
  return [
    figures(4, [
      { expr: inUse, name: 'Sites', about: 'In use or being set up above the elevation.', look: [steps([0, 'blue'])] },
      { expr: count(roomReady, '== bool 0'), name: 'Rooms not ready', about: 'A check that a meeting needs is in fault.', look: [none] },
      { expr: count(pcUp, '== bool 0'), name: 'PCs away', about: 'Silent or stopped.', look: [some] },
      { expr: count(temp, `< bool ${cold}`), name: `Below ${cold} °C`, about: sensor, look: [some] },
      { expr: count(temp, `< bool ${freezing}`), name: `Below ${freezing} °C`, about: sensor, look: [none] },
      { expr: count(temp, `> bool ${warm}`), name: `Above ${warm} °C`, about: sensor, look: [some] },
    ]),
    figures(4, [
      { expr: count(ac, '== bool 0'), name: 'On battery', about: measured, look: [some] },
      { expr: vouched(`sum((${overLimit}) > bool 0)`), name: 'Rooms too warm', about: 'Above what a PC bears there.', look: [none] },
      {
        expr: count(rise, '> bool 1.25'),
        name: 'Hotter than usual',
        about: 'Compared with its own usual rise over the room.',
        look: [some],
      },
      { expr: count(uc, '< bool 0.3'), name: 'UPS below 30 %', about: measured, look: [none] },
      { expr: count(tu, '< bool 2'), name: 'Link below SD', about: 'To the centre, as the PC that measures it last said.', look: [some] },
    ]),
  ];
}

function rooms(): Table {
  const perSite = (expr: string) => `(${expr}) * on (state, site) group_right (link) (${pcUp.name} >= bool 0)`;
  const limit = `${siteRoomLimit.name} and on (state, site) (${sites})`;
  const panel = new Table()
    .title('Rooms')
    .description(
      'Temperature is that of the hottest sensor inside the PC: below 5 °C it is too cold for it, below 0 °C it must warm up for two hours before it is started. "Room at most" is the warmest room for a PC rated for 35 °C in air this thin; "over that" says how far the PC is above it.',
    )
    .unit(Short)
    .minWidth(80)
    .withTarget(tableNow(shortPc(vouched(`max by (state, site, pc, link) (${perSite(sites)})`))))
    .withTarget(eachPc(above(roomReady)))
    .withTarget(eachPc(above(temp)))
    .withTarget(eachPc(perSite(limit)))
    .withTarget(eachPc(`(${above(temp)}) - on (state, site) group_left () ${siteRoomLimit.name}`))
    .withTarget(eachPc(above(ac)))
    .withTarget(eachPc(above(bat)))
    .withTarget(eachPc(above(rtt)))
    .withTarget(eachPc(`time() - (${above(lastSeen)})`))
    .withTarget(eachPc(`time() - (${above(lastCalled)})`))
    .withTarget(eachPc(above(room)))
    .withTarget(eachPc(overLimit))
    .withTarget(eachPc(above(rise)))
    .withTarget(eachPc(above(uc)))
    .withTarget(eachPc(above(ur)))
    .withTarget(eachPc(above(tu)))
    .withTarget(eachPc(above(bt)))
    .transformations(asOneTable(columns, ['state']))
    .overrideByName('Site', [toWall])
    .overrideByName('Elevation', [unit('suffix:m')])
    .overrideByName('Room is', [told({ 0: ['NOT READY', 'red'], 1: ['◐ READY (not proven)', 'blue'] }, 'UNKNOWN'), colored])
    .overrideByName('Temperature', [unit(Celsius), byTemperature, colored])
    .overrideByName('Room at most', [unit(Celsius)])
    .overrideByName('Over that', [unit(Celsius), steps([-273, 'green'], [50, 'orange'], [65, 'red']), colored])
    .overrideByName('Power', [told({ 0: ['battery', 'orange'], 1: ['mains', 'green'] }, noCell), colored])
    .overrideByName('Charge', [unit(PercentUnit), byCharge, colored])
    .overrideByName('Round trip', [unit(Seconds), steps([0, 'green'], [0.8, 'orange'], [1.5, 'red']), colored])
    .overrideByName('Last word before', [unit(DurationSeconds)])
    .overrideByName('Roll call before', [unit(DurationSeconds)])
    .overrideByName('Room now', [unit(Celsius)])
    .overrideByName('Room over its limit', [unit(Celsius), steps([-273, 'green'], [-5, 'orange'], [0, 'red']), colored])
    .overrideByName('Rise', [unit('suffix:times the usual'), steps([0, 'green'], [1.25, 'red']), colored])
    .overrideByName('UPS', [unit(PercentUnit), byCharge, colored])
    .overrideByName('UPS lasts', [unit(DurationSeconds)])
    .overrideByName('Link carries', [tierWords, byTier, colored])
    .overrideByName('Tests used', [unit(PercentUnit), byBudget, colored]);
  return sorted(panel, 'Room is', '-Elevation');
}

const columns = {
  site: 'Site',
  pc: 'PC',
  'Value #A': 'Elevation',
  link: 'Link',
  'Value #B': 'Room is',
  'Value #C': 'Temperature',
  'Value #D': 'Room at most',
  'Value #E': 'Over that',
  'Value #F': 'Power',
  'Value #G': 'Charge',
  'Value #H': 'Round trip',
  'Value #I': 'Last word before',
  'Value #J': 'Roll call before',
  'Value #K': 'Room now',
  'Value #L': 'Room over its limit',
  'Value #M': 'Rise',
  'Value #N': 'UPS',
  'Value #O': 'UPS lasts',
  'Value #P': 'Link carries',
  'Value #Q': 'Tests used',
};

function temperature(which: 'min' | 'max', title: string): TimeSeries {
  return lines(title, 'Hottest sensor inside the PC.')
    .unit(Celsius)
    .withTarget(course(`${which} by (state, site) (${above(temp)})`, '{{site}}'));
}

function battery(): TimeSeries {
  return lines('Battery of each site', 'The lowest charge of its PCs; sites whose PCs have no battery are not shown.')
    .unit(PercentUnit)
    .min(0)
    .max(1)
    .withTarget(course(`min by (state, site) (${above(bat)})`, '{{site}}'));
}

function roundTrip(): TimeSeries {
  return lines('Round trip of each site', 'The slowest of its PCs, to the centre and back.')
    .unit(Seconds)
    .min(0)
    .withTarget(course(`max by (state, site) (${above(rtt)})`, '{{site}}'));
}

function roomCourse(): TimeSeries {
  return lines('Room of each site and its limit', 'Where something measures the room; the limit is for a PC rated for 35 degrees.')
    .unit(Celsius)
    .withTarget(course(`max by (state, site) (${above(room)})`, '{{site}}'))
    .withTarget(course(`max by (state, site) (${siteRoomLimit.name} and on (state, site) (${above(room)}))`, '{{site}}, limit'));
}

function upsCourse(): TimeSeries {
  return lines('UPS of each site', 'The lowest charge of its PCs; sites without a UPS that can be asked are not shown.')
    .unit(PercentUnit)
    .min(0)
    .max(1)
    .withTarget(course(`min by (state, site) (${above(uc)})`, '{{site}}'));
}

/** Only those of the sites above the elevation. */
function above({ name }: Series): string {
  return `${name}{${inState}} and on (state, site) (${sites})`;
}

/** One row a PC. The name of a series must go, or rows of different ones would not become one. */
function eachPc(expr: string) {
  const one = 'max by (state, site, pc)';
  return tableNow(shortPc(vouched(column(`${one} (${expr})`, `${one} (${above(pcUp)})`))));
}
