/** The causes of many: what is seen of all sites, what that is one cause of, and the incident of each. */
import {
  causeKindOf,
  causeScope,
  links,
  maintainedIn,
  nameInScope,
  type Outage,
  openUpTo,
  siteOf,
  stateOf,
  sureFrom,
} from '@sabha/contracts';
import type { Cause } from '../correlation/correlation.ts';
import type { Loss, SiteSight } from '../correlation/sight.ts';
import type { Memory } from '../memory/memory.ts';
import {
  type Away,
  type Finding,
  isAway,
  isBeside,
  type Joint,
  lostPowerTogether,
  type Region,
  regionOf,
  stoodSince,
  undetermined,
  weighed,
  wentWith,
  whyAway,
  whyUnheard,
  whyWasAway,
  windowMs,
} from '../outages/outages.ts';
import { isBattery, isOfGap, missedLimits, patienceMs, presenceOf, seesMains } from '../outages/pc.ts';
import type { Absence, PcEvent, PcRecord, ShownOutage, Spread } from '../records/incidents.ts';
import { isEnd, type Scene, type Standing, sceneOfList, standingFault, watchedUntil } from '../transitions/incident.ts';
import { isUnheard, maintainedAt, maintainedFor } from '../transitions/noise.ts';
import {
  alerts,
  type Core,
  followCentre,
  followPc,
  followScope,
  followUnheard,
  listeningSince,
  neededIn,
  pcsOf,
  putRecord,
  shownOutage,
} from './core.ts';

/** How far apart it is told that ever more went with a cause, one by one; and how long after a site that went late and alone. */
const growthMs = 10 * 60_000;
/** Messages of one cause after which no more is told of such growth: people know that it grows. */
const growthSteps = 3;
/** What went a little before the first that was noticed. */
const slackMs = 60_000;
const minuteMs = 60_000;

/** Finds what many have in common before any of them is followed: a cause is told, and not its many. */
function correlate(core: Core, now: number): void {
  const { correlation, spreads, subscribedAt } = core;
  const sights = subscribedAt === null ? [] : sightsOf(core);
  const isQuiet = correlation.causes.size === 0 && !sights.some(({ lost, onBattery }) => lost.length > 0 || onBattery > 0);
  const judged = subscribedAt === null || isQuiet ? { scopes: [], who: [] } : correlation.judge(sights, now);
  const spread = spreads.judge(now);
  const scopes = [...judged.scopes, ...spread.scopes].toSorted((a, b) => Number(isOfSite(a)) - Number(isOfSite(b)));
  for (const scope of scopes) followCause(core, scope, now);
  const ofSites = [...scopes, ...judged.who].filter(isOfSite).flatMap((scope) => pcsOf(core, nameInScope(scope)));
  const pcs = judged.who.filter((who) => !isOfSite(who));
  for (const pc of new Set([...pcs, ...spread.pcs, ...ofSites, ...core.waiting])) followPc(core, pc, now);
}

function isOfSite(scope: string): boolean {
  return causeKindOf(scope) === 'site';
}

/** All sites of which something alerts, as they are seen now. */
function sightsOf(core: Core): SiteSight[] {
  const sights: SiteSight[] = [];
  for (const [site, pcs] of core.sites) {
    const nobody = { expected: 0, watched: 0, lost: [], cut: [], away: 0, onBattery: 0, heard: [] };
    const sight: SiteSight = { site, regions: core.above.get(site) ?? [], ...nobody };
    for (const pc of pcs) if (alerts(core, pc)) look(core, sight, core.memory.pcs.get(pc));
    if (sight.watched > 0) sights.push(sight);
  }
  return sights;
}

