/** The time in which a PC is away: when it began, why by what is seen now, and why after all when it is back. */
import { causeScope, links, type Outage, openUpTo, siteOf, stateOf, sureFrom } from '@sabha/contracts';
import type { Memory } from '../memory/memory.ts';
import {
  type Away,
  type Finding,
  isAway,
  isBeside,
  type Joint,
  lostPowerTogether,
  undetermined,
  weighed,
  whyAway,
  whyUnheard,
  whyWasAway,
  windowMs,
} from '../outages/outages.ts';
import { type Region, regionOf, stoodSince, wentWith } from '../outages/regions.ts';
import type { Absence, PcEvent, PcRecord } from '../records/incidents.ts';
import type { Core } from './core.ts';
import { listeningSince, pcsOf, putRecord, shownOutage } from './scopes.ts';

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
export function judgedAway(core: Core, record: PcRecord, moment: Moment): PcRecord {
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
export function dueAt(core: Core, { pc, link }: PcRecord, from: number): number {
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
