/** Finds common causes of lost PCs with the correlation, updates group incidents, and judges silence and outages. */
import {
  causeKindOf,
  causeScope,
  links,
  nameInScope,
  type Outage,
  openThreshold,
  scopePlace,
  siteOf,
  stateOf,
  sureThreshold,
} from '@sabha/contracts';
import type { Cause } from '../correlation/correlation.ts';
import type { Loss, SiteAvailability } from '../correlation/sight.ts';
import type { EngineState } from '../memory/memory.ts';
import {
  betterVerdict,
  isBeside,
  isOffline,
  type Joint,
  judgeLineOutage,
  judgeOffline,
  judgeReturn,
  lossWindowMs,
  lostPowerTogether,
  type OfflinePc,
  type Region,
  type ReturnVerdict,
  regionAtMoment,
  sitesLostWith,
  undetermined,
  workedSince,
} from '../outages/outages.ts';
import { allowedSilenceMs, hasMainsPower, isBattery, mayBeCausedByGap, missedLimits, presenceOf } from '../outages/pc.ts';
import type { GroupMembers, PcEvent, PcOutage, PcRecord, ShownOutage } from '../records/incidents.ts';
import { endedUnsent, maintenanceAt, maintenanceOf } from '../transitions/flood-control.ts';
import { createPresentFault, isEnd, overUnlessBackAt, type PresentFault, type ScopeState, stateOfList } from '../transitions/incident.ts';
import {
  type EngineContext,
  isAlerting,
  isNeededFor,
  listeningSince,
  pcsOf,
  putRecord,
  shownOutage,
  updateNotSeen,
  updatePc,
  updateScope,
  updateServerIncident,
} from './core.ts';

/**
 * Least interval between messages about single sites that join a group incident, ms. A message about a site that joins late and alone also
 * waits this long.
 */
const growthMs = 10 * 60_000;
/** After this number of messages of a group incident, people are not notified of further single sites: they know that the outage grows. */
const growthSteps = 3;
/** A loss or bye up to this long before the start of a cause still belongs to the cause, ms. */
const slackMs = 60_000;
const minuteMs = 60_000;

/** Finds common causes before single PCs are updated, so that people are notified of the cause instead of each PC. */
function findCommonCauses(core: EngineContext, now: number): void {
  const { correlation, commonFaults: spreads, subscribedAt } = core;
  const sights = subscribedAt === null ? [] : viewsOfSites(core);
  const isQuiet = correlation.causes.size === 0 && !sights.some(({ lost, onBattery }) => lost.length > 0 || onBattery > 0);
  const judgedSites = subscribedAt === null || isQuiet ? { scopes: [], who: [] } : correlation.judge(sights, now);
  const spread = spreads.judge(now);
  const scopes = [...judgedSites.scopes, ...spread.scopes].toSorted((a, b) => Number(isOfSite(a)) - Number(isOfSite(b)));
  for (const scope of scopes) updateCause(core, scope, now);
  const ofSites = [...scopes, ...judgedSites.who].filter(isOfSite).flatMap((scope) => pcsOf(core, nameInScope(scope)));
  const pcs = judgedSites.who.filter((who) => !isOfSite(who));
  for (const pc of new Set([...pcs, ...spread.pcs, ...ofSites, ...core.waiting])) updatePc(core, pc, now);
}

function isOfSite(scope: string): boolean {
  return causeKindOf(scope) === 'site';
}

function viewsOfSites(core: EngineContext): SiteAvailability[] {
  const sights: SiteAvailability[] = [];
  for (const [site, pcs] of core.sites) {
    const nobody = { expected: 0, watched: 0, lost: [], cut: [], away: 0, onBattery: 0, heard: [] };
    const sight: SiteAvailability = { site, regions: core.above.get(site) ?? [], ...nobody };
    for (const pc of pcs) if (isAlerting(core, pc)) addPcToView(core, sight, core.memory.pcs.get(pc));
    if (sight.watched > 0) sights.push(sight);
  }
  return sights;
}