/** Adds one PC to what is seen of its site. */
function look(core: Core, sight: SiteSight, record: PcRecord | undefined): void {
  if (record === undefined || record.heardAt === null || record.presence === 'never') return;
  if (record.presence === 'stopped') return lookAtStopped(core, sight, record);
  const { pc, presence, heardAt, unheard } = record;
  const loss = lossOf(core, record);
  sight.watched += 1;
  if (!unheard) sight.expected += 1;
  if (loss !== null) sight.lost.push(loss);
  else if (presence === 'online') sight.heard.push(heardAt);
  if (loss !== null || presence !== 'online' || heardAt < (listeningSince(core, pc) ?? 0)) sight.away += 1;
  if (isOnBattery(record)) addBattery(sight, record);
}

function addBattery(sight: SiteSight, record: PcRecord): void {
  const said = record.checks.filter(isBattery).map(({ since }) => since);
  sight.onBattery += 1;
  sight.batterySince = Math.min(sight.batterySince ?? Number.POSITIVE_INFINITY, ...(said.length > 0 ? said : [record.absence?.from ?? 0]));
}

/**
 * Of those that said goodbye only they count who did so while a cause of their site, or of its region, stood: whom its power cut switched off
 * in order is away and on battery as those are that it took without a word; one that was gone, or saw its mains, shows that it was there again.
 */
function lookAtStopped(core: Core, sight: SiteSight, record: PcRecord): void {
  const { causes, explains } = core.correlation;
  const scope = causeScope('site', sight.site);
  const cause = causes.get(scope) ?? causes.get(explains(scope) ?? '');
  if (cause === undefined || !record.bye || record.bye.at < cause.since - slackMs) return;
  const isCut = isOnBattery(record);
  if (isCut || cause.members.has(record.pc) || (cause.faults.includes('outage.power') && seesMains(record))) sight.watched += 1;
  if (!isCut) return;
  sight.cut?.push(record.pc);
  sight.expected += 1;
  sight.away += 1;
  addBattery(sight, record);
}

/** What it last said stays true of one that is gone, whatever is thought of its absence. */
function isOnBattery(record: PcRecord): boolean {
  return record.checks.some(isBattery) || (isAway(record) && record.absence.cause === 'power-cut');
}

/** A PC that is silent, or about to be: its will has come, or a beat has not. */
function lossOf(core: Core, record: PcRecord): Loss | null {
  const { pc, presence, heardAt, unheard, lostAt } = record;
  if (unheard || heardAt === null || isOfGap(record)) return null;
  const due = dueAt(core, record, heardAt);
  const away = isAway(record) ? record.absence : null;
  const isSilent = presence === 'silent';
  if (isSilent || presence === 'lost') return { pc, from: away?.from ?? heardAt, at: away?.goneBy ?? lostAt ?? due, isSilent };
  return core.provenAt > due ? { pc, from: heardAt, at: due, isSilent } : null;
}

/** Follows the incident of a cause of many; of one that is known no more what is open of it ends. */
function followCause(core: Core, scope: string, now: number): void {
  const { correlation, memory } = core;
  const cause = correlation.causes.get(scope);
  const isNeeded = neededIn(core, scope, now);
  const scene: Scene = {
    ...sceneOfList(cause === undefined ? [] : standingOf(cause)),
    explained: () => correlation.explains(scope),
    isNeeded,
  };
  const outage = cause && cause.kind !== 'spread' ? whyOf(core, cause) : undefined;
  const grew = grownBy(core, scope, now);
  followScope(core, { scope, scene, grew, ...(cause && { spread: spreadOf(cause) }), ...(outage && { outage }) }, now);
  if (memory.openIncident(scope) === undefined) correlation.forget(scope, now);
}

/** A spread is named by its scope: the fault of the rooms, and the model or the update that they share. */
function standingOf({ scope, kind, since, faults }: Cause): Standing[] {
  if (kind !== 'spread') return faults.map((fault) => standingFault(fault, '', since));
  const [device = '', ...what] = nameInScope(scope).split(' ');
  return faults.map((fault) => ({ ...standingFault(fault, device, since), name: what.join(' ') }));
}

