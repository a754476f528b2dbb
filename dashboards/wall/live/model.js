/** Data model of the wall: pure functions, so that "never green by default" can be tested. */

import { noneExpected } from '../words/subject.js';

/** @import { Check, FaultView, IncidentNews, IncidentRow, PcView, Readiness, RollCallRow, RollCallSummary, SiteView, Snapshot, StateView, StreamFrame, Words } from '@sabha/contracts' */
/** `unproven`: no check is in fault, but sound and picture are not proven. @typedef {'ok' | 'unproven' | 'fault' | 'unknown'} Mark */
/** @typedef {Record<string, { title: Words, action: Words }>} Catalogue */
/** Patterns of an agent's reasons, and their Hindi. @typedef {readonly (readonly [string, string])[]} Reasons */
/**
 * `at`: server time of the last frame. `notReceivingSince`: since when the server receives from no PC. `away`: its last receive gap. `sites`: by
 * state, each list sorted by path; an unchanged list stays the same object, so that its tile is not drawn again. `rows`: roll call results
 * from the stream since its start.
 *
 * @typedef {{
 *   at: number, subscribed: boolean, notReceivingSince: number | null, away: Snapshot['away'] | null, states: StateView[], sites: ReadonlyMap<string, readonly SiteView[]>,
 *   pcs: PcView[], incidents: IncidentRow[], rollcall: RollCallSummary | null, rows: ReadonlyMap<string, RollCallRow>,
 * }} View
 */

const dayMs = 24 * 60 * 60 * 1_000;
const severities = ['critical', 'major', 'minor', 'info'];
/** Sort order, worst first. */
export const markRank = { fault: 0, unknown: 1, unproven: 2, ok: 3 };
/** @type {Record<Readiness, Mark>} */
const readinessMarks = { ready: 'unproven', 'not-ready': 'fault', unknown: 'unknown' };

/**
 * Creates the view from a snapshot. `before` keeps `notReceivingSince` across a reconnect.
 * @param {Snapshot} snapshot
 * @param {View | null} before
 * @returns {View}
 */
export function createView({ at, subscribed, away, states, sites, pcs, incidents, rollcall }, before = null) {
  const notReceivingSince = subscribed ? null : (before?.notReceivingSince ?? at);
  return {
    at,
    subscribed,
    notReceivingSince,
    away: away ?? null,
    states,
    sites: updateSites(new Map(), sites, []),
    pcs,
    incidents,
    rollcall,
    rows: new Map(),
  };
}

/**
 * Applies a change. Incidents that ended a day ago are removed, and so are sites and PCs that the server removed.
 *
 * @param {View} view
 * @param {StreamFrame} frame
 * @returns {View}
 */
export function applyChange(view, frame) {
  const { at, subscribed, heard = {}, rollcall } = frame;
  const pcs = mergeByKey(view.pcs, frame.pcs, (one) => one.pc).filter((one) => !frame.pcsGone?.includes(one.pc));
  const sites = updateSites(view.sites, frame.sites ?? [], frame.sitesGone ?? []);
  const fresh = frame.incidents?.map((one) => fillOmittedFields(one, sites));
  const incidents = mergeByKey(view.incidents, fresh, (one) => one.id);
  const goesOn = rollcall === undefined || rollcall.id === view.rollcall?.id;
  return {
    at,
    subscribed,
    notReceivingSince: subscribed ? null : (view.notReceivingSince ?? at),
    away: frame.away ?? view.away,
    states: mergeByKey(view.states, frame.states, (one) => one.state),
    sites,
    pcs: pcs.map((one) => ({ ...one, heardAt: heard[one.pc] ?? one.heardAt })),
    incidents: incidents.filter((one) => one.overAt === null || at - one.overAt < dayMs),
    rollcall: rollcall ?? view.rollcall,
    rows: rollcall === undefined ? view.rows : addRows(goesOn ? view.rows : new Map(), rollcall.rows),
  };
}

/**
 * Fills the fields that the stream omits: null, false, and the name of a known site.
 * @param {IncidentNews} incidentNews
 * @param {View['sites']} sites
 * @returns {IncidentRow}
 */
function fillOmittedFields(incidentNews, sites) {
  const path = incidentNews.scope.split('/').slice(0, 2).join('/');
  const name = sites.get(path.split('/')[0] ?? '')?.find((one) => one.site === path)?.name;
  return {
    over: null,
    closedBecause: null,
    flapping: false,
    acknowledged: null,
    outage: null,
    site: name ?? { en: path, hi: path },
    ...incidentNews,
  };
}

/**
 * @param {ReadonlyMap<string, RollCallRow>} rows
 * @param {Iterable<RollCallRow>} fresh
 */
export function addRows(rows, fresh) {
  const next = new Map(rows);
  for (const row of fresh) next.set(row.pc, row);
  return next;
}