function addPcToView(core: EngineContext, sight: SiteAvailability, record: PcRecord | undefined): void {
  if (record === undefined || record.heardAt === null || record.presence === 'never') return;
  if (record.presence === 'stopped') return addStoppedToView(core, sight, record);
  const { pc, presence, heardAt, unheard } = record;
  const loss = lossOf(core, record);
  sight.watched += 1;
  if (!unheard) sight.expected += 1;
  if (loss !== null) sight.lost.push(loss);
  else if (presence === 'online') sight.heard.push(heardAt);
  if (loss !== null || presence !== 'online' || heardAt < (listeningSince(core, pc) ?? 0)) sight.away += 1;
  if (isOnBattery(record)) addBatteryToView(sight, record);
}

function addBatteryToView(sight: SiteAvailability, record: PcRecord): void {
  const said = record.checks.filter(isBattery).map(({ since }) => since);
  sight.onBattery += 1;
  sight.batterySince = Math.min(sight.batterySince ?? Number.POSITIVE_INFINITY, ...(said.length > 0 ? said : [record.absence?.from ?? 0]));
}

/**
 * Adds a PC that sent a bye during an outage of its site or region to the view of the site. A PC that shut down on battery counts as lost,
 * like a PC that lost power suddenly. A PC that was already a member, or has mains power in a power cut, counts only as watched: its power
 * is back.
 */
function addStoppedToView(core: EngineContext, sight: SiteAvailability, record: PcRecord): void {
  const { causes, causeOfScope: explains } = core.correlation;
  const scope = causeScope('site', sight.site);
  const cause = causes.get(scope) ?? causes.get(explains(scope) ?? '');
  if (cause === undefined || !record.bye || record.bye.at < cause.since - slackMs) return;
  const isCut = isOnBattery(record);
  if (isCut || cause.members.has(record.pc) || (cause.faults.includes('outage.power') && hasMainsPower(record))) sight.watched += 1;
  if (!isCut) return;
  sight.cut?.push(record.pc);
  sight.expected += 1;
  sight.away += 1;
  addBatteryToView(sight, record);
}

/**
 * True if the PC reports battery power, or is offline because of a power cut. The last report of an offline PC stays valid, whatever its
 * verdict.
 */
function isOnBattery(record: PcRecord): boolean {
  return record.checks.some(isBattery) || (isOffline(record) && record.absence.cause === 'power-cut');
}

/** Returns the loss of a PC that is silent, or soon will be: its last will arrived, or a beat is missing. Null for any other PC. */
function lossOf(core: EngineContext, record: PcRecord): Loss | null {
  const { pc, presence, heardAt, unheard, lostAt } = record;
  if (unheard || heardAt === null || mayBeCausedByGap(record)) return null;
  const due = missedAt(core, record, heardAt);
  const away = isOffline(record) ? record.absence : null;
  const isSilent = presence === 'silent';
  if (isSilent || presence === 'lost') return { pc, from: away?.from ?? heardAt, at: away?.goneBy ?? lostAt ?? due, isSilent };
  return core.provenAt > due ? { pc, from: heardAt, at: due, isSilent } : null;
}

/** Updates the group incident of a cause, or ends the incident if the cause no longer exists. */
function updateCause(core: EngineContext, scope: string, now: number): void {
  const { correlation, memory } = core;
  const cause = correlation.causes.get(scope);
  const isNeeded = isNeededFor(core, scope, now);
  const scene: ScopeState = {
    ...stateOfList(cause === undefined ? [] : presentFaultsOf(cause)),
    explained: () => correlation.causeOfScope(scope),
    isNeeded,
  };
  const outage = cause && cause.kind !== 'spread' ? sharedOutageOf(core, cause) : undefined;
  const grew = addedMembers(core, scope, now);
  updateScope(core, { scope, scene, grew, ...(cause && { spread: groupMembersOf(cause) }), ...(outage && { outage }) }, now);
  if (memory.openIncident(scope) === undefined) correlation.forget(scope, now);
}

/**
 * Returns the present faults of a group incident. For a spread, `device` is the id of the shared fault, and `name` the shared model or
 * update. Both are parts of its scope.
 */
function presentFaultsOf({ scope, kind, since, faults }: Cause): PresentFault[] {
  if (kind !== 'spread') return faults.map((fault) => createPresentFault(fault, '', since));
  const [device = '', ...what] = nameInScope(scope).split(' ');
  return faults.map((fault) => ({ ...createPresentFault(fault, device, since), name: what.join(' ') }));
}