/**
 * The sites by which a cause grew that is told as such: at once where some of those that people do not know of went together, after a pause
 * where one went late, else where as many more are away as they know of; that half of all is away says what is to be known.
 * One fault of many rooms grew when it reaches a further state.
 */
function grownBy(core: Core, scope: string, now: number): string[] {
  const { memory, correlation } = core;
  const incident = memory.openIncident(scope);
  if (incident?.toldAway === undefined) return [];
  const steps = memory.stepsOf(incident.id);
  const known = new Set([...incident.toldAway, ...steps.flatMap((one) => (isUnheard(one) ? [] : (one.grew ?? [])))]);
  const { away = [], waves, late, lastAt = now, faults = [] } = correlation.causes.get(scope) ?? {};
  const fresh = away.filter((site) => !known.has(site));
  if (fresh.length === 0) return [];
  // What is dark in its own maintenance is no news before the end of that; while all of it is maintained, all is told at the end.
  const isAll = maintainedFor(memory, incident) !== undefined;
  const untold = isAll ? fresh : fresh.filter((site) => maintainedAt(memory, site) === undefined);
  const news = steps.filter((one) => !isEnd(one));
  // That a region on battery also goes dark is a message yet to come.
  const left = growthSteps - news.length - Number(faults.join() === 'outage.power');
  const isApart = causeKindOf(scope) !== 'plane' && now - (news.at(-1)?.at ?? 0) >= growthMs;
  const hasDoubled = left > 0 && untold.length >= Math.max(1, known.size);
  const hasPaused = left > 0 && now - lastAt >= growthMs && untold.some((site) => late?.has(site));
  const states = new Set([...known].map(stateOf));
  const isWider = untold.some((room) => !states.has(stateOf(room)));
  const hasGrown = causeKindOf(scope) === 'spread' ? isWider : hasDoubled || hasPaused;
  return (isApart && hasGrown) || untold.some((site) => waves?.has(site)) ? untold : [];
}

function spreadOf({ scope, members, away, of, lastAt, waves = new Set() }: Cause): Spread {
  const all = [...members];
  const states = new Set(all.map(stateOf));
  const [only = ''] = states;
  const path = isOfSite(scope) ? nameInScope(scope) : states.size === 1 ? only : '';
  const last = isOfSite(scope) ? {} : { lastAt, ...(waves.size > 0 && { waves: [...waves] }) };
  return { members: all, away: [...away], of, path: causeKindOf(scope) === 'plane' ? '' : path, ...last };
}

/** Why its many are away: what one PC of a site knows is so for the site; of many sites what most of them say. */
function whyOf(core: Core, { kind, members, since }: Cause): ShownOutage | undefined {
  const pcs = kind === 'site' ? [...members] : [...members].flatMap((site) => pcsOf(core, site));
  const isOfIt = (one: PcRecord['absence']): one is Absence => one != null && one.goneBy >= since - slackMs && one.cause !== 'pc-off';
  const all = pcs.map((pc) => core.memory.pcs.get(pc)?.absence).filter(isOfIt);
  const by = Map.groupBy(all, ({ cause }) => cause);
  const surest = (list: readonly Absence[]) => list.toSorted((a, b) => b.confidence - a.confidence);
  const rank = (list: readonly Absence[]) => (kind === 'site' ? (surest(list)[0]?.confidence ?? 0) : list.length);
  const [best = []] = [...by.values()].toSorted((a, b) => rank(b) - rank(a));
  const said = surest(best).at(kind === 'site' ? 0 : -1);
  if (said === undefined) return undefined;
  const { cause, confidence } = said;
  const isOver = all.every(({ to }) => to !== null);
  const to = isOver ? Math.max(...all.map((one) => one.to ?? 0)) : null;
  return { cause, confidence, from: Math.min(...all.map(({ from }) => from)), to };
}

