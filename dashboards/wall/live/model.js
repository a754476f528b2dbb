/** What the wall knows and what it makes of it: pure functions, so that "never green by default" can be tested. */

import { noneExpected } from '../words/subject.js';

/** @import { Check, FaultView, IncidentNews, IncidentRow, PcView, Readiness, RollCallRow, RollCallSummary, SiteView, Snapshot, StateView, StreamFrame, Words } from '@sabha/contracts' */
/** `unproven`: ready, or there and open, as far as nobody has proven sound and picture. @typedef {'ok' | 'unproven' | 'fault' | 'unknown'} Mark */
/** @typedef {Record<string, { title: Words, action: Words }>} Catalogue */
/** Patterns of what a machine says, and their Hindi. @typedef {readonly (readonly [string, string])[]} Reasons */
/**
 * `at` is the centre's clock at the last frame, `deafSince` since when the centre itself hears no PC, `away` when it last heard none. `sites` stand by their state, each list by
 * path; a list whose sites did not change stays the same object, so that its tile need not be drawn again. `rows` are the answers of the roll
 * call that came over the stream since it began to run.
 * @typedef {{
 *   at: number, subscribed: boolean, deafSince: number | null, away: Snapshot['away'] | null, states: StateView[], sites: ReadonlyMap<string, readonly SiteView[]>,
 *   pcs: PcView[], incidents: IncidentRow[], rollcall: RollCallSummary | null, rows: ReadonlyMap<string, RollCallRow>,
 * }} View
 */

const dayMs = 24 * 60 * 60 * 1_000;
const severities = ['critical', 'major', 'minor', 'info'];
/** The worst first. */
export const markRank = { fault: 0, unknown: 1, unproven: 2, ok: 3 };
/** @type {Record<Readiness, Mark>} */
const readinessMarks = { ready: 'unproven', 'not-ready': 'fault', unknown: 'unknown' };

/**
 * The view that a snapshot begins. `before` is what was known until then: it remembers since when the centre is deaf.
 * @param {Snapshot} snapshot
 * @param {View | null} before
 * @returns {View}
 */
export function viewOf({ at, subscribed, away, states, sites, pcs, incidents, rollcall }, before = null) {
  const deafSince = subscribed ? null : (before?.deafSince ?? at);
  return {
    at,
    subscribed,
    deafSince,
    away: away ?? null,
    states,
    sites: byState(new Map(), sites, []),
    pcs,
    incidents,
    rollcall,
    rows: new Map(),
  };
}

/**
 * The view after a change. What is over for a day leaves it, and so do sites and PCs that the centre says are gone.
 * @param {View} view
 * @param {StreamFrame} frame
 * @returns {View}
 */
export function changed(view, frame) {
  const { at, subscribed, heard = {}, rollcall } = frame;
  const pcs = merged(view.pcs, frame.pcs, (one) => one.pc).filter((one) => !frame.pcsGone?.includes(one.pc));
  const sites = byState(view.sites, frame.sites ?? [], frame.sitesGone ?? []);
  const fresh = frame.incidents?.map((one) => wholeRow(one, sites));
  const incidents = merged(view.incidents, fresh, (one) => one.id);
  const goesOn = rollcall === undefined || rollcall.id === view.rollcall?.id;
  return {
    at,
    subscribed,
    deafSince: subscribed ? null : (view.deafSince ?? at),
    away: frame.away ?? view.away,
    states: merged(view.states, frame.states, (one) => one.state),
    sites,
    pcs: pcs.map((one) => ({ ...one, heardAt: heard[one.pc] ?? one.heardAt })),
    incidents: incidents.filter((one) => one.overAt === null || at - one.overAt < dayMs),
    rollcall: rollcall ?? view.rollcall,
    rows: rollcall === undefined ? view.rows : withRows(goesOn ? view.rows : new Map(), rollcall.rows),
  };
}

/**
 * The row of an incident with what the stream leaves out: null and false, and the name of a site that the wall knows.
 * @param {IncidentNews} news
 * @param {View['sites']} sites
 * @returns {IncidentRow}
 */
function wholeRow(news, sites) {
  const path = news.scope.split('/').slice(0, 2).join('/');
  const name = sites.get(path.split('/')[0] ?? '')?.find((one) => one.site === path)?.name;
  return {
    over: null,
    closedBecause: null,
    flapping: false,
    acknowledged: null,
    outage: null,
    site: name ?? { en: path, hi: path },
    ...news,
  };
}

