/** The time in which a PC is away: when it began, why by what is seen now, and why after all when it is back. */
import { links, type Outage, openUpTo, siteOf, stateOf } from '#contracts';
import { type Away, isAway, isBeside, lineOfMany, undetermined, whyAway, windowMs } from '../outages/outages.ts';
import { type Region, regionOf, stoodSince, wentWith } from '../outages/regions.ts';
import {
  bySite,
  type Finding,
  isOpen,
  isRestart,
  type Joint,
  lostLineTogether,
  lostPowerTogether,
  lostPowerWidely,
  weighed,
  whyUnheard,
  whyWasAway,
} from '../outages/returns.ts';
import type { Absence, PcEvent, PcRecord } from '../records/incidents.ts';
import type { Core } from './core.ts';
import { listeningSince, pcsOf, putRecord, regionsOf, shownOutage } from './scopes.ts';

/** A beat that is late by this much does not come. */
const beatSlackMs = 15_000;
/** Many sites that go together have gone in this time; later ones are judged by themselves. */
const widespreadForMs = 10 * 60_000;

/** What was seen of whole states and providers at one moment: looked at once, however many are away. */
export type Regions = Map<string, Region>;

/** A PC before and after a word. */
type Change = { before: PcRecord; record: PcRecord };
/** When it is judged, with what was seen of regions at that moment. */
type Moment = { now: number; regions: Regions };

/** The record of a PC that is away, with the verdict as it is now; the same record where nothing changed. */
export function judgedAway(core: Core, record: PcRecord, moment: Moment): PcRecord {
  const { now } = moment;
  if (record.presence === 'online' || record.presence === 'never') return record;
  const away = isAway(record) ? record : begun(core, record, { from: record.heardAt ?? now, now });
  const next = verdictOf(core, away, moment);
  const { cause, confidence } = away.absence;
  if (next.cause === cause && next.confidence === confidence) return away;
  return { ...away, absence: { ...away.absence, ...next } };
}

/** The record after a word of its PC: an absence begins with a will or a goodbye, and ends with whatever shows that it is there. */
export function withAbsence(core: Core, at: { before: PcRecord; record: PcRecord; event: PcEvent }, now: number): PcRecord {
  const { before, record, event } = at;
  if (event.type === 'birth') return born(core, { before, record, said: event }, now);
  if (record.presence !== 'online') return isAway(record) ? record : goes(core, { before, record }, now);
  // The same session goes on; of a newer one the birth will tell.
  if (!isAway(before) || record.session !== before.session) return record;
  const found = { ...whyUnheard(before, now), from: before.absence.from, aliveAt: null };
  return settled(core, { away: before, record, found }, now);
}

/** True while the PC of a scope is away and another one of its site answers. */
export function isBesideIn(core: Core, scope: string): boolean {
  return isBeside(core.memory.pcs.get(scope), neighboursOf(core, scope));
}

function goes(core: Core, { before, record }: Change, now: number): PcRecord {
  // Its will is no word of its own: the last one came before it.
  const from = record.presence === 'stopped' ? now : (before.heardAt ?? now);
  return record.presence === 'never' ? record : judgedAway(core, begun(core, record, { from, now }), { now, regions: new Map() });
}

function begun(core: Core, record: PcRecord, { from, now }: { from: number; now: number }): Away {
  const goneBy = record.presence === 'stopped' ? now : Math.min(record.lostAt ?? now, dueAt(core, record, from), now);
  return { ...record, absence: { ...undetermined, from, goneBy, to: null, aliveAt: null, incident: null } };
}

/** When a PC that was heard last at `from` is missed: its next beat, with what one may be late, since we listen. */
export function dueAt(core: Core, { pc, link }: PcRecord, from: number): number {
  return Math.max(from, listeningSince(core, pc) ?? 0) + links[link].beatMs + beatSlackMs;
}

/** What once could be told stays, until more can be; but that a neighbour stayed is seen only when it did not go a moment later. */
function verdictOf(core: Core, away: Away, moment: Moment): Outage {
  const { now } = moment;
  const { absence, presence } = away;
  if (isSettled(away, now)) return absence;
  const next = whyAway(away, { neighbours: neighboursOf(core, away.pc), upstream: () => upstreamOf(core, away, moment), now });
  const isOverdue = absence.cause === 'intended' && presence === 'silent';
  // A neighbour that has its mains back says nothing of the time in which it had none.
  if (absence.cause === 'power-cut' && next.cause === 'pc-off') return absence;
  return isOverdue || absence.cause === 'pc-off' || isStopped(away) || next.confidence > absence.confidence ? next : absence;
}