/**
 * Guarantee: returns unproven only while the data is live and the server reports ready; never ok.
 * @param {Readiness} readiness
 * @param {boolean} live
 * @returns {Mark}
 */
export function readyMark(readiness, live) {
  return live ? readinessMarks[readiness] : 'unknown';
}

/**
 * Returns the mark of one check. The old result of an offline PC, or of any PC without a live stream, is unknown.
 * Guarantee: ok only while the stream is live, the server receives from its PCs, this PC is online and its check is ok.
 *
 * @param {Check} check
 * @param {PcView} pc
 * @param {boolean} live
 * @returns {Mark}
 */
export function checkMark(check, pc, live) {
  return live && pc.presence === 'online' ? shownStatusOf(check) : 'unknown';
}

/**
 * Returns the status shown to people, like `shownStatus` of the contracts: a meeting device is not ok before it is proven.
 *
 * @template {string} T
 * @param {{ component: string, status: T, reason?: string | null }} check
 * @returns {T | 'unproven'}
 */
export function shownStatusOf({ component, status, reason }) {
  return status === 'ok' && reason !== noneExpected && meetingOrder.indexOf(component) > 0 ? 'unproven' : status;
}

/**
 * @param {PcView} pc
 * @param {boolean} live
 */
export function pcMark(pc, live) {
  return readyMark(pc.readiness, live && pc.presence === 'online');
}

/**
 * Returns when the PC was last seen, or when the wall or the server lost its connection. Null while the PC's state is known.
 *
 * @param {PcView} pc
 * @param {number | null} lostAt
 */
export function unknownSince(pc, lostAt) {
  return pc.presence === 'online' ? lostAt : (pc.heardAt ?? lostAt);
}

/**
 * Counts live sites by readiness, and all sites by stage.
 * @param {Iterable<SiteView>} sites
 * @param {boolean} live
 */
export function countSites(sites, live) {
  const counts = { unproven: 0, fault: 0, unknown: 0, live: 0, planned: 0, commissioning: 0, closed: 0 };
  for (const site of sites) {
    counts[site.stage] += 1;
    if (site.stage === 'live') counts[/** @type {'unproven'} */ (readyMark(site.readiness, live))] += 1;
  }
  return counts;
}

/**
 * Sorts the worst first, then by path, so that a row moves only when its mark changes.
 *
 * @template T
 * @param {readonly T[]} all
 * @param {(one: T) => Mark} markOf
 * @param {(one: T) => string} pathOf
 */
export function worstFirst(all, markOf, pathOf) {
  return all.toSorted((a, b) => markRank[markOf(a)] - markRank[markOf(b)] || pathOf(a).localeCompare(pathOf(b)));
}

/**
 * Returns open incidents: unacknowledged first, then by severity, then the newest. `within` is a state or a site; '' is everywhere. A group
 * incident is listed there too if one of its PCs is offline there.
 * @param {IncidentRow[]} incidents
 * @param {string} within
 */
export function openIncidents(incidents, within = '') {
  const rank = (/** @type {IncidentRow} */ one) => (one.acknowledged === null ? 0 : 10) + severities.indexOf(one.severity);
  const open = incidents.filter((one) => one.overAt === null && concerns(one, within) && !isExplained(one, incidents));
  return open.sort((a, b) => rank(a) - rank(b) || b.openedAt - a.openedAt);
}

/**
 * @param {Pick<IncidentRow, 'scope' | 'spread'>} incident
 * @param {string} within
 */
function concerns(incident, within) {
  return isWithin(pathOf(incident), within) || incident.spread?.away.some((path) => isWithin(path, within)) === true;
}

/**
 * Returns the path of an incident; '' for a group incident of several states.
 * @param {Pick<IncidentRow, 'scope' | 'spread'>} incident
 */
export function pathOf({ scope, spread }) {
  return spread?.path ?? scope.replace(/^maintenance:/, '');
}

/**
 * Returns true if an open parent incident explains all faults of this incident. The list then shows only the parent.
 * @param {IncidentRow} incident
 * @param {IncidentRow[]} incidents
 */
function isExplained({ parent, faults }, incidents) {
  return faults.length > 0 && faults.every(({ hidden }) => hidden) && incidents.some(({ id, overAt }) => id === parent && overAt === null);
}

/**
 * Returns true if a parent incident explains it and no person was notified of it.
 * @param {IncidentRow} incident
 */
function isUnnotified({ parent, told }) {
  return parent !== undefined && told.length === 0;
}

/**
 * Returns the incidents under a parent incident, by path.
 * @param {IncidentRow[]} incidents
 * @param {number} id
 */
export function childrenOf(incidents, id) {
  return incidents.filter(({ parent }) => parent === id).toSorted((a, b) => a.scope.localeCompare(b.scope));
}

/**
 * Returns ended incidents, the latest first.
 * @param {IncidentRow[]} incidents
 * @param {string} within
 */
