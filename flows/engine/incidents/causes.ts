/** Feeds the correlation with the view of all sites, updates group incidents, and judges silence and outages. */
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

/** Interval between messages about single sites that join a group incident, and the delay for a site that joins late and alone. */
const growthMs = 10 * 60_000;
/** Messages of a group incident after which such growth is not notified: people know that it grows. */
const growthSteps = 3;
/** Tolerance for losses shortly before the first one noticed. */
const slackMs = 60_000;
const minuteMs = 60_000;

/** Finds common causes before single PCs are updated, so that the cause is notified instead of its members. */
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
 * Adds a PC that sent a bye, if that was during a cause of its site or region.
 * A PC that shut down on battery counts like one that lost power suddenly. A member, or a PC with mains power, counts as watched only: it
 * shows that the power is back.
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

/** The last report of an offline PC stays valid, whatever its verdict. */
function isOnBattery(record: PcRecord): boolean {
  return record.checks.some(isBattery) || (isAway(record) && record.absence.cause === 'power-cut');
}

/** Returns the loss of a PC that is silent, or soon will be: its last will arrived, or a beat is missing. */
function lossOf(core: Core, record: PcRecord): Loss | null {
  const { pc, presence, heardAt, unheard, lostAt } = record;
  if (unheard || heardAt === null || isOfGap(record)) return null;
  const due = dueAt(core, record, heardAt);
  const away = isAway(record) ? record.absence : null;
  const isSilent = presence === 'silent';
  if (isSilent || presence === 'lost') return { pc, from: away?.from ?? heardAt, at: away?.goneBy ?? lostAt ?? due, isSilent };
  return core.provenAt > due ? { pc, from: heardAt, at: due, isSilent } : null;
}

/** Updates the group incident of a cause. If the cause is gone, its incident ends. */
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

/** The scope of a spread contains the fault, and the shared model or update. */
function standingOf({ scope, kind, since, faults }: Cause): Standing[] {
  if (kind !== 'spread') return faults.map((fault) => standingFault(fault, '', since));
  const [device = '', ...what] = nameInScope(scope).split(' ');
  return faults.map((fault) => ({ ...standingFault(fault, device, since), name: what.join(' ') }));
}

/**
 * Returns the sites to notify as growth of a group incident, or none.
 * At once: sites unknown to people that were lost together. After a pause: a site lost late. Otherwise: when the number of unknown sites
 * equals the known ones.
 * A spread has grown when it reaches another state.
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
  // A site under maintenance is not news until that ends. If all of it is under maintenance, everything is notified at the end.
  const isAll = maintainedFor(memory, incident) !== undefined;
  const untold = isAll ? fresh : fresh.filter((site) => maintainedAt(memory, site) === undefined);
  const news = steps.filter((one) => !isEnd(one));
  // One message is reserved: a region on battery may still go offline.
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

/** Returns the shared outage. For a site the most certain verdict of a PC counts; for several sites the most frequent one. */
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

/** Returns when the next fault in its clear time will be over; infinity if none. Times in the past do not count: a tick has judged them. */
export function nextClearAt({ memory }: Core, now: number): number {
  const ends = memory.openIncidents().flatMap(({ scope, faults }) => faults.map((fault) => watchedUntil(fault, memory.endedOf(scope))));
  return ends.reduce((next, at) => (at > now && at < next ? at : next), Number.POSITIVE_INFINITY);
}

/**
 * Updates incidents that wait for a clear time, since no message triggers that. Once a minute updates all open ones, because a meeting or a
 * morning may be near.
 */
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
 * Judges the silence of each PC as of the watermark (R18a, canary), and why it may be offline.
 * Guarantee: an online PC costs only a look at its presence.
 */
export function judgeSilence(core: Core, now: number): void {
  const regions: Regions = new Map();
  const changed = [...core.memory.pcs.values()].filter((record) => judged(core, record, { now, regions }));
  correlate(core, now);
  for (const { pc } of changed) followPc(core, pc, now);
}