/** A goodbye that promised to be back is judged anew when it is not; and that a neighbour went with it, or runs on battery, is known a moment late. */
function isSettled(away: Away, now: number): boolean {
  const { absence, presence } = away;
  const { cause, confidence, goneBy } = absence;
  if (cause === 'pc-off') return now - goneBy > windowMs(away);
  // By then each neighbour has said that it is there, or is missed.
  if (isStopped(away)) return now - goneBy > Math.max(windowMs(away), links[away.link].beatMs + beatSlackMs);
  return confidence > openUpTo && !(cause === 'intended' && presence === 'silent');
}

/** As it seems, it was switched off in order. */
function isStopped({ absence, presence }: Away): boolean {
  return absence.cause === 'intended' && presence === 'stopped';
}

function born(core: Core, change: Change & { said: Extract<PcEvent, { type: 'birth' }> }, now: number): PcRecord {
  const { before, record, said } = change;
  const isNewBoot = before.boot !== null && before.boot !== said.boot;
  // It was away so shortly that nobody noticed.
  const missed = isNewBoot ? begun(core, before, { from: before.heardAt ?? now, now }) : undefined;
  const away = isAway(before) ? before : missed;
  return away === undefined ? record : settled(core, { away, record, found: whyWasAway(away, said, now) }, now);
}

/** The absence is over: its own evidence, and what it tells of the other PCs that went with it. */
function settled(core: Core, at: { away: Away; record: PcRecord; found: Finding }, now: number): PcRecord {
  const { away, record, found } = at;
  const absence: Absence = { ...away.absence, ...bySite(found, away, neighboursOf(core, away.pc)), to: now };
  const own: Away = { ...record, absence };
  const joint = jointPower(core, own) ?? jointLine(core, own);
  let next = absence;
  if (joint !== null) {
    const { why, together } = joint;
    for (const other of together) if (other !== own) relabel(core, { record: other, why }, now);
    next = { ...absence, ...weighed(absence, why) };
  }
  told(core, { pc: record.pc, before: away.absence, after: next }, now);
  return { ...record, absence: next };
}

/** Who lost its power with this one, of its site or of its state; null where that is no evidence. A system that starts anew is soon back. */
function jointPower(core: Core, own: Away): Joint | null {
  if ((!isOpen(own.absence) && own.absence.cause !== 'power-cut') || isRestart(own)) return null;
  const others = neighboursOf(core, own.pc);
  const [state = ''] = regionsOf(own.pc, undefined);
  const wide = lostPowerWidely(own, [own, ...othersIn(core, state, own.pc)]);
  if (wide !== null) return wide;
  return lostPowerTogether(own, [own, ...others]);
}

/** Who was cut off with this one by the line of their provider; null where that is no evidence. */
function jointLine(core: Core, own: Away): Joint | null {
  // Each that returns after a storm comes here: only of those that a line took are all others looked at.
  if (own.absence.cause !== 'upstream') return null;
  const [, provider = ''] = regionsOf(own.pc, core.known.get(own.pc)?.isp);
  return lostLineTogether(own, [own, ...othersIn(core, provider, own.pc)]);
}

/** The other PCs of a state or provider; none of one that is not known. */
function othersIn(core: Core, region: string, pc: string): PcRecord[] {
  const sites = core.regions.get(region) ?? [];
  return sites.flatMap((site) => recordsOf(core, pcsOf(core, site))).filter((other) => other.pc !== pc);
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
  const about = `incident ${incident.id}: ${textOf(after)}, was ${textOf(before)}`;
  memory.add(`audit/outage/${incident.id}/${now}`, { op: 'step', at: now, who: pc, what: 'outage', about });
}

function textOf({ cause, confidence }: Outage): string {
  return `${cause} ${confidence}`;
}

function neighboursOf(core: Core, pc: string): PcRecord[] {
  return recordsOf(core, pcsOf(core, siteOf(pc))).filter((record) => record.pc !== pc);
}

function recordsOf({ memory }: Core, paths: readonly string[]): PcRecord[] {
  return paths.flatMap((path) => memory.pcs.get(path) ?? []);
}