/** When the next fault that is gone will be over, unless it comes back; infinity where none is. What is due and stands still does not count: a tick has judged it. */
export function nextClearAt({ memory }: Core, now: number): number {
  const ends = memory.openIncidents().flatMap(({ scope, faults }) => faults.map((fault) => watchedUntil(fault, memory.endedOf(scope))));
  return ends.reduce((next, at) => (at > now && at < next ? at : next), Number.POSITIVE_INFINITY);
}

/** Follows what waits for its clear time, which passes without any message; and once a minute all that is open: a meeting comes near, or a morning. */
export function followOpen(core: Core, now: number): void {
  const minute = Math.floor(now / minuteMs);
  const all = core.followedMinute !== minute;
  core.followedMinute = minute;
  for (const scope of core.memory.openScopes()) {
    const { faults = [], ended = [] } = core.memory.openIncident(scope) ?? {};
    const waits = faults.some(({ goneAt }) => goneAt !== null) || ended.some(({ said }) => !said) || core.batches.isDue(scope, now);
    if (!all && !waits && grownBy(core, scope, now).length === 0) continue;
    if (maintainedIn(scope) !== undefined) continue;
    if (scope === 'centre') followCentre(core, now);
    else if (scope === 'centre/unheard') followUnheard(core, now);
    else if (causeKindOf(scope) !== undefined) followCause(core, scope, now);
    else followPc(core, scope, now);
  }
}

/**
 * Judges the silence of each PC as of the last moment until which our hearing is proven (R18a), whether it is silent on its own or since a gap of ours, and why it may be away.
 * Guarantee: a PC that is there costs no more than the look at its presence.
 */
export function judgeSilence(core: Core, now: number): void {
  const regions: Regions = new Map();
  const changed = [...core.memory.pcs.values()].filter((record) => judged(core, record, { now, regions }));
  correlate(core, now);
  for (const { pc } of changed) followPc(core, pc, now);
}

/** True where the PC, or why it is away, is judged otherwise than before. */
function judged(core: Core, record: PcRecord, { now, regions }: { now: number; regions: Regions }): boolean {
  const known = core.known.get(record.pc);
  // Nobody waits for a PC that never spoke, as long as its site is being set up.
  if (known === undefined || (!known.alerts && record.presence === 'never')) return false;
  const since = listeningSince(core, record.pc);
  const presence = presenceNow(core, record, since);
  const isSame = presence === record.presence;
  if (isSame && (presence === 'online' || presence === 'never' || since === null)) return false;
  const moved = isSame ? record : { ...record, presence, unheard: isSilentSinceGap(core, record, { presence, since }) };
  const next = judgedAway(core, moved, { now, regions });
  if (next === record) return false;
  putRecord(core, next, now);
  core.listChanged ||= next.unheard !== record.unheard || (next.unheard && !isSame);
  return true;
}

/** Gaps of ours give each PC its whole limit anew: one that is not heard in all the hearing between them is missed although they go on (R19). */
function presenceNow(core: Core, record: PcRecord, since: number | null): PcRecord['presence'] {
  const limitMs = since === null ? null : patienceMs(record);
  const inVainMs = core.inAll.sinceMs(waitedFrom(core, record)) + earlierMs(core, record);
  const isMissed = limitMs !== null && inVainMs >= missedLimits * limitMs;
  return isMissed ? 'silent' : presenceOf(record, since, core.provenAt);
}

function waitedFrom({ expectedSince }: Core, record: PcRecord): number {
  return Math.max(record.heardAt ?? 0, expectedSince.get(record.pc) ?? 0);
}

/** In how much of the hearing of earlier starts it was not heard either. */
function earlierMs(core: Core, record: PcRecord): number {
  return waitedFrom(core, record) < core.startedAt ? (core.inVain.get(record.pc) ?? 0) : 0;
}

/**
 * The PCs that were not heard since this start and are not silent yet, each with how much of our hearing that was: for the next start, or a
 * `flows` that is restarted again and again would hide who is dead.
 */
