/** THE table of the numbers by which many losses are taken for one. */

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** What holds where nobody chose otherwise; each with its reason. */
export const usualNumbers = {
  /** Share of the expected PCs of a site whose loss is an outage of the site. One PC may use another line, or be noticed late. */
  siteShare: 0.8,
  /** Fewest PCs of an outage of a site. A single PC is notified as a PC that does not answer. */
  sitePcs: 2,
  /** Fewest sites of a regional outage. With one outage in 1,000 windows, three of twenty sites fail together by chance once in a million. */
  regionSites: 3,
  /** Least share of the region's sites that must be lost. Three of a hundred sites may fail for three different reasons. */
  regionShare: 0.3,
  /** Losses within this time belong together: a beat interval, its slack and the keepalive timeout, ms. */
  withinMs: 5 * minute,
  /** Time after the last loss in which further sites join the outage, ms. The gaps of a slow outage have any length. */
  joinMs: 15 * minute,
  /** The longest gap in a row of losses that is a slow outage; so long a site waits from its loss while its row may become one. */
  rowWaitMs: 8 * minute,
  /** It stands while so many of those that went are away, and `regionSites`: what few are left have a trouble of their own. */
  regionStands: 0.1,
  /** So many of all PCs in `planeMs`, while our hearing is proven: no line and no power is so large, our own door is. */
  planeShare: 0.5,
  planeMs: minute,
  /** With fewer sites than these, half of all may as well be one line. */
  planeSites: 10,
  /** Whoever is not back so long after the cause has a trouble of its own: a PC starts, and its first state is fresh. */
  settleMs: 5 * minute,
  /** The most of it, for a cause whose sites come back one after the other. */
  settleMostMs: 30 * minute,
  /** So long a loss waits for the others that may have gone with it, where they were not heard since. */
  waitMs: minute,
  /** So long a PC on battery waits for those beside it, which ask their UPS in turns. */
  powerWaitMs: 20 * second,
  /** What began longer ago has nothing to do with what begins now. */
  longAgoMs: hour,
  /** One fault of one model in so many rooms in `spreadMs` is no chance. */
  spreadRooms: 5,
  spreadMs: hour,
  /** A machine that was updated so lately may have its fault from that. */
  updatedMs: 24 * hour,
};

/** The fields of the dialog of the node *correlate*. */
const fields: readonly { name: string; key: keyof Numbers; factor: number; least: number; most: number; what: string }[] = [
  { name: 'siteShare', key: 'siteShare', factor: 0.01, least: 50, most: 100, what: 'percent of the PCs of a site' },
  { name: 'regionShare', key: 'regionShare', factor: 0.01, least: 10, most: 100, what: 'percent of the sites of a region' },
  { name: 'regionSites', key: 'regionSites', factor: 1, least: 2, most: 50, what: 'sites' },
  { name: 'within', key: 'withinMs', factor: 60_000, least: 1, most: 30, what: 'minutes' },
  { name: 'spreadRooms', key: 'spreadRooms', factor: 1, least: 3, most: 100, what: 'rooms' },
  { name: 'spreadWithin', key: 'spreadMs', factor: 60_000, least: 10, most: 1_440, what: 'minutes' },
];

/** All of them, as somebody may have chosen them. */
export type Numbers = typeof usualNumbers;

/** All numbers, those of the dialog in the place of the usual ones; or one line that names the one that is out of its range. */
export function chosenNumbers(config: Readonly<Record<string, unknown>>): { ok: true; numbers: Numbers } | { ok: false; line: string } {
  const numbers = { ...usualNumbers };
  for (const { name, key, factor, least, most, what } of fields) {
    const said = config[name];
    const number = said === undefined || String(said).trim() === '' ? Number.NaN : Number(said);
    const isCount = factor === 1;
    if (!(number >= least && number <= most) || (isCount && !Number.isInteger(number)))
      return { ok: false, line: `"${name}" is a number of ${what} from ${least} to ${most}` };
    numbers[key] = number * factor;
  }
  return { ok: true, numbers };
}