/** What many sites that went with it say: of a line that they share, else of their whole state or of the nation. */
function upstreamOf(core: Core, away: Away, moment: Moment): Outage | null {
  if (moment.now - away.absence.goneBy > widespreadForMs) return null;
  return sharedLine(core, away, moment) ?? (isWide(core, away, moment) ? perhapsOurs : null);
}

/** Many sites of its state, or of the nation, went with it, and none of them was heard since: the cause is not a line of this site. */
function isWide(core: Core, away: Away, moment: Moment): boolean {
  // Whoever stands says so within its beat.
  if (moment.now - away.absence.goneBy <= links[away.link].beatMs) return false;
  return [regionsOf(away.pc, undefined)[0] ?? nation, nation].some((of) => {
    const region = regionAt(core, of, moment);
    return wentWith(away, region).length > 0 && !region.online.some((other) => stoodSince(other, away));
  });
}

/** Many sites of the state, or of the same provider, went with it: a line that they share where others beside them stand. */
function sharedLine(core: Core, away: Away, moment: Moment): Outage | null {
  const { isp } = core.known.get(away.pc) ?? {};
  const [state = '', provider] = regionsOf(away.pc, isp);
  const withIt = (region: string) => wentWith(away, regionAt(core, region, moment));
  const onLine = provider === undefined ? [] : withIt(provider);
  const inState = withIt(state);
  const lines = new Set(inState.flatMap(([pc]) => core.known.get(pc?.pc ?? '')?.isp ?? []));
  if (onLine.length + inState.length === 0) return null;
  const isOneLine = lines.size < 2;
  // Where nobody stands it may be the line of the centre.
  if (!stands(core, { of: nation, beside: away }, moment)) return isOneLine || onLine.length > 0 ? perhapsOurs : null;
  if (onLine.length > 0) return isOneLine ? providerLine(core, { onLine, state, away }, moment) : perhapsOurs;
  // A power cut of the state looks the same; and lines of several providers are not one line.
  return isOneLine ? perhapsLine : null;
}

/** Other lines of its state that are not heard may have gone with it, each noticed at its own time. */
function providerLine(
  core: Core,
  { onLine, state, away }: { onLine: readonly Away[][]; state: string; away: Away },
  moment: Moment,
): Outage {
  const ispOf = (pc = '') => core.known.get(pc)?.isp;
  const hasOthers = (core.regions.get(state) ?? []).some((site) => ispOf(pcsOf(core, site)[0]) !== ispOf(away.pc));
  if (hasOthers && !stands(core, { of: state, beside: away }, moment)) return perhapsOurs;
  // In one state it may be a district, of which this is the provider, without power.
  return isOfStates(onLine) ? lineOfMany : perhapsLine;
}

const perhapsLine: Outage = { cause: 'upstream', confidence: openUpTo };
/** The line of the centre looks the same from here, or a power cut of several states: who sees its mains at its return tells no more. */
const perhapsOurs: Outage = { cause: 'upstream', confidence: 0.55 };

/** Of more than one state: each has a power of its own. */
function isOfStates(sites: readonly Away[][]): boolean {
  return new Set(sites.flatMap(([pc]) => (pc === undefined ? [] : stateOf(pc.pc)))).size > 1;
}

function regionAt(core: Core, region: string, { regions, now }: Moment): Region {
  const seen = regions.get(region) ?? regionOf(sitesOf(core, region), now);
  regions.set(region, seen);
  return seen;
}

/** A PC of another line, in one state or anywhere, that stood: where it is in the same state its power is there. */
function stands(core: Core, { of, beside }: { of: string; beside: Away }, moment: Moment): boolean {
  if (moment.now <= beside.absence.goneBy) return false;
  const lineOf = (pc: string) => core.known.get(pc)?.isp ?? stateOf(pc);
  const own = lineOf(beside.pc);
  return regionAt(core, of, moment).online.some((other) => stoodSince(other, beside) && lineOf(other.pc) !== own);
}

/** The region of all sites. */
const nation = '';

function* sitesOf(core: Core, region: string): Generator<PcRecord[]> {
  for (const site of region === nation ? core.sites.keys() : (core.regions.get(region) ?? [])) {
    yield recordsOf(core, pcsOf(core, site)).filter(({ presence }) => presence !== 'never' && presence !== 'stopped');
  }
}