/**
 * Returns the members of which people are notified because a group incident grew, or none. People know the members of earlier messages.
 * - Sites that were lost together later are reported at once.
 * - A site that was lost late and alone is reported after `growthMs`.
 * - Other sites are reported when they are at least as many as the known ones.
 * - A spread is reported again when it reaches another state.
 */
function addedMembers(core: EngineContext, scope: string, now: number): string[] {
  const { memory, correlation } = core;
  const incident = memory.openIncident(scope);
  if (incident?.toldAway === undefined) return [];
  const steps = memory.stepsOf(incident.id);
  const known = new Set([...incident.toldAway, ...steps.flatMap((one) => (endedUnsent(one) ? [] : (one.grew ?? [])))]);
  const { away = [], waves, late, lastAt = now, faults = [] } = correlation.causes.get(scope) ?? {};
  const fresh = away.filter((site) => !known.has(site));
  if (fresh.length === 0) return [];
  // A new site under maintenance is left out: people are notified of it after the maintenance. If all offline sites are under maintenance,
  // none is left out, because the whole message waits.
  const isAll = maintenanceOf(memory, incident) !== undefined;
  const untold = isAll ? fresh : fresh.filter((site) => maintenanceAt(memory, site) === undefined);
  const news = steps.filter((one) => !isEnd(one));
  // An outage in which sites only run on battery keeps one of its messages in reserve, because the sites may still go offline.
  const left = growthSteps - news.length - Number(faults.join() === 'outage.power');
  const isApart = causeKindOf(scope) !== 'plane' && now - (news.at(-1)?.at ?? 0) >= growthMs;
  const hasDoubled = left > 0 && untold.length >= Math.max(1, known.size);
  const hasPaused = left > 0 && now - lastAt >= growthMs && untold.some((site) => late?.has(site));
  const states = new Set([...known].map(stateOf));
  const isWider = untold.some((room) => !states.has(stateOf(room)));
  const hasGrown = causeKindOf(scope) === 'spread' ? isWider : hasDoubled || hasPaused;
  return (isApart && hasGrown) || untold.some((site) => waves?.has(site)) ? untold : [];
}

function groupMembersOf({ scope, members, away, of, lastAt, waves = new Set() }: Cause): GroupMembers {
  const all = [...members];
  const states = new Set(all.map(stateOf));
  const [only = ''] = states;
  const path = isOfSite(scope) ? nameInScope(scope) : states.size === 1 ? only : '';
  const last = isOfSite(scope) ? {} : { lastAt, ...(waves.size > 0 && { waves: [...waves] }) };
  return { members: all, away: [...away], of, path: causeKindOf(scope) === 'plane' ? '' : path, ...last };
}

/**
 * Returns the outage that the members share. For a site the most certain verdict of a PC counts; for several sites the most frequent cause.
 */
function sharedOutageOf(core: EngineContext, { kind, members, since }: Cause): ShownOutage | undefined {
  const pcs = kind === 'site' ? [...members] : [...members].flatMap((site) => pcsOf(core, site));
  const isOfIt = (one: PcRecord['absence']): one is PcOutage => one != null && one.goneBy >= since - slackMs && one.cause !== 'pc-off';
  const all = pcs.map((pc) => core.memory.pcs.get(pc)?.absence).filter(isOfIt);
  const by = Map.groupBy(all, ({ cause }) => cause);
  const surest = (list: readonly PcOutage[]) => list.toSorted((a, b) => b.confidence - a.confidence);
  const rank = (list: readonly PcOutage[]) => (kind === 'site' ? (surest(list)[0]?.confidence ?? 0) : list.length);
  const [best = []] = [...by.values()].toSorted((a, b) => rank(b) - rank(a));
  const said = surest(best).at(kind === 'site' ? 0 : -1);
  if (said === undefined) return undefined;
  const { cause, confidence } = said;
  const isOver = all.every(({ to }) => to !== null);
  const to = isOver ? Math.max(...all.map((one) => one.to ?? 0)) : null;
  return { cause, confidence, from: Math.min(...all.map(({ from }) => from)), to };
}

/**
 * Returns when the next fault that disappeared ends, by its clear time or calm time; infinity if there is none. Times in the past do not
 * count, because a tick has judged them.
 */
