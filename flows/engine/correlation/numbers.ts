/** Thresholds of the correlation of losses. */

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

export const defaultNumbers = {
  /** Share of the expected PCs of a site whose loss is an outage of the site. One PC may use another line, or be noticed late. */
  siteShare: 0.8,
  /** Fewest PCs of an outage of a site. A single PC is notified as a PC that does not answer. */
  sitePcs: 2,
  /**
   * Fewest sites of a regional outage. With one outage in 1,000 windows, three of twenty sites fail together by chance once in a million.
   */
  regionSites: 3,
  /** Least share of the region's sites that must be lost. Three of a hundred sites may fail for three different reasons. */
  regionShare: 0.3,
  /** Losses within this time belong together: a beat interval, its slack and the keepalive timeout, ms. */
  withinMs: 5 * minute,
  /** Time after the last loss in which further sites join the outage, ms. The gaps of a slow outage have any length. */
  joinMs: 15 * minute,
  /** The longest gap between two losses of a slow outage, ms. A lost site waits this long while its row may become an outage. */
  rowWaitMs: 8 * minute,
  /** The outage lasts while this share of its sites, and at least `regionSites`, is offline. The few that remain have separate problems. */
  regionOpenShare: 0.1,
  /**
   * Share of all PCs lost within `planeMs` that means a fault of the server's own connection. No line and no power supply serves so many.
   */
  planeShare: 0.5,
  planeMs: minute,
  /** Fewest sites of such a fault. Half of fewer sites may share one line. */
  planeSites: 10,
  /** Time for PCs to come back after the end of a cause, ms: a PC starts and sends a fresh state. Later silences are separate problems. */
  settleMs: 5 * minute,
  /** The longest such time, for a cause whose sites come back one after another. */
  settleMostMs: 30 * minute,
  /** Time for which a loss waits for related losses among PCs that were not seen since. */
  waitMs: minute,
  /** Time for which a PC on battery waits for others of its site, which poll their UPS in turns. */
  powerWaitMs: 20 * second,
  /** Losses further apart than this are unrelated. */
  longAgoMs: hour,
  /** Rooms with one fault of one model within `spreadMs` that cannot be coincidence. */
  spreadRooms: 5,
  spreadMs: hour,
  /** Time after an update in which the update may cause a fault. */
  updatedMs: 24 * hour,
};

/** The fields in the dialog of the *correlate* node. */
const fields: readonly { name: string; key: keyof CorrelationNumbers; factor: number; least: number; most: number; what: string }[] = [
  { name: 'siteShare', key: 'siteShare', factor: 0.01, least: 50, most: 100, what: 'percent of the PCs of a site' },
  { name: 'regionShare', key: 'regionShare', factor: 0.01, least: 10, most: 100, what: 'percent of the sites of a region' },
  { name: 'regionSites', key: 'regionSites', factor: 1, least: 2, most: 50, what: 'sites' },
  { name: 'within', key: 'withinMs', factor: 60_000, least: 1, most: 30, what: 'minutes' },
  { name: 'spreadRooms', key: 'spreadRooms', factor: 1, least: 3, most: 100, what: 'rooms' },
  { name: 'spreadWithin', key: 'spreadMs', factor: 60_000, least: 10, most: 1_440, what: 'minutes' },
];

export type CorrelationNumbers = typeof defaultNumbers;

/** Returns all thresholds, with the values of the dialog. For a value out of range, returns one line that names it. */
export function readDialogNumbers(
  config: Readonly<Record<string, unknown>>,
): { ok: true; numbers: CorrelationNumbers } | { ok: false; line: string } {
  const numbers = { ...defaultNumbers };
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