/** True if the presence or the verdict changed. */
function judged(core: Core, record: PcRecord, { now, regions }: { now: number; regions: Regions }): boolean {
  const known = core.known.get(record.pc);
  // A PC that was never seen is not expected while its site is being set up.
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

/**
 * Each receive gap restarts the limit of every PC. A PC not seen in the sum of the times between gaps is silent anyway: R19 (outages of the
 * server itself).
 */
function presenceNow(core: Core, record: PcRecord, since: number | null): PcRecord['presence'] {
  const limitMs = since === null ? null : patienceMs(record);
  const inVainMs = core.inAll.sinceMs(waitedFrom(core, record)) + earlierMs(core, record);
  const isMissed = limitMs !== null && inVainMs >= missedLimits * limitMs;
  return isMissed ? 'silent' : presenceOf(record, since, core.provenAt);
}

function waitedFrom({ expectedSince }: Core, record: PcRecord): number {
  return Math.max(record.heardAt ?? 0, expectedSince.get(record.pc) ?? 0);
}

/** Returns for how long earlier runs of `flows` received nothing from this PC, in ms. */
function earlierMs(core: Core, record: PcRecord): number {
  return waitedFrom(core, record) < core.startedAt ? (core.inVain.get(record.pc) ?? 0) : 0;
}

/**
 * Returns the PCs not seen since this start and not yet silent, with the time in ms in which the server received.
 * Stored for the next start: otherwise a `flows` that restarts repeatedly would hide dead PCs.
 */
export function inVainOf(core: Core): Record<string, number> {
  const waited = [...core.memory.pcs.values()].filter(
    (record) => record.presence !== 'silent' && core.known.has(record.pc) && waitedFrom(core, record) < core.startedAt,
  );
  const of = (record: PcRecord) => Math.round(core.inAll.sinceMs(core.startedAt) + earlierMs(core, record));
  return Object.fromEntries(waited.map((record) => [record.pc, of(record)] as const).filter(([, ms]) => ms > 0));
}

/**
 * True if the PC belongs in the common list: silent since a receive gap, or never seen because its agent is not installed yet.
 * A PC that sent a bye before the gap is silent for its own reason. The next machine of a room is too.
 */
function isSilentSinceGap(core: Core, record: PcRecord, { presence, since }: Pick<PcRecord, 'presence'> & { since: number | null }) {
  const from = since ?? 0;
  const isNew = record.heardAt === null && !record.formers?.length;
  if (isNew && presence === 'silent') return true;
  const heardSince = Math.max(record.heardAt ?? 0, record.lostAt ?? 0) >= from && !isOfGap(record);
  return presence === 'silent' && record.presence !== 'stopped' && since === core.subscribedAt && !heardSince;
}

/** Updates the presence at a message, without waiting for the next tick. */
export function judgedNow(core: Core, record: PcRecord): PcRecord {
  const presence = presenceOf(record, listeningSince(core, record.pc), core.provenAt);
  const unheard = record.unheard && presence === 'silent';
  return presence === record.presence && unheard === record.unheard ? record : { ...record, presence, unheard };
}

const nation = causeScope('nation', '');
/** A beat later than this is lost. */
const beatSlackMs = 15_000;
/** Sites that are lost later than this are judged separately. */
const widespreadForMs = 10 * 60_000;

/** Cached views of states and providers at one moment. */
export type Regions = Map<string, Region>;

type Places = { memory: Memory; sites: ReadonlyMap<string, string[]> };
type Change = { before: PcRecord; record: PcRecord };
type Moment = { now: number; regions: Regions };

/** Returns the record of an offline PC with its present verdict; the same object if nothing changed. */
function judgedAway(core: Core, record: PcRecord, moment: Moment): PcRecord {
  const { now } = moment;
  if (record.presence === 'online' || record.presence === 'never') return record;
  const away = isAway(record) ? record : begun(core, record, { from: record.heardAt ?? now, now });
  const next = verdictOf(core, away, moment);
  const { cause, confidence } = away.absence;
  if (next.cause === cause && next.confidence === confidence) return away;
  return { ...away, absence: { ...away.absence, ...next } };
}

/** Returns the record after a message. An outage begins with a last will or a bye, and ends with any sign that the PC is online. */
export function withAbsence(core: Core, at: { before: PcRecord; record: PcRecord; event: PcEvent }, now: number): PcRecord {
  const { before, record, event } = at;
  if (event.type === 'birth') return born(core, { before, record, said: event }, now);
  if (record.presence !== 'online') {
    if (isAway(record) || record.presence === 'never') return record;
    // The broker sent the last will, so the last own message of the PC is earlier.
    const from = record.presence === 'stopped' ? now : (before.heardAt ?? now);
    return judgedAway(core, begun(core, record, { from, now }), { now, regions: new Map() });
  }
  // The same session continues. For a newer session, the birth brings the evidence.
  if (!isAway(before) || record.session !== before.session) return record;
  const found = { ...whyUnheard(before, neighboursOf(core, before.pc)), from: before.absence.from, aliveAt: null };
  return settled(core, { away: before, record, found }, now);
}

/** True while the PC of a scope is offline and another one of its site is online. */
export function isBesideIn(core: Places, scope: string): boolean {
  return isBeside(core.memory.pcs.get(scope), neighboursOf(core, scope));
}

function begun(core: Core, record: PcRecord, { from, now }: { from: number; now: number }): Away {
  const goneBy = record.presence === 'stopped' ? now : Math.min(record.lostAt ?? now, dueAt(core, record, from), now);
  return { ...record, absence: { ...undetermined, from, goneBy, to: null, aliveAt: null, incident: null } };
}

/** Returns when a PC last seen at `from` is missed: its next beat and the slack, counted from when the server listens. */
function dueAt(core: Core, { pc, link }: PcRecord, from: number): number {
  return Math.max(from, listeningSince(core, pc) ?? 0) + links[link].beatMs + beatSlackMs;
}

/**
 * Returns the verdict to keep: a new one must be more certain.
 * `pc-off` and `intended` may be corrected until each neighbour has sent a beat or is missed. A restart that is overdue is judged again.
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
  // A neighbour with mains power again says nothing about the time without it.
  if (cause === 'power-cut' && next.cause === 'pc-off') return absence;
  return isCorrectable || next.confidence > confidence ? next : absence;
}

function born(core: Core, change: Change & { said: Extract<PcEvent, { type: 'birth' }> }, now: number): PcRecord {
  const { before, record, said } = change;
  const isNewBoot = before.boot !== null && before.boot !== said.boot;
  // The outage was so short that nothing noticed it.
  const missed = isNewBoot ? begun(core, before, { from: before.heardAt ?? now, now }) : undefined;
  const away = isAway(before) ? before : missed;
  if (away === undefined) return record;
  const found = whyWasAway(away, said, { neighbours: neighboursOf(core, record.pc), now });
  return settled(core, { away, record, found }, now);
}

/** Ends an outage: stores its evidence, and applies it to other PCs that were lost too. */
function settled(core: Core, at: { away: Away; record: PcRecord; found: Finding }, now: number): PcRecord {
  const { away, record, found } = at;
  const own: Away = { ...record, absence: { ...away.absence, ...found, to: now } };
  const joint = jointPower(core, own);
  if (joint !== null) for (const other of joint.together) if (other !== own) relabel(core, { record: other, why: joint.why }, now);
  const absence: Absence = { ...own.absence, ...(joint && weighed(own.absence, joint.why)) };
  told(core, { pc: record.pc, before: away.absence, after: absence }, now);
  return { ...record, absence };
}

/**
 * Returns the PCs that lost power with this one. For a whole state two PCs must have seen it: offices close at the same hour, often with a
 * wall switch.
 */
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

/** Writes the verdict into its incident, which may be over, and into the log of machine steps. Sends no message. */
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
 * Returns the verdict of many sites lost together: the line of the provider or the state.
 * It needs a site on another line that is online; in the same state that site also shows that there is power.
 * If nothing of the state or nation is received, the server's own line may be the cause, so no office is blamed.
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
  // An online PC sends a beat by then.
  if (moment.now - goneBy <= links[away.link].beatMs) return null;
  return [state, nation].some((region) => went(region).length > 0 && !standing(region).some(() => true)) ? perhapsOurs : null;
}

/** The line of a provider in several states, which have separate power supplies. */
const lineOfMany: Outage = { cause: 'upstream', confidence: 0.85 };
/** In one state this may be a district without power that this provider serves. */
const perhapsLine: Outage = { cause: 'upstream', confidence: openUpTo };
/** A fault of the server's own line, or a power cut of several states, looks the same. */
const perhapsOurs: Outage = { cause: 'upstream', confidence: 0.55 };

function regionAt(core: Core, region: string, { regions, now }: Moment): Region {
  return regions.getOrInsertComputed(region, () => {
    const isExpected = ({ presence }: PcRecord) => presence !== 'never' && presence !== 'stopped';
    const pcsIn = (site: string) => recordsOf(core, pcsOf(core, site)).filter(isExpected);
    return regionOf((core.regions.get(region) ?? []).map(pcsIn), now);
  });
}