export function inVainOf(core: Core): Record<string, number> {
  const waited = [...core.memory.pcs.values()].filter(
    (record) => record.presence !== 'silent' && core.known.has(record.pc) && waitedFrom(core, record) < core.startedAt,
  );
  const of = (record: PcRecord) => Math.round(core.inAll.sinceMs(core.startedAt) + earlierMs(core, record));
  return Object.fromEntries(waited.map((record) => [record.pc, of(record)] as const).filter(([, ms]) => ms > 0));
}

/**
 * Silent since a receive gap, or never heard: its agent is yet to be installed. Both are one list. A PC that had said goodbye before the gap is
 * missed for a reason of its own, and so is the next machine in a room that had one.
 */
function isSilentSinceGap(core: Core, record: PcRecord, { presence, since }: Pick<PcRecord, 'presence'> & { since: number | null }) {
  const from = since ?? 0;
  const isNew = record.heardAt === null && !record.formers?.length;
  if (isNew && presence === 'silent') return true;
  const heardSince = Math.max(record.heardAt ?? 0, record.lostAt ?? 0) >= from && !isOfGap(record);
  return presence === 'silent' && record.presence !== 'stopped' && since === core.subscribedAt && !heardSince;
}

/** A PC that is heard again is judged at once, not at the next tick. */
export function judgedNow(core: Core, record: PcRecord): PcRecord {
  const presence = presenceOf(record, listeningSince(core, record.pc), core.provenAt);
  const unheard = record.unheard && presence === 'silent';
  return presence === record.presence && unheard === record.unheard ? record : { ...record, presence, unheard };
}

/** The region of all sites. */
const nation = causeScope('nation', '');
/** A beat that is late by this much does not come. */
const beatSlackMs = 15_000;
/** Many sites that go together have gone in this time; later ones are judged by themselves. */
const widespreadForMs = 10 * 60_000;

/** What was seen of whole states and providers at one moment: looked at once, however many are away. */
export type Regions = Map<string, Region>;

/** All records, and the PCs of each site. */
type Places = { memory: Memory; sites: ReadonlyMap<string, string[]> };
/** A PC before and after a message. */
type Change = { before: PcRecord; record: PcRecord };
/** When it is judged, with what was seen of regions at that moment. */
type Moment = { now: number; regions: Regions };

/** The record of a PC that is away, with the verdict as it is now; the same record where nothing changed. */
function judgedAway(core: Core, record: PcRecord, moment: Moment): PcRecord {
  const { now } = moment;
  if (record.presence === 'online' || record.presence === 'never') return record;
  const away = isAway(record) ? record : begun(core, record, { from: record.heardAt ?? now, now });
  const next = verdictOf(core, away, moment);
  const { cause, confidence } = away.absence;
  if (next.cause === cause && next.confidence === confidence) return away;
  return { ...away, absence: { ...away.absence, ...next } };
}

/** The record after a message of its PC: an absence begins with a will or a goodbye, and ends with whatever shows that it is there. */
export function withAbsence(core: Core, at: { before: PcRecord; record: PcRecord; event: PcEvent }, now: number): PcRecord {
  const { before, record, event } = at;
  if (event.type === 'birth') return born(core, { before, record, said: event }, now);
  if (record.presence !== 'online') {
    if (isAway(record) || record.presence === 'never') return record;
    // The broker sent its will: its last own message came before that.
    const from = record.presence === 'stopped' ? now : (before.heardAt ?? now);
    return judgedAway(core, begun(core, record, { from, now }), { now, regions: new Map() });
  }
  // The same session goes on; of a newer one the birth will tell.
  if (!isAway(before) || record.session !== before.session) return record;
  const found = { ...whyUnheard(before, neighboursOf(core, before.pc)), from: before.absence.from, aliveAt: null };
  return settled(core, { away: before, record, found }, now);
}