export function overIncidents(incidents, within = '') {
  const over = incidents.filter((one) => one.overAt !== null && isWithin(pathOf(one), within) && !isUnnotified(one));
  return over.sort((a, b) => (b.overAt ?? 0) - (a.overAt ?? 0));
}

/**
 * Returns true if a person must act: nobody acknowledged the incident, not all its faults are clearing, and it is neither snoozed nor
 * maintenance.
 *
 * @param {IncidentRow} incident
 */
export function needsAction(incident) {
  const { acknowledged, snoozed, maintenance, until } = incident;
  const isQuiet = acknowledged !== null || [snoozed, maintenance, until].some((one) => one !== undefined);
  return incident.overAt === null && !isQuiet && !isClearing(incident);
}

/**
 * Returns true if all faults have cleared and are only watched until the clear time ends. The acknowledgement page uses the same rule, also
 * for flapping faults.
 * @param {Pick<IncidentRow, 'faults'>} incident
 */
export function isClearing(incident) {
  return incident.faults.length > 0 && incident.faults.every(({ watched }) => watched !== undefined);
}

/**
 * Returns whether the fault of an incident is present now.
 * @param {Pick<IncidentRow, 'overAt' | 'faults'>} incident
 * @param {{ live: boolean }} scene
 * @returns {Mark}
 */
export function incidentMark(incident, { live }) {
  if (incident.overAt !== null) return 'ok';
  if (!live) return 'unknown';
  return isClearing(incident) ? 'ok' : 'fault';
}

/**
 * Returns the states with a critical or major incident on which a person must act.
 * @param {IncidentRow[]} incidents
 */
export function urgentStates(incidents) {
  const hot = incidents.filter((one) => needsAction(one) && severities.indexOf(one.severity) < 2);
  return new Set(hot.map((one) => pathOf(one).split('/')[0]));
}

/**
 * Returns the faults to show, the most severe first. Faults hidden by a parent are left out, and so are cleared faults while another one is
 * present.
 * @param {IncidentRow} incident
 * @returns {FaultView[]}
 */
export function shownFaults(incident) {
  const standing = incident.faults.filter(({ watched }) => watched === undefined);
  const all = standing.length > 0 ? standing : incident.faults;
  const visible = all.filter((one) => !one.hidden);
  const faults = visible.length > 0 ? visible : all;
  return faults.toSorted((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity) || a.since - b.since);
}

/**
 * Returns since when the title fault of an incident is present. For an ended incident: since its earliest fault.
 * @param {IncidentRow} incident
 */
export function sinceOf(incident) {
  const { overAt, openedAt, faults } = incident;
  return overAt === null ? (shownFaults(incident)[0]?.since ?? openedAt) : Math.min(openedAt, ...faults.map(({ since }) => since));
}

/** @typedef {{ key: 'newIncident' | 'incidentOver', incident: IncidentRow }} News */

/**
 * Returns the incidents to announce to a screen reader: new ones, and those that just ended.
 * @param {IncidentRow[]} before
 * @param {IncidentRow[]} after
 */
export function listNews(before, after) {
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
 * @param {string} scope
 * @param {string} within
 */
function isWithin(scope, within) {
  return within === '' || scope === within || scope.startsWith(`${within}/`);
}

/**
 * Groups sites by state, and copies only the lists that changed.
 * @param {ReadonlyMap<string, readonly SiteView[]>} old
 * @param {SiteView[]} fresh
 * @param {string[]} gone
 */
function updateSites(old, fresh, gone) {
  const touched = new Set([...fresh.map((one) => one.state), ...gone.map((path) => path.split('/')[0] ?? '')]);
  if (touched.size === 0) return old;
  const next = new Map(old);
  for (const state of touched) {
    const mine = fresh.filter((one) => one.state === state);
    const list = mergeByKey([...(old.get(state) ?? [])], mine, (one) => one.site).filter((one) => !gone.includes(one.site));
    if (list.length === 0) next.delete(state);
    else
      next.set(
        state,
        list.sort((a, b) => a.site.localeCompare(b.site)),
      );
  }
  return next;
}

/**
 * @template T
 * @param {T[]} old
 * @param {T[] | undefined} fresh
 * @param {(one: T) => string | number} key
 * @returns {T[]}
 */
function mergeByKey(old, fresh, key) {
  if (fresh === undefined) return old;
  const next = new Map(old.map((one) => [key(one), one]));
  for (const one of fresh) next.set(key(one), one);
  return [...next.values()];
}

const meetingOrder = ['presence', 'microphone', 'camera', 'speaker'];

/**
 * Returns the sort rank of a component: those that a meeting needs first.
 * @param {string} component
 */
export function meetingRank(component) {
  const at = meetingOrder.indexOf(component);
  return at === -1 ? meetingOrder.length : at;
}
