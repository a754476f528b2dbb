/** Thresholds for finding a common cause of lost PCs or faults. */

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

export const defaultNumbers = {
  /** Share of the expected PCs of a site whose loss is an outage of the site. It is below 1, because one PC may use another line. */
  siteShare: 0.8,
  /** Fewest lost PCs for an outage of a site. The loss of a single PC is reported as a silent PC instead. */
  sitePcs: 2,
  /**
   * Least number of lost sites for a regional outage. If one site in 1,000 is lost per time window, three of twenty coincide once in a
   * million windows.
   */
  regionSites: 3,
  /** Least share of the region's sites that must be lost. Three of a hundred sites may fail for three different reasons. */
  regionShare: 0.3,
  /**
   * Losses at most this far apart count as simultaneous, ms. PCs of one outage are lost up to a beat interval, its slack and a keepalive
   * timeout apart.
   */
  withinMs: 5 * minute,
  /** Time after the last loss in which further sites join the outage, ms. */
  joinMs: 15 * minute,
  /**
   * Longest time between two losses of a slow outage, in which sites are lost one after another, ms. The notification of a lost site waits
   * this long while such an outage may develop.
   */
  rowWaitMs: 8 * minute,
  /**
   * An outage lasts while at least this share of its sites, and at least `regionSites` sites, are offline. Fewer offline sites have
   * separate problems.
   */
  regionOpenShare: 0.1,
  /**
   * If this share of all PCs is lost within `planeMs`, the connection of the server has failed. No line or power supply serves so many PCs.
   */
  planeShare: 0.5,
  planeMs: minute,
  /** Least number of lost sites for a failure of the server's connection. Fewer sites may share one line. */
  planeSites: 10,
  /** After an outage, PCs have this time to start and to send their state, ms. A PC that is silent for longer has a separate problem. */
  settleMs: 5 * minute,
  /** Longest value to which `settleMs` grows, ms, if the sites of an outage return slowly, one after another. */
  settleMostMs: 30 * minute,
  /** Delay of the notification of a lost PC, ms, while more PCs of its site may be lost. */
  waitMs: minute,
  /**
   * The notification of a PC on battery waits this long for the same report of other PCs of its site, ms. PCs poll their UPS at different
   * times.
   */
  powerWaitMs: 20 * second,
  /** A loss of a site that is older than this is not compared with new losses, ms. */
  longAgoMs: hour,
  /** Least number of rooms that get one fault of one model or update within `spreadMs`. Fewer rooms may be coincidence. */
  spreadRooms: 5,
  spreadMs: hour,
  /** Time after an update in which a new fault may be caused by the update, ms. */
  updatedMs: 24 * hour,
};

const fields: readonly { name: string; key: keyof CorrelationNumbers; factor: number; least: number; most: number; what: string }[] = [
  { name: 'siteShare', key: 'siteShare', factor: 0.01, least: 50, most: 100, what: 'percent of the PCs of a site' },
  { name: 'regionShare', key: 'regionShare', factor: 0.01, least: 10, most: 100, what: 'percent of the sites of a region' },
  { name: 'regionSites', key: 'regionSites', factor: 1, least: 2, most: 50, what: 'sites' },
  { name: 'within', key: 'withinMs', factor: 60_000, least: 1, most: 30, what: 'minutes' },
  { name: 'spreadRooms', key: 'spreadRooms', factor: 1, least: 3, most: 100, what: 'rooms' },
  { name: 'spreadWithin', key: 'spreadMs', factor: 60_000, least: 10, most: 1_440, what: 'minutes' },
];

export type CorrelationNumbers = typeof defaultNumbers;

/**
 * Returns all thresholds, with the values from the dialog of the *correlate* node. If a value is out of range, returns one line that names
 * it.
 */
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