/** True while the PC of a scope is away and another one of its site answers. */
export function isBesideIn(core: Places, scope: string): boolean {
  return isBeside(core.memory.pcs.get(scope), neighboursOf(core, scope));
}

function begun(core: Core, record: PcRecord, { from, now }: { from: number; now: number }): Away {
  const goneBy = record.presence === 'stopped' ? now : Math.min(record.lostAt ?? now, dueAt(core, record, from), now);
  return { ...record, absence: { ...undetermined, from, goneBy, to: null, aliveAt: null, incident: null } };
}

/** When a PC last received at `from` is missed: its next beat and the slack of a late one, counted from when the server listens. */
function dueAt(core: Core, { pc, link }: PcRecord, from: number): number {
  return Math.max(from, listeningSince(core, pc) ?? 0) + links[link].beatMs + beatSlackMs;
}

/**
 * A verdict stays until another one is surer. That this PC alone went, or was switched off, may be corrected until each neighbour has sent a
 * beat or is missed; a restart that is not back is judged anew.
 */
function verdictOf(core: Core, away: Away, moment: Moment): Outage {
  const { now } = moment;
  const { absence, presence, link } = away;
  const { cause, confidence, goneBy } = absence;
  const isOverdue = cause === 'intended' && presence === 'silent';
  const isCorrectable = cause === 'pc-off' || cause === 'intended';
  const isSettled = isCorrectable ? now - goneBy > Math.max(windowMs(away), links[link].beatMs + beatSlackMs) : confidence > openUpTo;
  if (isSettled && !isOverdue) return absence;
  const next = whyAway(away, { neighbours: neighboursOf(core, away.pc), upstream: () => upstreamOf(core, away, moment), now });
  // A neighbour that has its mains back says nothing of the time in which it had none.
  if (cause === 'power-cut' && next.cause === 'pc-off') return absence;
  return isCorrectable || next.confidence > confidence ? next : absence;
}

function born(core: Core, change: Change & { said: Extract<PcEvent, { type: 'birth' }> }, now: number): PcRecord {
  const { before, record, said } = change;
  const isNewBoot = before.boot !== null && before.boot !== said.boot;
  // It was away so shortly that nobody noticed.
  const missed = isNewBoot ? begun(core, before, { from: before.heardAt ?? now, now }) : undefined;
  const away = isAway(before) ? before : missed;
  if (away === undefined) return record;
  const found = whyWasAway(away, said, { neighbours: neighboursOf(core, record.pc), now });
  return settled(core, { away, record, found }, now);
}

/** The absence is over: its own evidence, and what it tells of the other PCs that went with it. */
function settled(core: Core, at: { away: Away; record: PcRecord; found: Finding }, now: number): PcRecord {
  const { away, record, found } = at;
  const own: Away = { ...record, absence: { ...away.absence, ...found, to: now } };
  const joint = jointPower(core, own);
  if (joint !== null) for (const other of joint.together) if (other !== own) relabel(core, { record: other, why: joint.why }, now);
  const absence: Absence = { ...own.absence, ...(joint && weighed(own.absence, joint.why)) };
  told(core, { pc: record.pc, before: away.absence, after: absence }, now);
  return { ...record, absence };
}

/** The PCs that lost their power with this one. A whole state needs two PCs that saw it: offices close at one time, and many stand at a wall switch. */
function jointPower(core: Core, own: Away): Joint | null {
  if (own.absence.aliveAt === null && own.absence.mainsGoneAt === undefined) return null;
  const inState = (core.regions.get(causeScope('state', stateOf(own.pc))) ?? []).flatMap((site) => recordsOf(core, pcsOf(core, site)));
  const wide = lostPowerTogether(own, [own, ...inState.filter((other) => other.pc !== own.pc)]);
  if (wide !== null && wide.why.confidence >= sureFrom) return wide;
  return lostPowerTogether(own, [own, ...neighboursOf(core, own.pc)]);
}

