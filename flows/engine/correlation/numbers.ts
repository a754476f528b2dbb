/** THE table of the numbers by which many losses are taken for one. */
const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** What holds where nobody chose otherwise; each with its reason. */
export const usualNumbers = {
  /** So many of a site's PCs that are expected now make it a site: one may be on a line of its own, or be noticed late. */
  siteShare: 0.8,
  /** A cause of many has at least so many PCs: one alone tells it itself. */
  sitePcs: 2,
  /** So many sites of a line, provider or state are no chance: with one outage in 1,000 of these windows three of twenty are one in a million. */
  regionSites: 3,
  /** And so many of its sites: three of a hundred may well be three troubles. */
  regionShare: 0.3,
  /** They went in this time: a beat, its slack and the patience of a keepalive. */
  withinMs: 5 * minute,
  /** For so long after its last loss a cause takes in further sites: the gaps of a slow outage have every length. */
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

/** All of them, as somebody may have chosen them. */
export type Numbers = typeof usualNumbers;