export function nextClearAt({ memory }: EngineContext, now: number): number {
  const ends = memory.openIncidents().flatMap(({ scope, faults }) => faults.map((fault) => overUnlessBackAt(fault, memory.endedOf(scope))));
  return ends.reduce((next, at) => (at > now && at < next ? at : next), Number.POSITIVE_INFINITY);
}

/**
 * Updates incidents with a fault that disappeared, since no message arrives at the end of a clear time. Once a minute it updates all open
 * incidents, because a meeting or the morning may be near.
 */
export function updateOpen(core: EngineContext, now: number): void {
  const minute = Math.floor(now / minuteMs);
  const all = core.updatedMinute !== minute;
  core.updatedMinute = minute;
  for (const scope of core.memory.openScopes()) {
    const { faults = [], ended = [] } = core.memory.openIncident(scope) ?? {};
    const waits = faults.some(({ goneAt }) => goneAt !== null) || ended.some(({ said }) => !said) || core.batches.isDue(scope, now);
    if (!all && !waits && addedMembers(core, scope, now).length === 0) continue;
    if (scopePlace(scope) !== undefined) continue;
    if (scope === 'centre') updateServerIncident(core, now);
    else if (scope === 'centre/unheard') updateNotSeen(core, now);
    else if (causeKindOf(scope) !== undefined) updateCause(core, scope, now);
    else updatePc(core, scope, now);
  }
}

/**
 * Judges the silence of each PC, and why a silent PC may be offline. Silence is judged up to the time that the last received canary proves:
 * R18a (canary).
 * Guarantee: for an online PC only its presence is computed.
 */
export function judgeSilence(core: EngineContext, now: number): void {
  const regions: RegionCache = new Map();
  const changed = [...core.memory.pcs.values()].filter((record) => updatePresence(core, record, { now, regions }));
  findCommonCauses(core, now);
  for (const { pc } of changed) updatePc(core, pc, now);
}

/** Updates the presence and the verdict of a PC. True if one of them changed. */
function updatePresence(core: EngineContext, record: PcRecord, { now, regions }: { now: number; regions: RegionCache }): boolean {
  const known = core.known.get(record.pc);
  // While a site is being set up, a PC that was never seen is not expected.
  if (known === undefined || (!known.alerts && record.presence === 'never')) return false;
  const since = listeningSince(core, record.pc);
  const presence = presenceNow(core, record, since);
  const isSame = presence === record.presence;
  if (isSame && (presence === 'online' || presence === 'never' || since === null)) return false;
  const moved = isSame ? record : { ...record, presence, unheard: isSilentSinceGap(core, record, { presence, since }) };
  const next = withCurrentVerdict(core, moved, { now, regions });
  if (next === record) return false;
  putRecord(core, next, now);
  core.notSeenListChanged ||= next.unheard !== record.unheard || (next.unheard && !isSame);
  return true;
}

/**
 * Returns the presence of a PC. The silence limit of every PC starts anew after each receive gap. A PC is also silent if the server
 * listened for several limits in total without its messages: R19 (outages of the server itself).
 */
function presenceNow(core: EngineContext, record: PcRecord, since: number | null): PcRecord['presence'] {
  const limitMs = since === null ? null : allowedSilenceMs(record);
  const inVainMs = core.listeningTime.sinceMs(waitingSince(core, record)) + earlierListenedMs(core, record);
  const isMissed = limitMs !== null && inVainMs >= missedLimits * limitMs;
  return isMissed ? 'silent' : presenceOf(record, since, core.provenAt);
}

function waitingSince({ expectedSince }: EngineContext, record: PcRecord): number {
  return Math.max(record.heardAt ?? 0, expectedSince.get(record.pc) ?? 0);
}

/** Returns for how long earlier runs of `flows` received messages without any message of this PC, in ms. */
function earlierListenedMs(core: EngineContext, record: PcRecord): number {
  return waitingSince(core, record) < core.startedAt ? (core.listenedBefore.get(record.pc) ?? 0) : 0;
}

/**
 * Returns the PCs not seen since this start and not yet silent. The value is the time in ms for which the server received without a message
 * of the PC.
 * These times are stored for the next start. Otherwise a `flows` that restarts repeatedly would hide dead PCs.
 */