/**
 * Answers of a roll call with those that are newer.
 * @param {ReadonlyMap<string, RollCallRow>} rows
 * @param {Iterable<RollCallRow>} fresh
 */
export function withRows(rows, fresh) {
  const next = new Map(rows);
  for (const row of fresh) next.set(row.pc, row);
  return next;
}

/**
 * Guarantee: unproven only while what is shown is live and the centre says ready; never ok.
 * @param {Readiness} readiness
 * @param {boolean} live
 * @returns {Mark}
 */
export function readinessMark(readiness, live) {
  return live ? readinessMarks[readiness] : 'unknown';
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
  return live && pc.presence === 'online' ? answerOf(check) : 'unknown';
}

/**
 * What people read of a check, as `answerOf` of the contracts gives it: a device of a meeting is not said to work before it is proven.
 * @template {string} T
 * @param {{ component: string, status: T, reason?: string | null }} check
 * @returns {T | 'unproven'}
 */
export function answerOf({ component, status, reason }) {
  return status === 'ok' && reason !== noneExpected && shownFirst.indexOf(component) > 0 ? 'unproven' : status;
}

/**
 * What can be said of a PC.
 * @param {PcView} pc
 * @param {boolean} live
 */
export function pcMark(pc, live) {
  return readinessMark(pc.readiness, live && pc.presence === 'online');
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
 * How many sites are ready, not ready and unknown (live ones only), and how many stand in each other stage.
 * @param {Iterable<SiteView>} sites
 * @param {boolean} live
 */
export function tally(sites, live) {
  const counts = { unproven: 0, fault: 0, unknown: 0, live: 0, planned: 0, commissioning: 0, closed: 0 };
  for (const site of sites) {
    counts[site.stage] += 1;
    if (site.stage === 'live') counts[/** @type {'unproven'} */ (readinessMark(site.readiness, live))] += 1;
  }
  return counts;
}

/**
 * Those who need somebody first, then by path, so that a line does not jump for less.
 * @template T
 * @param {readonly T[]} all
 * @param {(one: T) => Mark} markOf
 * @param {(one: T) => string} pathOf
 */
export function worstFirst(all, markOf, pathOf) {
  return all.toSorted((a, b) => markRank[markOf(a)] - markRank[markOf(b)] || pathOf(a).localeCompare(pathOf(b)));
}

/**
 * Open incidents: nobody on it first, then the most severe, then the newest. `within` is a state or a site, where causes of many that go beyond
 * it are listed as long as one of theirs is away there; '' is everywhere.
 * @param {IncidentRow[]} incidents
 * @param {string} within
 */
export function openIncidents(incidents, within = '') {
  const rank = (/** @type {IncidentRow} */ one) => (one.acknowledged === null ? 0 : 10) + severities.indexOf(one.severity);
  const open = incidents.filter((one) => one.overAt === null && isOf(one, within) && !isExplained(one, incidents));
  return open.sort((a, b) => rank(a) - rank(b) || b.openedAt - a.openedAt);
}

/**
 * @param {Pick<IncidentRow, 'scope' | 'spread'>} incident
 * @param {string} within
 */
function isOf(incident, within) {
  return isWithin(pathOf(incident), within) || incident.spread?.away.some((path) => isWithin(path, within)) === true;
}

/**
 * The part of the tree that an incident is about; '' for a cause that is of several states.
 * @param {Pick<IncidentRow, 'scope' | 'spread'>} incident
 */
export function pathOf({ scope, spread }) {
  return spread?.path ?? scope.replace(/^maintenance:/, '');
}

/**
 * True for one of the many of a cause that stands: it is listed there, unless something of its own stands beside.
 * @param {IncidentRow} incident
 * @param {IncidentRow[]} incidents
 */
function isExplained({ parent, faults }, incidents) {
  return faults.length > 0 && faults.every(({ hidden }) => hidden) && incidents.some(({ id, overAt }) => id === parent && overAt === null);
}

/**
 * True for one of the many of a cause of which nobody heard on its own.
 * @param {IncidentRow} incident
 */
function isUntold({ parent, told }) {
  return parent !== undefined && told.length === 0;
}

/**
 * What is listed under a cause, by place.
 * @param {IncidentRow[]} incidents
 * @param {number} id
 */
export function childrenOf(incidents, id) {
  return incidents.filter(({ parent }) => parent === id).toSorted((a, b) => a.scope.localeCompare(b.scope));
}

/**
 * Incidents that are over, the latest first.
 * @param {IncidentRow[]} incidents
 * @param {string} within
 */
export function overIncidents(incidents, within = '') {
  const over = incidents.filter((one) => one.overAt !== null && isWithin(pathOf(one), within) && !isUntold(one));
  return over.sort((a, b) => (b.overAt ?? 0) - (a.overAt ?? 0));
}

/**
 * True while somebody is to come: nobody is on it, not everything of it is well again, and it is neither quiet nor planned.
 * @param {IncidentRow} incident
 */
export function needsSomebody(incident) {
  const { acknowledged, snoozed, maintenance, until } = incident;
  const isQuiet = acknowledged !== null || [snoozed, maintenance, until].some((one) => one !== undefined);
  return incident.overAt === null && !isQuiet && !isWatched(incident);
}

/**
 * True where all of an incident is well again, and only watched until it is over: as the page of an answer says it, also of what comes and goes.
 * @param {Pick<IncidentRow, 'faults'>} incident
 */
export function isWatched(incident) {
  return incident.faults.length > 0 && incident.faults.every(({ watched }) => watched !== undefined);
}

/**
 * What an incident says by its mark: whether what it tells of is so now.
 * @param {Pick<IncidentRow, 'overAt' | 'faults'>} incident
 * @param {{ live: boolean }} scene
 * @returns {Mark}
 */
export function incidentMark(incident, { live }) {
  if (incident.overAt !== null) return 'ok';
  if (!live) return 'unknown';
  return isWatched(incident) ? 'ok' : 'fault';
}

/**
 * The states that need somebody now: a critical or major incident that nobody is on.
 * @param {IncidentRow[]} incidents
 */
export function hotStates(incidents) {
  const hot = incidents.filter((one) => needsSomebody(one) && severities.indexOf(one.severity) < 2);
  return new Set(hot.map((one) => pathOf(one).split('/')[0]));
}

/**
 * The faults of an incident that a person should read, the most severe first; those that a parent hides are left out, and so are those that
 * are well again while another stands.
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
 * Since when that stands which gives an incident its name; of one that is over, since when anything of it stood.
 * @param {IncidentRow} incident
 */
export function sinceOf(incident) {
  const { overAt, openedAt, faults } = incident;
  return overAt === null ? (shownFaults(incident)[0]?.since ?? openedAt) : Math.min(openedAt, ...faults.map(({ since }) => since));
}

/** @typedef {{ key: 'newIncident' | 'incidentOver', incident: IncidentRow }} News */

/**
 * What is to be spoken to those who do not see the page: incidents that are new, and those that just ended.
 * @param {IncidentRow[]} before
 * @param {IncidentRow[]} after
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
 * @param {string} scope
 * @param {string} within
 */
function isWithin(scope, within) {
  return within === '' || scope === within || scope.startsWith(`${within}/`);
}

/**
 * Sites by state; only the lists that change are made anew.
 * @param {ReadonlyMap<string, readonly SiteView[]>} old
 * @param {SiteView[]} fresh
 * @param {string[]} gone
 */
function byState(old, fresh, gone) {
  const touched = new Set([...fresh.map((one) => one.state), ...gone.map((path) => path.split('/')[0] ?? '')]);
  if (touched.size === 0) return old;
  const next = new Map(old);
  for (const state of touched) {
    const mine = fresh.filter((one) => one.state === state);
    const list = merged([...(old.get(state) ?? [])], mine, (one) => one.site).filter((one) => !gone.includes(one.site));
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
function merged(old, fresh, key) {
  if (fresh === undefined) return old;
  const next = new Map(old.map((one) => [key(one), one]));
  for (const one of fresh) next.set(key(one), one);
  return [...next.values()];
}

const shownFirst = ['presence', 'microphone', 'camera', 'speaker'];

/**
 * Sorts what a meeting needs before the rest.
 * @param {string} component
 */
export function meetingRank(component) {
  const at = shownFirst.indexOf(component);
  return at === -1 ? shownFirst.length : at;
}