function relabel(core: Core, { record, why }: { record: Away; why: Outage }, now: number): void {
  const next = weighed(record.absence, why);
  if (next === null) return;
  const absence = { ...record.absence, ...next };
  putRecord(core, { ...record, absence }, now);
  told(core, { pc: record.pc, before: record.absence, after: absence }, now);
}

/** Writes the verdict into its incident, which may be over, and among the steps of machines. Nobody is sent a message for it. */
function told({ memory }: Core, { pc, before, after }: { pc: string; before: Absence; after: Absence }, now: number): void {
  const incident = after.incident === null ? undefined : memory.incidents.get(after.incident);
  if (incident === undefined) return;
  memory.putIncident({ ...incident, outage: shownOutage(after) });
  const about = `incident ${incident.id}: ${after.cause} ${after.confidence}, was ${before.cause} ${before.confidence}`;
  memory.add(`audit/outage/${incident.id}/${now}`, { op: 'step', at: now, who: pc, what: 'outage', about });
}

function neighboursOf(core: Places, pc: string): PcRecord[] {
  return recordsOf(core, pcsOf(core, siteOf(pc))).filter((record) => record.pc !== pc);
}

function recordsOf({ memory }: Places, paths: readonly string[]): PcRecord[] {
  return paths.flatMap((path) => memory.pcs.get(path) ?? []);
}

/**
 * What many sites that went with it say: of the line of its provider, or of its state, where a site on another line stands. One of the same
 * state shows that the power is there. Where nobody of the state or the nation is received it may be the server's own line: no office is accused.
 */
function upstreamOf(core: Core, away: Away, moment: Moment): Outage | null {
  const { goneBy } = away.absence;
  if (moment.now - goneBy > widespreadForMs) return null;
  const lineOf = (pc = '') => core.known.get(pc)?.isp ?? stateOf(pc);
  const isOther = (pc: string | undefined) => lineOf(pc) !== lineOf(away.pc);
  const isp = core.known.get(away.pc)?.isp;
  const [state, provider] = [causeScope('state', stateOf(away.pc)), isp === undefined ? undefined : causeScope('provider', isp)];
  const went = (region: string) => wentWith(away, regionAt(core, region, moment));
  const standing = (region: string) =>
    regionAt(core, region, moment)
      .online.values()
      .filter((other) => stoodSince(other, away));
  const onLine = went(provider ?? state);
  if (onLine.length > 0) {
    const hasOthers = provider !== undefined && (core.regions.get(state) ?? []).some((site) => isOther(pcsOf(core, site)[0]));
    if (!standing(hasOthers ? state : nation).some(({ pc }) => isOther(pc))) return perhapsOurs;
    return new Set(onLine.flatMap(([pc]) => stateOf(pc?.pc ?? ''))).size > 1 ? lineOfMany : perhapsLine;
  }
  // A PC that stands sends its beat by then.
  if (moment.now - goneBy <= links[away.link].beatMs) return null;
  return [state, nation].some((region) => went(region).length > 0 && !standing(region).some(() => true)) ? perhapsOurs : null;
}

/** The line of a provider in more than one state: each state has a power of its own. */
const lineOfMany: Outage = { cause: 'upstream', confidence: 0.85 };
/** In one state it may be a district without power, of which this is the provider. */
const perhapsLine: Outage = { cause: 'upstream', confidence: openUpTo };
/** The line of the server looks the same from here, or a power cut of several states. */
const perhapsOurs: Outage = { cause: 'upstream', confidence: 0.55 };

function regionAt(core: Core, region: string, { regions, now }: Moment): Region {
  return regions.getOrInsertComputed(region, () => {
    const isExpected = ({ presence }: PcRecord) => presence !== 'never' && presence !== 'stopped';
    const pcsIn = (site: string) => recordsOf(core, pcsOf(core, site)).filter(isExpected);
    return regionOf((core.regions.get(region) ?? []).map(pcsIn), now);
  });
}