export function listenedWithoutPc(core: EngineContext): Record<string, number> {
  const waited = [...core.memory.pcs.values()].filter(
    (record) => record.presence !== 'silent' && core.known.has(record.pc) && waitingSince(core, record) < core.startedAt,
  );
  const of = (record: PcRecord) => Math.round(core.listeningTime.sinceMs(core.startedAt) + earlierListenedMs(core, record));
  return Object.fromEntries(waited.map((record) => [record.pc, of(record)] as const).filter(([, ms]) => ms > 0));
}

/**
 * True if the PC belongs in the server incident `centre.unheard`. Such a PC is silent since a receive gap, or was never seen because its
 * agent may not be installed yet. A PC that sent a bye before the gap, or was replaced, is silent for a separate reason.
 */
function isSilentSinceGap(
  core: EngineContext,
  record: PcRecord,
  { presence, since }: Pick<PcRecord, 'presence'> & { since: number | null },
) {
  const from = since ?? 0;
  const isNew = record.heardAt === null && !record.formers?.length;
  if (isNew && presence === 'silent') return true;
  const heardSince = Math.max(record.heardAt ?? 0, record.lostAt ?? 0) >= from && !mayBeCausedByGap(record);
  return presence === 'silent' && record.presence !== 'stopped' && since === core.subscribedAt && !heardSince;
}

/** Updates the presence when a message arrives, without waiting for the next tick. */
export function withCurrentPresence(core: EngineContext, record: PcRecord): PcRecord {
  const presence = presenceOf(record, listeningSince(core, record.pc), core.provenAt);
  const unheard = record.unheard && presence === 'silent';
  return presence === record.presence && unheard === record.unheard ? record : { ...record, presence, unheard };
}

const nation = causeScope('nation', '');
/** Delay after which a missing beat counts as lost, ms. */
const beatSlackMs = 15_000;
/** After this time a lost PC is no longer compared with losses of other sites, ms. */
const widespreadForMs = 10 * 60_000;

/** Lost and online sites of states and providers at one moment, by scope, so that each is computed once. */
export type RegionCache = Map<string, Region>;

type SiteRecords = { memory: EngineState; sites: ReadonlyMap<string, string[]> };
type RecordChange = { before: PcRecord; record: PcRecord };
type JudgementContext = { now: number; regions: RegionCache };

/** Returns the record of an offline PC with its present verdict; the same object if nothing changed. */
function withCurrentVerdict(core: EngineContext, record: PcRecord, moment: JudgementContext): PcRecord {
  const { now } = moment;
  if (record.presence === 'online' || record.presence === 'never') return record;
  const away = isOffline(record) ? record : beginOutage(core, record, { from: record.heardAt ?? now, now });
  const next = verdictOf(core, away, moment);
  const { cause, confidence } = away.absence;
  if (next.cause === cause && next.confidence === confidence) return away;
  return { ...away, absence: { ...away.absence, ...next } };
}

/** Returns the record after a message. An outage begins with a last will or a bye, and ends with any sign that the PC is online. */
export function updateOutage(core: EngineContext, at: { before: PcRecord; record: PcRecord; event: PcEvent }, now: number): PcRecord {
  const { before, record, event } = at;
  if (event.type === 'birth') return judgeBirth(core, { before, record, said: event }, now);
  if (record.presence !== 'online') {
    if (isOffline(record) || record.presence === 'never') return record;
    // The outage begins at the last message of the PC itself. The broker sends the last will later.
    const from = record.presence === 'stopped' ? now : (before.heardAt ?? now);
    return withCurrentVerdict(core, beginOutage(core, record, { from, now }), { now, regions: new Map() });
  }
  // If the session continues, only the connection was interrupted. If the session is newer, its birth will show the cause.
  if (!isOffline(before) || record.session !== before.session) return record;
  const found = { ...judgeLineOutage(before, neighboursOf(core, before.pc)), from: before.absence.from, aliveAt: null };
  return endOutage(core, { away: before, record, found }, now);
}

/** True while the PC of a scope is offline and another PC of its site is online. */
export function isNeighbourOnline(core: SiteRecords, scope: string): boolean {
  return isBeside(core.memory.pcs.get(scope), neighboursOf(core, scope));
}

