/** What the wall knows and what it makes of it: pure functions, so that "never green by default" can be tested. */

/** @import { Check, FaultView, IncidentView, PcView, SiteView, Snapshot, StreamFrame, Words } from '#contracts' */
/** @typedef {'ok' | 'fault' | 'unknown'} Mark */
/** @typedef {Record<string, { title: Words, action: Words }>} Catalogue */
/**
 * `at` is the centre's clock at the last frame, `deafSince` since when the centre itself hears no PC.
 * @typedef {{ at: number, subscribed: boolean, deafSince: number | null, sites: SiteView[], pcs: PcView[], incidents: IncidentView[] }} View
 */

const dayMs = 24 * 60 * 60 * 1_000;
const severities = ['critical', 'major', 'minor', 'info'];

/**
 * The view that a snapshot begins. `before` is what was known until then: it remembers since when the centre is deaf.
 * @param {Snapshot} snapshot
 * @param {View | null} before
 * @returns {View}
 */
export function viewOf({ at, subscribed, sites, pcs, incidents }, before = null) {
  return { at, subscribed, deafSince: subscribed ? null : (before?.deafSince ?? at), sites, pcs, incidents };
}

/**
 * The view after a change. A PC that its site no longer lists leaves, and so does what is over for a day.
 * @param {View} view
 * @param {StreamFrame} frame
 * @returns {View}
 */
export function changed(view, frame) {
  const sites = merged(view.sites, frame.sites, (one) => one.site);
  const listed = new Map(sites.map((one) => [one.site, new Set(one.pcs)]));
  const pcs = merged(view.pcs, frame.pcs, (one) => one.pc);
  const incidents = merged(view.incidents, frame.incidents, (one) => one.id);
  return {
    at: frame.at,
    subscribed: frame.subscribed,
    deafSince: frame.subscribed ? null : (view.deafSince ?? frame.at),
    sites,
    pcs: frame.sites === undefined ? pcs : pcs.filter((one) => listed.get(one.site)?.has(one.pc) ?? true),
    incidents: incidents.filter((one) => one.overAt === null || frame.at - one.overAt < dayMs),
  };
}

/**
 * What can be said of one check. An old answer of a PC that is not online, or that the wall cannot hear of, is unknown.
 * Guarantee: ok only while the stream is live, the centre hears its PCs, this PC is online and its check says ok.
 * @param {Check} check
 * @param {PcView} pc
 * @param {boolean} live
 * @returns {Mark}
 */
export function checkMark(check, pc, live) {
  return live && pc.presence === 'online' ? check.status : 'unknown';
}

/**
 * What can be said of a PC: a fault or an open incident needs somebody, an unknown check leaves it unknown, and so does silence.
 * @param {PcView} pc
 * @param {boolean} live
 * @returns {Mark}
 */
export function pcMark(pc, live) {
  const marks = pc.checks.map((check) => checkMark(check, pc, live));
  if (!live || pc.presence !== 'online') return 'unknown';
  if (marks.includes('fault') || pc.incident !== null) return 'fault';
  return marks.length === 0 || marks.includes('unknown') ? 'unknown' : 'ok';
}

/**
 * Since when nothing is known of a PC: since the wall or the centre lost its link, or since the PC was last heard; null while it is online.
 * @param {PcView} pc
 * @param {number | null} lostAt
 */
export function unknownSince(pc, lostAt) {
  return pc.presence === 'online' ? lostAt : (pc.heardAt ?? lostAt);
}

/**
 * @param {PcView[]} pcs
 * @param {boolean} live
 * @returns {Record<Mark, number>}
 */
export function tally(pcs, live) {
  const counts = { ok: 0, fault: 0, unknown: 0 };
  for (const pc of pcs) counts[pcMark(pc, live)] += 1;
  return counts;
}

/**
 * Rooms in the order of who needs somebody, then by path, so that a card does not jump for less.
 * @param {PcView[]} pcs
 * @param {boolean} live
 */
export function sortedPcs(pcs, live) {
  const rank = { fault: 0, unknown: 1, ok: 2 };
  return pcs.toSorted((a, b) => rank[pcMark(a, live)] - rank[pcMark(b, live)] || a.pc.localeCompare(b.pc));
}

/**
 * Open incidents: nobody on it first, then the most severe, then the newest.
 * @param {IncidentView[]} incidents
 */
export function openIncidents(incidents) {
  const rank = (/** @type {IncidentView} */ one) => (one.acknowledged === null ? 0 : 10) + severities.indexOf(one.severity);
  return incidents.filter((one) => one.overAt === null).sort((a, b) => rank(a) - rank(b) || b.openedAt - a.openedAt);
}

/**
 * Incidents that are over, the latest first.
 * @param {IncidentView[]} incidents
 */
export function overIncidents(incidents) {
  return incidents.filter((one) => one.overAt !== null).sort((a, b) => (b.overAt ?? 0) - (a.overAt ?? 0));
}

/**
 * The faults of an incident that a person should read, the most severe first; those that a parent hides are left out.
 * @param {IncidentView} incident
 * @returns {FaultView[]}
 */
export function shownFaults(incident) {
  const visible = incident.faults.filter((one) => !one.hidden);
  const faults = visible.length > 0 ? visible : incident.faults;
  return faults.toSorted((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity) || a.since - b.since);
}

/** @typedef {{ key: 'newIncident' | 'incidentOver', incident: IncidentView }} News */

/**
 * What is to be spoken to those who do not see the page: incidents that are new, and those that just ended.
 * @param {IncidentView[]} before
 * @param {IncidentView[]} after
 */
export function news(before, after) {
  const known = new Map(before.map((one) => [one.id, one.overAt]));
  /** @type {News[]} */
  const told = [];
  for (const incident of after) {
    if (incident.overAt === null && !known.has(incident.id)) told.push({ key: 'newIncident', incident });
    if (incident.overAt !== null && known.get(incident.id) === null) told.push({ key: 'incidentOver', incident });
  }
  return told;
}

/**
 * @template T
 * @param {T[]} old
 * @param {T[] | undefined} fresh
 * @param {(one: T) => string | number} key
 * @returns {T[]}
 */
function merged(old, fresh, key) {
  if (fresh === undefined) return old;
  const next = new Map(old.map((one) => [key(one), one]));
  for (const one of fresh) next.set(key(one), one);
  return [...next.values()];
}