function beginOutage(core: EngineContext, record: PcRecord, { from, now }: { from: number; now: number }): OfflinePc {
  const goneBy = record.presence === 'stopped' ? now : Math.min(record.lostAt ?? now, missedAt(core, record, from), now);
  return { ...record, absence: { ...undetermined, from, goneBy, to: null, aliveAt: null, incident: null } };
}

/** Returns when the next beat of a PC that was last seen at `from` counts as missing. The time counts from when the server listens. */
function missedAt(core: EngineContext, { pc, link }: PcRecord, from: number): number {
  return Math.max(from, listeningSince(core, pc) ?? 0) + links[link].beatMs + beatSlackMs;
}

/**
 * Returns the verdict of an offline PC. A new verdict replaces the present one only if it is more certain. The verdicts `pc-off` and
 * `intended` may change until each other PC of the site has sent or missed a beat. If a PC does not return in time from an announced
 * restart, its outage is judged again.
 */
function verdictOf(core: EngineContext, away: OfflinePc, moment: JudgementContext): Outage {
  const { now } = moment;
  const { absence, presence, link } = away;
  const { cause, confidence, goneBy } = absence;
  const isOverdue = cause === 'intended' && presence === 'silent';
  const isCorrectable = cause === 'pc-off' || cause === 'intended';
  const isSettled = isCorrectable
    ? now - goneBy > Math.max(lossWindowMs(away), links[link].beatMs + beatSlackMs)
    : confidence > openThreshold;
  if (isSettled && !isOverdue) return absence;
  const next = judgeOffline(away, { neighbours: neighboursOf(core, away.pc), upstream: () => upstreamVerdict(core, away, moment), now });
  // If another PC of the site has mains power again, that does not refute the earlier power cut.
  if (cause === 'power-cut' && next.cause === 'pc-off') return absence;
  return isCorrectable || next.confidence > confidence ? next : absence;
}

function judgeBirth(core: EngineContext, change: RecordChange & { said: Extract<PcEvent, { type: 'birth' }> }, now: number): PcRecord {
  const { before, record, said } = change;
  const isNewBoot = before.boot !== null && before.boot !== said.boot;
  // A new boot id shows a short outage that the server did not notice.
  const missed = isNewBoot ? beginOutage(core, before, { from: before.heardAt ?? now, now }) : undefined;
  const away = isOffline(before) ? before : missed;
  if (away === undefined) return record;
  const found = judgeReturn(away, said, { neighbours: neighboursOf(core, record.pc), now });
  return endOutage(core, { away, record, found }, now);
}

/** Ends an outage and stores its evidence. If the PC lost power together with other PCs, their verdicts are updated too. */
function endOutage(core: EngineContext, at: { away: OfflinePc; record: PcRecord; found: ReturnVerdict }, now: number): PcRecord {
  const { away, record, found } = at;
  const own: OfflinePc = { ...record, absence: { ...away.absence, ...found, to: now } };
  const joint = jointPowerLoss(core, own);
  if (joint !== null)
    for (const other of joint.together) if (other !== own) applyJointVerdict(core, { record: other, why: joint.why }, now);
  const absence: PcOutage = { ...own.absence, ...(joint && betterVerdict(own.absence, joint.why)) };
  recordVerdict(core, { pc: record.pc, before: away.absence, after: absence }, now);
  return { ...record, absence };
}

/**
 * Returns the PCs that lost power together with this PC. PCs of the whole state count only if two of them saw the mains fail.
 * Otherwise offices that switch off at the wall at the same hour would count.
 */
function jointPowerLoss(core: EngineContext, own: OfflinePc): Joint | null {
  if (own.absence.aliveAt === null && own.absence.mainsGoneAt === undefined) return null;
  const inState = (core.regions.get(causeScope('state', stateOf(own.pc))) ?? []).flatMap((site) => recordsOf(core, pcsOf(core, site)));
  const wide = lostPowerTogether(own, [own, ...inState.filter((other) => other.pc !== own.pc)]);
  if (wide !== null && wide.why.confidence >= sureThreshold) return wide;
  return lostPowerTogether(own, [own, ...neighboursOf(core, own.pc)]);
}

function applyJointVerdict(core: EngineContext, { record, why }: { record: OfflinePc; why: Outage }, now: number): void {
  const next = betterVerdict(record.absence, why);
  if (next === null) return;
  const absence = { ...record.absence, ...next };
  putRecord(core, { ...record, absence }, now);
  recordVerdict(core, { pc: record.pc, before: record.absence, after: absence }, now);
}

/** Writes the changed verdict into the incident of the outage, which may have ended, and into the machine log. Sends no message. */
function recordVerdict(
  { memory }: EngineContext,
  { pc, before, after }: { pc: string; before: PcOutage; after: PcOutage },
  now: number,
): void {
  const incident = after.incident === null ? undefined : memory.incidents.get(after.incident);
  if (incident === undefined) return;
  memory.putIncident({ ...incident, outage: shownOutage(after) });
  const about = `incident ${incident.id}: ${after.cause} ${after.confidence}, was ${before.cause} ${before.confidence}`;
  memory.add(`audit/outage/${incident.id}/${now}`, { op: 'step', at: now, who: pc, what: 'outage', about });
}

function neighboursOf(core: SiteRecords, pc: string): PcRecord[] {
  return recordsOf(core, pcsOf(core, siteOf(pc))).filter((record) => record.pc !== pc);
}

function recordsOf({ memory }: SiteRecords, paths: readonly string[]): PcRecord[] {
  return paths.flatMap((path) => memory.pcs.get(path) ?? []);
}

/**
 * Returns the verdict `upstream` if the site was lost together with other sites, because the line of their provider or state failed. The
 * verdict is certain only if a site on another line is online; a site of the same state also shows that there is power. If no site of the
 * state or nation is online, the server's own line may be the cause.
 */
function upstreamVerdict(core: EngineContext, away: OfflinePc, moment: JudgementContext): Outage | null {
  const { goneBy } = away.absence;
  if (moment.now - goneBy > widespreadForMs) return null;
  const lineOf = (pc = '') => core.known.get(pc)?.isp ?? stateOf(pc);
  const isOther = (pc: string | undefined) => lineOf(pc) !== lineOf(away.pc);
  const isp = core.known.get(away.pc)?.isp;
  const [state, provider] = [causeScope('state', stateOf(away.pc)), isp === undefined ? undefined : causeScope('provider', isp)];
  const went = (region: string) => sitesLostWith(away, cachedRegion(core, region, moment));
  const standing = (region: string) =>
    cachedRegion(core, region, moment)
      .online.values()
      .filter((other) => workedSince(other, away));
  const onLine = went(provider ?? state);
  if (onLine.length > 0) {
    const hasOthers = provider !== undefined && (core.regions.get(state) ?? []).some((site) => isOther(pcsOf(core, site)[0]));
    if (!standing(hasOthers ? state : nation).some(({ pc }) => isOther(pc))) return perhapsServerLine;
    return new Set(onLine.flatMap(([pc]) => stateOf(pc?.pc ?? ''))).size > 1 ? lineOfMany : perhapsLine;
  }
  // For one beat interval after the loss, an online PC of another site may not have sent a message yet.
  if (moment.now - goneBy <= links[away.link].beatMs) return null;
  return [state, nation].some((region) => went(region).length > 0 && !standing(region).some(() => true)) ? perhapsServerLine : null;
}

/** Sites of one provider in several states were lost. States have separate power supplies, so the line failed. */
const lineOfMany: Outage = { cause: 'upstream', confidence: 0.85 };
/** Sites of one provider in one state were lost. The cause may also be a power cut of a district that this provider serves. */
const perhapsLine: Outage = { cause: 'upstream', confidence: openThreshold };
/** No site on another line is online. A fault of the server's own line, or a power cut of several states, looks the same. */
const perhapsServerLine: Outage = { cause: 'upstream', confidence: 0.55 };

function cachedRegion(core: EngineContext, region: string, { regions, now }: JudgementContext): Region {
  return regions.getOrInsertComputed(region, () => {
    const isExpected = ({ presence }: PcRecord) => presence !== 'never' && presence !== 'stopped';
    const pcsIn = (site: string) => recordsOf(core, pcsOf(core, site)).filter(isExpected);
    return regionAtMoment((core.regions.get(region) ?? []).map(pcsIn), now);
  });
}
